/* SPDX-License-Identifier: Apache-2.0 */
/* How connections end: deadlines, drain, and peers that leave before their answer. Too many of
 * them: test_http_crowd.c. */
#include "check.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <troth/limits.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"

#define HOST "Host: localhost\r\n"
#define PROTOBUF "Content-Type: application/x-protobuf\r\n"
#define HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define LATER "GET /later HTTP/1.1\r\n" HOST "\r\n"

enum { SHORT_MS = 300, LONG_MS = 20000, SLACK_MS = 1500 };

static struct harness_options deadlines(struct troth_http_deadlines d, bool plain)
{
	return (struct harness_options){ .plain = plain, .deadlines = d };
}

static void await_close_in_time(struct peer *p, uint64_t start_ms)
{
	(void)peer_await_close(p);
	uint64_t took = clock_ms() - start_ms;
	if (took < SHORT_MS / 2 || took > SHORT_MS + SLACK_MS)
		fail_msg("closed after %u ms", (unsigned)took);
	peer_close(p);
}

static void a_silent_peer_is_cut_in_the_handshake(void **state)
{
	struct harness *h = harness_start(deadlines(
		(struct troth_http_deadlines){ SHORT_MS, LONG_MS, LONG_MS, LONG_MS, LONG_MS },
		false));
	(void)state;
	uint64_t start = clock_ms();
	struct peer p = peer_connect_only(h);
	await_close_in_time(&p, start);

	static const char HELLO_BYTES[] = "\x16\x03\x01\x02\x00\x01";
	/* The beginning of a hello, a byte at a time. */
	start = clock_ms();
	p = peer_connect_only(h);
	for (int i = 0; i < 40 && peer_try_send(&p, &HELLO_BYTES[i % 6], 1); i++)
		(void)usleep(20 * 1000);
	await_close_in_time(&p, start);
	harness_stop(h);
}

static void an_idle_connection_is_closed(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			deadlines((struct troth_http_deadlines){ LONG_MS, LONG_MS, LONG_MS,
								 LONG_MS, SHORT_MS },
				  plain));
		uint64_t start = clock_ms();
		struct peer p = peer_connect(h);
		await_close_in_time(&p, start);

		p = peer_connect(h);
		peer_text(&p, HELLO);
		assert_int_equal(peer_status(&p), 200);
		start = clock_ms();
		await_close_in_time(&p, start);
		harness_await_connections(h, 0);
		harness_stop(h);
	}
}

/* Sends text over and over, a byte each 20 ms, which no timeout between bytes would notice. */
static void trickle_until_cut(struct harness *h, const char *first, const char *text)
{
	struct peer p = peer_connect(h);
	peer_text(&p, first);
	uint64_t start = clock_ms();
	size_t n = strlen(text);
	for (size_t i = 0; peer_try_send(&p, text + i % n, 1); i++) {
		if (clock_ms() - start > SHORT_MS + SLACK_MS)
			fail_msg("a byte at a time is not cut");
		if (clock_ms() - start > SHORT_MS + SHORT_MS / 2)
			break;
		(void)usleep(20 * 1000);
	}
	assert_int_equal(peer_status(&p), 408);
	await_close_in_time(&p, start);
}

static void a_slow_head_is_cut(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			deadlines((struct troth_http_deadlines){ LONG_MS, SHORT_MS, LONG_MS,
								 LONG_MS, LONG_MS },
				  plain));
		trickle_until_cut(h, "GET /hello HTTP/1.1\r\n", "X: y\r\n");
		harness_await_connections(h, 0);
		harness_stop(h);
	}
}

static void a_slow_body_is_cut(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			deadlines((struct troth_http_deadlines){ LONG_MS, LONG_MS, SHORT_MS,
								 LONG_MS, LONG_MS },
				  plain));
		trickle_until_cut(h,
				  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
				  "Content-Length: 60000\r\n\r\n",
				  "x");
		harness_await_connections(h, 0);
		harness_stop(h);
	}
}

static void an_answer_that_does_not_come_is_a_503(void **state)
{
	struct harness *h = harness_start(deadlines(
		(struct troth_http_deadlines){ LONG_MS, LONG_MS, LONG_MS, SHORT_MS, LONG_MS },
		false));
	(void)state;
	struct peer p = peer_connect(h);
	uint64_t start = clock_ms();
	peer_text(&p, LATER);
	struct reply r = peer_read(&p);
	assert_int_equal(r.status, 503);
	assert_non_null(strstr(r.head, "\r\nRetry-After: 1\r\n"));
	reply_clear(&r);
	await_close_in_time(&p, start);
	assert_int_equal(harness_dead(h), 1); /* the handler may still answer, into nothing */
	harness_answer_held(h);
	harness_stop(h);
}

static void a_reader_that_does_not_read_is_cut(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			deadlines((struct troth_http_deadlines){ LONG_MS, LONG_MS, LONG_MS,
								 SHORT_MS, LONG_MS },
				  plain));
		struct peer p = peer_connect(h);
		peer_text(&p, "GET /large HTTP/1.1\r\n" HOST "\r\n");
		(void)usleep((SHORT_MS / 2) * 1000);
		assert_int_equal(harness_connections(h), 1);
		(void)usleep((SHORT_MS + SHORT_MS) * 1000);
		assert_int_equal(harness_connections(h), 0);
		peer_close(&p);
		harness_stop(h);
	}
}

/* A refused peer that goes on sending is listened to for a moment, so that it sees the answer,
 * and no longer. */
static void a_refused_sender_sees_why(void **state)
{
	static uint8_t body[1024 * 1024];
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct peer p = peer_connect(h);
		peer_text(&p, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
			      "Content-Length: 1048576\r\n\r\n");
		(void)peer_try_send(&p, body, sizeof body);
		assert_int_equal(peer_status(&p), 413);
		(void)peer_await_close(&p);
		harness_await_connections(h, 0); /* although the peer keeps its end open */
		peer_close(&p);
		harness_stop(h);
	}
}

static void a_peer_that_leaves_before_its_answer(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct peer p = peer_connect(h);
		peer_text(&p, "POST /later HTTP/1.1\r\n" HOST PROTOBUF
			      "Content-Length: 3\r\n\r\nabc");
		harness_await_held(h, 1);
		assert_int_equal(harness_dead(h), 0);
		if (plain)
			peer_close(&p); /* a Unix socket cannot be reset: it just ends */
		else
			peer_reset(&p);
		if (!plain)
			harness_await_connections(h, 0);
		assert_int_equal(harness_dead(h), plain ? 0 : 1);
		harness_answer_held(h);
		harness_await_connections(h, 0);
		harness_stop(h);
	}
}

static void an_answer_outlives_its_server(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct peer p = peer_connect(h);
	(void)state;
	peer_text(&p, "POST /later HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 3\r\n\r\nabc");
	harness_await_held(h, 1);
	harness_free_server(h);
	assert_int_equal(peer_status(&p), 0);
	assert_int_equal(harness_dead(h), 1);
	harness_answer_held(h);
	peer_close(&p);
	harness_stop(h);
}

static void a_server_may_be_freed_at_any_phase(void **state)
{
	static const char *const BEGUN[] = { "",
					     "GET /hel",
					     "GET /hello HTTP/1.1\r\nHo",
					     "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
					     "Content-Length: 3\r\n\r\na",
					     LATER,
					     "GET /large HTTP/1.1\r\n" HOST "\r\n" };
	struct peer peers[TROTH_COUNT(BEGUN)];
	struct harness *h = harness_start((struct harness_options){ 0 });
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(BEGUN); i++) {
		peers[i] = peer_connect(h);
		peer_text(&peers[i], BEGUN[i]);
	}
	struct peer silent = peer_connect_only(h);
	harness_await_held(h, 1);
	harness_await_connections(h, TROTH_COUNT(BEGUN) + 1);
	harness_free_server(h);
	harness_answer_held(h);
	for (size_t i = 0; i < TROTH_COUNT(BEGUN); i++)
		peer_close(&peers[i]);
	peer_close(&silent);
	harness_stop(h);
}

static void a_drain_lets_running_requests_end(void **state)
{
	struct harness *h = harness_start((struct harness_options){ .plain = true });
	struct peer idle = peer_connect(h), begun = peer_connect(h), running = peer_connect(h);
	(void)state;
	peer_text(&idle, HELLO);
	assert_int_equal(peer_status(&idle), 200);
	peer_text(&begun, "GET /hello HTTP/1.1\r\n");
	peer_text(&running, LATER);
	harness_await_held(h, 1);
	(void)usleep(50 * 1000);

	harness_drain(h);
	assert_true(peer_await_close(&idle) < 500);
	assert_int_equal(harness_connections(h), 2);
	peer_text(&begun, HOST "\r\n");
	harness_answer_held(h);

	struct peer *rest[] = { &begun, &running };
	for (size_t i = 0; i < TROTH_COUNT(rest); i++) {
		struct reply r = peer_read(rest[i]);
		assert_int_equal(r.status, 200);
		assert_non_null(strstr(r.head, "\r\nConnection: close\r\n"));
		reply_clear(&r);
		(void)peer_await_close(rest[i]);
		peer_close(rest[i]);
	}
	peer_close(&idle);
	harness_await_connections(h, 0);
	harness_stop(h);
}

static void early_bytes_wait_for_the_answer(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct peer p = peer_connect(h);
		peer_text(&p, LATER);
		harness_await_held(h, 1);
		peer_text(&p, "GET /items/next HTTP/1.1\r\n" HOST "\r\n");
		(void)usleep(20 * 1000);
		harness_answer_held(h);
		assert_int_equal(peer_status(&p), 200);
		struct reply r = peer_read(&p);
		assert_string_equal((const char *)r.body.p, "next|");
		reply_clear(&r);
		peer_close(&p);
		harness_stop(h);
	}
}

/* The second request lies decrypted or half-read above the socket, where no
 * event tells of it. */
static void a_request_that_came_with_the_last_is_served(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct peer p = peer_connect(h);
	int cork = 1;
	(void)state;
	for (int i = 0; i < 20; i++) {
		cork = 1;
		assert_int_equal(setsockopt(p.fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork),
				 0);
		peer_text(&p, HELLO);
		peer_text(&p,
			  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 3\r\n\r\n");
		peer_text(&p, "abc");
		peer_text(&p, HELLO);
		cork = 0;
		assert_int_equal(setsockopt(p.fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork),
				 0);
		for (int k = 0; k < 3; k++)
			assert_int_equal(peer_status(&p), 200);
	}
	peer_close(&p);
	harness_stop(h);
}

static void a_new_certificate_leaves_connections_alone(void **state)
{
	struct harness *h = harness_start((struct harness_options){ 0 });
	struct peer old = peer_connect(h);
	(void)state;
	peer_text(&old, HELLO);
	assert_int_equal(peer_status(&old), 200);
	X509 *before = SSL_get1_peer_certificate(old.ssl);

	harness_use(h, "renewed.pem", "server.key");
	struct peer new = peer_connect(h);
	X509 *after = SSL_get1_peer_certificate(new.ssl);
	assert_int_not_equal(X509_cmp(before, after), 0);
	struct peer *both[] = { &old, &new };
	for (size_t i = 0; i < TROTH_COUNT(both); i++) {
		peer_text(both[i], HELLO);
		assert_int_equal(peer_status(both[i]), 200);
		peer_close(both[i]);
	}
	X509_free(before);
	X509_free(after);
	harness_stop(h);
}

/* Takes all descriptors but n; gives them back with give_back. */
static void handle(struct troth_exchange *x, void *app)
{
	(void)x;
	(void)app;
}

static void settings_with_holes_do_not_start(void **state)
{
	static const struct troth_http_route ROUTES[] = {
		{ TROTH_HTTP_GET, "/a", TROTH_ROLE_PUBLIC, 0, NULL, handle }, { .path = NULL }
	};
	static const struct troth_http_route NO_ROLE[] = {
		{ TROTH_HTTP_GET, "/a", TROTH_ROLE_UNSET, 0, NULL, handle }, { .path = NULL }
	};
	const struct troth_http_deadlines all = { 1, 1, 1, 1, 1 };
	struct event_base *base = event_base_new();
	const struct {
		const char *name;
		struct troth_http_config config;
	} HOLES[] = {
		{ "no loop", { .routes = ROUTES, .deadlines = all, .connections_max = 1 } },
		{ "no routes", { .base = base, .deadlines = all, .connections_max = 1 } },
		{ "no connection", { .base = base, .routes = ROUTES, .deadlines = all } },
		{ "a route without role",
		  { .base = base, .routes = NO_ROLE, .deadlines = all, .connections_max = 1 } },
		{ "no header deadline",
		  { .base = base,
		    .routes = ROUTES,
		    .deadlines = { 1, 0, 1, 1, 1 },
		    .connections_max = 1 } },
		{ "no body deadline",
		  { .base = base,
		    .routes = ROUTES,
		    .deadlines = { 1, 1, 0, 1, 1 },
		    .connections_max = 1 } },
		{ "no response deadline",
		  { .base = base,
		    .routes = ROUTES,
		    .deadlines = { 1, 1, 1, 0, 1 },
		    .connections_max = 1 } },
		{ "no idle deadline",
		  { .base = base,
		    .routes = ROUTES,
		    .deadlines = { 1, 1, 1, 1, 0 },
		    .connections_max = 1 } },
	};
	struct troth_http_server *s;
	(void)state;
	POISON(s);
	for (size_t i = 0; i < TROTH_COUNT(HOLES); i++)
		if (troth_http_new(&HOLES[i].config, &s) != TROTH_E_CONFIG)
			fail_msg("%s: starts", HOLES[i].name);
	ASSERT_POISONED(s);
	event_base_free(base);
}

static void listeners_have_a_limit(void **state)
{
	static const struct troth_http_route ROUTES[] = {
		{ TROTH_HTTP_GET, "/a", TROTH_ROLE_PUBLIC, 0, NULL, handle }, { .path = NULL }
	};
	struct event_base *base = event_base_new();
	const struct troth_http_config config = { .base = base,
						  .routes = ROUTES,
						  .deadlines = { 1, 1, 1, 1, 1 },
						  .connections_max = 1 };
	struct troth_http_server *s;
	int fd;
	(void)state;
	assert_int_equal(troth_http_new(&config, &s), TROTH_OK);
	for (size_t i = 0; i < TROTH_HTTP_LISTENERS_MAX; i++)
		assert_int_equal(troth_http_listen(s, socket(AF_UNIX, SOCK_STREAM, 0)),
				 TROTH_OK);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(troth_http_listen(s, fd), TROTH_E_LIMIT);
	assert_int_equal(close(fd), 0); /* it is still the caller's */
	troth_http_free(s);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_peer_is_cut_in_the_handshake),
		cmocka_unit_test(an_idle_connection_is_closed),
		cmocka_unit_test(a_slow_head_is_cut),
		cmocka_unit_test(a_slow_body_is_cut),
		cmocka_unit_test(an_answer_that_does_not_come_is_a_503),
		cmocka_unit_test(a_reader_that_does_not_read_is_cut),
		cmocka_unit_test(a_refused_sender_sees_why),
		cmocka_unit_test(a_peer_that_leaves_before_its_answer),
		cmocka_unit_test(an_answer_outlives_its_server),
		cmocka_unit_test(a_server_may_be_freed_at_any_phase),
		cmocka_unit_test(a_drain_lets_running_requests_end),
		cmocka_unit_test(early_bytes_wait_for_the_answer),
		cmocka_unit_test(a_request_that_came_with_the_last_is_served),
		cmocka_unit_test(a_new_certificate_leaves_connections_alone),
		cmocka_unit_test(settings_with_holes_do_not_start),
		cmocka_unit_test(listeners_have_a_limit),
	};
	certs_make();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_remove();
	return failed;
}
