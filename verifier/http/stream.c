/* SPDX-License-Identifier: Apache-2.0 */
/* Answers without an end. One write is under way at a time: what the socket does not take waits
 * with the connection, and its owner writes no more until it has left. */
#include <event2/event.h>
#include <stdlib.h>

#include "reader.h"
#include "server.h"

/* Closed from the loop and never from inside a write, whose caller still holds the stream. */
static void close_soon(struct troth_conn *c)
{
	c->last = true;
	event_active(c->event, EV_READ, 0);
}

struct troth_stream *troth_exchange_stream(struct troth_exchange *x,
					   const struct troth_http_reply *head,
					   struct troth_stream_owner owner)
{
	struct troth_conn *c = x->conn;
	if (c == NULL) {
		troth_exchange_free(x);
		return NULL;
	}
	troth_exchange_leave(x);
	troth_exchange_free(x);
	c->close = true;
	c->stream = (struct troth_stream){ .conn = c, .owner = owner };
	troth_conn_enter(c, TROTH_PHASE_STREAM);
	uint8_t bytes[TROTH_ANSWER_HEAD_MAX];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	const struct troth_answer a = { .status = head->status,
					.content_type = head->content_type,
					.cache_control = head->cache_control,
					.endless = true,
					.close = true };
	troth_answer_head(&a, troth_server_date(c->server), &w);
	/* So few bytes always fit, but where the peer is not reading. */
	if (!troth_stream_write(&c->stream, troth_written(&w)))
		close_soon(c);
	return &c->stream;
}

bool troth_stream_write(struct troth_stream *s, struct troth_view bytes)
{
	struct troth_conn *c = s->conn;
	if (c->last)
		return true;
	if (c->out != NULL)
		return false;
	switch (troth_conn_send(c, bytes)) {
	case TROTH_IO_OK:
		troth_conn_enter(c, TROTH_PHASE_STREAM);
		troth_conn_watch(c, EV_READ);
		return true;
	case TROTH_IO_WANT_READ:
	case TROTH_IO_WANT_WRITE: troth_conn_watch(c, EV_WRITE); return false;
	case TROTH_IO_END:
	case TROTH_IO_BROKEN: break;
	}
	close_soon(c);
	return true;
}

void troth_stream_end(struct troth_stream *s)
{
	s->ending = true;
	if (s->conn->out == NULL)
		close_soon(s->conn);
}

static void flush(struct troth_conn *c)
{
	switch (troth_conn_send_rest(c)) {
	case TROTH_IO_OK: break;
	case TROTH_IO_WANT_READ:
	case TROTH_IO_WANT_WRITE: return;
	case TROTH_IO_END:
	case TROTH_IO_BROKEN: troth_conn_close(c); return;
	}
	if (c->stream.ending) {
		troth_conn_close(c);
		return;
	}
	troth_conn_enter(c, TROTH_PHASE_STREAM);
	troth_conn_watch(c, EV_READ);
	c->stream.owner.room(c->stream.owner.arg);
}

void troth_conn_stream(struct troth_conn *c)
{
	if (c->last)
		troth_conn_close(c);
	else if (c->out != NULL)
		flush(c);
	else
		troth_conn_linger(c); /* a follower has nothing more to say */
}
