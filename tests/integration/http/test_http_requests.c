/* SPDX-License-Identifier: Apache-2.0 */
/* What goes in and what comes out, over TLS and over the local socket. */
#include "check.h"

#include <jansson.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <troth/limits.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"
#include "reader.h"

#define HOST "Host: localhost\r\n"
#define PROTOBUF "Content-Type: application/x-protobuf\r\n"

enum after { STAYS, CLOSES };

static const struct {
	const char *name, *request;
	int status;
	enum after after;
	const char *has; /* in the head of the answer, or its body; NULL: anything */
} CASES[] = {
	{ "a page", "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200, STAYS, "hello" },
	{ "a page, and no more", "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
	  200, CLOSES, "Connection: close\r\n" },
	{ "a body", "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 3\r\n\r\nabc", 200,
	  STAYS, "abc" },
	{ "an empty body", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200,
	  STAYS, "Content-Length: 0\r\n" },
	{ "no length and no body", "POST /echo HTTP/1.1\r\n" HOST "\r\n", 200, STAYS,
	  "Content-Length: 0\r\n" },
	{ "a type with a parameter",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Type: Application/X-Protobuf; v=1\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  200, STAYS, "abc" },
	{ "a segment and a query", "GET /items/a.b-c_d?e=f&g HTTP/1.1\r\n" HOST "\r\n", 200,
	  STAYS, "a.b-c_d|e=f&g" },
	{ "the same path with another method", "DELETE /items/x HTTP/1.1\r\n" HOST "\r\n", 200,
	  STAYS, "x|" },
	{ "an upgrade nobody follows",
	  "GET /hello HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 200,
	  STAYS, "hello" },
	{ "a handler's refusal", "GET /busy HTTP/1.1\r\n" HOST "\r\n", 503, STAYS,
	  "Retry-After: 7\r\n" },

	{ "no such path", "GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, STAYS, "about:blank" },
	{ "no such path, with a body",
	  "POST /nowhere HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 3\r\n\r\nabc", 404,
	  CLOSES, "Connection: close\r\n" },
	{ "a percent sign in a segment", "GET /items/%61 HTTP/1.1\r\n" HOST "\r\n", 404, STAYS,
	  NULL },
	{ "two segments", "GET /items/a/b HTTP/1.1\r\n" HOST "\r\n", 404, STAYS, NULL },
	{ "a path that climbs", "GET /items/../hello HTTP/1.1\r\n" HOST "\r\n", 404, STAYS,
	  NULL },
	{ "another method's path", "GET /echo HTTP/1.1\r\n" HOST "\r\n", 405, STAYS,
	  "Allow: POST\r\n" },
	{ "a method we do not serve", "PUT /items/x HTTP/1.1\r\n" HOST "\r\n", 405, STAYS,
	  "Allow: GET, DELETE\r\n" },
	{ "HEAD", "HEAD /hello HTTP/1.1\r\n" HOST "\r\n", 405, STAYS, "Allow: GET\r\n" },
	{ "a method we do not serve, nowhere", "PUT /nowhere HTTP/1.1\r\n" HOST "\r\n", 404,
	  STAYS, NULL },
	{ "a body nobody asked for",
	  "GET /hello HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 1\r\n\r\nx", 413, CLOSES,
	  NULL },
	{ "no type of body", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 415,
	  CLOSES, NULL },
	{ "another type of body",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  415, CLOSES, NULL },
	{ "a body too long by announcement",
	  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 65537\r\n\r\n", 413, CLOSES,
	  "too-long" },
	{ "something else expected", "GET /hello HTTP/1.1\r\n" HOST "Expect: a-pony\r\n\r\n",
	  417, CLOSES, NULL },
	{ "chunks",
	  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
	  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
	  "0\r\n\r\n",
	  411, CLOSES, NULL },
	{ "chunks and a length",
	  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 3\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	  400, CLOSES, NULL },
	{ "two lengths",
	  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
	  "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"
	  "abcd",
	  400, CLOSES, NULL },
	{ "no host", "GET /hello HTTP/1.1\r\n\r\n", 400, CLOSES,
	  "The Host header is missing." },
	{ "two hosts", "GET /hello HTTP/1.1\r\n" HOST HOST "\r\n", 400, CLOSES, NULL },
	{ "a folded header", "GET /hello HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, CLOSES,
	  "folded" },
	{ "a header without name", "GET /hello HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400, CLOSES,
	  "no name" },
	{ "an empty line first", "\r\nGET /hello HTTP/1.1\r\n" HOST "\r\n", 400, CLOSES, NULL },
	{ "HTTP/1.0", "GET /hello HTTP/1.0\r\n" HOST "\r\n", 505, CLOSES, NULL },
	{ "HTTP/2.0", "GET /hello HTTP/2.0\r\n" HOST "\r\n", 505, CLOSES, NULL },
	{ "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, CLOSES, NULL },
	{ "an unknown method", "BREW /hello HTTP/1.1\r\n" HOST "\r\n", 501, CLOSES, NULL },
	{ "an absolute target", "GET http://localhost/hello HTTP/1.1\r\n" HOST "\r\n", 400,
	  CLOSES, NULL },
	/* The first is answered, what came with it is not read. */
	{ "two requests at once",
	  "GET /hello HTTP/1.1\r\n" HOST "\r\nGET /items/x HTTP/1.1\r\n" HOST "\r\n", 200,
	  CLOSES, "hello" },
	{ "a body and another request at once",
	  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
	  "Content-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\n" HOST "\r\n",
	  200, CLOSES, "abc" },
};

static void fail_case(size_t i, const struct reply *r)
{
	fail_msg("%s: %d, %s%.*s", CASES[i].name, r->status, r->head, (int)r->body.n,
		 r->body.p == NULL ? "" : (const char *)r->body.p);
}

static void check_problem(size_t i, const struct reply *r)
{
	json_t *doc =
		json_loadb((const char *)r->body.p, r->body.n, JSON_REJECT_DUPLICATES, NULL);
	if (strstr(r->head, "\r\nContent-Type: application/problem+json\r\n") == NULL ||
	    json_integer_value(json_object_get(doc, "status")) != r->status ||
	    json_string_value(json_object_get(doc, "title")) == NULL)
		fail_case(i, r);
	json_decref(doc);
}

static void check_reply(size_t i, const struct reply *r)
{
	if (r->status != CASES[i].status ||
	    (CASES[i].has != NULL && strstr(r->head, CASES[i].has) == NULL &&
	     (r->body.p == NULL || strstr((const char *)r->body.p, CASES[i].has) == NULL)) ||
	    strstr(r->head, "\r\nCache-Control: no-store\r\n") == NULL ||
	    strstr(r->head, "\r\nDate: ") == NULL ||
	    (strstr(r->head, "\r\nConnection: close\r\n") != NULL) !=
		    (CASES[i].after == CLOSES))
		fail_case(i, r);
	if (r->status >= 400)
		check_problem(i, r);
}

static void check_after(size_t i, struct peer *p)
{
	if (CASES[i].after == CLOSES) {
		if (peer_await_close(p) > 500)
			fail_msg("%s: closes late", CASES[i].name);
		return;
	}
	peer_text(p, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
	if (peer_status(p) != 200)
		fail_msg("%s: the connection does not go on", CASES[i].name);
}

static void requests_have_their_answers(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct peer p = peer_connect(*state);
		peer_text(&p, CASES[i].request);
		struct reply r = peer_read(&p);
		check_reply(i, &r);
		check_after(i, &p);
		reply_clear(&r);
		peer_close(&p);
	}
}

static void requests_may_come_byte_by_byte(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct peer p = peer_connect(*state);
		const char *at = CASES[i].request;
		while (*at != '\0' && peer_try_send(&p, at, 1))
			at++;
		struct reply r = peer_read(&p);
		if (r.status != CASES[i].status)
			fail_case(i, &r);
		reply_clear(&r);
		peer_close(&p);
	}
}

static void many_requests_on_one_connection(void **state)
{
	struct peer p = peer_connect(*state);
	for (int i = 0; i < 500; i++) {
		peer_text(&p, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
			      "Content-Length: 3\r\n\r\nabc");
		assert_int_equal(peer_status(&p), 200);
	}
	peer_close(&p);
}

/* A head of exactly n bytes. */
static void send_head(struct peer *p, size_t n)
{
	static const char BEFORE[] = "GET /hello HTTP/1.1\r\n" HOST "X: ";
	char head[TROTH_HTTP_HEADER_MAX + 2];
	assert_true(n < sizeof head);
	memset(head, 'a', n);
	memcpy(head, BEFORE, sizeof BEFORE - 1);
	memcpy(head + n - 4, "\r\n\r\n", 4);
	peer_send(p, head, n);
}

static void a_head_may_be_as_long_as_the_limit(void **state)
{
	struct peer p = peer_connect(*state);
	send_head(&p, TROTH_HTTP_HEADER_MAX);
	assert_int_equal(peer_status(&p), 200);
	send_head(&p, TROTH_HTTP_HEADER_MAX + 1);
	assert_int_equal(peer_status(&p), 431);
	peer_close(&p);
}

static int post(struct peer *p, const char *path, size_t n, struct reply *out)
{
	char head[256];
	uint8_t *body = malloc(n);
	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)(i * 31 + i / 251);
	snprintf(head, sizeof head,
		 "POST %s HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: %zu\r\n\r\n", path, n);
	peer_text(p, head);
	(void)peer_try_send(p, body, n);
	struct reply r = peer_read(p);
	int status = r.status;
	if (status == 200 && strcmp(path, "/echo") == 0) {
		assert_int_equal(r.body.n, n);
		assert_memory_equal(r.body.p, body, n);
	}
	free(body);
	if (out != NULL)
		*out = r;
	else
		reply_clear(&r);
	return status;
}

static void a_body_may_be_as_long_as_its_route_allows(void **state)
{
	struct peer p = peer_connect(*state);
	assert_int_equal(post(&p, "/echo", HARNESS_ECHO_MAX, NULL), 200);
	assert_int_equal(post(&p, "/echo", HARNESS_ECHO_MAX + 1, NULL), 413);
	peer_close(&p);

	struct reply r;
	p = peer_connect(*state);
	assert_int_equal(post(&p, "/big", HARNESS_BIG_MAX, &r), 200);
	assert_string_equal((const char *)r.body.p, "2097152");
	reply_clear(&r);
	assert_int_equal(post(&p, "/big", HARNESS_BIG_MAX + 1, NULL), 413);
	peer_close(&p);
}

/* Around a record of TLS, the scratch buffer and the steps in which a body's room grows. */
static void bodies_of_every_size_come_whole(void **state)
{
	static const size_t SIZES[] = { 1,     2,     16382, 16383, 16384, 16385, 16640,
					32767, 32768, 32769, 40000, 65535, 65536 };
	struct peer p = peer_connect(*state);
	for (size_t i = 0; i < TROTH_COUNT(SIZES); i++)
		if (post(&p, "/echo", SIZES[i], NULL) != 200)
			fail_msg("%zu bytes", SIZES[i]);
	peer_close(&p);
}

static void a_large_answer_comes_whole_to_a_slow_reader(void **state)
{
	struct peer p = peer_connect(*state);
	peer_text(&p, "GET /large HTTP/1.1\r\n" HOST "\r\n");
	(void)usleep(200 * 1000); /* the socket is full by now */
	struct reply r = peer_read(&p);
	assert_int_equal(r.body.n, HARNESS_LARGE);
	for (size_t i = 0; i < r.body.n; i++)
		if (r.body.p[i] != i % 251)
			fail_msg("byte %zu is %d", i, r.body.p[i]);
	reply_clear(&r);
	peer_text(&p, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(peer_status(&p), 200);
	peer_close(&p);
}

static void a_continue_comes_before_the_body_is_sent(void **state)
{
	struct peer p = peer_connect(*state);
	peer_text(&p, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
		      "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
	assert_int_equal(peer_status(&p), 100);
	peer_text(&p, "abc");
	assert_int_equal(peer_status(&p), 200);

	/* Who does not wait needs no telling. */
	peer_text(&p, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
		      "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
	assert_int_equal(peer_status(&p), 200);

	/* A body that would be refused is refused before it is sent. */
	peer_text(&p, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
		      "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n");
	assert_int_equal(peer_status(&p), 413);
	(void)peer_await_close(&p);
	peer_close(&p);
}

static void a_peer_that_only_stops_sending_is_answered(void **state)
{
	struct peer p = peer_connect(*state);
	peer_text(&p, "GET /later HTTP/1.1\r\n" HOST "\r\n");
	harness_await_held(*state, 1);
	peer_finish(&p);
	(void)usleep(20 * 1000);
	assert_int_equal(harness_dead(*state), 0);
	harness_answer_held(*state);
	assert_int_equal(peer_status(&p), 200);
	(void)peer_await_close(&p);
	peer_close(&p);
}

/* Every prefix of a request, and then the end of the stream: no handler runs. */
static void a_request_cut_off_reaches_no_handler(void **state)
{
	static const char REQUEST[] = "POST /later HTTP/1.1\r\n" HOST PROTOBUF
				      "Content-Length: 3\r\n\r\nabc";
	for (size_t n = 0; n < sizeof REQUEST - 1; n++) {
		struct peer p = peer_connect(*state);
		peer_send(&p, REQUEST, n);
		peer_finish(&p);
		int status = peer_status(&p);
		if (status != (n == 0 ? 0 : 400))
			fail_msg("cut off after %zu bytes: %d", n, status);
		peer_close(&p);
	}
	harness_await_connections(*state, 0);
	harness_await_held(*state, 0);
}

static void a_peer_is_named(void **state)
{
	char want[32];
	struct peer p = peer_connect(*state);
	peer_text(&p, "GET /who HTTP/1.1\r\n" HOST "\r\n");
	struct reply r = peer_read(&p);
	if (harness_socket(*state) != NULL) {
		snprintf(want, sizeof want, "uid:%u", (unsigned)getuid());
		assert_string_equal((const char *)r.body.p, want);
	} else {
		assert_memory_equal(r.body.p, "127.0.0.1:", 10);
	}
	reply_clear(&r);
	peer_close(&p);
}

static int ask_locally(enum troth_role role, const char *request)
{
	struct harness *h =
		harness_start((struct harness_options){ .plain = true, .role = role });
	struct peer p = peer_connect(h);
	peer_text(&p, request);
	int status = peer_status(&p);
	peer_close(&p);
	harness_stop(h);
	return status;
}

static void roles_are_asked_for_on_the_local_socket(void **state)
{
	static const struct {
		const char *path;
		enum troth_role needs;
	} PATHS[] = { { "GET /hello HTTP/1.1\r\n" HOST "\r\n", TROTH_ROLE_PUBLIC },
		      { "GET /items/x HTTP/1.1\r\n" HOST "\r\n", TROTH_ROLE_DEVICE },
		      { "GET /viewer HTTP/1.1\r\n" HOST "\r\n", TROTH_ROLE_VIEWER },
		      { "GET /admin HTTP/1.1\r\n" HOST "\r\n", TROTH_ROLE_ADMIN } };
	(void)state;
	/* UNSET: nobody was asked for roles, so everybody is a device. */
	for (size_t i = 0; i < TROTH_COUNT(PATHS); i++)
		for (enum troth_role role = TROTH_ROLE_UNSET; role <= TROTH_ROLE_ADMIN;
		     role++) {
			enum troth_role is = role == TROTH_ROLE_UNSET ? TROTH_ROLE_DEVICE
								      : role;
			int want = is >= PATHS[i].needs ? 200 : 403;
			int got = ask_locally(role, PATHS[i].path);
			if (got != want)
				fail_msg("%.12s for role %d: %d", PATHS[i].path, (int)role,
					 got);
		}
}

static int start_tls(void **state)
{
	*state = harness_start((struct harness_options){ 0 });
	return 0;
}

static int start_plain(void **state)
{
	*state = harness_start((struct harness_options){ .plain = true });
	return 0;
}

static int stop(void **state)
{
	harness_stop(*state);
	return 0;
}

#define SHARED                                                                 \
	cmocka_unit_test(requests_have_their_answers),                         \
		cmocka_unit_test(requests_may_come_byte_by_byte),              \
		cmocka_unit_test(many_requests_on_one_connection),             \
		cmocka_unit_test(a_head_may_be_as_long_as_the_limit),          \
		cmocka_unit_test(a_body_may_be_as_long_as_its_route_allows),   \
		cmocka_unit_test(bodies_of_every_size_come_whole),             \
		cmocka_unit_test(a_large_answer_comes_whole_to_a_slow_reader), \
		cmocka_unit_test(a_continue_comes_before_the_body_is_sent),    \
		cmocka_unit_test(a_peer_that_only_stops_sending_is_answered),  \
		cmocka_unit_test(a_request_cut_off_reaches_no_handler),        \
		cmocka_unit_test(a_peer_is_named)

int main(void)
{
	const struct CMUnitTest shared[] = { SHARED };
	const struct CMUnitTest local[] = { cmocka_unit_test(
		roles_are_asked_for_on_the_local_socket) };
	certs_make();
	int failed = cmocka_run_group_tests_name("TLS", shared, start_tls, stop) +
		     cmocka_run_group_tests_name("local socket", shared, start_plain, stop) +
		     cmocka_run_group_tests_name("roles", local, NULL, NULL);
	certs_remove();
	return failed;
}
