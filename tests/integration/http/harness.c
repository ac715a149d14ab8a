/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "reader.h"

enum { HELD_MAX = 256 };

struct harness {
	struct event_base *base;
	SSL_CTX *tls, *next_tls;
	struct troth_http_server *server;
	struct event *wake;
	int pipe[2];
	sem_t done;
	pthread_t thread;
	unsigned port;
	char socket[108];
	enum troth_role role;
	struct troth_exchange *held[HELD_MAX];
	size_t n_held, n_dead, n_connections;
	struct troth_stream *streams[HELD_MAX]; /* NULL: it has ended */
	size_t n_streams, n_streaming;
	uint64_t cpu_us;
};

struct order {
	void (*fn)(struct harness *h);
};

#define PROTOBUF "application/x-protobuf"
#define TEXT "text/plain"

static void hello(struct troth_exchange *x, void *app)
{
	(void)app;
	troth_exchange_answer(x, 200, TEXT, troth_view_str("hello"));
}

static void echo(struct troth_exchange *x, void *app)
{
	(void)app;
	troth_exchange_answer(x, 200, PROTOBUF, troth_exchange_body(x));
}

static void big(struct troth_exchange *x, void *app)
{
	char text[32];
	(void)app;
	snprintf(text, sizeof text, "%zu", troth_exchange_body(x).n);
	troth_exchange_answer(x, 200, TEXT, troth_view_str(text));
}

static void item(struct troth_exchange *x, void *app)
{
	struct troth_view segment = troth_exchange_segment(x), query = troth_exchange_query(x);
	char text[256];
	(void)app;
	snprintf(text, sizeof text, "%.*s|%.*s", (int)segment.n, (const char *)segment.p,
		 (int)query.n, (const char *)query.p);
	troth_exchange_answer(x, 200, TEXT, troth_view_str(text));
}

static void busy(struct troth_exchange *x, void *app)
{
	(void)app;
	troth_exchange_problem(x, 503, "busy", "Come again.", 7);
}

static void large(struct troth_exchange *x, void *app)
{
	uint8_t *bytes = malloc(HARNESS_LARGE);
	(void)app;
	for (size_t i = 0; i < HARNESS_LARGE; i++)
		bytes[i] = (uint8_t)(i % 251);
	troth_exchange_answer(x, 200, TEXT, (struct troth_view){ bytes, HARNESS_LARGE });
	free(bytes);
}

static void who(struct troth_exchange *x, void *app)
{
	(void)app;
	troth_exchange_answer(x, 200, TEXT, troth_view_str(troth_exchange_peer(x)));
}

/* One stream, and where it stands in its harness. */
struct streaming {
	struct harness *h;
	size_t at;
};

static void fill(void *arg)
{
	static const uint8_t CHUNK[HARNESS_CHUNK] = { 'x' };
	const struct streaming *s = arg;
	/* A few at a time, or a fast reader would hold the loop. */
	for (int i = 0; i < 8; i++)
		if (!troth_stream_write(s->h->streams[s->at], TROTH_VIEW_OF(CHUNK)))
			return;
}

static void ended(void *arg)
{
	struct streaming *s = arg;
	s->h->streams[s->at] = NULL;
	free(s);
}

static void stream(struct troth_exchange *x, void *app)
{
	static const struct troth_http_reply HEAD = { .status = 200, .content_type = TEXT };
	struct harness *h = app;
	struct streaming *s = malloc(sizeof *s);
	*s = (struct streaming){ h, h->n_streams++ };
	const struct troth_stream_owner owner = { fill, ended, s };
	h->streams[s->at] = troth_exchange_stream(x, &HEAD, owner);
	assert_non_null(h->streams[s->at]);
	fill(s);
}

static void shorten(struct troth_exchange *x, void *app)
{
	struct troth_view body = troth_exchange_body(x);
	(void)app;
	body.n = body.n < HARNESS_SHORT ? body.n : HARNESS_SHORT;
	troth_exchange_answer(x, 200, PROTOBUF, body);
}

static void later(struct troth_exchange *x, void *app)
{
	struct harness *h = app;
	h->held[h->n_held++] = x;
}

#define ROUTES                                                                                  \
	{ TROTH_HTTP_GET, "/hello", TROTH_ROLE_PUBLIC, 0, NULL, hello }, { TROTH_HTTP_POST,     \
									   "/echo",             \
									   TROTH_ROLE_DEVICE,   \
									   HARNESS_ECHO_MAX,    \
									   PROTOBUF,            \
									   echo },              \
		{ TROTH_HTTP_POST, "/big", TROTH_ROLE_DEVICE, HARNESS_BIG_MAX, PROTOBUF, big }, \
		{ TROTH_HTTP_POST,  "/short", TROTH_ROLE_DEVICE,                                \
		  HARNESS_ECHO_MAX, PROTOBUF, shorten },                                        \
		{ TROTH_HTTP_GET, "/items/*", TROTH_ROLE_DEVICE, 0, NULL, item },               \
		{ TROTH_HTTP_DELETE, "/items/*", TROTH_ROLE_DEVICE, 0, NULL, item },            \
		{ TROTH_HTTP_GET, "/busy", TROTH_ROLE_PUBLIC, 0, NULL, busy },                  \
		{ TROTH_HTTP_GET, "/large", TROTH_ROLE_PUBLIC, 0, NULL, large },                \
		{ TROTH_HTTP_GET, "/who", TROTH_ROLE_PUBLIC, 0, NULL, who },                    \
		{ TROTH_HTTP_GET, "/stream", TROTH_ROLE_PUBLIC, 0, NULL, stream },              \
		{ TROTH_HTTP_GET, "/later", TROTH_ROLE_PUBLIC, 0, NULL, later },                \
	{                                                                                       \
		TROTH_HTTP_POST, "/later", TROTH_ROLE_PUBLIC, HARNESS_BIG_MAX, PROTOBUF, later  \
	}

static const struct troth_http_route FOR_DEVICES[] = { ROUTES, { .path = NULL } };
static const struct troth_http_route LOCAL[] = {
	ROUTES,
	{ TROTH_HTTP_GET, "/viewer", TROTH_ROLE_VIEWER, 0, NULL, hello },
	{ TROTH_HTTP_GET, "/admin", TROTH_ROLE_ADMIN, 0, NULL, hello },
	{ .path = NULL },
};

static enum troth_role role_of(uid_t uid, gid_t gid, void *app)
{
	const struct harness *h = app;
	assert_int_equal(uid, getuid());
	assert_int_equal(gid, getgid());
	return h->role;
}

static int listen_tcp(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 512), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 512), 0);
	return fd;
}

static void obey(evutil_socket_t fd, short what, void *arg)
{
	struct harness *h = arg;
	struct order order;
	(void)what;
	assert_int_equal(read((int)fd, &order, sizeof order), sizeof order);
	order.fn(h);
	assert_int_equal(sem_post(&h->done), 0);
}

static void *serve(void *arg)
{
	struct harness *h = arg;
	(void)event_base_dispatch(h->base);
	return NULL;
}

struct harness *harness_start(struct harness_options o)
{
	static const struct troth_http_deadlines LONG = { 20000, 20000, 20000, 20000, 20000 };
	struct harness *h = calloc(1, sizeof *h);
	int fd;
	assert_non_null(h);
	h->base = event_base_new();
	h->role = o.role;
	assert_int_equal(pipe(h->pipe), 0);
	assert_int_equal(sem_init(&h->done, 0, 0), 0);
	h->wake = event_new(h->base, h->pipe[0], EV_READ | EV_PERSIST, obey, h);
	assert_int_equal(event_add(h->wake, NULL), 0);
	if (!o.plain)
		assert_int_equal(troth_tls_server_new(certs_path("server.pem"),
						      certs_path("server.key"), &h->tls),
				 TROTH_OK);
	const struct troth_http_config config = {
		.base = h->base,
		.tls = h->tls,
		.routes = o.plain ? LOCAL : FOR_DEVICES,
		.app = h,
		.deadlines = o.deadlines.idle == 0 ? LONG : o.deadlines,
		.connections_max = o.connections_max == 0 ? 1000 : o.connections_max,
		.bodies_max = o.bodies_max,
		.stream_ms = o.stream_ms,
		.role_of = o.role == TROTH_ROLE_UNSET ? NULL : role_of,
	};
	assert_int_equal(troth_http_new(&config, &h->server), TROTH_OK);
	snprintf(h->socket, sizeof h->socket, "%s", certs_path("socket"));
	fd = o.plain ? listen_unix(h->socket) : listen_tcp(&h->port);
	assert_int_equal(troth_http_listen(h->server, fd), TROTH_OK);
	assert_int_equal(pthread_create(&h->thread, NULL, serve, h), 0);
	return h;
}

void harness_do(struct harness *h, void (*fn)(struct harness *h))
{
	const struct order order = { fn };
	assert_int_equal(write(h->pipe[1], &order, sizeof order), sizeof order);
	assert_int_equal(sem_wait(&h->done), 0);
}

static void end(struct harness *h)
{
	troth_http_free(h->server);
	h->server = NULL;
	(void)event_base_loopbreak(h->base);
}

void harness_stop(struct harness *h)
{
	harness_answer_held(h);
	harness_do(h, end);
	assert_int_equal(pthread_join(h->thread, NULL), 0);
	event_free(h->wake);
	event_base_free(h->base);
	SSL_CTX_free(h->tls);
	(void)close(h->pipe[0]);
	(void)close(h->pipe[1]);
	free(h);
}

static void count(struct harness *h)
{
	h->n_connections = troth_http_connections(h->server);
}

size_t harness_connections(struct harness *h)
{
	harness_do(h, count);
	return h->n_connections;
}

void harness_await_connections(struct harness *h, size_t n)
{
	uint64_t end_ms = clock_ms() + 2000;
	while (harness_connections(h) != n)
		if (clock_ms() > end_ms || usleep(2000) != 0)
			fail_msg("%zu connections, not %zu", harness_connections(h), n);
}

void harness_await_held(struct harness *h, size_t n)
{
	uint64_t end_ms = clock_ms() + 2000;
	while (harness_dead(h), h->n_held != n)
		if (clock_ms() > end_ms || usleep(2000) != 0)
			fail_msg("%zu requests held, not %zu", h->n_held, n);
}

static void answer_held(struct harness *h)
{
	for (size_t i = 0; i < h->n_held; i++)
		hello(h->held[i], h);
	h->n_held = 0;
}

void harness_answer_held(struct harness *h)
{
	harness_do(h, answer_held);
}

static void count_dead(struct harness *h)
{
	h->n_dead = 0;
	for (size_t i = 0; i < h->n_held; i++)
		h->n_dead += troth_exchange_dead(h->held[i]) ? 1 : 0;
}

size_t harness_dead(struct harness *h)
{
	harness_do(h, count_dead);
	return h->n_dead;
}

static void count_streams(struct harness *h)
{
	h->n_streaming = 0;
	for (size_t i = 0; i < h->n_streams; i++)
		h->n_streaming += h->streams[i] != NULL;
}

size_t harness_streams(struct harness *h)
{
	harness_do(h, count_streams);
	return h->n_streaming;
}

static void end_streams(struct harness *h)
{
	for (size_t i = 0; i < h->n_streams; i++)
		if (h->streams[i] != NULL)
			troth_stream_end(h->streams[i]);
}

void harness_end_streams(struct harness *h)
{
	harness_do(h, end_streams);
}

static void drain(struct harness *h)
{
	troth_http_drain(h->server);
}

void harness_drain(struct harness *h)
{
	harness_do(h, drain);
}

static void free_server(struct harness *h)
{
	troth_http_free(h->server);
	h->server = NULL;
}

void harness_free_server(struct harness *h)
{
	harness_do(h, free_server);
}

static void use_next(struct harness *h)
{
	troth_http_set_tls(h->server, h->next_tls);
	SSL_CTX_free(h->tls); /* connections that have it keep it */
	h->tls = h->next_tls;
}

void harness_use(struct harness *h, const char *chain, const char *key)
{
	assert_int_equal(troth_tls_server_new(certs_path(chain), certs_path(key), &h->next_tls),
			 TROTH_OK);
	harness_do(h, use_next);
}

static void measure(struct harness *h)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	h->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
		    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

uint64_t harness_cpu_us(struct harness *h)
{
	harness_do(h, measure);
	return h->cpu_us;
}

void harness_url(const struct harness *h, const char *path, char *out, size_t max)
{
	if (h->tls == NULL)
		snprintf(out, max, "http://localhost%s", path);
	else
		snprintf(out, max, "https://localhost:%u%s", h->port, path);
}

const char *harness_socket(const struct harness *h)
{
	return h->tls == NULL ? h->socket : NULL;
}

unsigned harness_port(const struct harness *h)
{
	return h->port;
}
