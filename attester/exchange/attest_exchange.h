/* SPDX-License-Identifier: Apache-2.0 */
/* One challenge and its answer; for attest*.c alone. */
#ifndef TROTH_ATTESTER_ATTEST_EXCHANGE_H
#define TROTH_ATTESTER_ATTEST_EXCHANGE_H

#include "evidence.h"

struct troth_attest_exchange {
	struct troth_agent *agent;
	struct troth_client *client;
	const struct troth_challenge *challenge;
	struct troth_evidence *evidence;
	struct troth_outcome *outcome;
};

/* Sends the evidence, an IMA list that is longer than a message part by part. *answer is the
 * verdict's message, or NULL where there is none. */
TROTH_NODISCARD enum troth_remedy troth_attest_send(const struct troth_attest_exchange *x,
						    ProtobufCMessage **answer);

#endif
