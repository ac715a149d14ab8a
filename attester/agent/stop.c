/* SPDX-License-Identifier: Apache-2.0 */
#include "stop.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base.h"

static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t reload_wanted;
static sigset_t ours; /* the signals taken here */
static sigset_t while_waiting;

static void on_stop(int signal)
{
	(void)signal;
	stop_wanted = 1;
}

static void on_reload(int signal)
{
	(void)signal;
	reload_wanted = 1;
}

enum troth_status troth_stop_install(void)
{
	/* Without SA_RESTART: the wait in progress ends. */
	const struct sigaction stop = { .sa_handler = on_stop };
	const struct sigaction reload = { .sa_handler = on_reload };

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &ours, &while_waiting) != 0 ||
	    sigaction(SIGTERM, &stop, NULL) != 0 || sigaction(SIGINT, &stop, NULL) != 0 ||
	    sigaction(SIGHUP, &reload, NULL) != 0)
		return TROTH_E_IO;
	sigdelset(&while_waiting, SIGTERM);
	sigdelset(&while_waiting, SIGINT);
	sigdelset(&while_waiting, SIGHUP);
	/* A verifier that hangs up must not end the program. */
	(void)signal(SIGPIPE, SIG_IGN);
	return TROTH_OK;
}

bool troth_stop_wanted(void)
{
	return stop_wanted != 0;
}

bool troth_stop_take_reload(void)
{
	const bool wanted = reload_wanted != 0;
	reload_wanted = 0;
	return wanted;
}

void troth_stop_open(void)
{
	(void)sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

void troth_stop_close(void)
{
	(void)sigprocmask(SIG_BLOCK, &ours, NULL);
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

enum troth_wake troth_stop_wait(int fd, uint64_t for_ms)
{
	/* ppoll's own timeout stands still through suspend; a boot-time timer does not. */
	TROTH_AUTO(close_fd) int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	const struct itimerspec in = {
		.it_value = { .tv_sec = (time_t)(for_ms / 1000),
			      .tv_nsec = (long)(for_ms % 1000) * 1000000L + 1 },
	};
	struct pollfd fds[] = { { .fd = timer, .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	if (timer < 0 || timerfd_settime(timer, 0, &in, NULL) != 0)
		return TROTH_WAKE_TIME;
	if (stop_wanted != 0 || reload_wanted != 0)
		return TROTH_WAKE_SIGNAL;
	/* Signals pending since the last wait are let in here: ppoll fails with EINTR then. */
	if (ppoll(fds, TROTH_COUNT(fds), NULL, &while_waiting) < 0)
		return TROTH_WAKE_SIGNAL;
	return fds[1].revents != 0 ? TROTH_WAKE_FD : TROTH_WAKE_TIME;
}
