/* SPDX-License-Identifier: Apache-2.0 */
/* A front that was taken over, beside the real issuer under the real supervisor. It tries to
 * reach the keys, and to have certificates signed that no device has just earned, and writes
 * what it found out into shared memory for others to judge. Include after check.h. */
#ifndef TROTH_TESTS_HOSTILE_FRONT_H
#define TROTH_TESTS_HOSTILE_FRONT_H

#include <sys/types.h>

#include "message.h"

#define RESULTS_MAX 128

struct tried {
	int before, after; /* 0 or errno */
};

struct asked {
	bool answered;
	enum troth_status status;
	enum troth_finding_code finding;
};

/* Written by the children, read by the tests. */
struct report {
	_Atomic pid_t issuer;
	_Atomic bool done;
	struct tried deeds[RESULTS_MAX], duties[RESULTS_MAX];
	struct asked exchanges[RESULTS_MAX], keys[RESULTS_MAX], enrolments[RESULTS_MAX];
	struct asked sessions[RESULTS_MAX];
	struct asked secrets[RESULTS_MAX], releases[RESULTS_MAX];
	bool opened[RESULTS_MAX];
	struct asked administration[RESULTS_MAX], devices_kinds[RESULTS_MAX];
	struct asked first, last; /* honest exchanges */
	size_t n_garbage, n_garbage_answered, n_garbage_taken;
	bool oversized_closed, endless_closed, whole_frame_answered;
};

/* What there is once it is set up, the front having done its worst: its report, and how the
 * supervisor of both ended. */
extern struct report *report;
extern int supervisor_code;

/* The kinds that are for one channel alone, in the order of their reports. */
extern const enum troth_issuer_kind ADMINISTRATION[];
extern const size_t N_ADMINISTRATION;
extern const enum troth_issuer_kind OF_DEVICES[];
extern const size_t N_OF_DEVICES;

/* For cmocka's groups. */
int front_setup(void **state);
int front_teardown(void **state);

#endif
