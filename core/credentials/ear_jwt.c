/* SPDX-License-Identifier: Apache-2.0 */
#include "base.h"
#include "base64.h"
#include "ear.h"
#include "json_write.h"
#include "jws.h"
#include "reader.h"

/* A payload of ours, bytes: the names in it are bounded, it comes to about 1,300. */
enum { CLAIMS_MAX = 4096 };

/* What the two profiles call the same claim. */
struct names {
	const char *verifier, *status, *trust, *policy;
};
static const struct names NAMES[] = {
	[TROTH_EAR_DEPLOYED] = { "ear.verifier-id", "ear.status", "ear.trustworthiness-vector",
				 "ear.appraisal-policy-id" },
	[TROTH_EAR_DRAFT] = { "ear_verifier_id", "ear_status", "ear_trustworthiness_vector",
			      "ear_appraisal_policy_ids" },
};
/* An extension that keeps its name in both. */
#define KEY_ATTESTATION "ear.veraison.key-attestation"

/* ---- writing ---- */

static void put_trust(struct troth_writer *w, const struct names *names,
		      const struct troth_trust_vector *v)
{
	bool asserts = false;
	for (int i = 0; i < TROTH_CLAIM_N; i++)
		asserts |= v->claim[i] != 0;
	if (!asserts)
		return;
	troth_json_name(w, names->trust);
	troth_json_open(w, '{');
	for (int i = 0; i < TROTH_CLAIM_N; i++)
		if (v->claim[i] != 0)
			troth_json_member_int(w, troth_claim_name((enum troth_claim)i),
					      v->claim[i]);
	troth_json_close(w, '}');
}

/* One text, or a list of the one. */
static void put_policy(struct troth_writer *w, const struct names *names,
		       const struct troth_ear *ear)
{
	troth_json_name(w, names->policy);
	if (ear->profile == TROTH_EAR_DRAFT)
		troth_json_open(w, '[');
	troth_json_put_text(w, ear->policy);
	if (ear->profile == TROTH_EAR_DRAFT)
		troth_json_close(w, ']');
}

static void put_submodule(struct troth_writer *w, const struct troth_ear *ear)
{
	const struct names *names = &NAMES[ear->profile];
	troth_json_name(w, "submods");
	troth_json_open(w, '{');
	troth_json_name(w, TROTH_EAR_SUBMODULE);
	troth_json_open(w, '{');
	troth_json_member_text(w, names->status, troth_view_str(troth_tier_name(ear->status)));
	put_trust(w, names, &ear->trust);
	put_policy(w, names, ear);
	troth_json_member_base64url(w, "eat_nonce", TROTH_VIEW_OF(ear->evidence_nonce));
	if (ear->attested_key.n > 0) {
		troth_json_name(w, KEY_ATTESTATION);
		troth_json_open(w, '{');
		troth_json_member_base64url(w, "akpub", ear->attested_key);
		troth_json_close(w, '}');
	}
	troth_json_close(w, '}');
	troth_json_close(w, '}');
}

static void put_verifier(struct troth_writer *w, const struct troth_ear *ear)
{
	troth_json_name(w, NAMES[ear->profile].verifier);
	troth_json_open(w, '{');
	troth_json_member_text(w, "developer", troth_view_str("Troth"));
	troth_json_member_text(w, "build", ear->build);
	troth_json_close(w, '}');
}

/* RFC 7800 and, for proofs of possession by DPoP, RFC 9449, 6.1. */
static void put_confirmation(struct troth_writer *w, const struct troth_ear *ear)
{
	troth_json_name(w, "cnf");
	troth_json_open(w, '{');
	troth_json_member_base64url(w, "jkt", TROTH_VIEW_OF(ear->thumbprint));
	troth_json_name(w, "jwk");
	troth_json_open(w, '{');
	troth_json_member_text(w, "crv", troth_view_str("P-256"));
	troth_json_member_text(w, "kty", troth_view_str("EC"));
	troth_json_member_base64url(w, "x", TROTH_VIEW_OF(ear->key.x));
	troth_json_member_base64url(w, "y", TROTH_VIEW_OF(ear->key.y));
	troth_json_close(w, '}');
	troth_json_close(w, '}');
}

static void put_claims(struct troth_writer *w, const struct troth_ear *ear)
{
	troth_json_open(w, '{');
	troth_json_member_text(w, "eat_profile",
			       troth_view_str(troth_ear_profile_uri(ear->profile)));
	troth_json_member_text(w, "iss", ear->issuer);
	troth_json_member_text(w, "sub", ear->subject);
	troth_json_member_base64url(w, "jti", TROTH_VIEW_OF(ear->id));
	troth_json_member_int(w, "iat", (int64_t)ear->issued_s);
	troth_json_member_int(w, "exp", (int64_t)ear->expires_s);
	if (ear->nonce.n > 0)
		troth_json_member_base64url(w, "eat_nonce", ear->nonce);
	troth_json_member_text(w, "troth_segment", ear->segment);
	put_confirmation(w, ear);
	put_verifier(w, ear);
	put_submodule(w, ear);
	troth_json_close(w, '}');
}

enum troth_status troth_ear_jwt_write(const struct troth_ear *ear, const uint8_t key_id[32],
				      const struct troth_es256_signer *signer,
				      struct troth_writer *out)
{
	uint8_t claims[CLAIMS_MAX], kid[TROTH_THUMBPRINT_LEN];
	struct troth_writer w = troth_writer_make(claims, sizeof claims);
	struct troth_writer k = troth_writer_make(kid, sizeof kid);
	TROTH_TRY(troth_ear_check(ear));
	put_claims(&w, ear);
	troth_put_base64url(&k, (struct troth_view){ key_id, 32 });
	if (!troth_writer_ok(&w) || !troth_writer_ok(&k))
		return TROTH_E_LIMIT;
	const struct troth_jws_header header = { .typ = TROTH_EAR_JWT_TYPE,
						 .kid = troth_written(&k) };
	return troth_jws_build(&header, troth_written(&w), signer, out);
}

/* ---- reading ---- */

static bool read_tier(const struct troth_json_value *value, enum troth_tier *out)
{
	for (int t = TROTH_TIER_NONE; t <= TROTH_TIER_CONTRAINDICATED; t++)
		if (troth_json_is(value, troth_tier_name((enum troth_tier)t))) {
			*out = (enum troth_tier)t;
			return true;
		}
	return false;
}

/* A number from -128 to 127, which the general accessor does not give. */
static bool read_claim(const struct troth_json_value *value, int8_t *out)
{
	struct troth_json_value magnitude;
	uint64_t n;
	if (value == NULL || value->type != TROTH_JSON_NUMBER || value->text.n == 0)
		return false;
	const bool negative = value->text.p[0] == '-';
	magnitude = *value;
	magnitude.text.p += negative;
	magnitude.text.n -= negative;
	if (!troth_json_u63(&magnitude, &n) || n > (negative ? 128u : 127u))
		return false;
	*out = (int8_t)(negative ? -(int)n : (int)n);
	return true;
}

static bool read_trust(const struct troth_json_value *vector, struct troth_trust_vector *out)
{
	if (vector == NULL)
		return true;
	if (vector->type != TROTH_JSON_OBJECT)
		return false;
	for (int i = 0; i < TROTH_CLAIM_N; i++) {
		const struct troth_json_value *claim =
			troth_json_member(vector, troth_claim_name((enum troth_claim)i));
		if (claim != NULL && !read_claim(claim, &out->claim[i]))
			return false;
	}
	return true;
}

/* Bytes as base64url, decoded into the writer. */
static bool read_bytes(const struct troth_json_value *value, struct troth_writer *buf,
		       struct troth_view *out)
{
	struct troth_view text, bytes;
	if (buf->overflow || !troth_json_plain(value, &text) ||
	    troth_base64url_decode(text, buf->p + buf->n, buf->max - buf->n, &bytes) !=
		    TROTH_OK)
		return false;
	buf->n += bytes.n;
	*out = bytes;
	return true;
}

static bool read_digest(const struct troth_json_value *value, uint8_t out[32])
{
	struct troth_view text;
	return troth_json_plain(value, &text) &&
	       troth_base64url_exact(text, out, 32) == TROTH_OK;
}

static bool read_submodule(const struct troth_json_value *root, struct troth_writer *buf,
			   struct troth_ear *out)
{
	const struct names *names = &NAMES[out->profile];
	const struct troth_json_value *sub =
		troth_json_member(troth_json_member(root, "submods"), TROTH_EAR_SUBMODULE);
	const struct troth_json_value *policy = troth_json_member(sub, names->policy);
	const struct troth_json_value *attested =
		troth_json_member(troth_json_member(sub, KEY_ATTESTATION), "akpub");
	if (out->profile == TROTH_EAR_DRAFT)
		policy = troth_json_first(policy);
	return read_tier(troth_json_member(sub, names->status), &out->status) &&
	       read_trust(troth_json_member(sub, names->trust), &out->trust) &&
	       troth_json_plain(policy, &out->policy) &&
	       read_digest(troth_json_member(sub, "eat_nonce"), out->evidence_nonce) &&
	       (attested == NULL || read_bytes(attested, buf, &out->attested_key));
}

static bool read_confirmation(const struct troth_json_value *root, struct troth_ear *out)
{
	const struct troth_json_value *cnf = troth_json_member(root, "cnf");
	return troth_jwk_read(troth_json_member(cnf, "jwk"), &out->key) == TROTH_OK &&
	       read_digest(troth_json_member(cnf, "jkt"), out->thumbprint);
}

static bool read_claims(const struct troth_json_value *root, struct troth_writer *buf,
			struct troth_ear *out)
{
	const struct troth_json_value *nonce = troth_json_member(root, "eat_nonce");
	struct troth_view id;
	return troth_json_plain(troth_json_member(root, "iss"), &out->issuer) &&
	       troth_json_plain(troth_json_member(root, "sub"), &out->subject) &&
	       troth_json_plain(troth_json_member(root, "jti"), &id) &&
	       troth_base64url_exact(id, out->id, sizeof out->id) == TROTH_OK &&
	       troth_json_u63(troth_json_member(root, "iat"), &out->issued_s) &&
	       troth_json_u63(troth_json_member(root, "exp"), &out->expires_s) &&
	       (nonce == NULL || read_bytes(nonce, buf, &out->nonce)) &&
	       troth_json_plain(troth_json_member(root, "troth_segment"), &out->segment) &&
	       read_confirmation(root, out) && read_submodule(root, buf, out) &&
	       troth_json_plain(
		       troth_json_member(troth_json_member(root, NAMES[out->profile].verifier),
					 "build"),
		       &out->build);
}

static enum troth_status read_payload(struct troth_view payload, struct troth_writer *buf,
				      struct troth_ear *out)
{
	struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_json json;
	struct troth_view profile;
	struct troth_ear ear = { 0 };
	TROTH_TRY(troth_json_parse(payload, values, TROTH_COUNT(values), &json));
	const struct troth_json_value *root = troth_json_root(&json);
	if (!troth_json_plain(troth_json_member(root, "eat_profile"), &profile))
		return TROTH_E_MALFORMED;
	if (!troth_ear_profile_find(profile, &ear.profile))
		return TROTH_E_UNSUPPORTED;
	if (!read_claims(root, buf, &ear))
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_ear_check(&ear));
	*out = ear;
	return TROTH_OK;
}

enum troth_status troth_ear_jwt_open(struct troth_ctx *ctx, struct troth_view compact,
				     const struct troth_ear_keys *keys,
				     struct troth_writer *buf, struct troth_ear *out)
{
	struct troth_jws jws;
	struct troth_view payload;
	uint8_t id[32];
	if (compact.n > TROTH_JWS_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_jws_read(compact, TROTH_EAR_JWT_TYPE, &jws));
	if (troth_base64url_exact((struct troth_view){ jws.kid, jws.kid_len }, id, sizeof id) !=
	    TROTH_OK)
		return TROTH_E_NOT_FOUND;
	const struct troth_ear_key *key = troth_ear_key_find(keys, id);
	if (key == NULL)
		return TROTH_E_NOT_FOUND;
	TROTH_TRY(troth_jws_open(ctx, &jws, key->key, buf, &payload));
	return read_payload(payload, buf, out);
}
