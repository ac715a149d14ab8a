/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to a handler: the head into the scratch buffer, the body straight into its own. */
#include <event2/event.h>
#include <strings.h>

#include "reader.h"
#include "route.h"
#include "server.h"

/* The framing is in doubt: nothing after this can be read as a request. */
static bool refuse_and_close(struct troth_conn *c, int status, const char *code,
			     const char *detail)
{
	const struct troth_refusal r = { .status = status, .code = code, .detail = detail };
	c->close = c->unread = true;
	troth_conn_refuse(c, &r);
	return false;
}

static bool refuse_parse(struct troth_conn *c)
{
	const struct troth_parse *p = &c->x->parse;
	return refuse_and_close(c, p->status, "bad-request", p->detail);
}

static bool no_room(struct troth_conn *c, enum troth_status why)
{
	const struct troth_refusal r = { .status = 503,
					 .code = "busy",
					 .detail = "Too many requests are being read.",
					 .retry_after_s = 1 };
	if (why != TROTH_E_BUSY) {
		troth_conn_close(c);
		return false;
	}
	c->close = c->unread = true;
	troth_conn_refuse(c, &r);
	return false;
}

static bool dispatch(struct troth_conn *c)
{
	struct troth_exchange *x = c->x;
	troth_conn_enter(c, TROTH_PHASE_RESPONSE);
	x->held = true;
	x->route->handle(x, c->server->config.app);
	return false; /* c may be gone, or be a connection that waits */
}

static bool type_matches(const struct troth_http_route *route, struct troth_view type)
{
	struct troth_view want = troth_view_str(route->content_type);
	return type.n == want.n &&
	       strncasecmp((const char *)type.p, (const char *)want.p, want.n) == 0;
}

/* Whether the route takes this request; the status is 0 when it does. */
static struct troth_refusal judge(const struct troth_conn *c, struct troth_route_found found)
{
	const struct troth_parse *p = &c->x->parse;
	const struct troth_http_route *route = found.route;
	uint64_t body_len = troth_parse_body_left(p);

	if (found.methods == 0)
		return (struct troth_refusal){ .status = 404,
					       .detail = "There is no such path." };
	if (route == NULL)
		return (struct troth_refusal){ .status = 405,
					       .detail = "The path has no such method.",
					       .allow = found.methods };
	if (route->role > TROTH_ROLE_PUBLIC && c->role < route->role)
		return (struct troth_refusal){
			.status = 403,
			.code = "denied",
			.detail = "The caller's role does not allow this."
		};
	if (body_len > route->body_max)
		return (struct troth_refusal){
			.status = 413,
			.code = "too-long",
			.detail = "The body is longer than is taken here."
		};
	if (body_len > 0 && !type_matches(route, troth_parse_content_type(p)))
		return (struct troth_refusal){
			.status = 415, .detail = "The body is not of the type taken here."
		};
	return (struct troth_refusal){ 0 };
}

/* Finds the route and asks it. Nothing of the body has been kept yet. */
static bool admit(struct troth_conn *c)
{
	struct troth_exchange *x = c->x;
	enum troth_http_method method;
	bool known = troth_parse_method(&x->parse, &method);
	struct troth_route_found found = troth_route_find(
		c->server->config.routes, known ? &method : NULL, troth_parse_path(&x->parse));
	struct troth_refusal r = judge(c, found);
	x->route = found.route;
	x->segment = found.segment;
	if (r.status == 0)
		return true;
	/* A body that will not be read makes the rest of the stream unreadable. */
	if (troth_parse_body_left(&x->parse) > 0)
		c->close = c->unread = true;
	troth_conn_refuse(c, &r);
	return false;
}

/* RFC 9110, 10.1.1: the client holds its body back until it hears this. So few bytes always fit
 * an empty socket; where they do not, the client is not reading. */
static bool send_continue(struct troth_conn *c)
{
	static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct troth_view bytes = troth_view_str(CONTINUE);
	size_t sent = 0;
	if (troth_transport_write(&c->io, bytes, &sent) == TROTH_IO_OK && sent == bytes.n)
		return true;
	troth_conn_close(c);
	return false;
}

/* The next n bytes of the body lie where they belong. */
static bool count_body(struct troth_conn *c, size_t n)
{
	struct troth_exchange *x = c->x;
	struct troth_reader r = { { x->body, x->body_len + n } };
	struct troth_view before;
	if (!troth_get_view(&r, x->body_len, &before))
		return false;
	x->body_len += n;
	switch (troth_parse_push(&x->parse, &r.left)) {
	case TROTH_PARSE_DONE: return dispatch(c);
	case TROTH_PARSE_REFUSED: return refuse_parse(c);
	case TROTH_PARSE_MORE:
	case TROTH_PARSE_HEAD: break;
	}
	return true;
}

/* What came with the head: the body's beginning, or all of it, or more than this request.
 * Pipelining is not served: the first request is answered and the connection closed, so that
 * bytes never have to wait in a buffer (RFC 9112, 9.3.2 lets a client try again). */
static bool take_rest(struct troth_conn *c, struct troth_view rest)
{
	struct troth_exchange *x = c->x;
	uint64_t left = troth_parse_body_left(&x->parse);
	size_t n = rest.n < left ? rest.n : (size_t)left;
	if (rest.n > n)
		c->close = c->unread = true;
	if (left == 0)
		return dispatch(c);
	troth_conn_enter(c, TROTH_PHASE_BODY);
	if (n == 0)
		return !x->parse.expect_continue || send_continue(c);

	enum troth_status status = troth_exchange_grow(x, (size_t)left);
	struct troth_reader r = { rest };
	if (status != TROTH_OK || n > x->body_room || !troth_get_bytes(&r, n, x->body))
		return no_room(c, status);
	return count_body(c, n);
}

static bool take_head(struct troth_conn *c, struct troth_view bytes)
{
	if (c->x == NULL) {
		if (troth_exchange_new(c, &c->x) != TROTH_OK)
			return no_room(c, TROTH_E_MEMORY);
		troth_conn_enter(c, TROTH_PHASE_HEADER);
	}
	switch (troth_parse_push(&c->x->parse, &bytes)) {
	case TROTH_PARSE_MORE: return true;
	case TROTH_PARSE_REFUSED: return refuse_parse(c);
	case TROTH_PARSE_HEAD:
	case TROTH_PARSE_DONE: break;
	}
	c->close = c->x->parse.wants_close;
	if (troth_parse_body_left(&c->x->parse) == 0 && bytes.n > 0)
		c->close = c->unread = true;
	return admit(c) && take_rest(c, bytes);
}

/* Nothing could be read. Truncation shows in troth_parse_finish only: a request cut off by the
 * end of the stream is answered as such and reaches no handler. */
static bool stalled(struct troth_conn *c, enum troth_io why)
{
	switch (why) {
	case TROTH_IO_WANT_READ:
	case TROTH_IO_OK: troth_conn_watch(c, EV_READ); return false;
	case TROTH_IO_WANT_WRITE: troth_conn_watch(c, EV_WRITE); return false;
	case TROTH_IO_END:
		if (c->x != NULL && !troth_parse_finish(&c->x->parse))
			return refuse_and_close(c, 400, "bad-request",
						"The request is cut off.");
		break;
	case TROTH_IO_BROKEN: break;
	}
	troth_conn_close(c);
	return false;
}

static bool read_head(struct troth_conn *c)
{
	struct troth_http_server *s = c->server;
	size_t n = 0;
	enum troth_io io = troth_transport_read(&c->io, s->scratch, sizeof s->scratch, &n);
	if (io != TROTH_IO_OK)
		return stalled(c, io);
	return take_head(c, (struct troth_view){ s->scratch, n });
}

static bool read_body(struct troth_conn *c)
{
	struct troth_exchange *x = c->x;
	size_t n = 0;
	enum troth_status status =
		troth_exchange_grow(x, (size_t)troth_parse_body_left(&x->parse));
	if (status != TROTH_OK)
		return no_room(c, status);
	enum troth_io io = troth_transport_read(&c->io, x->body + x->body_len,
						x->body_room - x->body_len, &n);
	if (io != TROTH_IO_OK)
		return stalled(c, io);
	return count_body(c, n);
}

void troth_conn_read(struct troth_conn *c)
{
	bool more = true;
	while (more) {
		more = c->phase == TROTH_PHASE_BODY ? read_body(c) : read_head(c);
		if (more && !troth_transport_pending(&c->io))
			more = stalled(c, TROTH_IO_WANT_READ);
	}
}
