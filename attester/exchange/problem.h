/* SPDX-License-Identifier: Apache-2.0 */
/* A verifier's "no" (RFC 9457), and what a device does about it. */
#ifndef TROTH_ATTESTER_PROBLEM_H
#define TROTH_ATTESTER_PROBLEM_H

#include <stdbool.h>
#include <troth/view.h>

#include "outcome.h"

struct troth_problem {
	long status;		/* HTTP; 0: there was no answer */
	uint32_t retry_after_s; /* 0: not said */
	char code[64];		/* of "urn:troth:problem:<code>"; empty when it has none */
	char detail[320];	/* detail, or title; foreign bytes as they came */
};

/* Reads a problem document of a given HTTP status. A body that is none leaves code empty. */
void troth_problem_read(long status, struct troth_view body, struct troth_problem *out);

enum troth_remedy {
	TROTH_REMEDY_NONE,    /* the outcome stands */
	TROTH_REMEDY_ENROLL,  /* enrol anew, once */
	TROTH_REMEDY_AGAIN,   /* a fresh challenge at once, a few times */
	TROTH_REMEDY_SEND_ALL /* the same, with whole logs and fresh certification */
};
/* What follows from a problem. *out is what the attempt ends with if the remedy is used up. */
enum troth_remedy troth_problem_judge(const struct troth_problem *p, struct troth_outcome *out);

#endif
