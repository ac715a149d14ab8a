/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"
#include "frames.h"

/* What one read takes at most, bytes: a burst of replies in one call. */
#define READ_CHUNK (64 * 1024)
/* A request that waits takes about 1 KB; so many bytes hold TROTH_LINK_INFLIGHT_MAX of them. */
#define OUT_MAX (2 * 1024 * 1024)

struct call {
	enum troth_issuer_kind kind;
	troth_issuer_done *done;
	void *arg;
};

struct troth_issuer_link {
	int fd;
	bool broken;
	size_t frame_max;
	struct event *readable, *writable;
	struct troth_frames in, out;
	struct call
		calls[TROTH_LINK_INFLIGHT_MAX]; /* ring, oldest first: answers are in order */
	size_t first, n;
	void (*on_broken)(void *arg);
	void *arg;
};

static struct call pop_call(struct troth_issuer_link *l)
{
	struct call c = l->calls[l->first];
	l->first = (l->first + 1) % TROTH_LINK_INFLIGHT_MAX;
	l->n--;
	return c;
}

static void stop(struct troth_issuer_link *l)
{
	l->broken = true;
	event_del(l->readable);
	event_del(l->writable);
}

static void answer_all(struct troth_issuer_link *l)
{
	const struct troth_issuer_reply gone = { .status = TROTH_E_IO };
	while (l->n > 0) {
		struct call c = pop_call(l);
		c.done(c.arg, &gone);
	}
}

/* on_broken comes last: it may free the link. */
static void fail(struct troth_issuer_link *l)
{
	stop(l);
	answer_all(l);
	if (l->on_broken != NULL)
		l->on_broken(l->arg);
}

/* Answers the calls whose replies have come. False when the issuer said what we cannot read:
 * after that no reply could be trusted to be the one waited for. */
static bool deliver(struct troth_issuer_link *l)
{
	struct troth_view body;
	enum troth_status got;
	while ((got = troth_frames_take(&l->in, l->frame_max, &body)) == TROTH_OK) {
		struct troth_issuer_reply reply;
		if (l->n == 0)
			return false;
		if (troth_issuer_reply_read(l->calls[l->first].kind, body, &reply) != TROTH_OK)
			return false;
		struct call c = pop_call(l);
		c.done(c.arg, &reply);
	}
	return got == TROTH_E_TRUNCATED;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct troth_issuer_link *l = arg;
	(void)what;
	if (troth_frames_reserve(&l->in, READ_CHUNK) != TROTH_OK) {
		fail(l);
		return;
	}
	ssize_t n = recv(fd, troth_frames_tail(&l->in), READ_CHUNK, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fail(l);
		return;
	}
	troth_frames_added(&l->in, (size_t)n);
	if (!deliver(l))
		fail(l);
}

/* Sends what has gathered since the loop last came here: one system call for many requests. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct troth_issuer_link *l = arg;
	(void)what;
	struct troth_view held = troth_frames_held(&l->out);
	if (l->broken || held.n == 0)
		return;
	ssize_t n = send(fd, held.p, held.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fail(l);
		return;
	}
	if (n > 0)
		troth_frames_drop(&l->out, (size_t)n);
	if (troth_frames_held(&l->out).n > 0 && event_add(l->writable, NULL) != 0)
		fail(l);
}

enum troth_status troth_issuer_link_new(struct event_base *base, int fd, size_t frame_max,
					void (*on_broken)(void *arg), void *arg,
					struct troth_issuer_link **out)
{
	if (frame_max > TROTH_ADMIN_FRAME_MAX)
		return TROTH_E_LIMIT;
	struct troth_issuer_link *l = calloc(1, sizeof *l);
	if (l == NULL)
		return TROTH_E_MEMORY;
	l->fd = fd;
	l->frame_max = frame_max;
	l->on_broken = on_broken;
	l->arg = arg;
	l->in.max = TROTH_FRAME_HEADER + frame_max + READ_CHUNK;
	l->out.max = frame_max > OUT_MAX / 2 ? 2 * (TROTH_FRAME_HEADER + frame_max) : OUT_MAX;
	l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
	l->writable = event_new(base, fd, EV_WRITE, on_writable, l);
	if (l->readable == NULL || l->writable == NULL || event_add(l->readable, NULL) != 0) {
		l->fd = -1; /* stays the caller's */
		troth_issuer_link_free(l);
		return TROTH_E_MEMORY;
	}
	*out = l;
	return TROTH_OK;
}

void troth_issuer_link_free(struct troth_issuer_link *l)
{
	if (l == NULL)
		return;
	l->broken = true; /* what the calls' owners try from within done is refused */
	answer_all(l);
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	if (l->fd >= 0)
		close(l->fd);
	troth_frames_clear(&l->in);
	troth_frames_clear(&l->out);
	free(l);
}

enum troth_status troth_issuer_call(struct troth_issuer_link *l,
				    const struct troth_issuer_request *request,
				    troth_issuer_done *done, void *arg)
{
	size_t len;
	if (l->broken)
		return TROTH_E_IO;
	if (l->n == TROTH_LINK_INFLIGHT_MAX)
		return TROTH_E_BUSY;
	enum troth_status got =
		troth_frames_reserve(&l->out, TROTH_FRAME_HEADER + l->frame_max);
	if (got != TROTH_OK)
		return got == TROTH_E_LIMIT ? TROTH_E_BUSY : got;
	TROTH_TRY(troth_issuer_request_write(
		request, troth_frames_tail(&l->out) + TROTH_FRAME_HEADER, l->frame_max, &len));
	bool idle = troth_frames_held(&l->out).n == 0;
	troth_frames_close(&l->out, len);
	l->calls[(l->first + l->n) % TROTH_LINK_INFLIGHT_MAX] =
		(struct call){ request->kind, done, arg };
	l->n++;
	/* After the callbacks that are due now: their requests go with this one. */
	if (idle)
		event_active(l->writable, EV_WRITE, 0);
	return TROTH_OK;
}
