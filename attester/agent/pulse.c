/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse.h"

#include <stdbool.h>

#include "clock.h"
#include "service.h"

/* Told this often in a period while there is work: one message may come late. */
#define TIMES 4

static uint64_t period_us; /* the manager's patience; 0: there is no watchdog */
static uint64_t told_ms;
static bool resting;

static void tell(uint64_t patience_us)
{
	told_ms = troth_mono_ms();
	troth_service_alive(patience_us);
}

void troth_pulse_start(void)
{
	period_us = 2 * troth_service_watchdog_us();
	troth_pulse();
}

void troth_pulse(void)
{
	if (period_us == 0)
		return;
	if (!resting && told_ms != 0 && troth_mono_ms() - told_ms < period_us / 1000 / TIMES)
		return;
	resting = false;
	tell(period_us);
}

void troth_pulse_rest(uint64_t for_ms)
{
	if (period_us == 0)
		return;
	resting = true;
	tell(for_ms * 1000 + period_us);
}
