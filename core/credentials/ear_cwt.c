/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base.h"
#include "cbor_read.h"
#include "cbor_write.h"
#include "ear.h"
#include "reader.h"

/* Claims (CWT: RFC 8392; EAT: RFC 9711; EAR: draft-ietf-rats-ear) and the private ones below
 * -65536. */
enum {
	ISS = 1,
	SUB = 2,
	EXP = 4,
	IAT = 6,
	CTI = 7,
	CNF = 8,
	EAT_NONCE = 10,
	EAT_PROFILE = 265,
	SUBMODS = 266,
	EAR_STATUS = 1000,
	EAR_TRUST = 1001,
	EAR_POLICY = 1003,
	EAR_VERIFIER = 1004,
	KEY_ATTESTATION = -70002, /* Veraison's */
	SEGMENT = -75001	  /* ours */
};
/* COSE (RFC 9052, RFC 9053, RFC 9596). */
enum {
	COSE_SIGN1 = 18,
	HEADER_ALG = 1,
	HEADER_CRIT = 2,
	HEADER_KID = 4,
	HEADER_TYP = 16,
	ES256 = -7,
	KEY_KTY = 1,
	KEY_CRV = -1,
	KEY_X = -2,
	KEY_Y = -3,
	KTY_EC2 = 2,
	CRV_P256 = 1,
	CNF_COSE_KEY = 1
};
enum { CLAIMS_MAX = 3072, PROTECTED_MAX = 96 };

/* ---- writing; keys of each map in the order of their encodings ---- */

static void put_key_value_text(struct troth_writer *w, int64_t key, struct troth_view text)
{
	troth_cbor_put_int(w, key);
	troth_cbor_put_text(w, text);
}

static void put_key_value_bytes(struct troth_writer *w, int64_t key, struct troth_view bytes)
{
	troth_cbor_put_int(w, key);
	troth_cbor_put_bytes(w, bytes);
}

static void put_key_value_int(struct troth_writer *w, int64_t key, int64_t value)
{
	troth_cbor_put_int(w, key);
	troth_cbor_put_int(w, value);
}

static size_t n_claims(const struct troth_trust_vector *v)
{
	size_t n = 0;
	for (int i = 0; i < TROTH_CLAIM_N; i++)
		n += v->claim[i] != 0;
	return n;
}

static void put_trust(struct troth_writer *w, const struct troth_trust_vector *v)
{
	if (n_claims(v) == 0)
		return;
	troth_cbor_put_int(w, EAR_TRUST);
	troth_cbor_put_map(w, n_claims(v));
	for (int i = 0; i < TROTH_CLAIM_N; i++)
		if (v->claim[i] != 0)
			put_key_value_int(w, i, v->claim[i]);
}

static void put_submodule(struct troth_writer *w, const struct troth_ear *ear)
{
	const bool attested = ear->attested_key.n > 0;
	troth_cbor_put_map(w, 3U + (n_claims(&ear->trust) > 0) + attested);
	put_key_value_bytes(w, EAT_NONCE, TROTH_VIEW_OF(ear->evidence_nonce));
	put_key_value_int(w, EAR_STATUS, troth_status_number(ear->status));
	put_trust(w, &ear->trust);
	troth_cbor_put_int(w, EAR_POLICY);
	if (ear->profile == TROTH_EAR_DRAFT)
		troth_cbor_put_array(w, 1);
	troth_cbor_put_text(w, ear->policy);
	if (!attested)
		return;
	troth_cbor_put_int(w, KEY_ATTESTATION);
	troth_cbor_put_map(w, 1);
	troth_cbor_put_text(w, troth_view_str("akpub"));
	troth_cbor_put_bytes(w, ear->attested_key);
}

static void put_confirmation(struct troth_writer *w, const struct troth_jwk *key)
{
	troth_cbor_put_int(w, CNF);
	troth_cbor_put_map(w, 1);
	troth_cbor_put_int(w, CNF_COSE_KEY);
	troth_cbor_put_map(w, 4);
	put_key_value_int(w, KEY_KTY, KTY_EC2);
	put_key_value_int(w, KEY_CRV, CRV_P256);
	put_key_value_bytes(w, KEY_X, TROTH_VIEW_OF(key->x));
	put_key_value_bytes(w, KEY_Y, TROTH_VIEW_OF(key->y));
}

static void put_claims(struct troth_writer *w, const struct troth_ear *ear)
{
	troth_cbor_put_map(w, 10U + (ear->nonce.n > 0));
	put_key_value_text(w, ISS, ear->issuer);
	put_key_value_text(w, SUB, ear->subject);
	put_key_value_int(w, EXP, (int64_t)ear->expires_s);
	put_key_value_int(w, IAT, (int64_t)ear->issued_s);
	put_key_value_bytes(w, CTI, TROTH_VIEW_OF(ear->id));
	put_confirmation(w, &ear->key);
	if (ear->nonce.n > 0)
		put_key_value_bytes(w, EAT_NONCE, ear->nonce);
	put_key_value_text(w, EAT_PROFILE, troth_view_str(troth_ear_profile_uri(ear->profile)));
	troth_cbor_put_int(w, SUBMODS);
	troth_cbor_put_map(w, 1);
	troth_cbor_put_text(w, troth_view_str(TROTH_EAR_SUBMODULE));
	put_submodule(w, ear);
	troth_cbor_put_int(w, EAR_VERIFIER);
	troth_cbor_put_map(w, 2);
	put_key_value_text(w, 0, troth_view_str("Troth"));
	put_key_value_text(w, 1, ear->build);
	put_key_value_text(w, SEGMENT, ear->segment);
}

static void put_protected(struct troth_writer *w, const uint8_t key_id[32])
{
	troth_cbor_put_map(w, 3);
	put_key_value_int(w, HEADER_ALG, ES256);
	put_key_value_bytes(w, HEADER_KID, (struct troth_view){ key_id, 32 });
	put_key_value_text(w, HEADER_TYP, troth_view_str(TROTH_EAR_CWT_TYPE));
}

/* Sig_structure: RFC 9052, 4.4. */
static void put_to_be_signed(struct troth_writer *w, struct troth_view protected_header,
			     struct troth_view payload)
{
	troth_cbor_put_array(w, 4);
	troth_cbor_put_text(w, troth_view_str("Signature1"));
	troth_cbor_put_bytes(w, protected_header);
	troth_cbor_put_bytes(w, (struct troth_view){ 0 });
	troth_cbor_put_bytes(w, payload);
}

static enum troth_status put_sign1(struct troth_view protected_header,
				   struct troth_view payload,
				   const struct troth_es256_signer *signer,
				   struct troth_writer *out)
{
	uint8_t text[CLAIMS_MAX + PROTECTED_MAX + 32], signature[TROTH_ES256_LEN];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	put_to_be_signed(&w, protected_header, payload);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	TROTH_TRY(signer->sign(signer->arg, troth_written(&w), signature));
	troth_cbor_put_tag(out, COSE_SIGN1);
	troth_cbor_put_array(out, 4);
	troth_cbor_put_bytes(out, protected_header);
	troth_cbor_put_map(out, 0);
	troth_cbor_put_bytes(out, payload);
	troth_cbor_put_bytes(out, TROTH_VIEW_OF(signature));
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}

enum troth_status troth_ear_cwt_write(const struct troth_ear *ear, const uint8_t key_id[32],
				      const struct troth_es256_signer *signer,
				      struct troth_writer *out)
{
	uint8_t claims[CLAIMS_MAX], header[PROTECTED_MAX];
	struct troth_writer c = troth_writer_make(claims, sizeof claims);
	struct troth_writer h = troth_writer_make(header, sizeof header);
	TROTH_TRY(troth_ear_check(ear));
	put_claims(&c, ear);
	put_protected(&h, key_id);
	if (!troth_writer_ok(&c) || !troth_writer_ok(&h))
		return TROTH_E_LIMIT;
	return put_sign1(troth_written(&h), troth_written(&c), signer, out);
}

/* ---- reading ---- */

struct sign1 {
	struct troth_view protected_header, payload, signature;
};

static enum troth_status read_sign1(struct troth_view bytes, struct sign1 *out)
{
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor cbor;
	TROTH_TRY(troth_cbor_parse(bytes, items, TROTH_COUNT(items), &cbor));
	const struct troth_cbor_item *tag = troth_cbor_root(&cbor);
	const struct troth_cbor_item *list = troth_cbor_first(tag);
	if (tag->type != TROTH_CBOR_TAG || tag->number != COSE_SIGN1)
		return TROTH_E_UNSUPPORTED;
	if (list->type != TROTH_CBOR_ARRAY || list->number != 4)
		return TROTH_E_MALFORMED;
	const struct troth_cbor_item *header = troth_cbor_first(list);
	const struct troth_cbor_item *unprotected = troth_cbor_next(list, header);
	const struct troth_cbor_item *payload = troth_cbor_next(list, unprotected);
	const struct troth_cbor_item *signature = troth_cbor_next(list, payload);
	/* Nothing unsigned: what is not signed says nothing. */
	if (!troth_cbor_bytes(header, &out->protected_header) ||
	    unprotected->type != TROTH_CBOR_MAP || unprotected->number != 0 ||
	    !troth_cbor_bytes(payload, &out->payload) ||
	    !troth_cbor_bytes(signature, &out->signature) ||
	    out->signature.n != TROTH_ES256_LEN)
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

static enum troth_status find_key(struct troth_view header, const struct troth_ear_keys *keys,
				  const struct troth_ear_key **out)
{
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor cbor;
	struct troth_view typ, kid;
	int64_t alg;
	TROTH_TRY(troth_cbor_parse(header, items, TROTH_COUNT(items), &cbor));
	const struct troth_cbor_item *map = troth_cbor_root(&cbor);
	if (!troth_cbor_int(troth_cbor_at(map, HEADER_ALG), &alg) || alg != ES256 ||
	    !troth_cbor_text(troth_cbor_at(map, HEADER_TYP), &typ) ||
	    !troth_view_equal(typ, troth_view_str(TROTH_EAR_CWT_TYPE)) ||
	    troth_cbor_at(map, HEADER_CRIT) != NULL)
		return TROTH_E_UNSUPPORTED;
	if (!troth_cbor_bytes(troth_cbor_at(map, HEADER_KID), &kid) || kid.n != 32)
		return TROTH_E_NOT_FOUND;
	*out = troth_ear_key_find(keys, kid.p);
	return *out != NULL ? TROTH_OK : TROTH_E_NOT_FOUND;
}

static bool copy_exact(const struct troth_cbor_item *item, uint8_t *out, size_t n)
{
	struct troth_view bytes;
	if (!troth_cbor_bytes(item, &bytes) || bytes.n != n)
		return false;
	memcpy(out, bytes.p, n);
	return true;
}

static bool read_time(const struct troth_cbor_item *item, uint64_t *out)
{
	int64_t v;
	if (!troth_cbor_int(item, &v) || v < 0)
		return false;
	*out = (uint64_t)v;
	return true;
}

static bool read_confirmation(const struct troth_cbor_item *map, struct troth_ear *out)
{
	const struct troth_cbor_item *key =
		troth_cbor_at(troth_cbor_at(map, CNF), CNF_COSE_KEY);
	int64_t kty, crv;
	return troth_cbor_int(troth_cbor_at(key, KEY_KTY), &kty) && kty == KTY_EC2 &&
	       troth_cbor_int(troth_cbor_at(key, KEY_CRV), &crv) && crv == CRV_P256 &&
	       copy_exact(troth_cbor_at(key, KEY_X), out->key.x, sizeof out->key.x) &&
	       copy_exact(troth_cbor_at(key, KEY_Y), out->key.y, sizeof out->key.y);
}

static bool read_status(const struct troth_cbor_item *item, enum troth_tier *out)
{
	int64_t v;
	if (!troth_cbor_int(item, &v))
		return false;
	for (int t = TROTH_TIER_NONE; t <= TROTH_TIER_CONTRAINDICATED; t++)
		if (troth_status_number((enum troth_tier)t) == v) {
			*out = (enum troth_tier)t;
			return true;
		}
	return false;
}

static bool read_trust(const struct troth_cbor_item *vector, struct troth_trust_vector *out)
{
	if (vector == NULL)
		return true;
	if (vector->type != TROTH_CBOR_MAP)
		return false;
	for (int i = 0; i < TROTH_CLAIM_N; i++) {
		const struct troth_cbor_item *claim = troth_cbor_at(vector, i);
		int64_t v = 0;
		if (claim != NULL &&
		    (!troth_cbor_int(claim, &v) || v < INT8_MIN || v > INT8_MAX))
			return false;
		out->claim[i] = (int8_t)v;
	}
	return true;
}

static bool read_submodule(const struct troth_cbor_item *map, struct troth_ear *out)
{
	const struct troth_cbor_item *sub =
		troth_cbor_at_text(troth_cbor_at(map, SUBMODS), TROTH_EAR_SUBMODULE);
	const struct troth_cbor_item *policy = troth_cbor_at(sub, EAR_POLICY);
	const struct troth_cbor_item *attested =
		troth_cbor_at_text(troth_cbor_at(sub, KEY_ATTESTATION), "akpub");
	if (out->profile == TROTH_EAR_DRAFT)
		policy = troth_cbor_first(policy);
	return copy_exact(troth_cbor_at(sub, EAT_NONCE), out->evidence_nonce, 32) &&
	       read_status(troth_cbor_at(sub, EAR_STATUS), &out->status) &&
	       read_trust(troth_cbor_at(sub, EAR_TRUST), &out->trust) &&
	       troth_cbor_text(policy, &out->policy) &&
	       (attested == NULL || troth_cbor_bytes(attested, &out->attested_key));
}

static bool read_claims(const struct troth_cbor_item *map, struct troth_ear *out)
{
	const struct troth_cbor_item *nonce = troth_cbor_at(map, EAT_NONCE);
	return troth_cbor_text(troth_cbor_at(map, ISS), &out->issuer) &&
	       troth_cbor_text(troth_cbor_at(map, SUB), &out->subject) &&
	       read_time(troth_cbor_at(map, EXP), &out->expires_s) &&
	       read_time(troth_cbor_at(map, IAT), &out->issued_s) &&
	       copy_exact(troth_cbor_at(map, CTI), out->id, sizeof out->id) &&
	       (nonce == NULL || troth_cbor_bytes(nonce, &out->nonce)) &&
	       troth_cbor_text(troth_cbor_at(map, SEGMENT), &out->segment) &&
	       troth_cbor_text(troth_cbor_at(troth_cbor_at(map, EAR_VERIFIER), 1),
			       &out->build) &&
	       read_confirmation(map, out) && read_submodule(map, out);
}

static enum troth_status read_payload(struct troth_ctx *ctx, struct troth_view payload,
				      struct troth_ear *out)
{
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor cbor;
	struct troth_view profile;
	struct troth_ear ear = { 0 };
	TROTH_TRY(troth_cbor_parse(payload, items, TROTH_COUNT(items), &cbor));
	const struct troth_cbor_item *map = troth_cbor_root(&cbor);
	if (!troth_cbor_text(troth_cbor_at(map, EAT_PROFILE), &profile))
		return TROTH_E_MALFORMED;
	if (!troth_ear_profile_find(profile, &ear.profile))
		return TROTH_E_UNSUPPORTED;
	if (!read_claims(map, &ear))
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_jwk_thumbprint(ctx, &ear.key, ear.thumbprint));
	TROTH_TRY(troth_ear_check(&ear));
	*out = ear;
	return TROTH_OK;
}

enum troth_status troth_ear_cwt_open(struct troth_ctx *ctx, struct troth_view bytes,
				     const struct troth_ear_keys *keys, struct troth_ear *out)
{
	uint8_t text[TROTH_CWT_MAX + 64];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	const struct troth_ear_key *key;
	struct sign1 sign1;
	if (bytes.n > TROTH_CWT_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(read_sign1(bytes, &sign1));
	TROTH_TRY(find_key(sign1.protected_header, keys, &key));
	put_to_be_signed(&w, sign1.protected_header, sign1.payload);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_es256_verify(ctx, key->key, troth_written(&w), sign1.signature.p));
	return read_payload(ctx, sign1.payload, out);
}
