/* SPDX-License-Identifier: Apache-2.0 */
#include "ear_keys.h"

#include "base.h"
#include "base64.h"
#include "cbor_write.h"
#include "json_write.h"
#include "reader.h"

/* A thumbprint that cannot be computed leaves its set unwritten. */
static void thumbprint(struct troth_writer *w, struct troth_ctx *ctx,
		       const struct troth_jwk *key, uint8_t out[32])
{
	if (troth_jwk_thumbprint(ctx, key, out) != TROTH_OK)
		w->overflow = true;
}

static void put_jwk(struct troth_writer *w, const struct troth_jwk *key, const uint8_t id[32])
{
	troth_json_open(w, '{');
	troth_json_member_text(w, "alg", troth_view_str("ES256"));
	troth_json_member_text(w, "crv", troth_view_str("P-256"));
	troth_json_member_base64url(w, "kid", (struct troth_view){ id, 32 });
	troth_json_member_text(w, "kty", troth_view_str("EC"));
	troth_json_member_text(w, "use", troth_view_str("sig"));
	troth_json_member_base64url(w, "x", TROTH_VIEW_OF(key->x));
	troth_json_member_base64url(w, "y", TROTH_VIEW_OF(key->y));
	troth_json_close(w, '}');
}

void troth_ear_keys_put_jwks(struct troth_writer *w, const struct troth_jwk *keys, size_t n,
			     struct troth_ctx *ctx)
{
	uint8_t id[32] = { 0 };
	troth_json_open(w, '{');
	troth_json_name(w, "keys");
	troth_json_open(w, '[');
	for (size_t i = 0; i < n; i++) {
		thumbprint(w, ctx, &keys[i], id);
		put_jwk(w, &keys[i], id);
	}
	troth_json_close(w, ']');
	troth_json_close(w, '}');
}

static void put_cose_key(struct troth_writer *w, const struct troth_jwk *key,
			 const uint8_t id[32])
{
	static const int8_t EC2[] = { 1, 2 }, ES256[] = { 3, -7 }, P256[] = { -1, 1 };
	troth_cbor_put_map(w, 6);
	troth_cbor_put_int(w, EC2[0]);
	troth_cbor_put_int(w, EC2[1]);
	troth_cbor_put_int(w, 2); /* kid */
	troth_cbor_put_bytes(w, (struct troth_view){ id, 32 });
	troth_cbor_put_int(w, ES256[0]);
	troth_cbor_put_int(w, ES256[1]);
	troth_cbor_put_int(w, P256[0]);
	troth_cbor_put_int(w, P256[1]);
	troth_cbor_put_int(w, -2);
	troth_cbor_put_bytes(w, TROTH_VIEW_OF(key->x));
	troth_cbor_put_int(w, -3);
	troth_cbor_put_bytes(w, TROTH_VIEW_OF(key->y));
}

void troth_ear_keys_put_cose(struct troth_writer *w, const struct troth_jwk *keys, size_t n,
			     struct troth_ctx *ctx)
{
	uint8_t id[32] = { 0 };
	troth_cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++) {
		thumbprint(w, ctx, &keys[i], id);
		put_cose_key(w, &keys[i], id);
	}
}

/* A key id that is not the thumbprint would let one key answer for another. */
static bool take_key(struct troth_ctx *ctx, const struct troth_json_value *value,
		     struct troth_ear_key *out)
{
	struct troth_jwk jwk;
	struct troth_view kid;
	uint8_t id[32];
	const struct troth_json_value *use = troth_json_member(value, "use");
	return (use == NULL || troth_json_is(use, "sig")) &&
	       troth_jwk_read(value, &jwk) == TROTH_OK &&
	       troth_json_plain(troth_json_member(value, "kid"), &kid) &&
	       troth_base64url_exact(kid, out->id, sizeof out->id) == TROTH_OK &&
	       troth_jwk_thumbprint(ctx, &jwk, id) == TROTH_OK &&
	       troth_view_equal(TROTH_VIEW_OF(id), TROTH_VIEW_OF(out->id)) &&
	       troth_jwk_key(&jwk, &out->key) == TROTH_OK;
}

static enum troth_status take_keys(struct troth_ctx *ctx, const struct troth_json_value *list,
				   struct troth_ear_key *keys, size_t max, size_t *n)
{
	for (const struct troth_json_value *v = troth_json_first(list); v != NULL;
	     v = troth_json_next(list, v)) {
		struct troth_ear_key key;
		if (!take_key(ctx, v, &key))
			continue;
		if (*n == max) {
			troth_key_free(key.key);
			return TROTH_E_LIMIT;
		}
		keys[(*n)++] = key;
	}
	return *n > 0 ? TROTH_OK : TROTH_E_NOT_FOUND;
}

enum troth_status troth_ear_keys_read_jwks(struct troth_ctx *ctx, struct troth_view json,
					   struct troth_ear_key *keys, size_t max,
					   size_t *out_n)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json parsed;
	size_t n = 0;
	TROTH_TRY(troth_json_parse(json, values, TROTH_COUNT(values), &parsed));
	const struct troth_json_value *list =
		troth_json_member(troth_json_root(&parsed), "keys");
	if (list == NULL || list->type != TROTH_JSON_ARRAY)
		return TROTH_E_MALFORMED;
	const enum troth_status status = take_keys(ctx, list, keys, max, &n);
	if (status != TROTH_OK) {
		while (n > 0)
			troth_key_free(keys[--n].key);
		return status;
	}
	*out_n = n;
	return TROTH_OK;
}
