/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "generation.h"
#include "listeners.h"
#include "log.h"
#include "service.h"

/* The issuer has nothing to finish once the front is gone, milliseconds. */
#define ISSUER_END_MS 2000
/* A generation that lived shorter than this makes the next wait longer, milliseconds. */
#define SHORT_LIFE_MS 5000
#define BACKOFF_FIRST_MS 100
/* Serving again in under two seconds, whatever happened: the other second
 * is for the start itself, on a machine that has much else to do. */
#define BACKOFF_MAX_MS 1000
#define TRIES_WINDOW_MS 60000

enum event { EVENT_NONE, EVENT_STOP, EVENT_RELOAD, EVENT_CHILD };
enum outcome { OUTCOME_STOP, OUTCOME_RELOAD, OUTCOME_DEATH };

struct supervisor {
	const struct troth_supervisor_config *config;
	struct troth_listeners listeners;
	struct troth_generation children;
	struct troth_clock_keeper clock;
	struct troth_inheritance inheritance; /* these, as children see them */
	int signals;
	bool stop;	      /* asked for, also while children were ended for another reason */
	unsigned int n_short; /* generations in a row that lived shortly */
	uint64_t failed_ms[TROTH_START_TRIES_MAX]; /* ring: ends of generations never ready */
	size_t n_failed;
	uint64_t tend_at_ms;
};

/* An operator has looked at the time, and says that it is right. */
static void accept_clock(const struct supervisor *s)
{
	const int64_t jump_ms = troth_clock_jump_now_ms(s->clock.watch);
	troth_clock_accept(&s->clock);
	troth_warn("clock-accepted", "by_s=%lld", (long long)troth_clock_jump_s(jump_ms));
}

static enum event read_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;
	if (read(s->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return EVENT_NONE;
	switch (info.ssi_signo) {
	case SIGTERM:
	case SIGINT: s->stop = true; return EVENT_STOP;
	case SIGHUP: return EVENT_RELOAD;
	case SIGUSR1: accept_clock(s); return EVENT_NONE;
	case SIGCHLD: return EVENT_CHILD;
	default: return EVENT_NONE;
	}
}

/* Waits for something to happen, at most so long (-1: for ever). */
static enum event next_event(struct supervisor *s, int wait_ms)
{
	struct pollfd fds[2] = { { .fd = s->signals, .events = POLLIN },
				 { .fd = s->children.ready, .events = POLLIN } };
	if (poll(fds, TROTH_COUNT(fds), wait_ms) <= 0)
		return EVENT_NONE;
	if (fds[1].revents != 0)
		troth_generation_hear(&s->children);
	return fds[0].revents != 0 ? read_signal(s) : EVENT_NONE;
}

static int ms_until(uint64_t deadline_ms)
{
	uint64_t now = troth_mono_ms();
	return now < deadline_ms ? (int)(deadline_ms - now) : 0;
}

/* True when the child has ended in time. */
static bool await_end(struct supervisor *s, enum troth_child child, uint64_t patience_ms)
{
	uint64_t deadline = troth_mono_ms() + patience_ms;
	while (s->children.pids[child] != 0 && ms_until(deadline) > 0) {
		(void)next_event(s, ms_until(deadline));
		(void)troth_generation_reap(&s->children);
	}
	return s->children.pids[child] == 0;
}

/* The front first: what it has begun still needs the issuer. The issuer ends when
 * its channels close. */
static void drain(struct supervisor *s)
{
	if (s->children.pids[TROTH_CHILD_FRONT] != 0)
		(void)kill(s->children.pids[TROTH_CHILD_FRONT], SIGTERM);
	if (!await_end(s, TROTH_CHILD_FRONT, TROTH_DRAIN_MS))
		troth_warn("drain-timeout", "after_ms=%d", TROTH_DRAIN_MS);
	else
		(void)await_end(s, TROTH_CHILD_ISSUER, ISSUER_END_MS);
	troth_generation_kill(&s->children);
}

enum answer { ANSWER_REFUSED, ANSWER_TOLD, ANSWER_ANEW };

/* What runs goes on: the manager, and who asks it how the service fares, hear why. Children
 * that are still to say so themselves are not ready by this. */
static void stay(const struct supervisor *s, const char *status)
{
	troth_service_status(status);
	if (s->children.pids[TROTH_CHILD_FRONT] != 0 && troth_generation_ready(&s->children))
		troth_service_ready();
}

/* Told, the front goes on with its connections; where that fails it begins anew. */
static enum answer reload(struct supervisor *s)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer word = { 0 };
	troth_service_reloading();
	if (s->config->reload == NULL)
		return ANSWER_ANEW;
	enum troth_status got = s->config->reload(s->config->arg, &word);
	if (got != TROTH_OK) {
		troth_error("reload-refused", "status=%s", troth_status_name(got));
		stay(s, "The last reload was refused, the log says why; serving as before.");
		return ANSWER_REFUSED;
	}
	if (word.n == 0 ||
	    troth_generation_tell(&s->children, troth_buffer_view(&word)) != TROTH_OK)
		return ANSWER_ANEW;
	stay(s, "Serving.");
	return ANSWER_TOLD;
}

static void tend(struct supervisor *s)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer word = { 0 };
	if (s->config->tend == NULL || troth_mono_ms() < s->tend_at_ms)
		return;
	s->tend_at_ms = troth_mono_ms() + (uint64_t)s->config->tend_ms;
	s->config->tend(s->config->arg, &word);
	if (word.n > 0 &&
	    troth_generation_tell(&s->children, troth_buffer_view(&word)) != TROTH_OK)
		troth_error("front-untold", "error=\"%s\"", strerror(errno));
}

static int watchdog_ms(void)
{
	uint64_t us = troth_service_watchdog_us();
	return us == 0 ? -1 : (int)(us / 1000 > 0 ? us / 1000 : 1);
}

/* Until the watchdog is due, or what needs doing now and then, or the courier; -1: nothing is.
 */
static int patience_ms(const struct supervisor *s, int ping_ms)
{
	const uint64_t dues[] = { s->config->tend != NULL ? s->tend_at_ms : 0,
				  s->children.courier_due_ms };
	const bool asked[] = { s->config->tend != NULL, s->children.courier_due_ms != 0 };
	int wait = ping_ms;
	for (size_t i = 0; i < TROTH_COUNT(dues); i++) {
		const int due = ms_until(dues[i]);
		if (asked[i] && (wait < 0 || due < wait))
			wait = due;
	}
	return wait;
}

/* One generation of children, from its start to its end. */
static enum outcome serve(struct supervisor *s, int ping_ms)
{
	s->tend_at_ms = 0;
	for (;;) {
		tend(s);
		enum event e = next_event(s, patience_ms(s, ping_ms));
		troth_generation_courier(&s->children, s->config, &s->inheritance);
		if (ping_ms > 0)
			troth_service_ping();
		switch (e) {
		case EVENT_STOP: return OUTCOME_STOP;
		case EVENT_RELOAD:
			if (reload(s) == ANSWER_ANEW)
				return OUTCOME_RELOAD;
			break;
		case EVENT_CHILD:
			if (troth_generation_reap(&s->children))
				return OUTCOME_DEATH;
			break;
		case EVENT_NONE: break;
		}
	}
}

/* True when so many starts failed within a minute that another would not help. */
static bool hopeless(struct supervisor *s)
{
	uint64_t now = troth_mono_ms();
	if (troth_generation_ready(&s->children))
		return false;
	s->failed_ms[s->n_failed % TROTH_START_TRIES_MAX] = now;
	s->n_failed++;
	/* The oldest of the last ten is the next to be overwritten. */
	return s->n_failed >= TROTH_START_TRIES_MAX &&
	       now - s->failed_ms[s->n_failed % TROTH_START_TRIES_MAX] < TRIES_WINDOW_MS;
}

static uint64_t backoff_ms(struct supervisor *s)
{
	if (troth_mono_ms() - s->children.started_ms >= SHORT_LIFE_MS)
		s->n_short = 0;
	uint64_t wait = BACKOFF_FIRST_MS;
	for (unsigned int i = 0; i < s->n_short && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	s->n_short++;
	return wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
}

/* False when it was asked to stop meanwhile. */
static bool pause_before_restart(struct supervisor *s)
{
	uint64_t deadline = troth_mono_ms() + backoff_ms(s);
	while (ms_until(deadline) > 0) {
		switch (next_event(s, ms_until(deadline))) {
		case EVENT_STOP: return false;
		case EVENT_RELOAD: (void)reload(s); break;
		case EVENT_CHILD:
		case EVENT_NONE: break;
		}
	}
	return true;
}

/* A configuration that cannot be served when the supervisor starts will not heal by itself. */
static bool misconfigured(const struct supervisor *s, bool first)
{
	return first && !troth_generation_ready(&s->children) &&
	       (s->children.exit_codes[TROTH_CHILD_FRONT] == TROTH_ROLE_EXIT_CONFIG ||
		s->children.exit_codes[TROTH_CHILD_ISSUER] == TROTH_ROLE_EXIT_CONFIG);
}

static int generations(struct supervisor *s)
{
	const int ping_ms = watchdog_ms();
	for (bool first = true;; first = false) {
		enum outcome outcome = OUTCOME_DEATH;
		enum troth_status started =
			troth_generation_begin(&s->children, s->config, &s->inheritance);
		if (started == TROTH_OK)
			outcome = serve(s, ping_ms);
		else
			troth_error("spawn-failed", "status=%s error=%s",
				    troth_status_name(started), strerror(errno));
		switch (outcome) {
		case OUTCOME_STOP:
			troth_service_stopping();
			drain(s);
			return 0;
		case OUTCOME_RELOAD:
			drain(s);
			if (s->stop)
				return 0;
			break;
		case OUTCOME_DEATH:
			troth_generation_kill(&s->children);
			if (misconfigured(s, first))
				return TROTH_ROLE_EXIT_CONFIG;
			if (hopeless(s)) {
				troth_error("giving-up", "starts=%d", TROTH_START_TRIES_MAX);
				return 1;
			}
			if (!pause_before_restart(s))
				return 0;
			break;
		}
	}
}

static enum troth_status take_signals(int *out)
{
	static const int OURS[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < TROTH_COUNT(OURS); i++)
		(void)sigaddset(&set, OURS[i]);
	/* Ignored, it would leave no child to be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return TROTH_E_IO;
	*out = signalfd(-1, &set, SFD_CLOEXEC);
	return *out >= 0 ? TROTH_OK : TROTH_E_IO;
}

static const char *bind_reason(enum troth_status status, int error)
{
	if (status == TROTH_E_IO && error == EADDRINUSE)
		return "another program listens there: end it (ss -ltnp names it), or change "
		       "`listen`";
	if (status == TROTH_E_IO)
		return strerror(error);
	if (status == TROTH_E_CONFLICT)
		return "in the socket's place is another service's, or a file";
	return "no address and port, or a socket's path that is too long";
}

static enum troth_status write_port(const char *path, uint16_t port)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%u\n", (unsigned int)port);
	return troth_file_write(path, (struct troth_view){ (const uint8_t *)text, (size_t)n },
				0644);
}

/* The time of the start is taken to be right: there is nothing to compare it with. */
static int watch_and_serve(struct supervisor *s)
{
	if (troth_clock_keep(&s->clock) != TROTH_OK) {
		troth_error("clock", "reason=\"cannot be watched\" error=%s", strerror(errno));
		return 1;
	}
	troth_info("listening", "address=%s port=%u workers=%zu", s->config->listen_address,
		   (unsigned int)s->listeners.port, s->config->n_workers);
	s->inheritance = (struct troth_inheritance){ &s->listeners, &s->clock, s->signals };
	const int code = generations(s);
	troth_clock_keeper_close(&s->clock);
	return code;
}

int troth_supervise(const struct troth_supervisor_config *config)
{
	struct supervisor s = {
		.config = config,
		.children = { .ready = -1, .words = -1, .courier_channel = -1 },
	};
	if (config->n_workers == 0 || config->n_workers > TROTH_SUPERVISED_WORKERS_MAX)
		return TROTH_ROLE_EXIT_CONFIG;
	enum troth_status got = troth_listeners_open(config->listen_address, config->n_workers,
						     config->admin_socket, &s.listeners);
	if (got != TROTH_OK) {
		troth_error("bind-failed", "address=%s socket=%s reason=\"%s\"",
			    config->listen_address, config->admin_socket,
			    bind_reason(got, errno));
		return TROTH_ROLE_EXIT_CONFIG;
	}
	int code = 1;
	const uint16_t port = s.listeners.port;
	if (config->port_file != NULL && write_port(config->port_file, port) != TROTH_OK) {
		troth_error("port-file-failed", "path=%s error=%s", config->port_file,
			    strerror(errno));
	} else if (take_signals(&s.signals) == TROTH_OK) {
		code = watch_and_serve(&s);
		(void)close(s.signals);
	}
	troth_listeners_close(&s.listeners);
	(void)unlink(config->admin_socket);
	return code;
}

void troth_role_ready(const struct troth_role_fds *fds)
{
	const char byte = 1;
	while (write(fds->ready_fd, &byte, 1) < 0 && errno == EINTR)
		;
	(void)close(fds->ready_fd);
}
