/* SPDX-License-Identifier: Apache-2.0 */
#include "clock_alarm.h"

#include "log.h"

static void look(evutil_socket_t fd, short what, void *arg)
{
	struct troth_clock_alarm *a = arg;
	const int64_t jump_ms = troth_clock_jump_now_ms(a->clock);
	(void)fd;
	(void)what;
	if ((jump_ms != 0) == a->wrong)
		return;
	a->wrong = jump_ms != 0;
	if (a->wrong)
		troth_error(
			"clock-jumped",
			"by_s=%lld issuance=stopped reason=\"set it right, or say that it is "
			"with SIGUSR1\"",
			(long long)troth_clock_jump_s(jump_ms));
	else
		troth_warn("clock-right", "issuance=resumed");
}

enum troth_status troth_clock_alarm_start(struct troth_clock_alarm *a, struct event_base *base,
					  const struct troth_clock_watch *clock)
{
	const struct timeval every = { .tv_sec = TROTH_CLOCK_LOOK_MS / 1000 };
	*a = (struct troth_clock_alarm){ .clock = clock };
	a->timer = event_new(base, -1, EV_PERSIST, look, a);
	if (a->timer == NULL || event_add(a->timer, &every) != 0) {
		troth_clock_alarm_stop(a);
		return TROTH_E_MEMORY;
	}
	return TROTH_OK;
}

void troth_clock_alarm_stop(struct troth_clock_alarm *a)
{
	if (a->timer != NULL)
		event_free(a->timer);
	a->timer = NULL;
}
