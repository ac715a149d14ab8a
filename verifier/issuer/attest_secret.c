/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "exam.h"
#include "reader.h"
#include "text.h"

static bool asked_for(const struct troth_issuer_attest *q)
{
	return q->secret_name.n > 0 || q->secret_key.n > 0 || q->secret_attest.n > 0 ||
	       q->secret_signature.n > 0;
}

enum troth_status troth_exam_read_secret(struct troth_exam *e)
{
	struct troth_desk *d = e->desk;
	const struct troth_issuer_attest *q = e->q;
	if (!asked_for(q))
		return TROTH_OK;
	if (!troth_name_valid(q->secret_name))
		return TROTH_E_MALFORMED;
	enum troth_status got = troth_public_parse(d->ctx, q->secret_key, &e->secret_key);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_KEY_ATTRIBUTES);
	TROTH_TRY(got);
	troth_secret_key_check(&e->secret_key, &d->findings);
	e->has_secret = true;
	return troth_desk_judged(d);
}

enum troth_status troth_exam_admit_secret(struct troth_exam *e,
					  struct troth_issuer_attest_reply *out)
{
	const struct troth_issuer_attest *q = e->q;
	/* The seed of the null hierarchy is drawn anew at each TPM reset. */
	const struct troth_exam_certificate certificate = {
		.label = TROTH_BIND_CERTIFY_SECRET,
		.attest = q->secret_attest,
		.signature = q->secret_signature,
		.key = &e->secret_key,
		.hierarchy = TPM2_RH_NULL,
	};
	struct troth_release_ticket ticket = { .key = q->secret_key,
					       .name = q->secret_name,
					       .time_ms = e->token.issued_ms };
	/* The certificate says healthy by being there: without one there is no ticket. */
	if (!e->has_secret || !q->issue)
		return TROTH_OK;
	TROTH_TRY(troth_exam_certified(e, &certificate));
	memcpy(ticket.device_id, q->identity.id, sizeof ticket.device_id);
	TROTH_TRY(troth_exam_bind(e, TROTH_BIND_QUOTE, ticket.extra_data));
	return troth_release_seal(e->desk->ctx, &e->desk->office->keys.mac, &ticket,
				  out->release_mac);
}
