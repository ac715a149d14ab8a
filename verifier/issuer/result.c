/* SPDX-License-Identifier: Apache-2.0 */
/* The attestation result. What it says of keys, names, times and the evidence's nonce is what
 * the issuer has just verified; status, vector and policy are the front's word, held to the
 * rule that a status is never better than the worst claim (docs/process-model.md). */
#include <string.h>

#include "base.h"
#include "desk.h"
#include "reader.h"
#include "svid.h"
#include "text.h"
#include "version.h"

#define POLICY_MAX (TROTH_NAME_LEN_MAX + sizeof "@sha256:" + 64)

/* SubjectPublicKeyInfo of a P-256 key up to its coordinates (RFC 5480, 2). OpenSSL's encoder
 * would cost as much as two signatures. */
static const uint8_t P256_SPKI_HEAD[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04
};
#define SPKI_LEN (sizeof P256_SPKI_HEAD + 64)

static enum troth_status sign(void *arg, struct troth_view message,
			      uint8_t out[TROTH_ES256_LEN])
{
	struct troth_desk *d = arg;
	return troth_es256_sign(d->ctx, d->result_signer, message, out);
}

/* "<name>@sha256:<digest of the policy's text>" */
static enum troth_status name_policy(const struct troth_issuer_appraisal *a,
				     struct troth_writer *out)
{
	char hex[2 * sizeof a->policy_id + 1];
	if (!troth_name_valid(a->policy_name))
		return TROTH_E_MALFORMED;
	troth_format_hex(TROTH_VIEW_OF(a->policy_id), hex);
	troth_put_view(out, a->policy_name);
	troth_put_view(out, troth_view_str("@sha256:"));
	troth_put_view(out, troth_view_str(hex));
	return troth_writer_ok(out) ? TROTH_OK : TROTH_E_LIMIT;
}

/* Who presents the result signs with the session key, or, where there is none, with the
 * credential key. */
static enum troth_status confirm_key(struct troth_desk *d, const struct troth_issuance *i,
				     struct troth_ear *ear)
{
	struct troth_writer w = troth_writer_make((uint8_t *)&ear->key, sizeof ear->key);
	if (i->request->session_key.n > 0) {
		TROTH_TRY(troth_session_key_read(i->request->session_key, &ear->key));
	} else {
		troth_put_view(&w, i->key->x); /* in full width: tpm.h */
		troth_put_view(&w, i->key->y);
		if (!troth_writer_ok(&w) || w.n != sizeof ear->key)
			return TROTH_E_MALFORMED;
	}
	return troth_jwk_thumbprint(d->ctx, &ear->key, ear->thumbprint);
}

static enum troth_status write(struct troth_desk *d, const struct troth_issuance *i,
			       const struct troth_ear *ear, struct troth_view *out)
{
	const struct troth_es256_signer signer = { sign, d };
	struct troth_writer w = troth_writer_make(d->result, sizeof d->result);
	const uint8_t *id = d->office->keys.result_id;
	TROTH_TRY(i->request->appraisal.format == TROTH_EAR_CWT
			  ? troth_ear_cwt_write(ear, id, &signer, &w)
			  : troth_ear_jwt_write(ear, id, &signer, &w));
	*out = troth_written(&w);
	return TROTH_OK;
}

enum troth_status troth_issue_result(struct troth_desk *d, const struct troth_issuance *i,
				     struct troth_view spiffe_id, struct troth_view *out)
{
	const struct troth_issuer_appraisal *a = &i->request->appraisal;
	const struct troth_identity *id = &i->request->identity;
	uint8_t policy[POLICY_MAX], spki[SPKI_LEN];
	struct troth_writer p = troth_writer_make(policy, sizeof policy);
	struct troth_writer k = troth_writer_make(spki, sizeof spki);
	struct troth_digest token;
	struct troth_ear ear = {
		.profile = (enum troth_ear_profile)a->profile,
		/* The SPIFFE ID begins with the trust domain's. */
		.issuer = { spiffe_id.p, spiffe_id.n - id->segment.n - id->name.n - 2 },
		.subject = spiffe_id,
		.segment = id->segment,
		.nonce = i->request->result_nonce,
		.issued_s = i->not_before_s,
		.expires_s = i->not_after_s,
		.build = troth_view_str("troth-verifier " TROTH_VERSION),
		.status = troth_trust_status((enum troth_tier)a->tier, &a->trust),
		.trust = a->trust,
	};
	TROTH_TRY(name_policy(a, &p));
	ear.policy = troth_written(&p);
	TROTH_TRY(confirm_key(d, i, &ear));
	troth_put_view(&k, TROTH_VIEW_OF(P256_SPKI_HEAD));
	troth_put_view(&k, i->key->x); /* the key was checked to be of P-256 */
	troth_put_view(&k, i->key->y);
	ear.attested_key = troth_written(&k);
	TROTH_TRY(troth_hash_one(d->ctx, TROTH_HASH_SHA256, i->request->token, &token));
	memcpy(ear.evidence_nonce, token.bytes, sizeof ear.evidence_nonce);
	memcpy(ear.id, i->serial, sizeof ear.id);
	return write(d, i, &ear, out);
}
