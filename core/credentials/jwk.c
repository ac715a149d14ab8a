/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "base.h"
#include "base64.h"
#include "json_write.h"
#include "key.h"
#include "reader.h"

enum { POINT_LEN = 1 + 2 * TROTH_P256_BYTES, UNCOMPRESSED = 4, TEXT_MAX = 160 };

static enum troth_status read_coordinate(const struct troth_json_value *value, uint8_t *out)
{
	struct troth_view text;
	if (!troth_json_plain(value, &text))
		return TROTH_E_MALFORMED;
	return troth_base64url_exact(text, out, TROTH_P256_BYTES);
}

enum troth_status troth_jwk_read(const struct troth_json_value *value, struct troth_jwk *out)
{
	struct troth_jwk jwk;
	if (value == NULL || value->type != TROTH_JSON_OBJECT ||
	    troth_json_member(value, "d") != NULL)
		return TROTH_E_MALFORMED;
	if (!troth_json_is(troth_json_member(value, "kty"), "EC") ||
	    !troth_json_is(troth_json_member(value, "crv"), "P-256"))
		return TROTH_E_UNSUPPORTED;
	TROTH_TRY(read_coordinate(troth_json_member(value, "x"), jwk.x));
	TROTH_TRY(read_coordinate(troth_json_member(value, "y"), jwk.y));
	*out = jwk;
	return TROTH_OK;
}

void troth_jwk_put(struct troth_writer *w, const struct troth_jwk *jwk)
{
	troth_json_open(w, '{');
	troth_json_member_text(w, "crv", troth_view_str("P-256"));
	troth_json_member_text(w, "kty", troth_view_str("EC"));
	troth_json_member_base64url(w, "x", TROTH_VIEW_OF(jwk->x));
	troth_json_member_base64url(w, "y", TROTH_VIEW_OF(jwk->y));
	troth_json_close(w, '}');
}

enum troth_status troth_jwk_thumbprint(struct troth_ctx *ctx, const struct troth_jwk *jwk,
				       uint8_t out[32])
{
	uint8_t text[TEXT_MAX];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	struct troth_digest d;
	troth_jwk_put(&w, jwk);
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, troth_written(&w), &d));
	memcpy(out, d.bytes, 32);
	return TROTH_OK;
}

enum troth_status troth_jwk_key(const struct troth_jwk *jwk, struct troth_key **out)
{
	const struct troth_public pub = { .type = TROTH_KEY_ECC,
					  .curve = TROTH_CURVE_P256,
					  .x = TROTH_VIEW_OF(jwk->x),
					  .y = TROTH_VIEW_OF(jwk->y) };
	return troth_key_from_public(&pub, out);
}

enum troth_status troth_jwk_of(const EVP_PKEY *pkey, struct troth_jwk *out)
{
	uint8_t point[POINT_LEN];
	size_t n;
	if (!troth_key_is_p256(pkey))
		return TROTH_E_UNSUPPORTED;
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
					    &n) != 1 ||
	    n != sizeof point || point[0] != UNCOMPRESSED)
		return TROTH_E_CRYPTO;
	memcpy(out->x, point + 1, sizeof out->x);
	memcpy(out->y, point + 1 + sizeof out->x, sizeof out->y);
	return TROTH_OK;
}
