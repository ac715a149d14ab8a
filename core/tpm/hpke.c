/* SPDX-License-Identifier: Apache-2.0 */
#include "hpke.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

#define KEY_LEN 16
#define NONCE_LEN 12
#define HASH_LEN 32
#define UNCOMPRESSED 0x04 /* SEC 1, 2.3.3 */

/* RFC 9180, 4.1 and 5.1: KEM 0x0010; KDF 0x0001 and AEAD 0x0001 beside it. */
static const uint8_t KEM_SUITE[] = { 'K', 'E', 'M', 0x00, 0x10 };
static const uint8_t SUITE[] = { 'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x01 };
static const uint8_t MODE_BASE = 0x00;

TROTH_DEFINE_AUTO(EVP_CIPHER, EVP_CIPHER_free)
TROTH_DEFINE_AUTO(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* Of one message: what the agreement gave, then what is made of it. */
struct schedule {
	struct troth_ctx *ctx;
	struct troth_view suite;
	uint8_t shared[HASH_LEN], secret[HASH_LEN];
	uint8_t key[KEY_LEN], nonce[NONCE_LEN];
};

static void schedule_forget(struct schedule *s)
{
	OPENSSL_cleanse(s, sizeof *s);
}

/* 4: LabeledExtract. HMAC pads its key with zeros: as many of them are no salt. */
static enum troth_status extract(const struct schedule *s, struct troth_view salt,
				 const char *label, struct troth_view ikm,
				 uint8_t out[HASH_LEN])
{
	static const uint8_t NO_SALT[HASH_LEN];
	const struct troth_view parts[] = { troth_view_str("HPKE-v1"), s->suite,
					    troth_view_str(label), ikm };
	return troth_hmac_sha256(s->ctx, salt.n > 0 ? salt : TROTH_VIEW_OF(NO_SALT), parts,
				 TROTH_COUNT(parts), out);
}

/* 4: LabeledExpand, of one block of HKDF (RFC 5869, 2.3) at most. Fills out. */
static enum troth_status expand(const struct schedule *s, struct troth_view prk,
				const char *label, struct troth_view info,
				struct troth_writer *out)
{
	static const uint8_t FIRST = 1;
	uint8_t block[HASH_LEN], length[2];
	struct troth_writer w = troth_writer_make(length, sizeof length);
	troth_put_u16be(&w, (uint16_t)out->max);
	const struct troth_view parts[] = { troth_written(&w),
					    troth_view_str("HPKE-v1"),
					    s->suite,
					    troth_view_str(label),
					    info,
					    { &FIRST, 1 } };
	TROTH_TRY(troth_hmac_sha256(s->ctx, prk, parts, TROTH_COUNT(parts), block));
	troth_put_view(out, (struct troth_view){ block, out->max });
	OPENSSL_cleanse(block, sizeof block);
	return TROTH_OK;
}

/* 4.1: ExtractAndExpand over what was agreed on and both public keys. */
static enum troth_status encapsulated(struct schedule *s, struct troth_view shared_x,
				      const struct troth_jwk *to, struct troth_view point)
{
	uint8_t context[2 * TROTH_HPKE_POINT], prk[HASH_LEN];
	struct troth_writer c = troth_writer_make(context, sizeof context);
	struct troth_writer w = troth_writer_make(s->shared, sizeof s->shared);
	troth_put_view(&c, point);
	troth_put_u8(&c, UNCOMPRESSED);
	troth_put_view(&c, TROTH_VIEW_OF(to->x));
	troth_put_view(&c, TROTH_VIEW_OF(to->y));
	s->suite = TROTH_VIEW_OF(KEM_SUITE);
	enum troth_status got = extract(s, (struct troth_view){ 0 }, "eae_prk", shared_x, prk);
	if (got == TROTH_OK)
		got = expand(s, TROTH_VIEW_OF(prk), "shared_secret", troth_written(&c), &w);
	OPENSSL_cleanse(prk, sizeof prk);
	return got;
}

/* 5.1: KeySchedule without a pre-shared key. The first message's nonce is the base nonce. */
static enum troth_status run_schedule(struct schedule *s, struct troth_view info)
{
	const struct troth_view none = { 0 };
	uint8_t context[1 + 2 * HASH_LEN] = { MODE_BASE };
	struct troth_writer key = troth_writer_make(s->key, sizeof s->key);
	struct troth_writer nonce = troth_writer_make(s->nonce, sizeof s->nonce);
	s->suite = TROTH_VIEW_OF(SUITE);
	TROTH_TRY(extract(s, none, "psk_id_hash", none, context + 1));
	TROTH_TRY(extract(s, none, "info_hash", info, context + 1 + HASH_LEN));
	TROTH_TRY(extract(s, TROTH_VIEW_OF(s->shared), "secret", none, s->secret));
	const struct troth_view secret = TROTH_VIEW_OF(s->secret);
	TROTH_TRY(expand(s, secret, "key", TROTH_VIEW_OF(context), &key));
	return expand(s, secret, "base_nonce", TROTH_VIEW_OF(context), &nonce);
}

static enum troth_status make_schedule(struct schedule *s, const struct troth_hpke_about *about,
				       struct troth_view shared_x, struct troth_view point)
{
	TROTH_TRY(encapsulated(s, shared_x, about->to, point));
	return run_schedule(s, about->info);
}

/* ---- AES-128-GCM ---- */

static bool start(EVP_CIPHER_CTX *c, const EVP_CIPHER *cipher, const struct schedule *s,
		  struct troth_view aad, int encrypt)
{
	int n = 0;
	return EVP_CipherInit_ex2(c, cipher, s->key, s->nonce, encrypt, NULL) == 1 &&
	       (aad.n == 0 || EVP_CipherUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1);
}

/* Appends ciphertext and tag. */
static enum troth_status encrypt(const struct schedule *s, struct troth_view aad,
				 struct troth_view plain, struct troth_writer *out)
{
	uint8_t sealed[TROTH_SECRET_MAX], tag[TROTH_HPKE_TAG];
	int n = 0, rest = 0;
	TROTH_AUTO(EVP_CIPHER_free_p)
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	TROTH_AUTO(EVP_CIPHER_CTX_free_p) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	if (cipher == NULL || c == NULL || !start(c, cipher, s, aad, 1) ||
	    (plain.n > 0 && EVP_CipherUpdate(c, sealed, &n, plain.p, (int)plain.n) != 1) ||
	    EVP_CipherFinal_ex(c, tag, &rest) != 1 || n != (int)plain.n ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag) != 1)
		return TROTH_E_CRYPTO;
	troth_put_view(out, (struct troth_view){ sealed, plain.n });
	troth_put_view(out, TROTH_VIEW_OF(tag));
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}

/* Plain bytes are there before the tag says whether they may be: they stay here until then. */
static enum troth_status decrypt(const struct schedule *s, struct troth_view aad,
				 struct troth_view sealed, const uint8_t tag[TROTH_HPKE_TAG],
				 struct troth_writer *out)
{
	uint8_t plain[TROTH_SECRET_MAX + TROTH_HPKE_TAG], copy[TROTH_HPKE_TAG];
	int n = 0, rest = 0;
	TROTH_AUTO(EVP_CIPHER_free_p)
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	TROTH_AUTO(EVP_CIPHER_CTX_free_p) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	memcpy(copy, tag, sizeof copy); /* OpenSSL takes it without const */
	if (cipher == NULL || c == NULL || !start(c, cipher, s, aad, 0) ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, sizeof copy, copy) != 1 ||
	    (sealed.n > 0 && EVP_CipherUpdate(c, plain, &n, sealed.p, (int)sealed.n) != 1) ||
	    n != (int)sealed.n) {
		OPENSSL_cleanse(plain, sizeof plain);
		return TROTH_E_CRYPTO;
	}
	const bool genuine = EVP_CipherFinal_ex(c, copy, &rest) == 1;
	if (genuine)
		troth_put_view(out, (struct troth_view){ plain, sealed.n });
	OPENSSL_cleanse(plain, sizeof plain);
	if (!genuine)
		return TROTH_E_MISMATCH;
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}

/* ---- messages ---- */

static enum troth_status seal(struct schedule *s, const struct troth_hpke_about *about,
			      const struct troth_agreement *a, struct troth_view plain,
			      struct troth_writer *out)
{
	uint8_t point[TROTH_HPKE_POINT];
	struct troth_writer w = troth_writer_make(point, sizeof point);
	troth_put_u8(&w, UNCOMPRESSED);
	troth_put_view(&w, (struct troth_view){ a->ephemeral, 2 * a->width });
	TROTH_TRY(make_schedule(s, about, (struct troth_view){ a->shared, a->width },
				troth_written(&w)));
	troth_put_view(out, troth_written(&w));
	return encrypt(s, about->aad, plain, out);
}

enum troth_status troth_hpke_seal(struct troth_ctx *ctx, const struct troth_hpke_about *about,
				  const uint8_t random[TROTH_AGREE_RANDOM],
				  struct troth_view plain, struct troth_writer *out)
{
	TROTH_AUTO(troth_agreement_forget) struct troth_agreement a = { 0 };
	TROTH_AUTO(schedule_forget) struct schedule s = { .ctx = ctx };
	uint8_t to[TROTH_HPKE_POINT - 1];
	struct troth_writer w = troth_writer_make(to, sizeof to);
	if (plain.n > TROTH_SECRET_MAX || out->overflow ||
	    out->max - out->n < plain.n + TROTH_HPKE_OVERHEAD)
		return TROTH_E_LIMIT;
	troth_put_view(&w, TROTH_VIEW_OF(about->to->x));
	troth_put_view(&w, TROTH_VIEW_OF(about->to->y));
	TROTH_TRY(troth_agree(TROTH_CURVE_P256, troth_written(&w), random, &a));
	return seal(&s, about, &a, plain, out);
}

/* What a sealed message consists of. */
struct sealed {
	struct troth_view point, bytes, tag;
};

static enum troth_status take_apart(struct troth_view message, struct sealed *out)
{
	struct troth_reader r = { message };
	struct sealed s;
	if (message.n < TROTH_HPKE_OVERHEAD)
		return TROTH_E_TRUNCATED;
	if (message.n > TROTH_SECRET_MAX + TROTH_HPKE_OVERHEAD)
		return TROTH_E_LIMIT;
	if (!troth_get_view(&r, TROTH_HPKE_POINT, &s.point) ||
	    !troth_get_view(&r, message.n - TROTH_HPKE_OVERHEAD, &s.bytes) ||
	    !troth_get_view(&r, TROTH_HPKE_TAG, &s.tag) || s.point.p[0] != UNCOMPRESSED)
		return TROTH_E_MALFORMED;
	*out = s;
	return TROTH_OK;
}

enum troth_status troth_hpke_point(struct troth_view sealed, uint8_t out[64])
{
	struct sealed s;
	TROTH_TRY(take_apart(sealed, &s));
	memcpy(out, s.point.p + 1, TROTH_HPKE_POINT - 1);
	return TROTH_OK;
}

enum troth_status troth_hpke_open(struct troth_ctx *ctx, const struct troth_hpke_about *about,
				  const uint8_t shared_x[32], struct troth_view sealed,
				  struct troth_writer *out)
{
	TROTH_AUTO(schedule_forget) struct schedule s = { .ctx = ctx };
	struct sealed m;
	TROTH_TRY(take_apart(sealed, &m));
	TROTH_TRY(make_schedule(&s, about, (struct troth_view){ shared_x, 32 }, m.point));
	return decrypt(&s, about->aad, m.bytes, m.tag.p, out);
}
