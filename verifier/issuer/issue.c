/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate and attestation result. Their times count from the evidence: they begin at the
 * issue time of the challenge that was answered. */
#include <string.h>

#include "base.h"
#include "desk.h"
#include "random.h"
#include "reader.h"
#include "svid.h"

/* 126 random bits; the first byte makes it positive and of full length (RFC 5280, 4.1.2.2). */
static enum troth_status draw_serial(uint8_t out[16])
{
	TROTH_TRY(troth_random(out, 16));
	out[0] = (uint8_t)((out[0] & 0x3f) | 0x40);
	return TROTH_OK;
}

/* Never outside the authority's own life. TROTH_E_CONFIG when what is left is not worth it: the
 * authority has to be renewed. */
static enum troth_status set_times(const struct troth_issuer_keys *keys,
				   struct troth_issuance *i)
{
	i->not_before_s = i->token->issued_ms / 1000;
	i->not_after_s = i->not_before_s + i->request->ttl_s;
	if (i->not_after_s > keys->not_after_s)
		i->not_after_s = keys->not_after_s;
	if (i->not_before_s < keys->not_before_s ||
	    i->not_after_s < i->not_before_s + TROTH_CERTIFICATE_LIFE_MIN_S)
		return TROTH_E_CONFIG;
	return TROTH_OK;
}

static enum troth_status sign(struct troth_desk *d, const struct troth_svid *svid,
			      struct troth_view *out)
{
	uint8_t tbs[TROTH_CERT_MAX], signature[TROTH_SIGNER_MAX];
	size_t tbs_len, signature_len;
	TROTH_TRY(troth_svid_tbs(svid, tbs, sizeof tbs, &tbs_len));
	TROTH_TRY(troth_signer_sign(d->signer, d->ctx, (struct troth_view){ tbs, tbs_len },
				    signature, &signature_len));
	TROTH_TRY(troth_svid_wrap((struct troth_view){ tbs, tbs_len },
				  (struct troth_view){ signature, signature_len }, d->der,
				  sizeof d->der, &out->n));
	out->p = d->der;
	return TROTH_OK;
}

static enum troth_status issue_certificate(struct troth_desk *d, const struct troth_issuance *i,
					   struct troth_view spiffe_id,
					   struct troth_issuer_attest_reply *out)
{
	const struct troth_issuer_keys *keys = &d->office->keys;
	struct troth_digest result;
	struct troth_svid svid = {
		.issuer_name = troth_buffer_view(&keys->subject),
		.issuer_key_id = troth_buffer_view(&keys->key_id),
		.not_before_s = i->not_before_s,
		.not_after_s = i->not_after_s,
		.spiffe_id = spiffe_id,
		.names = i->request->names,
		.key = i->key,
	};
	memcpy(svid.serial, i->serial, sizeof svid.serial);
	if (out->result.n > 0) {
		TROTH_TRY(troth_hash_one(d->ctx, TROTH_HASH_SHA256, out->result, &result));
		svid.ear_digest = troth_digest_view(&result);
	}
	TROTH_TRY(sign(d, &svid, &out->certificate));
	out->issued = true;
	return TROTH_OK;
}

/* The result first: the certificate carries its digest. */
enum troth_status troth_issue(struct troth_desk *d, struct troth_issuance *i,
			      struct troth_issuer_attest_reply *out)
{
	const struct troth_identity *id = &i->request->identity;
	char text[TROTH_SPIFFE_ID_MAX + 1];
	TROTH_TRY(set_times(&d->office->keys, i));
	TROTH_TRY(draw_serial(i->serial));
	TROTH_TRY(troth_spiffe_id(d->office->trust_domain, id->segment, id->name, text));
	const struct troth_view spiffe_id = troth_view_str(text);
	if (i->request->appraisal.format != TROTH_EAR_NONE)
		TROTH_TRY(troth_issue_result(d, i, spiffe_id, &out->result));
	if (i->request->issue)
		TROTH_TRY(issue_certificate(d, i, spiffe_id, out));
	memcpy(out->serial, i->serial, sizeof out->serial);
	out->not_after_s = i->not_after_s;
	return TROTH_OK;
}
