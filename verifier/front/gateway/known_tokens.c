/* SPDX-License-Identifier: Apache-2.0 */
#include "known_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "spiffe.h"

/* Slots of about 280 bytes: devices that call through one worker within a result's life. */
enum { SLOTS = 8192 };

struct troth_known_tokens {
	struct troth_known_token slots[SLOTS]; /* expires_s 0: free */
};

enum troth_status troth_known_tokens_new(struct troth_known_tokens **out)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

void troth_known_tokens_free(struct troth_known_tokens *k)
{
	free(k);
}

void troth_known_tokens_clear(struct troth_known_tokens *k)
{
	memset(k, 0, sizeof *k);
}

static void copy_name(struct troth_view from, char out[TROTH_NAME_LEN_MAX + 1])
{
	memcpy(out, from.p, from.n);
	out[from.n] = '\0';
}

/* Results of ours name the device as its certificate does, and nothing else. */
static bool keep(const struct troth_ear *ear, struct troth_view trust_domain,
		 struct troth_known_token *out)
{
	struct troth_spiffe id;
	if (troth_spiffe_read(ear->subject, &id) != TROTH_OK ||
	    !troth_view_equal(id.trust_domain, trust_domain) ||
	    !troth_view_equal(id.segment, ear->segment))
		return false;
	copy_name(id.name, out->name);
	copy_name(id.segment, out->segment);
	memcpy(out->thumbprint, ear->thumbprint, sizeof out->thumbprint);
	memcpy(out->serial, ear->id, sizeof out->serial);
	out->issued_s = ear->issued_s;
	out->expires_s = ear->expires_s;
	out->affirming = ear->status == TROTH_TIER_AFFIRMING;
	return true;
}

static enum troth_decision why_not(enum troth_status s)
{
	if (s == TROTH_E_NOT_FOUND)
		return TROTH_DENIED_TOKEN_KEY;
	return s == TROTH_E_MISMATCH ? TROTH_DENIED_TOKEN_SIGNATURE
				     : TROTH_DENIED_TOKEN_MALFORMED;
}

static enum troth_decision open_token(struct troth_ctx *ctx,
				      const struct troth_token_reading *reading,
				      struct troth_known_token *out)
{
	uint8_t buf[TROTH_JWS_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_ear ear;
	struct troth_digest key;
	const enum troth_status s =
		troth_ear_jwt_open(ctx, reading->text, reading->keys, &w, &ear);
	if (s != TROTH_OK)
		return why_not(s);
	if (!keep(&ear, reading->trust_domain, out) ||
	    troth_hash_one(ctx, TROTH_HASH_SHA256, ear.attested_key, &key) != TROTH_OK)
		return TROTH_DENIED_TOKEN_MALFORMED;
	memcpy(out->key_sha256, key.bytes, sizeof out->key_sha256);
	return TROTH_ADMITTED;
}

enum troth_status troth_known_tokens_read(struct troth_known_tokens *k, struct troth_ctx *ctx,
					  const struct troth_token_reading *reading,
					  enum troth_decision *out_decision,
					  const struct troth_known_token **out)
{
	struct troth_known_token fresh = { 0 };
	struct troth_digest d;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, reading->text, &d));
	struct troth_known_token *slot =
		&k->slots[((size_t)d.bytes[0] << 8 | d.bytes[1]) % SLOTS];
	enum troth_decision decision = TROTH_ADMITTED;
	if (slot->expires_s == 0 || memcmp(slot->sha256, d.bytes, sizeof slot->sha256) != 0) {
		decision = open_token(ctx, reading, &fresh);
		if (decision == TROTH_ADMITTED) {
			memcpy(fresh.sha256, d.bytes, sizeof fresh.sha256);
			*slot = fresh;
		}
	}
	if (decision == TROTH_ADMITTED)
		*out = slot;
	*out_decision = decision;
	return TROTH_OK;
}
