/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: the issuer sees the evidence for itself, and signs if a
 * certificate is due. */
#include <string.h>

#include "attestation.h"
#include "base.h"
#include "identity.h"
#include "reader.h"
#include "wire.h"

static enum troth_status keep_credentials(struct troth_attestation *a,
					  const struct troth_issuer_attest_reply *confirmed)
{
	struct troth_digest digest;
	if (a->secret != NULL)
		memcpy(a->secret->release_mac, confirmed->release_mac,
		       sizeof a->secret->release_mac);
	if (confirmed->result.n > sizeof a->result)
		return TROTH_E_LIMIT;
	if (confirmed->result.n > 0)
		memcpy(a->result, confirmed->result.p, confirmed->result.n);
	a->result_len = confirmed->result.n;
	if (!confirmed->issued)
		return TROTH_OK;
	if (confirmed->certificate.n > sizeof a->certificate)
		return TROTH_E_LIMIT;
	memcpy(a->certificate, confirmed->certificate.p, confirmed->certificate.n);
	a->certificate_len = confirmed->certificate.n;
	a->not_after_s = confirmed->not_after_s;
	TROTH_TRY(troth_hash_one(a->worker->ctx, TROTH_HASH_SHA256, confirmed->certificate,
				 &digest));
	memcpy(a->certificate_sha256, digest.bytes, sizeof a->certificate_sha256);
	return TROTH_OK;
}

static void on_confirmed(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_attestation *a = arg;
	if (reply->status == TROTH_E_EXPIRED) {
		troth_attestation_reject(a, 409, "stale-challenge",
					 "The challenge has run out; ask for another.");
		return;
	}
	if (reply->status == TROTH_E_DENIED) {
		troth_attestation_reject(a, 403, "denied",
					 "This device gets no credentials; ask its operator.");
		return;
	}
	if (reply->status == TROTH_E_BUSY) { /* not of ours: no error of the service */
		troth_attestation_reject(a, 503, "busy",
					 "This device attests too often; wait a minute.");
		return;
	}
	if (reply->finding != TROTH_FINDING_NONE) {
		troth_attestation_refuse(a, reply->finding);
		return;
	}
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = keep_credentials(a, &reply->u.attest);
	if (status == TROTH_OK)
		status = troth_attestation_commit(a, &reply->u.attest);
	if (status != TROTH_OK)
		troth_attestation_fail(a, status);
}

/* With a certificate, what policy says; who asks for a result always gets one, also of a device
 * that is not well: that is what the relying party wants to know. */
static enum troth_ear_format result_format(const struct troth_attestation *a, bool issue)
{
	const Troth__V1__Attestation *m = a->message;
	const bool asked = m->result_nonce.len > 0 || m->result_form != 0 ||
			   m->result_profile != 0;
	if (m->credential_key.len == 0 || (!issue && !asked))
		return TROTH_EAR_NONE;
	if (m->result_form != 0)
		return (enum troth_ear_format)m->result_form;
	return asked && a->policy->result == TROTH_EAR_NONE ? TROTH_EAR_JWT : a->policy->result;
}

static enum troth_ear_profile result_profile(const struct troth_attestation *a)
{
	const uint32_t wanted = a->message->result_profile;
	return wanted != 0 ? (enum troth_ear_profile)(wanted - 1) : a->policy->result_profile;
}

static void pass_secret_wish(const struct troth_attestation *a, struct troth_issuer_attest *q)
{
	const Troth__V1__Attestation *m = a->message;
	if (a->secret == NULL)
		return;
	q->secret_name = troth_view_str(m->secret_name);
	q->secret_key = troth_wire_view(m->secret_key);
	q->secret_attest = troth_wire_view(m->secret_certification->attest);
	q->secret_signature = troth_wire_view(m->secret_certification->signature);
}

enum troth_status troth_attestation_confirm(struct troth_attestation *a)
{
	const Troth__V1__Attestation *m = a->message;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ATTEST };
	struct troth_issuer_attest *q = &request.u.attest;
	uint8_t names[TROTH_SVID_NAMES_LEN_MAX];
	*q = (struct troth_issuer_attest){
		.identity = troth_identity_of(&a->row),
		.token = troth_wire_view(m->token),
		.quote = troth_wire_view(m->quote),
		.signature = troth_wire_view(m->signature),
		.credential_key = troth_wire_view(m->credential_key),
		.session_key = troth_wire_view(m->session_key),
		.session_signature = troth_wire_view(m->session_signature),
		.result_nonce = troth_wire_view(m->result_nonce),
		.certification = a->row.certification,
		.has_facts = m->facts.len > 0,
		.issue = a->verdict.tier == TROTH_TIER_AFFIRMING && m->credential_key.len > 0,
		.ttl_s = a->policy->certificate_ttl_s,
		.names = troth_attestation_names(a, names),
		.appraisal = { .tier = a->verdict.tier,
			       .trust = a->verdict.trust,
			       .profile = result_profile(a),
			       .policy_name = troth_view_str(a->policy->name) },
	};
	memcpy(q->appraisal.policy_id, a->policy->id, sizeof q->appraisal.policy_id);
	q->appraisal.format = result_format(a, q->issue);
	memcpy(q->facts_sha256, a->facts_sha256, sizeof q->facts_sha256);
	if (m->certification != NULL) {
		q->certify_attest = troth_wire_view(m->certification->attest);
		q->certify_signature = troth_wire_view(m->certification->signature);
	}
	pass_secret_wish(a, q);
	return troth_issuer_call(a->worker->issuer, &request, on_confirmed, a);
}
