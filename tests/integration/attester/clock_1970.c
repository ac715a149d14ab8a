/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a machine without a battery, a minute after it was switched on. */
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NOW_S 60

int clock_gettime(clockid_t clock, struct timespec *t)
{
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
		*t = (struct timespec){ .tv_sec = NOW_S };
		return 0;
	}
	return (int)syscall(SYS_clock_gettime, clock, t);
}

time_t time(time_t *t)
{
	if (t != NULL)
		*t = NOW_S;
	return NOW_S;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	(void)zone;
	*t = (struct timeval){ .tv_sec = NOW_S };
	return 0;
}
