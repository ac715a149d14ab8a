/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_us(clockid_t clock)
{
	struct timespec t;
	if (clock_gettime(clock, &t) != 0 || t.tv_sec < 0)
		return 0; /* an unreadable clock is never a healthy time */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t troth_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

uint64_t troth_mono_ms(void)
{
	return troth_mono_us() / 1000;
}

uint64_t troth_mono_us(void)
{
	return read_us(CLOCK_BOOTTIME);
}

void troth_format_time(uint64_t unix_s, char *out)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 21, "-");
}
