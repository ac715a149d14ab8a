/* SPDX-License-Identifier: Apache-2.0 */
/* When to try next. Pure: randomness comes in, so that a fleet spreads and a test repeats. */
#ifndef TROTH_ATTESTER_SCHEDULE_H
#define TROTH_ATTESTER_SCHEDULE_H

#include "outcome.h"

/* Between two looks whether an operator has approved, seconds. */
#define TROTH_PENDING_POLL_S 60
/* Longest wait after failures, unless the verifier asks for more, seconds. */
#define TROTH_BACKOFF_MAX_S 300
/* Longest wait a verifier can ask for, seconds. */
#define TROTH_RETRY_AFTER_MAX_S 3600

struct troth_schedule {
	uint32_t failures; /* in a row */
};

/* Milliseconds from now. After success: the renewal time of the outcome (two thirds of the
 * life when it is absent or past that life), 10 % more or less. Pending: the poll
 * interval, likewise. After failures: 1 s, doubling, the upper half of it at random.
 * random is any 32 bits. */
uint64_t troth_schedule_next(struct troth_schedule *s, const struct troth_outcome *o,
			     uint32_t random);

#endif
