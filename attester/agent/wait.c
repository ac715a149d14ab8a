/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "report.h"
#include "run.h"
#include "stop.h"

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Without a clock nobody knows whether they have expired; what has is removed by `run`. */
static bool there(const struct troth_settings *s)
{
	const uint64_t not_after_ms = troth_report_not_after_ms(s->run_dir);
	return s->clock == TROTH_CLOCK_NONE ? not_after_ms > 0 : not_after_ms > troth_now_ms();
}

/* What has been seen is dropped: the directory is looked at anyway. */
static void drain(int fd)
{
	char events[4096];
	while (read(fd, events, sizeof events) > 0)
		continue;
}

static int watch(const char *dir)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	/* A set comes into force by a rename. */
	if (fd >= 0 && inotify_add_watch(fd, dir, IN_MOVED_TO | IN_ONLYDIR) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* At most an hour, for a change of the clock; 0: the time is over. */
static uint64_t pause_ms(uint64_t until_ms)
{
	const uint64_t hour_ms = 3600000, now_ms = troth_mono_ms();

	if (until_ms == 0)
		return hour_ms;
	if (now_ms >= until_ms)
		return 0;
	return until_ms - now_ms < hour_ms ? until_ms - now_ms : hour_ms;
}

static enum troth_ending give_up(uint32_t timeout_s)
{
	(void)fprintf(stderr,
		      "troth-attester: no credentials after %us; see troth-attester status\n",
		      timeout_s);
	return TROTH_ENDED_UNREACHED;
}

enum troth_ending troth_wait(const struct troth_settings *s, uint32_t timeout_s)
{
	const uint64_t until_ms = timeout_s > 0 ? troth_mono_ms() + timeout_s * UINT64_C(1000)
						: 0;
	TROTH_AUTO(close_fd) int fd = -1;

	if (troth_dir_make(s->run_dir, 0755) == TROTH_OK)
		fd = watch(s->run_dir);
	if (fd < 0) {
		(void)fprintf(stderr, "troth-attester: %s cannot be watched: %s\n", s->run_dir,
			      strerror(errno));
		return TROTH_ENDED_UNREACHED;
	}
	while (!there(s)) {
		const uint64_t for_ms = pause_ms(until_ms);
		if (for_ms == 0)
			return give_up(timeout_s);
		if (troth_stop_wait(fd, for_ms) == TROTH_WAKE_SIGNAL && troth_stop_wanted())
			return TROTH_ENDED_UNREACHED;
		(void)troth_stop_take_reload();
		drain(fd);
	}
	return TROTH_ENDED_WELL;
}
