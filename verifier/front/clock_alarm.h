/* SPDX-License-Identifier: Apache-2.0 */
/* Says on the log when the wall clock has jumped, and when it is right again, whether or not a
 * device asks for anything meanwhile. */
#ifndef TROTH_CLOCK_ALARM_H
#define TROTH_CLOCK_ALARM_H

#include <event2/event.h>
#include <stdbool.h>

#include "clock_watch.h"

/* How soon it is noticed. */
#define TROTH_CLOCK_LOOK_MS 1000

struct troth_clock_alarm {
	const struct troth_clock_watch *clock; /* borrowed */
	struct event *timer;
	bool wrong; /* as the log was told */
};

/* Looks from now on, in the loop. On a failure nothing is to be released. */
TROTH_NODISCARD enum troth_status
troth_clock_alarm_start(struct troth_clock_alarm *a, struct event_base *base,
			const struct troth_clock_watch *clock);
/* Accepts one that never started, zeroed. */
void troth_clock_alarm_stop(struct troth_clock_alarm *a);

#endif
