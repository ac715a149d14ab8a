/* SPDX-License-Identifier: Apache-2.0 */
#include "dpop.h"

#include <string.h>

#include "base.h"
#include "base64.h"
#include "json_write.h"
#include "reader.h"
#include "uri.h"

#define TYP "dpop+jwt"

enum {
	/* An address and a nonce, and little beside them. */
	CLAIMS_MAX = TROTH_HTU_MAX + TROTH_DPOP_NONCE_MAX + 512
};

bool troth_http_method_sound(struct troth_view method)
{
	for (size_t i = 0; i < method.n; i++) {
		const uint8_t c = method.p[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
			return false;
	}
	return method.n > 0 && method.n <= TROTH_HTTP_METHOD_MAX;
}

static enum troth_status put_claims(struct troth_ctx *ctx, const struct troth_dpop_call *call,
				    uint64_t now_s, const uint8_t *jti, struct troth_writer *w)
{
	uint8_t url[TROTH_HTU_MAX];
	struct troth_writer htu = troth_writer_make(url, sizeof url);
	struct troth_digest ath;
	TROTH_TRY(troth_uri_normal(call->url, &htu));
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, call->token, &ath));
	troth_json_open(w, '{');
	troth_json_member_base64url(w, "jti", (struct troth_view){ jti, TROTH_DPOP_JTI_BYTES });
	troth_json_member_text(w, "htm", call->method);
	troth_json_member_text(w, "htu", troth_written(&htu));
	troth_json_member_int(w, "iat", (int64_t)now_s);
	troth_json_member_base64url(w, "ath", troth_digest_view(&ath));
	if (call->nonce.n > 0)
		troth_json_member_text(w, "nonce", call->nonce);
	troth_json_close(w, '}');
	return troth_writer_ok(w) ? TROTH_OK : TROTH_E_LIMIT;
}

enum troth_status troth_dpop_make(struct troth_ctx *ctx, const struct troth_dpop_maker *maker,
				  const struct troth_dpop_call *call, uint64_t now_s,
				  const uint8_t jti[TROTH_DPOP_JTI_BYTES],
				  struct troth_writer *out)
{
	uint8_t claims[CLAIMS_MAX];
	struct troth_writer w = troth_writer_make(claims, sizeof claims);
	const struct troth_jws_header header = { .typ = TYP, .jwk = &maker->jwk };
	if (!troth_http_method_sound(call->method))
		return TROTH_E_MALFORMED;
	if (call->nonce.n > TROTH_DPOP_NONCE_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(put_claims(ctx, call, now_s, jti, &w));
	return troth_jws_build(&header, troth_written(&w), &maker->signer, out);
}

/* ---- verifying ---- */

/* The claims as text, written out where the sender escaped them. */
struct claims {
	struct troth_view jti, htm, htu, ath, nonce;
	bool has_nonce;
	uint64_t iat;
};

static bool read_claims(struct troth_view payload, struct troth_writer *scratch,
			struct claims *out)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	if (troth_json_parse(payload, values, TROTH_COUNT(values), &json) != TROTH_OK)
		return false;
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *nonce = troth_json_member(root, "nonce");
	struct claims c = { .has_nonce = nonce != NULL };
	if (!troth_json_string(troth_json_member(root, "jti"), scratch, &c.jti) ||
	    !troth_json_string(troth_json_member(root, "htm"), scratch, &c.htm) ||
	    !troth_json_string(troth_json_member(root, "htu"), scratch, &c.htu) ||
	    !troth_json_string(troth_json_member(root, "ath"), scratch, &c.ath) ||
	    !troth_json_u63(troth_json_member(root, "iat"), &c.iat) ||
	    (c.has_nonce && !troth_json_string(nonce, scratch, &c.nonce)))
		return false;
	if (c.jti.n == 0 || c.jti.n > TROTH_DPOP_JTI_MAX || c.nonce.n > TROTH_DPOP_NONCE_MAX)
		return false;
	*out = c;
	return true;
}

static bool same_url(struct troth_view claimed, struct troth_view real)
{
	uint8_t a[TROTH_HTU_MAX], b[TROTH_HTU_MAX];
	struct troth_writer x = troth_writer_make(a, sizeof a);
	struct troth_writer y = troth_writer_make(b, sizeof b);
	return troth_uri_normal(claimed, &x) == TROTH_OK &&
	       troth_uri_normal(real, &y) == TROTH_OK &&
	       troth_view_equal(troth_written(&x), troth_written(&y));
}

static bool in_time(uint64_t issued_s, uint64_t now_s)
{
	/* Both are below 2^63. */
	return issued_s <= now_s + TROTH_DPOP_SKEW_S &&
	       now_s <= issued_s + TROTH_DPOP_AGE_MAX_S;
}

static enum troth_decision judge(const struct claims *c, const struct troth_dpop_check *check)
{
	uint8_t hash[32];
	if (!troth_view_equal(c->htm, check->call->method))
		return TROTH_DENIED_PROOF_METHOD;
	if (!same_url(c->htu, check->call->url))
		return TROTH_DENIED_PROOF_URL;
	if (troth_base64url_exact(c->ath, hash, sizeof hash) != TROTH_OK ||
	    !troth_view_equal(TROTH_VIEW_OF(hash),
			      (struct troth_view){ check->token_hash, sizeof hash }))
		return TROTH_DENIED_PROOF_TOKEN;
	return in_time(c->iat, check->now_s) ? TROTH_ADMITTED : TROTH_DENIED_PROOF_TIME;
}

/* Two keys may use one jti without meaning the same. */
static enum troth_status name_proof(struct troth_ctx *ctx, const uint8_t *thumbprint,
				    const struct claims *c, struct troth_dpop_proof *out)
{
	const struct troth_view parts[] = { { thumbprint, 32 }, c->jti };
	struct troth_digest d;
	TROTH_TRY(troth_hash_parts(ctx, TROTH_HASH_SHA256, parts, TROTH_COUNT(parts), &d));
	*out = (struct troth_dpop_proof){ .issued_s = c->iat, .nonce_len = c->nonce.n };
	memcpy(out->id, d.bytes, sizeof out->id);
	if (c->nonce.n > 0)
		memcpy(out->nonce, c->nonce.p, c->nonce.n);
	return TROTH_OK;
}

/* The key in the header verifies only where it is the one the result names. */
static enum troth_status key_decision(struct troth_ctx *ctx, const struct troth_jws *jws,
				      const struct troth_dpop_check *check,
				      enum troth_decision *out)
{
	uint8_t thumbprint[32];
	if (!jws->has_jwk) {
		*out = TROTH_DENIED_PROOF_MALFORMED;
		return TROTH_OK;
	}
	TROTH_TRY(troth_jwk_thumbprint(ctx, &jws->jwk, thumbprint));
	*out = troth_view_equal(TROTH_VIEW_OF(thumbprint),
				(struct troth_view){ check->thumbprint, sizeof thumbprint })
		       ? TROTH_ADMITTED
		       : TROTH_DENIED_PROOF_KEY;
	return TROTH_OK;
}

/* A failure of the machine and a message that fails are two things. */
static bool is_about_the_message(enum troth_status s)
{
	return s == TROTH_E_MALFORMED || s == TROTH_E_TRUNCATED || s == TROTH_E_LIMIT ||
	       s == TROTH_E_UNSUPPORTED;
}

static enum troth_status open_proof(struct troth_ctx *ctx, const struct troth_jws *jws,
				    struct troth_writer *buf, struct troth_view *out)
{
	struct troth_key *key = NULL;
	TROTH_TRY(troth_jwk_key(&jws->jwk, &key));
	enum troth_status s = troth_jws_open(ctx, jws, key, buf, out);
	troth_key_free(key);
	return s;
}

static enum troth_status deny(enum troth_decision why, enum troth_decision *out)
{
	*out = why;
	return TROTH_OK;
}

enum troth_status troth_dpop_verify(struct troth_ctx *ctx, struct troth_view proof,
				    const struct troth_dpop_check *check,
				    enum troth_decision *out_decision,
				    struct troth_dpop_proof *out)
{
	uint8_t buf[TROTH_JWS_MAX];
	struct troth_writer scratch = troth_writer_make(buf, sizeof buf);
	struct troth_jws jws;
	struct troth_view payload;
	struct claims claims;
	enum troth_decision decision;

	enum troth_status s = proof.n > TROTH_JWS_MAX ? TROTH_E_LIMIT
						      : troth_jws_read(proof, TYP, &jws);
	if (is_about_the_message(s))
		return deny(TROTH_DENIED_PROOF_MALFORMED, out_decision);
	TROTH_TRY(s);
	TROTH_TRY(key_decision(ctx, &jws, check, &decision));
	if (decision != TROTH_ADMITTED)
		return deny(decision, out_decision);
	s = open_proof(ctx, &jws, &scratch, &payload);
	if (s == TROTH_E_MISMATCH)
		return deny(TROTH_DENIED_PROOF_SIGNATURE, out_decision);
	if (is_about_the_message(s))
		return deny(TROTH_DENIED_PROOF_MALFORMED, out_decision);
	TROTH_TRY(s);
	if (!read_claims(payload, &scratch, &claims))
		return deny(TROTH_DENIED_PROOF_MALFORMED, out_decision);
	decision = judge(&claims, check);
	if (decision == TROTH_ADMITTED)
		TROTH_TRY(name_proof(ctx, check->thumbprint, &claims, out));
	return deny(decision, out_decision);
}
