/* SPDX-License-Identifier: Apache-2.0 */
/* TPM2_MakeCredential without a TPM: TPM 2.0 Part 1, 24 (credential protection), annex B.10
 * (RSA) and C.6 (ECC) for the seed, 11.4.10 for the key derivations. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "agree.h"
#include "base.h"
#include "ek.h"
#include "kdf.h"
#include "reader.h"
#include "writer.h"

/* What is encrypted: a u16 length and the secret. */
#define IDENTITY_MAX (2 + TROTH_DIGEST_MAX)
/* With its final NUL where it is the label of OAEP (annex B.4). */
static const char LABEL_IDENTITY[] = "IDENTITY";

TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)
TROTH_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
TROTH_DEFINE_AUTO(EVP_CIPHER, EVP_CIPHER_free)
TROTH_DEFINE_AUTO(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* A secret as long as a digest: the seed and the keys derived from it. */
struct secret {
	size_t n;
	uint8_t bytes[TROTH_DIGEST_MAX];
};

static void forget(struct secret *s)
{
	OPENSSL_cleanse(s, sizeof *s);
}

static struct troth_view secret_view(const struct secret *s)
{
	return (struct troth_view){ s->bytes, s->n };
}

static bool set_oaep(EVP_PKEY_CTX *ctx, const EVP_MD *md)
{
	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) != 1)
		return false;
	void *label = OPENSSL_memdup(LABEL_IDENTITY, sizeof LABEL_IDENTITY);
	if (label != NULL &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof LABEL_IDENTITY) == 1)
		return true;
	OPENSSL_free(label); /* the context takes it over on success only */
	return false;
}

/* Annex B.10: the seed itself goes through OAEP. */
static enum troth_status seed_rsa(struct troth_ctx *ctx, const struct troth_ek *ek,
				  const uint8_t *random, struct secret *seed,
				  struct troth_writer *enc)
{
	const enum troth_hash hash = troth_ek_template_info(ek->tmpl)->name_alg;
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	uint8_t sealed[TROTH_RSA_BYTES_MAX];
	size_t n = sizeof sealed;

	TROTH_TRY(troth_ek_key(ek, &key));
	TROTH_AUTO(EVP_PKEY_CTX_free_p)
	EVP_PKEY_CTX *oaep = EVP_PKEY_CTX_new_from_pkey(NULL, troth_key_evp(key), NULL);
	seed->n = troth_hash_size(hash);
	memcpy(seed->bytes, random, seed->n);
	if (oaep == NULL || !set_oaep(oaep, troth_ctx_md(ctx, hash)) ||
	    EVP_PKEY_encrypt(oaep, sealed, &n, seed->bytes, seed->n) != 1)
		return TROTH_E_CRYPTO;
	troth_put_view(enc, (struct troth_view){ sealed, n });
	return TROTH_OK;
}

/* Annex C.6: seed = KDFe(x of the shared point, "IDENTITY", x of the ephemeral key, x of the
 * EK); the ephemeral key is what the TPM gets. */
static enum troth_status seed_ecc(const struct troth_ek *ek, const uint8_t *random,
				  struct secret *seed, struct troth_writer *enc)
{
	const enum troth_hash hash = troth_ek_template_info(ek->tmpl)->name_alg;
	TROTH_AUTO(troth_agreement_forget) struct troth_agreement a;
	TROTH_TRY(troth_agree(troth_ek_template_info(ek->tmpl)->curve,
			      (struct troth_view){ ek->key, ek->key_len }, random, &a));
	const struct troth_view x = { a.ephemeral, a.width };
	const struct troth_view y = { a.ephemeral + a.width, a.width };
	const struct troth_kdf in = { .hash = hash,
				      .key = { a.shared, a.width },
				      .label = LABEL_IDENTITY,
				      .u = x,
				      .v = { ek->key, a.width } };
	troth_put_view16be(enc, x);
	troth_put_view16be(enc, y);
	seed->n = troth_hash_size(hash);
	return troth_kdfe(&in, seed->bytes, seed->n);
}

/* CFB with a zero IV: the key is used once (Part 1, 24.4). */
static enum troth_status encrypt_cfb(const struct secret *key, struct troth_view plain,
				     uint8_t out[IDENTITY_MAX])
{
	static const uint8_t iv[16];
	const char *name = key->n == 32 ? "AES-256-CFB" : "AES-128-CFB";
	TROTH_AUTO(EVP_CIPHER_free_p) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	TROTH_AUTO(EVP_CIPHER_CTX_free_p) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	if (cipher == NULL || ctx == NULL ||
	    EVP_EncryptInit_ex2(ctx, cipher, key->bytes, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.n) != 1 || n != (int)plain.n)
		return TROTH_E_CRYPTO;
	return TROTH_OK;
}

/* encIdentity: the secret with its length, under a key for this Name alone. */
static enum troth_status seal_identity(const struct troth_ek_template_info *info,
				       const struct secret *seed,
				       const struct troth_credential_input *in,
				       struct troth_writer *out)
{
	TROTH_AUTO(forget) struct secret key = { .n = info->symmetric_bits / 8U };
	uint8_t plain[IDENTITY_MAX], sealed[IDENTITY_MAX];
	struct troth_writer w = troth_writer_make(plain, sizeof plain);

	const struct troth_kdf kdf = { .hash = info->name_alg,
				       .key = secret_view(seed),
				       .label = "STORAGE",
				       .u = troth_name_view(in->ak_name) };
	TROTH_TRY(troth_kdfa(&kdf, key.bytes, key.n));
	troth_put_view16be(&w, in->secret);
	enum troth_status s = encrypt_cfb(&key, troth_written(&w), sealed);
	OPENSSL_cleanse(plain, sizeof plain);
	troth_put_view(out, (struct troth_view){ sealed, s == TROTH_OK ? w.n : 0 });
	return s;
}

/* HMAC over encIdentity || Name. */
static enum troth_status integrity(enum troth_hash hash, const struct secret *seed,
				   struct troth_view identity, struct troth_view name,
				   struct secret *out)
{
	TROTH_AUTO(forget) struct secret key = { .n = troth_hash_size(hash) };
	uint8_t data[IDENTITY_MAX + TROTH_NAME_MAX];
	struct troth_writer w = troth_writer_make(data, sizeof data);

	const struct troth_kdf kdf = { .hash = hash,
				       .key = secret_view(seed),
				       .label = "INTEGRITY" };
	TROTH_TRY(troth_kdfa(&kdf, key.bytes, key.n));
	troth_put_view(&w, identity);
	troth_put_view(&w, name);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	if (EVP_Q_mac(NULL, "HMAC", NULL, troth_hash_name(hash), NULL, key.bytes, key.n, data,
		      w.n, out->bytes, sizeof out->bytes, &out->n) == NULL)
		return TROTH_E_CRYPTO;
	return TROTH_OK;
}

/* TPM2B_ID_OBJECT, Part 2, 12.4.3: size, then TPM2B integrityHMAC and encIdentity. */
static enum troth_status put_blob(const struct troth_ek_template_info *info,
				  const struct secret *seed,
				  const struct troth_credential_input *in,
				  struct troth_credential *out)
{
	uint8_t sealed[IDENTITY_MAX];
	struct troth_writer identity = troth_writer_make(sealed, sizeof sealed);
	TROTH_AUTO(forget) struct secret mac = { 0 };
	TROTH_TRY(seal_identity(info, seed, in, &identity));
	TROTH_TRY(integrity(info->name_alg, seed, troth_written(&identity),
			    troth_name_view(in->ak_name), &mac));

	struct troth_writer w = troth_writer_make(out->blob, sizeof out->blob);
	troth_put_u16be(&w, (uint16_t)(2 + mac.n + identity.n));
	troth_put_view16be(&w, secret_view(&mac));
	troth_put_view(&w, troth_written(&identity));
	out->blob_len = w.n;
	return troth_writer_ok(&w) ? TROTH_OK : TROTH_E_LIMIT;
}

enum troth_status troth_credential_make(struct troth_ctx *ctx, const struct troth_ek *ek,
					const struct troth_credential_input *in,
					struct troth_credential *out)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(ek->tmpl);
	if (info == NULL)
		return TROTH_E_UNSUPPORTED;
	/* A TPM refuses a credential longer than its EK's nameAlg (Part 3, 12.6). */
	if (in->secret.n == 0 || in->secret.n > troth_hash_size(info->name_alg))
		return TROTH_E_LIMIT;
	if (in->ak_name->n == 0 || in->ak_name->n > TROTH_NAME_MAX)
		return TROTH_E_MALFORMED;

	struct troth_credential made = { 0 };
	TROTH_AUTO(forget) struct secret seed = { 0 };
	uint8_t sealed[TROTH_RSA_BYTES_MAX];
	struct troth_writer enc = troth_writer_make(sealed, sizeof sealed);
	ERR_set_mark();
	enum troth_status s = info->type == TROTH_KEY_RSA
				      ? seed_rsa(ctx, ek, in->random, &seed, &enc)
				      : seed_ecc(ek, in->random, &seed, &enc);
	if (s == TROTH_OK)
		s = put_blob(info, &seed, in, &made);
	ERR_pop_to_mark();
	TROTH_TRY(s);

	struct troth_writer w = troth_writer_make(made.secret, sizeof made.secret);
	troth_put_view16be(&w, troth_written(&enc));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	made.secret_len = w.n;
	*out = made;
	return TROTH_OK;
}
