/* SPDX-License-Identifier: Apache-2.0 */
/* A token on the wire, big-endian:
 *
 *   u8 version | u8 purpose | u8 key id | u64 issued_ms | random[16] | subject[32] |
 *   u64 row_version | u32 wants | u8 n | n * { u16 TPM_ALG_ID, u32 mask } | mac[32]
 *
 * mac = HMAC-SHA256(key, "troth/v1/token" || u16 length of trust domain || trust domain ||
 * everything before the mac). */
#include "token.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

#define TOKEN_VERSION 1
#define MAC_LEN 32
/* Replicas' clocks agree to about this, milliseconds. */
#define FUTURE_MS 1000

static const uint32_t WANTS_ALL = TROTH_WANT_LOG | TROTH_WANT_CERTIFY | TROTH_WANT_IMA |
				  TROTH_WANT_SYSTEMD;

static bool known_purpose(uint8_t purpose)
{
	return purpose == TROTH_TOKEN_QUOTE || purpose == TROTH_TOKEN_ENROLL;
}

static const struct troth_token_key *find_key(const struct troth_token_keys *keys, uint8_t id)
{
	if (keys->current.present && keys->current.id == id)
		return &keys->current;
	if (keys->previous.present && keys->previous.id == id)
		return &keys->previous;
	return NULL;
}

static enum troth_status mac(struct troth_ctx *ctx, const struct troth_token_key *key,
			     struct troth_view trust_domain, struct troth_view body,
			     uint8_t out[MAC_LEN])
{
	if (trust_domain.n == 0 || trust_domain.n > TROTH_TRUST_DOMAIN_MAX)
		return TROTH_E_LIMIT;
	uint8_t length[sizeof(uint16_t)];
	struct troth_writer w = troth_writer_make(length, sizeof length);
	troth_put_u16be(&w, (uint16_t)trust_domain.n);
	const struct troth_view parts[] = {
		troth_view_str("troth/v1/token"),
		TROTH_VIEW_OF(length),
		trust_domain,
		body,
	};
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(key->key), parts, TROTH_COUNT(parts), out);
}

/* The reader's rules, so that what is written can be read. */
static bool sound(const struct troth_token *t)
{
	struct troth_pcr_selection again = { 0 };
	if (t->selection.n_banks > TROTH_BANKS_MAX)
		return false;
	for (size_t i = 0; i < t->selection.n_banks; i++)
		if (!troth_pcr_selection_add(&again, t->selection.banks[i].bank,
					     t->selection.banks[i].mask))
			return false;
	return (t->wants & ~WANTS_ALL) == 0 &&
	       (t->purpose == TROTH_TOKEN_QUOTE || t->purpose == TROTH_TOKEN_ENROLL);
}

static void put_body(struct troth_writer *w, const struct troth_token *t, uint8_t key_id)
{
	troth_put_u8(w, TOKEN_VERSION);
	troth_put_u8(w, (uint8_t)t->purpose);
	troth_put_u8(w, key_id);
	troth_put_u64be(w, t->issued_ms);
	troth_put_view(w, TROTH_VIEW_OF(t->random));
	troth_put_view(w, TROTH_VIEW_OF(t->subject));
	troth_put_u64be(w, t->row_version);
	troth_put_u32be(w, t->wants);
	troth_pcr_selection_put(w, &t->selection);
}

enum troth_status troth_token_make(struct troth_ctx *ctx, const struct troth_token_keys *keys,
				   const struct troth_token *token, uint8_t *out,
				   size_t *out_len)
{
	if (!keys->current.present)
		return TROTH_E_NOT_FOUND;
	if (!sound(token))
		return TROTH_E_MALFORMED;

	uint8_t bytes[TROTH_TOKEN_MAX], tag[MAC_LEN];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	put_body(&w, token, keys->current.id);
	TROTH_TRY(mac(ctx, &keys->current, keys->trust_domain, troth_written(&w), tag));
	troth_put_view(&w, TROTH_VIEW_OF(tag));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;

	memcpy(out, bytes, w.n);
	*out_len = w.n;
	return TROTH_OK;
}

/* body gets the bytes under the MAC, tag the MAC itself; both borrow from bytes. */
static enum troth_status parse(struct troth_view bytes, struct troth_token *out,
			       struct troth_view *body, struct troth_view *tag)
{
	struct troth_reader r = { bytes };
	struct troth_token t = { 0 };
	uint8_t version, purpose;

	if (bytes.n > TROTH_TOKEN_MAX)
		return TROTH_E_LIMIT;
	if (!troth_get_u8(&r, &version))
		return TROTH_E_TRUNCATED;
	if (version != TOKEN_VERSION)
		return TROTH_E_UNSUPPORTED;
	if (!troth_get_u8(&r, &purpose) || !troth_get_u8(&r, &t.key_id) ||
	    !troth_get_u64be(&r, &t.issued_ms) ||
	    !troth_get_bytes(&r, sizeof t.random, t.random) ||
	    !troth_get_bytes(&r, sizeof t.subject, t.subject) ||
	    !troth_get_u64be(&r, &t.row_version) || !troth_get_u32be(&r, &t.wants))
		return TROTH_E_TRUNCATED;
	if (!known_purpose(purpose) || (t.wants & ~WANTS_ALL) != 0)
		return TROTH_E_MALFORMED;
	t.purpose = (enum troth_token_purpose)purpose;
	TROTH_TRY(troth_pcr_selection_get(&r, &t.selection));

	struct troth_view signed_part = { bytes.p, bytes.n - r.left.n };
	if (!troth_get_view(&r, MAC_LEN, tag))
		return TROTH_E_TRUNCATED;
	if (!troth_at_end(&r))
		return TROTH_E_MALFORMED;
	*body = signed_part;
	*out = t;
	return TROTH_OK;
}

enum troth_status troth_token_read(struct troth_view bytes, struct troth_token *out)
{
	struct troth_view body, tag;
	return parse(bytes, out, &body, &tag);
}

static bool in_time(uint64_t issued_ms, uint64_t now_ms)
{
	if (issued_ms > now_ms)
		return issued_ms - now_ms <= FUTURE_MS;
	return now_ms - issued_ms <= (uint64_t)TROTH_TOKEN_LIFE_MS;
}

enum troth_status troth_token_open(struct troth_ctx *ctx, const struct troth_token_keys *keys,
				   const struct troth_token_use *use, struct troth_view bytes,
				   struct troth_token *out)
{
	struct troth_token t;
	struct troth_view body, tag;
	uint8_t want[MAC_LEN];

	TROTH_TRY(parse(bytes, &t, &body, &tag));
	const struct troth_token_key *key = find_key(keys, t.key_id);
	if (key == NULL)
		return TROTH_E_MISMATCH;
	TROTH_TRY(mac(ctx, key, keys->trust_domain, body, want));
	bool genuine = CRYPTO_memcmp(want, tag.p, MAC_LEN) == 0;
	OPENSSL_cleanse(want, sizeof want); /* it would be the MAC of a forged body */
	if (!genuine || t.purpose != use->purpose)
		return TROTH_E_MISMATCH;
	if (!in_time(t.issued_ms, use->now_ms))
		return TROTH_E_EXPIRED;
	*out = t;
	return TROTH_OK;
}

enum troth_status troth_token_secret(struct troth_ctx *ctx, const struct troth_token_keys *keys,
				     struct troth_view bytes, uint8_t out[32])
{
	struct troth_token t;
	TROTH_TRY(troth_token_read(bytes, &t));
	const struct troth_token_key *key = find_key(keys, t.key_id);
	if (key == NULL)
		return TROTH_E_MISMATCH;
	const struct troth_view parts[] = { troth_view_str("troth/v1/activation"), bytes };
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(key->key), parts, TROTH_COUNT(parts), out);
}
