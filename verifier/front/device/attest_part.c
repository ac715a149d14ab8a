/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest with more of the IMA list to come: the quote was verified as any, the part is
 * gone through, and nothing is kept, decided or stored. */
#include <stdlib.h>

#include "attestation.h"
#include "base.h"
#include "clock.h"
#include "ima_judge.h"
#include "wire.h"

static void answer(struct troth_attestation *a, const struct troth_ima_part_taken *taken)
{
	Troth__V1__AttestationResult m;
	troth__v1__attestation_result__init(&m);
	m.verifier_time_ms = troth_now_ms();
	m.ima_carry = troth_wire_bytes(taken->carry);
	m.ima_next = taken->next;
	troth_answer_message(a->exchange, &m.base);
	troth_attestation_free(a);
}

static bool begins_elsewhere(enum troth_finding_code code)
{
	return code == TROTH_FINDING_IMA_SKIPPED || code == TROTH_FINDING_IMA_REWOUND;
}

void troth_attestation_take_part(struct troth_attestation *a)
{
	struct troth_ima_part_taken taken;
	if (!a->policy->ima.present) {
		troth_attestation_reject(a, 400, "malformed",
					 "The policy does not ask for an IMA list.");
		return;
	}
	const enum troth_status status = troth_ima_judge_part(a, &taken);
	if (status == TROTH_E_LIMIT)
		troth_attestation_reject(a, 413, "ima-too-long",
					 "The IMA list has more parts than are taken.");
	else if (status != TROTH_OK)
		troth_attestation_fail(a, status);
	else if (taken.wants_whole || begins_elsewhere(taken.finding))
		troth_attestation_reject(a, 409, "ima-wanted",
					 "Send the IMA list from its first entry on.");
	else if (taken.finding != TROTH_FINDING_NONE)
		troth_attestation_refuse(a, taken.finding);
	else
		answer(a, &taken);
	free((uint8_t *)(uintptr_t)taken.carry.p);
}
