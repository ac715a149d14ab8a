/* SPDX-License-Identifier: Apache-2.0 */
#include "generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "clock.h"
#include "log.h"
#include "service.h"

static const char *const NAMES[TROTH_CHILDREN] = { "front", "issuer", "courier" };

/* A courier that has ended is started again after this, milliseconds: what it carries waits. */
#define COURIER_PAUSE_MS 1000

/* Both ends of everything one generation shares. */
struct channels {
	int ends[TROTH_ESSENTIAL_CHILDREN]
		[TROTH_SUPERVISED_WORKERS_MAX + 1]; /* the last is administration */
	size_t n;				    /* made so far */
	int ready[2];
	int words[2];	/* the supervisor's end, the front's */
	int courier[2]; /* the front's end and the courier's; -1: there is none */
};

/* What a child gets to know. */
struct birth {
	const struct troth_supervisor_config *config;
	const struct troth_inheritance *inheritance;
	struct channels channels;
	pid_t supervisor;
};

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
}

static void channels_close(struct channels *c)
{
	close_all(c->ends[TROTH_CHILD_FRONT], c->n);
	close_all(c->ends[TROTH_CHILD_ISSUER], c->n);
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
		c->ends[TROTH_CHILD_FRONT][c->n] = pair[0];
		c->ends[TROTH_CHILD_ISSUER][c->n] = pair[1];
		c->n++;
		if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
			return TROTH_E_IO;
	}
	return pipe2(c->ready, O_CLOEXEC) == 0 &&
			       socketpair(AF_UNIX,
					  SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
					  c->words) == 0
		       ? TROTH_OK
		       : TROTH_E_IO;
}

static enum troth_status courier_open(const struct troth_supervisor_config *config, int pair[2])
{
	if (config->courier == NULL || !config->has_courier(config->arg))
		return TROTH_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return TROTH_E_IO;
	return fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0 ? TROTH_OK : TROTH_E_IO;
}

static void close_open(int fd)
{
	if (fd >= 0)
		(void)close(fd);
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
static void child_signals(enum troth_child child)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, child == TROTH_CHILD_ISSUER ? SIG_IGN : SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* It gets what it needs of the network by itself, and nothing of this. */
static int run_courier(const struct birth *b)
{
	const struct troth_role_fds fds = { .admin_channel = -1,
					    .admin_listener = -1,
					    .words = -1,
					    .ready_fd = -1,
					    .courier_channel = b->channels.courier[1] };
	close_all(b->channels.ends[TROTH_CHILD_FRONT], b->channels.n);
	close_all(b->channels.ends[TROTH_CHILD_ISSUER], b->channels.n);
	close_open(b->channels.ready[1]);
	close_open(b->channels.words[0]);
	close_open(b->channels.words[1]);
	close_open(b->channels.courier[0]);
	(void)close(b->inheritance->clock->fd);
	troth_listeners_close(b->inheritance->listeners);
	return b->config->courier(&fds, b->config->arg);
}

static int run_essential(enum troth_child child, const struct birth *b)
{
	const struct troth_supervisor_config *config = b->config;
	const struct channels *c = &b->channels;
	struct troth_role_fds fds = {
		.worker_channels = c->ends[child],
		.n_workers = config->n_workers,
		.admin_channel = c->ends[child][config->n_workers],
		.admin_listener = -1,
		.ready_fd = c->ready[1],
		.words = c->words[1],
		.courier_channel = -1,
	};
	close_all(c->ends[child == TROTH_CHILD_FRONT ? TROTH_CHILD_ISSUER : TROTH_CHILD_FRONT],
		  c->n);
	close_open(c->courier[1]);
	close_open(c->words[0]);
	fds.clock = troth_clock_look(b->inheritance->clock);
	if (fds.clock == NULL)
		return 1;
	const struct troth_listeners *listeners = b->inheritance->listeners;
	if (child == TROTH_CHILD_ISSUER) {
		close_open(c->courier[0]);
		close_open(c->words[1]);
		fds.words = -1;
		troth_listeners_close(listeners);
		return config->issuer(&fds, config->arg);
	}
	fds.listeners = listeners->tcp;
	fds.admin_listener = listeners->local;
	fds.courier_channel = c->courier[0];
	return config->front(&fds, config->arg);
}

static int run(enum troth_child child, const struct birth *b)
{
	child_signals(child);
	if (!die_with(b->supervisor))
		return 1;
	(void)close(b->inheritance->signals);
	close_open(b->channels.ready[0]);
	return child == TROTH_CHILD_COURIER ? run_courier(b) : run_essential(child, b);
}

static enum troth_status begin_child(struct troth_generation *g, enum troth_child child,
				     const struct birth *b)
{
	(void)fflush(NULL); /* or both would write it */
	pid_t pid = fork();
	if (pid < 0)
		return TROTH_E_IO;
	if (pid == 0)
		_exit(run(child, b));
	g->pids[child] = pid;
	return TROTH_OK;
}

static enum troth_status begin_all(struct troth_generation *g, const struct birth *b)
{
	TROTH_TRY(begin_child(g, TROTH_CHILD_ISSUER, b));
	TROTH_TRY(begin_child(g, TROTH_CHILD_FRONT, b));
	return b->channels.courier[1] >= 0 ? begin_child(g, TROTH_CHILD_COURIER, b) : TROTH_OK;
}

enum troth_status troth_generation_begin(struct troth_generation *g,
					 const struct troth_supervisor_config *config,
					 const struct troth_inheritance *inheritance)
{
	struct birth b = {
		.config = config,
		.inheritance = inheritance,
		.channels = { .ready = { -1, -1 }, .words = { -1, -1 }, .courier = { -1, -1 } },
		.supervisor = getpid(),
	};
	enum troth_status got = channels_open(&b.channels, config->n_workers);
	if (got == TROTH_OK)
		got = courier_open(config, b.channels.courier);
	g->ready = b.channels.ready[0];
	g->words = b.channels.words[0];
	g->courier_channel = b.channels.courier[1];
	g->courier_due_ms = 0;
	g->n_ready = 0;
	g->started_ms = troth_mono_ms();
	if (got == TROTH_OK)
		got = begin_all(g, &b);
	/* Held here as well, an end would never tell its peer that the other has gone. */
	channels_close(&b.channels);
	close_open(b.channels.ready[1]);
	close_open(b.channels.words[1]);
	close_open(b.channels.courier[0]);
	return got;
}

enum troth_status troth_generation_tell(const struct troth_generation *g,
					struct troth_view word)
{
	if (word.n > TROTH_WORD_MAX) {
		errno = EMSGSIZE;
		return TROTH_E_IO;
	}
	return send(g->words, word.p, word.n, MSG_NOSIGNAL) == (ssize_t)word.n ? TROTH_OK
									       : TROTH_E_IO;
}

void troth_generation_courier(struct troth_generation *g,
			      const struct troth_supervisor_config *config,
			      const struct troth_inheritance *inheritance)
{
	const struct birth b = {
		.config = config,
		.inheritance = inheritance,
		.channels = { .ready = { g->ready, -1 },
			      .words = { g->words, -1 },
			      .courier = { -1, g->courier_channel } },
		.supervisor = getpid(),
	};
	if (g->courier_due_ms == 0 || troth_mono_ms() < g->courier_due_ms)
		return;
	g->courier_due_ms = 0;
	if (begin_child(g, TROTH_CHILD_COURIER, &b) != TROTH_OK)
		g->courier_due_ms = troth_mono_ms() + COURIER_PAUSE_MS;
}

bool troth_generation_ready(const struct troth_generation *g)
{
	return g->n_ready >= TROTH_ESSENTIAL_CHILDREN;
}

void troth_generation_hear(struct troth_generation *g)
{
	char bytes[TROTH_ESSENTIAL_CHILDREN];
	ssize_t n = read(g->ready, bytes, sizeof bytes);
	if (n > 0)
		g->n_ready += (size_t)n;
	if (n > 0 && !troth_generation_ready(g))
		return;
	(void)close(g->ready);
	g->ready = -1;
	if (!troth_generation_ready(g))
		return; /* both ended without a word: SIGCHLD tells */
	troth_info("ready", "front=%d issuer=%d", (int)g->pids[TROTH_CHILD_FRONT],
		   (int)g->pids[TROTH_CHILD_ISSUER]);
	troth_service_status("Serving.");
	troth_service_ready();
}

static void note_end(struct troth_generation *g, enum troth_child child, int status)
{
	g->pids[child] = 0;
	g->exit_codes[child] = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (WIFEXITED(status))
		troth_info("child-ended", "role=%s code=%d", NAMES[child], WEXITSTATUS(status));
	else
		troth_warn("child-ended", "role=%s signal=%d", NAMES[child],
			   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

bool troth_generation_reap(struct troth_generation *g)
{
	bool any = false;
	for (enum troth_child c = 0; c < TROTH_CHILDREN; c++) {
		int status;
		if (g->pids[c] == 0 || waitpid(g->pids[c], &status, WNOHANG) != g->pids[c])
			continue;
		note_end(g, c, status);
		any = any || c != TROTH_CHILD_COURIER;
		if (c == TROTH_CHILD_COURIER)
			g->courier_due_ms = troth_mono_ms() + COURIER_PAUSE_MS;
	}
	return any;
}

void troth_generation_kill(struct troth_generation *g)
{
	for (enum troth_child c = 0; c < TROTH_CHILDREN; c++)
		if (g->pids[c] != 0)
			(void)kill(g->pids[c], SIGKILL);
	for (enum troth_child c = 0; c < TROTH_CHILDREN; c++) {
		int status;
		if (g->pids[c] != 0 && waitpid(g->pids[c], &status, 0) == g->pids[c])
			note_end(g, c, status);
		g->pids[c] = 0;
	}
	close_open(g->ready);
	close_open(g->words);
	close_open(g->courier_channel);
	g->ready = g->words = g->courier_channel = -1;
	g->courier_due_ms = 0;
}
