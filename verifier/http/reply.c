/* SPDX-License-Identifier: Apache-2.0 */
/* From an answer to bytes on the socket. Head and body leave in one write. */
#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "reader.h"
#include "server.h"

struct troth_view troth_server_date(struct troth_http_server *s)
{
	uint64_t now_s = troth_now_ms() / 1000;
	if (now_s != s->date_s) {
		struct troth_writer w = troth_writer_make(s->date, sizeof s->date);
		troth_answer_date(now_s, &w);
		s->date_s = now_s;
	}
	return TROTH_VIEW_OF(s->date);
}

/* The whole answer is with the socket. */
static void sent(struct troth_conn *c)
{
	if (c->close && !c->unread) {
		troth_conn_close(c);
		return;
	}
	if (c->close) {
		troth_transport_finish(&c->io);
		troth_conn_enter(c, TROTH_PHASE_LINGER);
		troth_conn_watch(c, EV_READ);
		return;
	}
	troth_conn_enter(c, TROTH_PHASE_IDLE);
	troth_conn_watch(c, EV_READ);
	/* No event would tell of these; and they are never read from inside a handler. */
	if (troth_transport_pending(&c->io))
		event_active(c->event, EV_READ, 0);
}

/* Writes from the front of *bytes until it is empty or the socket is full. */
static enum troth_io write_some(struct troth_conn *c, struct troth_view *bytes)
{
	enum troth_io io = TROTH_IO_OK;
	struct troth_reader r = { *bytes };
	struct troth_view gone;
	while (io == TROTH_IO_OK && r.left.n > 0) {
		size_t n = 0;
		io = troth_transport_write(&c->io, r.left, &n);
		if (!troth_get_view(&r, n, &gone))
			return TROTH_IO_BROKEN;
	}
	*bytes = r.left;
	return io;
}

/* The socket is full; what is left waits in c->out. */
static void wait_for_room(struct troth_conn *c, enum troth_io io)
{
	if (io == TROTH_IO_BROKEN || io == TROTH_IO_END || c->last) {
		troth_conn_close(c);
		return;
	}
	troth_conn_watch(c, io == TROTH_IO_WANT_READ ? EV_READ : EV_WRITE);
}

enum troth_io troth_conn_send_rest(struct troth_conn *c)
{
	struct troth_reader r = { { c->out, c->out_len } };
	struct troth_view before;
	if (!troth_get_view(&r, c->out_sent, &before))
		return TROTH_IO_BROKEN;
	enum troth_io io = write_some(c, &r.left);
	c->out_sent = c->out_len - r.left.n;
	if (io == TROTH_IO_OK) {
		free(c->out);
		c->out = NULL;
	}
	return io;
}

enum troth_io troth_conn_send(struct troth_conn *c, struct troth_view bytes)
{
	enum troth_io io = write_some(c, &bytes);
	if (io != TROTH_IO_WANT_READ && io != TROTH_IO_WANT_WRITE)
		return io;
	c->out = malloc(bytes.n);
	if (c->out == NULL)
		return TROTH_IO_BROKEN;
	memcpy(c->out, bytes.p, bytes.n);
	c->out_len = bytes.n;
	c->out_sent = 0;
	return io;
}

static void go_on(struct troth_conn *c, enum troth_io io)
{
	if (io == TROTH_IO_OK)
		sent(c);
	else
		wait_for_room(c, io);
}

void troth_conn_flush(struct troth_conn *c)
{
	go_on(c, troth_conn_send_rest(c));
}

void troth_conn_answer(struct troth_conn *c, const struct troth_answer *a)
{
	struct troth_http_server *s = c->server;
	struct troth_answer answer = *a;
	size_t max = TROTH_ANSWER_HEAD_MAX + a->headers.n + a->body.n;
	uint8_t *large = max > sizeof s->scratch ? malloc(max) : NULL;

	c->close = c->close || s->draining;
	answer.close = c->close;
	if (large == NULL && max > sizeof s->scratch) {
		troth_conn_close(c);
		return;
	}
	struct troth_writer w = troth_writer_make(large != NULL ? large : s->scratch, max);
	troth_answer_head(&answer, troth_server_date(s), &w);
	troth_put_view(&w, a->body);
	assert(troth_writer_ok(&w)); /* only a handler's content type could be too long */
	if (large == NULL) {
		go_on(c, troth_conn_send(c, troth_written(&w)));
		return;
	}
	c->out = large;
	c->out_len = troth_written(&w).n;
	c->out_sent = 0;
	troth_conn_flush(c);
}

static void free_text(char **text)
{
	free(*text);
}

void troth_conn_refuse(struct troth_conn *c, const struct troth_refusal *r)
{
	TROTH_AUTO(free_text) char *doc = troth_answer_problem(r->status, r->code, r->detail);
	const struct troth_answer a = {
		.status = r->status,
		.content_type = doc == NULL ? NULL : "application/problem+json",
		.body = doc == NULL ? (struct troth_view){ 0 } : troth_view_str(doc),
		.retry_after_s = r->retry_after_s,
		.allow = r->allow,
	};
	if (c->x != NULL)
		troth_exchange_leave(c->x);
	if (c->phase != TROTH_PHASE_RESPONSE)
		troth_conn_enter(c, TROTH_PHASE_RESPONSE);
	troth_conn_answer(c, &a);
}
