/* SPDX-License-Identifier: Apache-2.0 */
/* A server on a thread of its own, with routes that show what the server does, and peers that
 * speak to it byte by byte. Include after check.h. */
#ifndef TROTH_TESTS_HTTP_HARNESS_H
#define TROTH_TESTS_HTTP_HARNESS_H

#include <stdio.h>
#include <troth/view.h>

#include "http.h"

/* The routes: GET /hello, POST /echo (HARNESS_ECHO_MAX bytes of application/x-protobuf), POST
 * /short (the first HARNESS_SHORT of them), POST /big (2 MB of it, answers its length), GET and
 * DELETE /items/<segment> (answers segment and query), GET /busy (503), GET /large
 * (HARNESS_LARGE bytes), GET and POST /later (answered when the test says so), GET /who (peer),
 * GET /stream (HARNESS_CHUNK bytes again and again, as long as there is room),
 * and on the local socket GET /viewer and GET /admin. */
enum { HARNESS_ECHO_MAX = 64 * 1024, HARNESS_BIG_MAX = 2 * 1024 * 1024 };
enum { HARNESS_CHUNK = 32 * 1024 };
enum { HARNESS_LARGE = 5 * 1024 * 1024, HARNESS_SHORT = 1500 };

struct harness_options {
	bool plain; /* over a Unix socket */
	size_t connections_max, bodies_max;
	struct troth_http_deadlines deadlines; /* zeroes: long */
	uint32_t stream_ms;
	enum troth_role role; /* of everybody on the Unix socket */
};

struct harness;
struct harness *harness_start(struct harness_options o);
void harness_stop(struct harness *h);
/* Runs fn on the server's thread and waits for it. */
void harness_do(struct harness *h, void (*fn)(struct harness *h));
size_t harness_connections(struct harness *h);
/* Waits until there are n connections, at most two seconds. */
void harness_await_connections(struct harness *h, size_t n);
void harness_await_held(struct harness *h, size_t n);
/* What /later took: answers all, or asks whether the peers are gone. */
void harness_answer_held(struct harness *h);
size_t harness_dead(struct harness *h);
/* Streams that run, and ends them. */
size_t harness_streams(struct harness *h);
void harness_end_streams(struct harness *h);
void harness_drain(struct harness *h);
/* Frees the server while exchanges are held. */
void harness_free_server(struct harness *h);
/* The server's certificate for connections from now on. */
void harness_use(struct harness *h, const char *chain, const char *key);
/* CPU the server's thread has used. */
uint64_t harness_cpu_us(struct harness *h);
void harness_url(const struct harness *h, const char *path, char *out, size_t max);
const char *harness_socket(const struct harness *h);
unsigned harness_port(const struct harness *h);

/* Certificates made with the openssl program, in a directory of their own:
 * <name>.pem and <name>.key. */
void certs_make(void);
void certs_remove(void);
const char *certs_path(const char *file); /* one of a few static buffers */

/* A client that sends what it is told. */
struct peer {
	int fd;
	SSL *ssl;
};
struct peer peer_connect(const struct harness *h);
/* Connected, but no handshake yet. */
struct peer peer_connect_only(const struct harness *h);
void peer_send(struct peer *p, const void *bytes, size_t n);
void peer_text(struct peer *p, const char *text);
/* False once the server does not take any more. */
bool peer_try_send(struct peer *p, const void *bytes, size_t n);
void peer_finish(struct peer *p); /* sends no more, still reads */
void peer_reset(struct peer *p);
void peer_close(struct peer *p);

struct reply {
	int status; /* 0: closed without an answer */
	char head[4096];
	struct troth_view body; /* owned: reply_clear */
};
/* Reads one answer, waiting at most ten seconds. */
struct reply peer_read(struct peer *p);
void reply_clear(struct reply *r);
/* The status of the next answer. */
int peer_status(struct peer *p);
/* Milliseconds until the server closes, reading over whatever comes; fails
 * after ten seconds. */
unsigned peer_await_close(struct peer *p);
uint64_t clock_ms(void);

/* Runs a program and returns its exit code; its standard output, up to max
 * - 1 bytes, in out. */
int run_program(const char *const *argv, char *out, size_t max);

#endif
