/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base.h"
#include "log.h"
#include "reader.h"

struct client {
	int fd; /* -1: none */
	uid_t uid;
	uint64_t last; /* turn of the loop at which it asked last */
	size_t n;
	uint8_t line[TROTH_PROOF_LINE_MAX];
};

struct troth_proof_server {
	pthread_t thread;
	pthread_mutex_t lock; /* over rules */
	struct troth_proof_rules rules, rules_now;
	struct troth_proof_desk desk;
	int listener, wake;
	bool started, end;
	uint64_t turn;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	char *run_dir;
	struct client clients[TROTH_PROOF_CONNECTIONS_MAX];
	uint8_t answer[TROTH_PROOF_ANSWER_MAX];
};

/* ---- clients ---- */

static void hang_up(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	c->n = 0;
}

static bool send_all(int fd, struct troth_view bytes)
{
	return send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)bytes.n;
}

static bool answer(struct troth_proof_server *s, struct client *c, struct troth_view line)
{
	struct troth_writer w = troth_writer_make(s->answer, sizeof s->answer);
	c->last = s->turn;
	return troth_proof_answer(&s->desk, c->uid, line, &w) == TROTH_OK &&
	       send_all(c->fd, troth_written(&w));
}

/* Every whole line that is there. False when it is to be hung up on. */
static bool take_lines(struct troth_proof_server *s, struct client *c)
{
	struct troth_reader r = { { c->line, c->n } };
	const uint8_t *end;
	while (r.left.n > 0 && (end = memchr(r.left.p, '\n', r.left.n)) != NULL) {
		struct troth_view line;
		uint8_t newline;
		if (!troth_get_view(&r, (size_t)(end - r.left.p), &line) ||
		    !troth_get_u8(&r, &newline) || !answer(s, c, line))
			return false;
	}
	if (r.left.n > 0)
		memmove(c->line, r.left.p, r.left.n);
	c->n = r.left.n;
	return c->n < sizeof c->line; /* else a line without end */
}

static void serve(struct troth_proof_server *s, struct client *c)
{
	const ssize_t n = recv(c->fd, c->line + c->n, sizeof c->line - c->n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->n += (size_t)n;
	if (!take_lines(s, c))
		hang_up(c);
}

/* A free place: that of one's own longest silent connection when one has as many as one may,
 * else a free one, else that of the longest silent of all. */
static struct client *find_place(struct troth_proof_server *s, uid_t uid)
{
	struct client *free_one = NULL, *own = NULL, *any = NULL;
	size_t n_own = 0;
	for (size_t i = 0; i < TROTH_PROOF_CONNECTIONS_MAX; i++) {
		struct client *c = &s->clients[i];
		if (c->fd < 0) {
			free_one = c;
			continue;
		}
		if (any == NULL || c->last < any->last)
			any = c;
		if (c->uid != uid)
			continue;
		n_own++;
		if (own == NULL || c->last < own->last)
			own = c;
	}
	if (uid != 0 && n_own >= TROTH_PROOF_CONNECTIONS_USER_MAX)
		return own;
	return free_one != NULL ? free_one : any;
}

static void let_in(struct troth_proof_server *s)
{
	struct ucred peer;
	socklen_t n = sizeof peer;
	const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 ||
	    !troth_proof_user_known(&s->rules_now, peer.uid)) {
		(void)send_all(fd, troth_view_str("{\"error\":\"denied\"}\n"));
		close(fd);
		return;
	}
	struct client *c = find_place(s, peer.uid);
	if (c->fd >= 0)
		hang_up(c);
	c->fd = fd;
	c->uid = peer.uid;
	c->last = s->turn;
}

/* ---- the thread ---- */

static void take_rules(struct troth_proof_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->rules_now = s->rules;
	pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
	struct troth_proof_server *s = arg;
	struct pollfd fds[2 + TROTH_PROOF_CONNECTIONS_MAX];
	while (!__atomic_load_n(&s->end, __ATOMIC_ACQUIRE)) {
		fds[0] = (struct pollfd){ .fd = s->wake, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
		for (size_t i = 0; i < TROTH_PROOF_CONNECTIONS_MAX; i++)
			fds[2 + i] =
				(struct pollfd){ .fd = s->clients[i].fd, .events = POLLIN };
		if (poll(fds, TROTH_COUNT(fds), -1) < 0)
			continue;
		s->turn++;
		take_rules(s);
		for (size_t i = 0; i < TROTH_PROOF_CONNECTIONS_MAX; i++)
			if (s->clients[i].fd >= 0 && fds[2 + i].revents != 0)
				serve(s, &s->clients[i]);
		if (fds[1].revents != 0)
			let_in(s);
	}
	return NULL;
}

static enum troth_status bind_socket(struct troth_proof_server *s, const char *run_dir)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const int n = snprintf(s->path, sizeof s->path, "%s/proof.sock", run_dir);
	if (n < 0 || (size_t)n >= sizeof s->path)
		return TROTH_E_LIMIT;
	memcpy(at.sun_path, s->path, (size_t)n + 1);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* One that nobody serves is left from a process that was killed. */
	if (s->listener >= 0 &&
	    connect(s->listener, (const struct sockaddr *)&at, sizeof at) == 0)
		return TROTH_E_CONFLICT;
	(void)unlink(s->path);
	if (s->listener < 0 || bind(s->listener, (const struct sockaddr *)&at, sizeof at) != 0)
		return TROTH_E_IO;
	/* Open to all: who may ask is decided by who asks. */
	if (chmod(s->path, 0666) != 0 || listen(s->listener, TROTH_PROOF_CONNECTIONS_MAX) != 0)
		return TROTH_E_IO;
	return TROTH_OK;
}

static enum troth_status start(struct troth_proof_server *s, const char *run_dir)
{
	TROTH_TRY(troth_ctx_new(&s->desk.ctx));
	s->run_dir = strdup(run_dir);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->run_dir == NULL || s->wake < 0)
		return TROTH_E_MEMORY;
	s->desk.run_dir = s->run_dir;
	TROTH_TRY(bind_socket(s, run_dir));
	if (pthread_create(&s->thread, NULL, run, s) != 0)
		return TROTH_E_MEMORY;
	s->started = true;
	return TROTH_OK;
}

enum troth_status troth_proof_server_start(const char *run_dir,
					   const struct troth_proof_rules *rules,
					   struct troth_session *session,
					   struct troth_proof_server **out)
{
	struct troth_proof_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		return TROTH_E_MEMORY;
	s->listener = s->wake = -1;
	s->rules = s->rules_now = *rules;
	s->desk.session = session;
	s->desk.rules = &s->rules_now;
	for (size_t i = 0; i < TROTH_PROOF_CONNECTIONS_MAX; i++)
		s->clients[i].fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	const enum troth_status status = start(s, run_dir);
	if (status != TROTH_OK) {
		troth_proof_server_stop(s);
		return status;
	}
	*out = s;
	return TROTH_OK;
}

void troth_proof_server_stop(struct troth_proof_server *s)
{
	if (s == NULL)
		return;
	if (s->started) {
		__atomic_store_n(&s->end, true, __ATOMIC_RELEASE);
		(void)eventfd_write(s->wake, 1);
		pthread_join(s->thread, NULL);
		(void)unlink(s->path);
	}
	for (size_t i = 0; i < TROTH_PROOF_CONNECTIONS_MAX; i++)
		if (s->clients[i].fd >= 0)
			hang_up(&s->clients[i]);
	if (s->listener >= 0)
		close(s->listener);
	if (s->wake >= 0)
		close(s->wake);
	troth_ctx_free(s->desk.ctx);
	pthread_mutex_destroy(&s->lock);
	free(s->run_dir);
	free(s);
}

void troth_proof_server_set_rules(struct troth_proof_server *s,
				  const struct troth_proof_rules *rules)
{
	pthread_mutex_lock(&s->lock);
	s->rules = *rules;
	pthread_mutex_unlock(&s->lock);
}

void troth_proof_server_bound(struct troth_proof_server *s)
{
	__atomic_store_n(&s->desk.bound, true, __ATOMIC_RELEASE);
}
