/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP/1.1 server: libevent loops, OpenSSL on the non-blocking socket, llhttp.
 *
 * One server per worker thread, each with its own loop and listeners; nothing is shared. A
 * request reaches its handler only whole and within its route's limits; a handler answers at
 * once or later, on the same thread. Every phase has an absolute deadline.
 *
 * An answer may be a stream, which has a phase of its own: whoever reads too slowly is cut off.
 *
 * Refused without a handler, with a problem document: paths and methods without a route (404,
 * 405), callers below its role (403), bodies past its limit or of another type (413, 415),
 * whatever is not HTTP/1.1 with one Host and a Content-Length (400, 411, 417, 431, 501, 505),
 * requests cut off or too slow (400, 408), and more bodies at once than the server may hold
 * (503). The connection closes where the next request could not be found with certainty, and
 * after requests that were pipelined: the first of them is answered. */
#ifndef TROTH_HTTP_H
#define TROTH_HTTP_H

#include <event2/event.h>
#include <openssl/types.h>
#include <sys/types.h>
#include <troth/status.h>
#include <troth/view.h>

enum troth_http_method {
	TROTH_HTTP_GET,
	TROTH_HTTP_POST,
	TROTH_HTTP_DELETE,
	TROTH_HTTP_ANY /* of a route: whatever method comes, known or not */
};

/* The headers that are kept for handlers. */
enum troth_http_header {
	TROTH_HTTP_HOST,
	TROTH_HTTP_AUTHORIZATION,
	TROTH_HTTP_DPOP,
	TROTH_HTTP_CLIENT_CERT,		  /* RFC 9440 */
	TROTH_HTTP_FORWARDED_CLIENT_CERT, /* x-forwarded-client-cert, as Envoy writes it */
	TROTH_HTTP_FORWARDED_PROTO,	  /* x-forwarded-proto */
	TROTH_HTTP_ORIGINAL_METHOD,	  /* x-original-method */
	TROTH_HTTP_ORIGINAL_URL,	  /* x-original-url */
	TROTH_HTTP_TROTH_CALLER,	  /* troth-caller */
	TROTH_HTTP_IF_NONE_MATCH,
	TROTH_HTTP_LAST_EVENT_ID,
	TROTH_HTTP_HEADER_N
};

/* Who may call a route. Every route names one; 0 is no role and does not start. */
enum troth_role {
	TROTH_ROLE_UNSET = 0,
	TROTH_ROLE_PUBLIC, /* health, CRL, bundle: no caller identity needed */
	TROTH_ROLE_DEVICE, /* the message itself proves who it is */
	TROTH_ROLE_VIEWER,
	TROTH_ROLE_OPERATOR,
	TROTH_ROLE_ADMIN
};

struct troth_exchange; /* one request and its answer */

struct troth_http_route {
	enum troth_http_method method;
	const char *path; /* exact, or with a final "/" + "*" for one more segment:
			     "/v1/devices/" "*", or "/" + "**" for whatever follows */
	enum troth_role role;
	size_t body_max;	  /* bytes; 0: no body taken */
	const char *content_type; /* required of a body; NULL: none taken */
	void (*handle)(struct troth_exchange *x, void *app);
};

/* Milliseconds, absolute per phase. */
struct troth_http_deadlines {
	uint32_t handshake, header, body, response, idle;
};

struct troth_http_config {
	struct event_base *base;
	SSL_CTX *tls;			       /* borrowed; NULL: plain, for the local socket */
	const struct troth_http_route *routes; /* ends with a NULL path */
	void *app;
	struct troth_http_deadlines deadlines;
	/* How long each write to a stream may take, and how long one may be silent,
	 * milliseconds; 0: as long as a response. */
	uint32_t stream_ms;
	/* Past it the longest idle connection makes room; where none is idle, a new one is
	 * closed at once. */
	size_t connections_max;
	/* Bytes of request bodies held at once, past it 503; 0: TROTH_HTTP_BODIES_MAX. */
	size_t bodies_max;
	/* Local socket: gives a caller's role by its uid; NULL: callers have DEVICE only. */
	enum troth_role (*role_of)(uid_t uid, gid_t gid, void *app);
};

struct troth_http_server;

/* TROTH_E_CONFIG for a hole in the route table (a route without role, handler or type of body,
 * or one twice; beside TLS, one that needs more than a device's role) and for a deadline of 0.
 * The first matching route counts. Ignores SIGPIPE from now on, for the whole process. */
TROTH_NODISCARD enum troth_status troth_http_new(const struct troth_http_config *config,
						 struct troth_http_server **out);
/* Adds a listening socket (taken over, non-blocking). */
TROTH_NODISCARD enum troth_status troth_http_listen(struct troth_http_server *s, int fd);
/* New TLS settings for connections from now on; borrowed. */
void troth_http_set_tls(struct troth_http_server *s, SSL_CTX *tls);
/* Stops accepting; connections go on as before. */
void troth_http_stop_accepting(struct troth_http_server *s);
/* Stops accepting; idle connections and streams close, running requests are answered
 * with Connection: close. */
void troth_http_drain(struct troth_http_server *s);
size_t troth_http_connections(const struct troth_http_server *s);
/* Closes everything. Exchanges still held by handlers stay valid and answer into nothing. */
void troth_http_free(struct troth_http_server *s);

/* What was asked; views are valid until the answer. */
struct troth_view troth_exchange_body(const struct troth_exchange *x);
/* The segment matched by "*"; empty when the route has none. */
struct troth_view troth_exchange_segment(const struct troth_exchange *x);
/* The raw query after '?', without it. */
struct troth_view troth_exchange_query(const struct troth_exchange *x);
/* The method as it was sent. */
struct troth_view troth_exchange_method(const struct troth_exchange *x);
/* How often the header came; *out is its value when that was once, else empty. Two are for most
 * headers as bad as none: which of them counts differs from one reader to the next. */
size_t troth_exchange_header(const struct troth_exchange *x, enum troth_http_header header,
			     struct troth_view *out);
/* SHA-256 of the certificate whose key the client has proven to hold; false without one. Nobody
 * has verified its chain. */
TROTH_NODISCARD bool troth_exchange_certificate(const struct troth_exchange *x,
						uint8_t out_sha256[32]);
/* "192.0.2.1:4711" or "uid:0". Borrowed. */
const char *troth_exchange_peer(const struct troth_exchange *x);

struct troth_http_reply {
	int status;
	const char *content_type;  /* NULL: none */
	const char *cache_control; /* NULL: no-store */
	struct troth_view headers; /* further lines, each ending in CR LF */
	struct troth_view body;	   /* copied */
};
/* Answers once; the exchange is gone afterwards. */
void troth_exchange_reply(struct troth_exchange *x, const struct troth_http_reply *reply);
/* The same for the plain case. */
void troth_exchange_answer(struct troth_exchange *x, int status, const char *content_type,
			   struct troth_view body);
/* RFC 9457: {"type":"about:blank" or "urn:troth:problem:<code>","title","status","detail"}. 503
 * and 429 carry Retry-After: retry_after_s when it is not 0. */
void troth_exchange_problem(struct troth_exchange *x, int status, const char *code,
			    const char *detail, uint32_t retry_after_s);
/* Bytes that follow each other without an end that is known: written as they come, over a
 * connection that closes with the stream. */
struct troth_stream;
struct troth_stream_owner {
	void (*room)(void *arg); /* what waited has left */
	void (*end)(void *arg);	 /* the stream is gone, whatever ended it; called once */
	void *arg;
};
/* Answers with a stream: head now (no further headers, no body). NULL when the peer has gone;
 * owner hears nothing then. The exchange is gone afterwards. */
struct troth_stream *troth_exchange_stream(struct troth_exchange *x,
					   const struct troth_http_reply *head,
					   struct troth_stream_owner owner);
/* False when the stream is full: after a write of which a part waits (it was taken whole), and
 * for every further one (nothing of it was taken) until owner.room is called. Never closes the
 * stream before it returns. */
TROTH_NODISCARD bool troth_stream_write(struct troth_stream *s, struct troth_view bytes);
/* Ends it after what waits, from the loop. */
void troth_stream_end(struct troth_stream *s);
/* True once the peer has gone: the answer would reach nobody. */
TROTH_NODISCARD bool troth_exchange_dead(const struct troth_exchange *x);

/* A TLS 1.3-only server context from PEM files: P-256 or RSA key, no tickets, no early data. */
TROTH_NODISCARD enum troth_status troth_tls_server_new(const char *chain_file,
						       const char *key_file, SSL_CTX **out);
/* The same from what is in the files. */
TROTH_NODISCARD enum troth_status troth_tls_server_of(struct troth_view chain,
						      struct troth_view key, SSL_CTX **out);
/* Clients are asked for a certificate, and served without one too. Any is taken: who it is says
 * troth_exchange_certificate, and who may do what is known by that digest. */
void troth_tls_server_ask_certificates(SSL_CTX *tls);

#endif
