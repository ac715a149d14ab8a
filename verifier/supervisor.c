/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "listeners.h"
#include "log.h"
#include "service.h"

/* The issuer has nothing to finish once the front is gone, milliseconds. */
#define ISSUER_END_MS 2000
/* Within so many milliseconds the children of a supervisor that was killed are gone too, and
 * their sockets with them. */
#define BIND_PATIENCE_MS 2000
#define BIND_AGAIN_MS 50
/* A generation that lived shorter than this makes the next wait longer, milliseconds. */
#define SHORT_LIFE_MS 5000
#define BACKOFF_FIRST_MS 100
/* Serving again in under two seconds, whatever happened (DESIGN section 14): the other second
 * is for the start itself, on a machine that has much else to do. */
#define BACKOFF_MAX_MS 1000
#define TRIES_WINDOW_MS 60000

enum role { ROLE_FRONT, ROLE_ISSUER, ROLE_N };
static const char *const ROLE_NAMES[ROLE_N] = { "front", "issuer" };

enum event { EVENT_NONE, EVENT_STOP, EVENT_RELOAD, EVENT_CHILD };
enum outcome { OUTCOME_STOP, OUTCOME_RELOAD, OUTCOME_DEATH };

struct supervisor {
	const struct troth_supervisor_config *config;
	pid_t self;
	int listeners[TROTH_SUPERVISED_WORKERS_MAX];
	int admin_listener, signals;
	pid_t pids[ROLE_N];	/* 0: not running */
	int exit_codes[ROLE_N]; /* of the last end; -1 for a signal */
	int ready;		/* read end, -1 once both are */
	bool stop; /* asked for, also while children were ended for another reason */
	size_t n_ready;
	uint64_t started_ms;
	unsigned int n_short;			   /* generations in a row that lived shortly */
	uint64_t failed_ms[TROTH_START_TRIES_MAX]; /* ring: ends of generations never ready */
	size_t n_failed;
};

/* Both ends of everything one generation shares. */
struct channels {
	int ends[ROLE_N][TROTH_SUPERVISED_WORKERS_MAX + 1]; /* the last is administration */
	size_t n;					    /* made so far */
	int ready[2];
};

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
}

static void channels_close(struct channels *c)
{
	close_all(c->ends[ROLE_FRONT], c->n);
	close_all(c->ends[ROLE_ISSUER], c->n);
	c->n = 0;
}

/* The front never waits for the issuer in a system call; the issuer does nothing else. */
static enum troth_status channels_open(struct channels *c, size_t n_workers)
{
	c->n = 0;
	while (c->n < n_workers + 1) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
			return TROTH_E_IO;
		c->ends[ROLE_FRONT][c->n] = pair[0];
		c->ends[ROLE_ISSUER][c->n] = pair[1];
		c->n++;
		if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
			return TROTH_E_IO;
	}
	return pipe2(c->ready, O_CLOEXEC) == 0 ? TROTH_OK : TROTH_E_IO;
}

/* A child must not outlive the supervisor: nobody would restart it or end it. The parent may
 * have died before the request was made, hence the second look. */
static bool die_with(pid_t supervisor)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == supervisor;
}

/* SIGINT reaches the whole group of a terminal, SIGTERM all of a service at once: what they
 * mean is the supervisor's decision. The issuer ends with its channels, after the front it
 * serves. */
static void child_signals(enum role role)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, role == ROLE_ISSUER ? SIG_IGN : SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int run_role(const struct supervisor *s, enum role role, const struct channels *c)
{
	const struct troth_supervisor_config *config = s->config;
	struct troth_role_fds fds = {
		.worker_channels = c->ends[role],
		.n_workers = config->n_workers,
		.admin_channel = c->ends[role][config->n_workers],
		.admin_listener = -1,
		.ready_fd = c->ready[1],
	};
	child_signals(role);
	if (!die_with(s->self))
		return 1;
	close_all(c->ends[role == ROLE_FRONT ? ROLE_ISSUER : ROLE_FRONT], c->n);
	(void)close(s->signals);
	(void)close(c->ready[0]);
	if (role == ROLE_ISSUER) {
		close_all(s->listeners, config->n_workers);
		(void)close(s->admin_listener);
		return config->issuer(&fds, config->arg);
	}
	fds.listeners = s->listeners;
	fds.admin_listener = s->admin_listener;
	return config->front(&fds, config->arg);
}

static enum troth_status fork_role(struct supervisor *s, enum role role,
				   const struct channels *c)
{
	(void)fflush(NULL); /* or both would write it */
	pid_t pid = fork();
	if (pid < 0)
		return TROTH_E_IO;
	if (pid == 0)
		_exit(run_role(s, role, c));
	s->pids[role] = pid;
	return TROTH_OK;
}

static void note_end(struct supervisor *s, enum role role, int status)
{
	s->pids[role] = 0;
	s->exit_codes[role] = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (WIFEXITED(status))
		troth_info("child-ended", "role=%s code=%d", ROLE_NAMES[role],
			   WEXITSTATUS(status));
	else
		troth_warn("child-ended", "role=%s signal=%d", ROLE_NAMES[role],
			   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* True when one has ended. */
static bool reap(struct supervisor *s)
{
	bool any = false;
	for (enum role r = 0; r < ROLE_N; r++) {
		int status;
		if (s->pids[r] == 0 || waitpid(s->pids[r], &status, WNOHANG) != s->pids[r])
			continue;
		note_end(s, r, status);
		any = true;
	}
	return any;
}

static void kill_all(struct supervisor *s)
{
	for (enum role r = 0; r < ROLE_N; r++)
		if (s->pids[r] != 0)
			(void)kill(s->pids[r], SIGKILL);
	for (enum role r = 0; r < ROLE_N; r++) {
		int status;
		if (s->pids[r] != 0 && waitpid(s->pids[r], &status, 0) == s->pids[r])
			note_end(s, r, status);
		s->pids[r] = 0;
	}
	if (s->ready >= 0)
		(void)close(s->ready);
	s->ready = -1;
}

static enum troth_status spawn(struct supervisor *s)
{
	struct channels c = { .ready = { -1, -1 } };
	enum troth_status got = channels_open(&c, s->config->n_workers);
	s->ready = c.ready[0];
	s->n_ready = 0;
	s->started_ms = troth_mono_ms();
	if (got == TROTH_OK)
		got = fork_role(s, ROLE_ISSUER, &c);
	if (got == TROTH_OK)
		got = fork_role(s, ROLE_FRONT, &c);
	/* Held here as well, an end would never tell its peer that the other has gone. */
	channels_close(&c);
	if (c.ready[1] >= 0)
		(void)close(c.ready[1]);
	return got;
}

static void note_ready(struct supervisor *s)
{
	char bytes[ROLE_N];
	ssize_t n = read(s->ready, bytes, sizeof bytes);
	if (n > 0)
		s->n_ready += (size_t)n;
	if (n > 0 && s->n_ready < ROLE_N)
		return;
	(void)close(s->ready);
	s->ready = -1;
	if (s->n_ready < ROLE_N)
		return; /* both ended without a word: SIGCHLD tells */
	troth_info("ready", "front=%d issuer=%d", (int)s->pids[ROLE_FRONT],
		   (int)s->pids[ROLE_ISSUER]);
	troth_service_ready();
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
	case SIGCHLD: return EVENT_CHILD;
	default: return EVENT_NONE;
	}
}

/* Waits for something to happen, at most so long (-1: for ever). */
static enum event next_event(struct supervisor *s, int wait_ms)
{
	struct pollfd fds[2] = { { .fd = s->signals, .events = POLLIN },
				 { .fd = s->ready, .events = POLLIN } };
	if (poll(fds, TROTH_COUNT(fds), wait_ms) <= 0)
		return EVENT_NONE;
	if (fds[1].revents != 0)
		note_ready(s);
	return fds[0].revents != 0 ? read_signal(s) : EVENT_NONE;
}

static int ms_until(uint64_t deadline_ms)
{
	uint64_t now = troth_mono_ms();
	return now < deadline_ms ? (int)(deadline_ms - now) : 0;
}

/* True when the child has ended in time. */
static bool await_end(struct supervisor *s, enum role role, uint64_t patience_ms)
{
	uint64_t deadline = troth_mono_ms() + patience_ms;
	while (s->pids[role] != 0 && ms_until(deadline) > 0) {
		(void)next_event(s, ms_until(deadline));
		(void)reap(s);
	}
	return s->pids[role] == 0;
}

/* The front first: what it has begun still needs the issuer. The issuer ends when
 * its channels close. */
static void drain(struct supervisor *s)
{
	if (s->pids[ROLE_FRONT] != 0)
		(void)kill(s->pids[ROLE_FRONT], SIGTERM);
	if (!await_end(s, ROLE_FRONT, TROTH_DRAIN_MS))
		troth_warn("drain-timeout", "after_ms=%d", TROTH_DRAIN_MS);
	else
		(void)await_end(s, ROLE_ISSUER, ISSUER_END_MS);
	kill_all(s);
}

static bool reload(const struct supervisor *s)
{
	if (s->config->reload == NULL)
		return true;
	enum troth_status got = s->config->reload(s->config->arg);
	if (got != TROTH_OK)
		troth_error("reload-refused", "status=%s", troth_status_name(got));
	return got == TROTH_OK;
}

static int watchdog_ms(void)
{
	uint64_t us = troth_service_watchdog_us();
	return us == 0 ? -1 : (int)(us / 1000 > 0 ? us / 1000 : 1);
}

/* One generation of children, from its start to its end. */
static enum outcome serve(struct supervisor *s, int ping_ms)
{
	for (;;) {
		enum event e = next_event(s, ping_ms);
		if (ping_ms > 0)
			troth_service_ping();
		switch (e) {
		case EVENT_STOP: return OUTCOME_STOP;
		case EVENT_RELOAD:
			if (reload(s))
				return OUTCOME_RELOAD;
			break;
		case EVENT_CHILD:
			if (reap(s))
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
	if (s->n_ready >= ROLE_N)
		return false;
	s->failed_ms[s->n_failed % TROTH_START_TRIES_MAX] = now;
	s->n_failed++;
	/* The oldest of the last ten is the next to be overwritten. */
	return s->n_failed >= TROTH_START_TRIES_MAX &&
	       now - s->failed_ms[s->n_failed % TROTH_START_TRIES_MAX] < TRIES_WINDOW_MS;
}

static uint64_t backoff_ms(struct supervisor *s)
{
	if (troth_mono_ms() - s->started_ms >= SHORT_LIFE_MS)
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
	return first && s->n_ready < ROLE_N &&
	       (s->exit_codes[ROLE_FRONT] == TROTH_ROLE_EXIT_CONFIG ||
		s->exit_codes[ROLE_ISSUER] == TROTH_ROLE_EXIT_CONFIG);
}

static int generations(struct supervisor *s)
{
	const int ping_ms = watchdog_ms();
	for (bool first = true;; first = false) {
		enum outcome outcome = OUTCOME_DEATH;
		enum troth_status started = spawn(s);
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
			troth_service_reloading();
			drain(s);
			if (s->stop)
				return 0;
			break;
		case OUTCOME_DEATH:
			kill_all(s);
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
	static const int OURS[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
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

/* The children of a supervisor that was killed may hold the addresses for a moment longer. */
static enum troth_status bind_patiently(struct supervisor *s, uint16_t *out_port)
{
	const struct troth_supervisor_config *config = s->config;
	uint64_t deadline = troth_mono_ms() + BIND_PATIENCE_MS;
	for (;;) {
		enum troth_status got = troth_listen_tcp(
			config->listen_address, config->n_workers, s->listeners, out_port);
		if (got == TROTH_OK) {
			got = troth_listen_local(config->admin_socket, &s->admin_listener);
			if (got == TROTH_OK)
				return TROTH_OK;
			close_all(s->listeners, config->n_workers);
		}
		bool may_pass = got == TROTH_E_CONFLICT ||
				(got == TROTH_E_IO && errno == EADDRINUSE);
		if (!may_pass || ms_until(deadline) == 0)
			return got;
		(void)poll(NULL, 0, BIND_AGAIN_MS);
	}
}

static const char *bind_reason(enum troth_status status, int error)
{
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

int troth_supervise(const struct troth_supervisor_config *config)
{
	struct supervisor s = { .config = config, .self = getpid(), .ready = -1 };
	uint16_t port;
	if (config->n_workers == 0 || config->n_workers > TROTH_SUPERVISED_WORKERS_MAX)
		return TROTH_ROLE_EXIT_CONFIG;
	enum troth_status got = bind_patiently(&s, &port);
	if (got != TROTH_OK) {
		troth_error("bind-failed", "address=%s socket=%s reason=\"%s\"",
			    config->listen_address, config->admin_socket,
			    bind_reason(got, errno));
		return TROTH_ROLE_EXIT_CONFIG;
	}
	int code = 1;
	if (config->port_file != NULL && write_port(config->port_file, port) != TROTH_OK) {
		troth_error("port-file-failed", "path=%s error=%s", config->port_file,
			    strerror(errno));
	} else if (take_signals(&s.signals) == TROTH_OK) {
		troth_info("listening", "address=%s port=%u workers=%zu",
			   config->listen_address, (unsigned int)port, config->n_workers);
		code = generations(&s);
		(void)close(s.signals);
	}
	close_all(s.listeners, config->n_workers);
	(void)close(s.admin_listener);
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
