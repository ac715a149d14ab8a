/* SPDX-License-Identifier: Apache-2.0 */
/* One enrolment on its way through the front; for enroll*.c alone.
 *
 * enroll.c reads both messages and begins; enroll_admit.c says whether the device may come in,
 * and as what; enroll_finish.c has the issuer check the activation, stores the row and answers.
 * Whoever answers also frees: after a call that may answer, the enrolment is gone. */
#ifndef TROTH_ENROLMENT_H
#define TROTH_ENROLMENT_H

#include "device.pb-c.h"
#include "worker.h"

struct troth_enrolment {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_worker *worker;
	struct troth_exchange *exchange;
	ProtobufCMessage *message;	   /* EnrollRequest or EnrollProof */
	Troth__V1__EnrollRequest *request; /* inside message */
	struct troth_ek ek;
	uint8_t device_id[32];
	struct troth_device_row row; /* as it shall be */
	struct troth_findings findings;
	bool holds_place; /* among those who wait for approval */
	enum troth_status status;
};

void troth_enrolment_free(struct troth_enrolment *e);
/* Answers with a problem and ends the enrolment. */
void troth_enrolment_reject(struct troth_enrolment *e, int http, const char *code,
			    const char *detail);
/* It does not come in: an answer and a log line. Ends it. */
void troth_enrolment_refuse(struct troth_enrolment *e, enum troth_finding_code code);
/* The question could not be answered: 503 and a log line. Ends it. */
void troth_enrolment_fail(struct troth_enrolment *e, enum troth_status status);

/* What the issuer wants to know of the request, both times. */
TROTH_NODISCARD enum troth_status
troth_enrolment_fill_begin(struct troth_enrolment *e, struct troth_issuer_enroll_begin *out);
/* Makes the row as it shall be. False: it does not come in, was answered and is gone. */
TROTH_NODISCARD bool troth_enrolment_admit(struct troth_enrolment *e);
/* Asks the issuer; then stores and answers. On TROTH_OK the enrolment is on its way. */
TROTH_NODISCARD enum troth_status troth_enrolment_finish(struct troth_enrolment *e);

#endif
