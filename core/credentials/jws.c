/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include <string.h>

#include "base.h"
#include "base64.h"
#include "json_write.h"
#include "reader.h"

/* Header of our own: typ, a key id and a key. */
enum { OWN_HEADER_MAX = 512 };

static enum troth_status put_header(const struct troth_jws_header *h, struct troth_writer *out)
{
	uint8_t text[OWN_HEADER_MAX];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	troth_json_open(&w, '{');
	troth_json_member_text(&w, "alg", troth_view_str("ES256"));
	troth_json_member_text(&w, "typ", troth_view_str(h->typ));
	if (h->kid.n > 0)
		troth_json_member_text(&w, "kid", h->kid);
	if (h->jwk != NULL) {
		troth_json_name(&w, "jwk");
		troth_jwk_put(&w, h->jwk);
	}
	troth_json_close(&w, '}');
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	troth_put_base64url(out, troth_written(&w));
	return TROTH_OK;
}

enum troth_status troth_jws_build(const struct troth_jws_header *header,
				  struct troth_view payload,
				  const struct troth_es256_signer *signer,
				  struct troth_writer *out)
{
	uint8_t signature[TROTH_ES256_LEN];
	const size_t start = out->n;
	TROTH_TRY(put_header(header, out));
	troth_put_u8(out, '.');
	troth_put_base64url(out, payload);
	if (!troth_writer_ok(out))
		return TROTH_E_LIMIT;
	const struct troth_view signed_part = { out->p + start, out->n - start };
	TROTH_TRY(signer->sign(signer->arg, signed_part, signature));
	troth_put_u8(out, '.');
	troth_put_base64url(out, TROTH_VIEW_OF(signature));
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}

/* Takes what stands before the next dot, and the dot. */
static bool get_part(struct troth_reader *r, struct troth_view *out)
{
	if (troth_at_end(r))
		return false;
	const uint8_t *dot = memchr(r->left.p, '.', r->left.n);
	uint8_t c;
	return dot != NULL && troth_get_view(r, (size_t)(dot - r->left.p), out) &&
	       troth_get_u8(r, &c);
}

static enum troth_status read_kid(const struct troth_json_value *value, struct troth_jws *out)
{
	struct troth_view kid;
	if (value == NULL)
		return TROTH_OK;
	if (!troth_json_plain(value, &kid) || kid.n == 0)
		return TROTH_E_MALFORMED;
	if (kid.n > sizeof out->kid)
		return TROTH_E_LIMIT;
	memcpy(out->kid, kid.p, kid.n);
	out->kid_len = kid.n;
	return TROTH_OK;
}

/* Parameters that we do not know are ignored, as RFC 7515, 4 wants it, unless the sender says
 * that they must not be: we know none that could be critical, b64 (RFC 7797) included. */
static enum troth_status read_members(const struct troth_json_value *header, const char *typ,
				      struct troth_jws *out)
{
	if (troth_json_member(header, "crit") != NULL ||
	    troth_json_member(header, "b64") != NULL ||
	    !troth_json_is(troth_json_member(header, "alg"), "ES256") ||
	    !troth_json_is(troth_json_member(header, "typ"), typ))
		return TROTH_E_UNSUPPORTED;
	TROTH_TRY(read_kid(troth_json_member(header, "kid"), out));
	const struct troth_json_value *jwk = troth_json_member(header, "jwk");
	out->has_jwk = jwk != NULL;
	return jwk != NULL ? troth_jwk_read(jwk, &out->jwk) : TROTH_OK;
}

static enum troth_status read_header(struct troth_view text, const char *typ,
				     struct troth_jws *out)
{
	uint8_t decoded[TROTH_JWS_HEADER_MAX];
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	struct troth_view header;
	TROTH_TRY(troth_base64url_decode(text, decoded, sizeof decoded, &header));
	TROTH_TRY(troth_json_parse(header, values, TROTH_COUNT(values), &json));
	return read_members(troth_json_root(&json), typ, out);
}

enum troth_status troth_jws_read(struct troth_view compact, const char *typ,
				 struct troth_jws *out)
{
	struct troth_reader r = { compact };
	struct troth_jws jws = { 0 };
	struct troth_view header;
	if (!get_part(&r, &header) || !get_part(&r, &jws.payload_text))
		return TROTH_E_MALFORMED;
	/* What is left, further dots too, is the signature. */
	TROTH_TRY(troth_base64url_exact(r.left, jws.signature, sizeof jws.signature));
	TROTH_TRY(read_header(header, typ, &jws));
	jws.signed_part = (struct troth_view){ compact.p, header.n + 1 + jws.payload_text.n };
	*out = jws;
	return TROTH_OK;
}

enum troth_status troth_jws_open(struct troth_ctx *ctx, const struct troth_jws *jws,
				 struct troth_key *key, struct troth_writer *buf,
				 struct troth_view *out)
{
	struct troth_view payload;
	TROTH_TRY(troth_es256_verify(ctx, key, jws->signed_part, jws->signature));
	TROTH_TRY(troth_base64url_decode(jws->payload_text, buf->p + buf->n, buf->max - buf->n,
					 &payload));
	buf->n += payload.n;
	*out = payload;
	return TROTH_OK;
}
