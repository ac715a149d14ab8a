/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: a secret on its way to the device. The verdict is committed, and with it a
 * leaf that says who got what; what passes through here is sealed, before and after. */
#include <string.h>

#include "attestation.h"
#include "reader.h"
#include "wire.h"

bool troth_attestation_secret_allowed(const struct troth_attestation *a)
{
	for (size_t i = 0; i < a->policy->n_secrets; i++)
		if (strcmp(a->policy->secrets[i], a->message->secret_name) == 0)
			return true;
	return false;
}

static void on_released(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_attestation *a = arg;
	if (reply->status == TROTH_E_DENIED)
		troth_attestation_reject(a, 403, "denied",
					 "This device gets no credentials; ask its operator.");
	else if (reply->status != TROTH_OK)
		troth_attestation_fail(a, reply->status);
	else
		troth_attestation_answer(a, reply->u.der);
}

static enum troth_status ask(struct troth_attestation *a)
{
	const struct troth_attestation_secret *s = a->secret;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_RELEASE };
	struct troth_issuer_release *q = &request.u.release;
	*q = (struct troth_issuer_release){
		.ticket = { .key = troth_wire_view(a->message->secret_key),
			    .name = troth_view_str(a->message->secret_name),
			    .time_ms = a->token.issued_ms },
		.own = s->sealed.own,
		.sealed = { s->sealed.bytes, s->sealed.n },
	};
	memcpy(q->ticket.device_id, a->row.id, sizeof q->ticket.device_id);
	memcpy(q->ticket.extra_data, a->extra_data, sizeof q->ticket.extra_data);
	memcpy(q->ticket.mac, s->release_mac, sizeof q->ticket.mac);
	return troth_issuer_call(a->worker->issuer, &request, on_released, a);
}

void troth_attestation_release(struct troth_attestation *a)
{
	/* One that there is not, and one that is others', are the same to who asks. */
	if (!a->secret->sealed.found) {
		troth_attestation_reject(a, 403, "secret-denied",
					 "This device has no such secret; ask its operator.");
		return;
	}
	const enum troth_status status = ask(a);
	if (status != TROTH_OK)
		troth_attestation_fail(a, status);
}
