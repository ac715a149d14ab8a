/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer. It outlives its connection and its server while
 * a handler holds it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "server.h"

/* The first room of a body, bytes: most bodies whole. More is made as bytes really come, so
 * that a mere announcement costs the server nothing. */
enum { BODY_ROOM = 32 * 1024 };

enum troth_status troth_exchange_new(struct troth_conn *c, struct troth_exchange **out)
{
	struct troth_exchange *x = malloc(sizeof *x);
	if (x == NULL)
		return TROTH_E_MEMORY;
	x->server = c->server;
	x->conn = c;
	x->route = NULL;
	x->segment = (struct troth_view){ 0 };
	x->body = NULL;
	x->body_len = x->body_room = 0;
	x->peer = c->peer;
	x->held = false;
	troth_parse_start(&x->parse);
	LIST_INSERT_HEAD(&c->server->exchanges, x, link);
	*out = x;
	return TROTH_OK;
}

enum troth_status troth_exchange_grow(struct troth_exchange *x, size_t left)
{
	struct troth_http_server *s = x->server;
	size_t room = x->body_room == 0 ? BODY_ROOM : 2 * x->body_room;
	if (x->body_room > x->body_len)
		return TROTH_OK;
	if (room > x->body_len + left)
		room = x->body_len + left;
	size_t more = room - x->body_room;
	if (more > s->config.bodies_max - s->bodies_len)
		return TROTH_E_BUSY;
	uint8_t *body = realloc(x->body, room);
	if (body == NULL)
		return TROTH_E_MEMORY;
	s->bodies_len += more;
	x->body = body;
	x->body_room = room;
	return TROTH_OK;
}

void troth_exchange_free(struct troth_exchange *x)
{
	if (x->server != NULL) {
		x->server->bodies_len -= x->body_room;
		LIST_REMOVE(x, link);
	}
	free(x->body);
	free(x);
}

void troth_exchange_leave(struct troth_exchange *x)
{
	x->conn->x = NULL;
	x->conn = NULL;
	if (!x->held)
		troth_exchange_free(x);
}

struct troth_view troth_exchange_body(const struct troth_exchange *x)
{
	return (struct troth_view){ x->body, x->body_len };
}

struct troth_view troth_exchange_segment(const struct troth_exchange *x)
{
	return x->segment;
}

struct troth_view troth_exchange_query(const struct troth_exchange *x)
{
	return troth_parse_query(&x->parse);
}

struct troth_view troth_exchange_method(const struct troth_exchange *x)
{
	return troth_parse_method_text(&x->parse);
}

size_t troth_exchange_header(const struct troth_exchange *x, enum troth_http_header header,
			     struct troth_view *out)
{
	return troth_parse_header(&x->parse, header, out);
}

bool troth_exchange_certificate(const struct troth_exchange *x, uint8_t out_sha256[32])
{
	if (x->peer.has_certificate)
		memcpy(out_sha256, x->peer.certificate_sha256, 32);
	return x->peer.has_certificate;
}

const char *troth_exchange_peer(const struct troth_exchange *x)
{
	return x->peer.name;
}

bool troth_exchange_dead(const struct troth_exchange *x)
{
	return x->conn == NULL;
}

void troth_exchange_reply(struct troth_exchange *x, const struct troth_http_reply *reply)
{
	const struct troth_answer a = { .status = reply->status,
					.content_type = reply->content_type,
					.cache_control = reply->cache_control,
					.headers = reply->headers,
					.body = reply->body };
	struct troth_conn *c = x->conn;
	assert(x->held);
	if (c != NULL) {
		troth_exchange_leave(x);
		troth_conn_answer(c, &a);
	}
	troth_exchange_free(x); /* only now: the body may be a view of the request's */
}

void troth_exchange_answer(struct troth_exchange *x, int status, const char *content_type,
			   struct troth_view body)
{
	const struct troth_http_reply reply = { .status = status,
						.content_type = content_type,
						.body = body };
	troth_exchange_reply(x, &reply);
}

void troth_exchange_problem(struct troth_exchange *x, int status, const char *code,
			    const char *detail, uint32_t retry_after_s)
{
	const struct troth_refusal r = {
		.status = status, .code = code, .detail = detail, .retry_after_s = retry_after_s
	};
	assert(x->held);
	if (x->conn != NULL)
		troth_conn_refuse(x->conn, &r); /* parts the two */
	troth_exchange_free(x);
}
