/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of an attempt went: what passed since the last mark belongs to the step that
 * is marked. A step met twice has both times; the steps add up to the whole. */
#ifndef TROTH_ATTESTER_STEPS_H
#define TROTH_ATTESTER_STEPS_H

#include <stdint.h>

enum troth_step {
	TROTH_STEP_PREPARE,   /* HTTPS and the CA's file */
	TROTH_STEP_IDENTIFY,  /* endorsement and attestation key */
	TROTH_STEP_ENROL,     /* /v1/enroll, and the connection where it is the first */
	TROTH_STEP_ACTIVATE,  /* the TPM opens the credential */
	TROTH_STEP_COMPLETE,  /* /v1/enroll/complete */
	TROTH_STEP_CHALLENGE, /* /v1/challenge, and the connection where it is the first */
	TROTH_STEP_EVIDENCE,  /* credential key, quote, logs */
	TROTH_STEP_ATTEST,    /* /v1/attest */
	TROTH_STEP_STORE,     /* credentials are checked and written, hooks have run */
	TROTH_STEP_N
};

struct troth_steps {
	uint64_t began_us, marked_us; /* of the boot-time clock */
	uint64_t took_us[TROTH_STEP_N];
};

void troth_steps_begin(struct troth_steps *s);
void troth_steps_mark(struct troth_steps *s, enum troth_step step);
/* One line at debug level: when it began, counted from boot; the whole; each step there was. */
void troth_steps_log(const struct troth_steps *s);

#endif
