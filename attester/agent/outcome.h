/* SPDX-License-Identifier: Apache-2.0 */
/* How an attempt to get credentials ended, and what to do about it. */
#ifndef TROTH_ATTESTER_OUTCOME_H
#define TROTH_ATTESTER_OUTCOME_H

#include <stdint.h>

#include "steps.h"

/* The numbers are the exit codes. */
enum troth_ending {
	TROTH_ENDED_WELL = 0,	   /* credentials written */
	TROTH_ENDED_REFUSED = 1,   /* the verifier does not take this device as it is */
	TROTH_ENDED_UNREACHED = 2, /* no verifier, or configuration that cannot work */
	TROTH_ENDED_PENDING = 3,   /* enrolled, waiting for an operator */
	TROTH_ENDED_TPM = 4
};

struct troth_outcome {
	enum troth_ending ending;
	uint32_t retry_after_s; /* asked for by the verifier; 0: nothing */
	uint32_t renew_after_s; /* after ENDED_WELL */
	uint32_t life_s;	/* of the credentials, from now; after ENDED_WELL */
	struct troth_steps steps;
	char text[480];	 /* one plain sentence; foreign bytes escaped */
	char reason[64]; /* its code: the first finding, or the problem's; may be empty */
};

/* "issued", "refused", "unreachable", "pending", "tpm". */
const char *troth_ending_name(enum troth_ending ending);
/* Sets ending and sentence, and leaves no reason. Bytes that are not printable ASCII come out
 * as \xNN: the sentence may quote a verifier. */
void troth_outcome_set(struct troth_outcome *o, enum troth_ending ending, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));
/* Sets the reason: a code of lower-case letters, digits and '-'. Any other leaves it empty. */
void troth_outcome_reason(struct troth_outcome *o, const char *code);

#endif
