/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the HTTP server: what its files share. Callers of the server include http.h.
 *
 * A connection is in one phase and in that phase's queue. Every member of a queue waits
 * equally long, so a queue is in order of deadline: expiry looks at heads only, and the
 * head of IDLE is the connection that has been idle longest. A connection belongs to its
 * server; an exchange belongs to its handler once the handler has been called, and to the
 * connection before that. */
#ifndef TROTH_HTTP_SERVER_H
#define TROTH_HTTP_SERVER_H

#include <sys/queue.h>

#include "answer.h"
#include "http.h"
#include "parse.h"
#include "transport.h"

enum troth_phase {
	TROTH_PHASE_HANDSHAKE,
	TROTH_PHASE_IDLE, /* no byte of a request yet */
	TROTH_PHASE_HEADER,
	TROTH_PHASE_BODY,
	TROTH_PHASE_RESPONSE, /* the handler works, or the answer is on its way */
	TROTH_PHASE_STREAM,   /* answered, and what comes next is written as it comes */
	TROTH_PHASE_LINGER,   /* answered and finished; what the peer still sends is dropped */
	TROTH_PHASE_N
};

/* After a refusal the peer gets this long to read it, milliseconds: closing at once with bytes
 * unread resets the connection and may take the answer with it (RFC 9112, 9.6). */
enum { TROTH_LINGER_MS = 1000 };
/* A handshake older than this gives way to new connections when the server is full. */
enum { TROTH_STALLED_MS = 1000 };
/* "[" IPv6 "]:" port and the NUL. */
enum { TROTH_PEER_MAX = 56 };

struct troth_peer {
	char name[TROTH_PEER_MAX];
	bool has_certificate;
	uint8_t certificate_sha256[32];
};

struct troth_stream {
	struct troth_conn *conn; /* whose it is; NULL: no stream */
	struct troth_stream_owner owner;
	bool ending; /* after what waits */
};

struct troth_conn {
	TAILQ_ENTRY(troth_conn) link;
	struct troth_http_server *server;
	struct event *event;
	struct troth_transport io;
	enum troth_phase phase;
	short watching; /* EV_READ, EV_WRITE or 0 */
	bool close;	/* after the answer */
	bool unread;	/* the request was not read to its end */
	bool last;	/* a deadline has passed: what cannot be sent at once is not sent */
	enum troth_role role;
	struct troth_peer peer;
	uint64_t deadline_ms;
	struct troth_exchange *x; /* the request read or handled now; NULL: none */
	uint8_t *out;		  /* owned: the part of an answer the socket did not take */
	size_t out_len, out_sent;
	struct troth_stream stream;
};

struct troth_exchange {
	LIST_ENTRY(troth_exchange) link;  /* in its server's list */
	struct troth_http_server *server; /* NULL: freed meanwhile */
	struct troth_conn *conn;	  /* NULL: gone meanwhile */
	const struct troth_http_route *route;
	struct troth_view segment; /* into parse.target */
	uint8_t *body;		   /* owned */
	size_t body_len, body_room;
	struct troth_peer peer; /* a copy: the connection may go first */
	bool held;		/* by a handler: it will answer, and that frees it */
	struct troth_parse parse;
};

TAILQ_HEAD(troth_conns, troth_conn);
LIST_HEAD(troth_exchanges, troth_exchange);

struct troth_listener {
	struct troth_http_server *server;
	struct event *event;
	int fd;
};

struct troth_http_server {
	struct troth_http_config config;
	bool draining;
	bool paused; /* out of descriptors: accepting again on the next tick */
	struct troth_conns phases[TROTH_PHASE_N];
	struct troth_exchanges exchanges;
	size_t n_conns;
	size_t bodies_len; /* bytes of request bodies held */
	struct troth_listener listeners[TROTH_HTTP_LISTENERS_MAX];
	size_t n_listeners;
	struct event *timer;
	uint64_t timer_ms; /* when it fires; 0: not armed */
	uint64_t date_s;
	uint8_t date[TROTH_DATE_LEN];
	/* One request's bytes on the way in, one answer's on the way out. */
	uint8_t scratch[16 * 1024];
};

/* deadline.c: phases and their ends. */
uint32_t troth_phase_ms(const struct troth_http_server *s, enum troth_phase phase);
void troth_conn_enter(struct troth_conn *c, enum troth_phase phase);
/* Wakes the server at the given time, or earlier. */
void troth_server_wake(struct troth_http_server *s, uint64_t at_ms);
/* The timer's callback. */
void troth_server_tick(evutil_socket_t fd, short what, void *server);
/* Closes the connection that is missed least; false when there is none. */
bool troth_server_evict(struct troth_http_server *s);

/* accept.c */
void troth_listener_ready(evutil_socket_t fd, short what, void *listener);
void troth_server_resume(struct troth_http_server *s);

/* conn.c: one connection. */
/* Takes fd over; closes it at once when there is no room. */
void troth_conn_new(struct troth_http_server *s, int fd);
void troth_conn_watch(struct troth_conn *c, short events);
/* Closes and frees; an exchange a handler holds stays. */
void troth_conn_close(struct troth_conn *c);
/* Drops what a peer still sends, and closes when it ends. */
void troth_conn_linger(struct troth_conn *c);
/* Called by the loop. */
void troth_conn_ready(evutil_socket_t fd, short what, void *conn);

/* request.c: from bytes to a handler. The connection may be gone afterwards. */
void troth_conn_read(struct troth_conn *c);

/* reply.c: from an answer to bytes. The connection may be gone afterwards. */
void troth_conn_answer(struct troth_conn *c, const struct troth_answer *a);
/* Goes on with an answer the socket did not take whole. */
void troth_conn_flush(struct troth_conn *c);
/* Sends bytes; what the socket does not take is kept in c->out, which must be empty. */
TROTH_NODISCARD enum troth_io troth_conn_send(struct troth_conn *c, struct troth_view bytes);
/* Goes on with that; OK once it is empty. */
TROTH_NODISCARD enum troth_io troth_conn_send_rest(struct troth_conn *c);
/* The Date header's value, of this second. */
struct troth_view troth_server_date(struct troth_http_server *s);
struct troth_refusal {
	int status;
	const char *code, *detail;
	uint32_t retry_after_s;
	unsigned allow;
};
/* Answers without a handler; the exchange, if there is one, leaves the connection. */
void troth_conn_refuse(struct troth_conn *c, const struct troth_refusal *r);

/* stream.c: a turn of a connection that has become a stream. It may be gone afterwards. */
void troth_conn_stream(struct troth_conn *c);

/* exchange.c */
TROTH_NODISCARD enum troth_status troth_exchange_new(struct troth_conn *c,
						     struct troth_exchange **out);
/* Makes room for at least one more byte of a body of left more bytes. TROTH_E_BUSY when the
 * server holds too much already, TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_exchange_grow(struct troth_exchange *x, size_t left);
void troth_exchange_free(struct troth_exchange *x);
/* Parts the exchange from its connection; frees it unless a handler holds it. */
void troth_exchange_leave(struct troth_exchange *x);

#endif
