/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "parse.h"
#include "reader.h"

#define HOST "Host: v\r\n"

static const struct {
	const char *name, *bytes;
	int status; /* of the refusal; 0: taken whole */
	size_t n;   /* where bytes holds a NUL */
} CASES[] = {
	{ "a request without body", "GET / HTTP/1.1\r\n" HOST "\r\n", 0, 0 },
	{ "a request with a body",
	  "POST /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nxyz", 0, 0 },
	{ "header names in any case",
	  "POST / HTTP/1.1\r\nhOST: v\r\ncONTENT-lENGTH: 1\r\n\r\nx", 0, 0 },
	{ "blanks around values",
	  "POST / HTTP/1.1\r\nHost:  v \t\r\nContent-Length: 1 \r\n\r\nx", 0, 0 },
	{ "a host with a port", "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 0, 0 },
	{ "an upgrade offered",
	  "GET / HTTP/1.1\r\n" HOST
	  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
	  0, 0 },
	{ "an upgrade offered with a body",
	  "POST / HTTP/1.1\r\n" HOST
	  "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx",
	  0, 0 },
	{ "a continue asked for",
	  "POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", 0,
	  0 },
	{ "a method we do not serve", "PUT / HTTP/1.1\r\n" HOST "\r\n", 0, 0 },

	{ "an empty line first", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a blank first", " GET / HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a TLS hello", "\x16\x03\x01\x02", 400, 0 },
	{ "a lower-case method", "get / HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "an unknown method", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501, 0 },
	{ "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 0 },
	{ "HTTP/0.9", "GET /\r\n\r\n", 505, 0 },
	{ "HTTP/1.0", "GET / HTTP/1.0\r\n" HOST "\r\n", 505, 0 },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 505, 0 },
	{ "HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505, 0 },
	{ "HTTP/1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 505, 0 },
	{ "not HTTP", "GET / FTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "an RTSP request", "SETUP rtsp://v/ RTSP/1.0\r\n" HOST "\r\n", 505, 0 },
	{ "an absolute target", "GET http://v/ HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "an authority as target", "CONNECT v:443 HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a star as target", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a fragment in the target", "GET /#a HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "no ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400, 0 },
	{ "a NUL in the target", "GET /\0 HTTP/1.1\r\n" HOST "\r\n", 400, 27 },
	{ "no host", "GET / HTTP/1.1\r\nAccept: *\r\n\r\n", 400, 0 },
	{ "an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, 0 },
	{ "a blank host", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", 400, 0 },
	{ "two hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, 0 },
	{ "two hosts, one empty", "GET / HTTP/1.1\r\nHost:\r\n" HOST "\r\n", 400, 0 },
	{ "a host with a path", "GET / HTTP/1.1\r\nHost: v/w\r\n\r\n", 400, 0 },
	{ "a host with a user", "GET / HTTP/1.1\r\nHost: u@v\r\n\r\n", 400, 0 },
	{ "two hosts in one", "GET / HTTP/1.1\r\nHost: v, w\r\n\r\n", 400, 0 },
	{ "a folded line", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, 0 },
	{ "a line folded with a tab", "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n", 400, 0 },
	{ "a fold after the request line", "GET / HTTP/1.1\r\n " HOST "\r\n", 400, 0 },
	{ "an empty line that is folded", "GET / HTTP/1.1\r\n" HOST " \r\n\r\n", 400, 0 },
	{ "a header without name", "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400, 0 },
	{ "a blank before the colon", "GET / HTTP/1.1\r\nHost : v\r\n\r\n", 400, 0 },
	{ "a header without colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400, 0 },
	{ "a NUL in a value", "GET / HTTP/1.1\r\n" HOST "X: \0\r\n\r\n", 400, 33 },
	{ "a NUL in a name", "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n", 400, 34 },
	{ "a control byte in a value", "GET / HTTP/1.1\r\n" HOST "X: \x01\r\n\r\n", 400, 0 },
	{ "a line ended by LF", "GET / HTTP/1.1\n" HOST "\r\n", 400, 0 },
	{ "a header ended by LF", "GET / HTTP/1.1\r\nHost: v\n\r\n", 400, 0 },
	{ "a head ended by LF", "GET / HTTP/1.1\r\n" HOST "\n", 400, 0 },
	{ "a lone CR in a value", "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400, 0 },
	{ "two CR", "GET / HTTP/1.1\r\n" HOST "\r\r\n", 400, 0 },
	{ "chunks", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	  411, 0 },
	{ "an identity encoding",
	  "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 411, 0 },
	{ "an empty encoding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 411,
	  0 },
	{ "chunks and a length",
	  "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx",
	  400, 0 },
	{ "a length and chunks",
	  "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
	  400, 0 },
	{ "two lengths",
	  "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400,
	  0 },
	{ "one length twice",
	  "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400,
	  0 },
	{ "a list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\nx", 400,
	  0 },
	{ "a negative length", "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400,
	  0 },
	{ "a length with a sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\nx", 400,
	  0 },
	{ "a length in hex", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\nx", 400,
	  0 },
	{ "an empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400, 0 },
	{ "a length that wraps",
	  "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\nx", 400, 0 },
	{ "two types of body",
	  "POST / HTTP/1.1\r\n" HOST "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", 400, 0 },
	{ "something else expected", "POST / HTTP/1.1\r\n" HOST "Expect: a-pony\r\n\r\n", 417,
	  0 },
};

/* Pushes bytes in pieces of at most step, as they would come from a socket. */
static enum troth_parse_result run(struct troth_parse *p, struct troth_view bytes, size_t step)
{
	enum troth_parse_result got = TROTH_PARSE_MORE;
	struct troth_reader r = { bytes };
	while (r.left.n > 0 && (got == TROTH_PARSE_MORE || got == TROTH_PARSE_HEAD)) {
		struct troth_view piece;
		assert_true(troth_get_view(&r, r.left.n < step ? r.left.n : step, &piece));
		do {
			got = troth_parse_push(p, &piece);
		} while (got == TROTH_PARSE_HEAD || (got == TROTH_PARSE_MORE && piece.n > 0));
	}
	return got;
}

static struct troth_view bytes_of(size_t i)
{
	size_t n = CASES[i].n > 0 ? CASES[i].n : strlen(CASES[i].bytes);
	return (struct troth_view){ (const uint8_t *)CASES[i].bytes, n };
}

static void requests_are_taken_or_refused_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++)
		for (size_t step = 1; step <= bytes_of(i).n; step++) {
			struct troth_parse p;
			POISON(p);
			troth_parse_start(&p);
			enum troth_parse_result got = run(&p, bytes_of(i), step);
			enum troth_parse_result want =
				CASES[i].status == 0 ? TROTH_PARSE_DONE : TROTH_PARSE_REFUSED;
			if (got != want || p.status != CASES[i].status)
				fail_msg("%s, %zu bytes at a time: result %d, status %d",
					 CASES[i].name, step, (int)got, p.status);
			assert_int_equal(troth_parse_finish(&p), want == TROTH_PARSE_DONE);
			assert_int_equal(p.detail == NULL, want == TROTH_PARSE_DONE);
		}
}

static void a_request_cut_off_anywhere_is_not_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++)
		for (size_t n = 1; CASES[i].status == 0 && n < bytes_of(i).n; n++) {
			struct troth_parse p;
			troth_parse_start(&p);
			assert_int_equal(run(&p, (struct troth_view){ bytes_of(i).p, n }, n),
					 TROTH_PARSE_MORE);
			if (troth_parse_finish(&p))
				fail_msg("%s: whole after %zu bytes", CASES[i].name, n);
		}
}

static void nothing_is_cut_off_before_the_first_byte(void **state)
{
	struct troth_parse p;
	(void)state;
	troth_parse_start(&p);
	assert_true(troth_parse_finish(&p));
}

static void assert_view(struct troth_view v, const char *want)
{
	assert_int_equal(v.n, strlen(want));
	assert_memory_equal(v.p, want, v.n);
}

static void the_parts_of_a_request_are_told_apart(void **state)
{
	static const char BYTES[] =
		"DELETE /v1/a%20b?c=d?e HTTP/1.1\r\nHost: v\r\n"
		"Connection: close\r\nContent-Length: 5\r\n"
		"Content-Type: Application/JSON ; charset=utf-8\r\n\r\nhello";
	struct troth_view bytes = troth_view_str(BYTES);
	enum troth_http_method method;
	struct troth_parse p;
	(void)state;

	troth_parse_start(&p);
	assert_int_equal(troth_parse_push(&p, &bytes), TROTH_PARSE_HEAD);
	assert_view(bytes, "hello"); /* the body has not been touched */
	assert_true(troth_parse_method(&p, &method));
	assert_int_equal(method, TROTH_HTTP_DELETE);
	assert_view(troth_parse_path(&p), "/v1/a%20b");
	assert_view(troth_parse_query(&p), "c=d?e");
	assert_view(troth_parse_content_type(&p), "Application/JSON");
	assert_int_equal(troth_parse_body_left(&p), 5);
	assert_true(p.wants_close);
	assert_false(p.expect_continue);
	assert_int_equal(troth_parse_push(&p, &bytes), TROTH_PARSE_DONE);
	assert_int_equal(bytes.n, 0);
	assert_int_equal(troth_parse_body_left(&p), 0);
}

static void what_follows_a_request_is_left_alone(void **state)
{
	static const char BYTES[] = "GET / HTTP/1.1\r\nHost: v\r\n\r\nGET /second";
	struct troth_view bytes = troth_view_str(BYTES);
	struct troth_parse p;
	(void)state;
	troth_parse_start(&p);
	assert_int_equal(troth_parse_push(&p, &bytes), TROTH_PARSE_HEAD);
	assert_int_equal(troth_parse_push(&p, &bytes), TROTH_PARSE_DONE);
	assert_view(bytes, "GET /second");
	assert_false(p.wants_close);
	assert_int_equal(troth_parse_query(&p).n, 0);
}

static void a_method_without_routes_has_no_name(void **state)
{
	struct troth_view bytes = troth_view_str("HEAD / HTTP/1.1\r\nHost: v\r\n\r\n");
	enum troth_http_method method;
	struct troth_parse p;
	(void)state;
	POISON(method);
	troth_parse_start(&p);
	assert_int_equal(troth_parse_push(&p, &bytes), TROTH_PARSE_HEAD);
	assert_false(troth_parse_method(&p, &method));
	ASSERT_POISONED(method);
}

/* A request whose head, target, host or type is filled to a given length. */
static size_t fill(char *out, size_t max, const char *before, size_t n_filled,
		   const char *after)
{
	size_t n = strlen(before) + n_filled + strlen(after);
	assert_true(n < max);
	memcpy(out, before, strlen(before));
	memset(out + strlen(before), 'a', n_filled);
	memcpy(out + strlen(before) + n_filled, after, strlen(after) + 1);
	return n;
}

static int status_of(const char *bytes, size_t n)
{
	struct troth_parse p;
	troth_parse_start(&p);
	(void)run(&p, (struct troth_view){ (const uint8_t *)bytes, n }, n);
	return p.status;
}

static void limits_hold_at_and_one_past(void **state)
{
	static const struct {
		const char *name, *before, *after;
		size_t at; /* bytes filled at the limit */
		int past;  /* status one past it */
	} LIMITS[] = {
		{ "head", "GET / HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n",
		  TROTH_HTTP_HEADER_MAX - 32, 431 },
		{ "target", "GET /", " HTTP/1.1\r\n" HOST "\r\n", TROTH_HTTP_TARGET_MAX - 1,
		  414 },
		{ "host", "GET / HTTP/1.1\r\nHost: ", "\r\n\r\n", TROTH_PARSE_VALUE_MAX, 400 },
	};
	static char bytes[TROTH_HTTP_HEADER_MAX + 64];
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(LIMITS); i++)
		for (size_t past = 0; past < 2; past++) {
			size_t n = fill(bytes, sizeof bytes, LIMITS[i].before,
					LIMITS[i].at + past, LIMITS[i].after);
			int got = status_of(bytes, n);
			if (got != (past ? LIMITS[i].past : 0))
				fail_msg("%s, %zu past: %d", LIMITS[i].name, past, got);
		}
}

static void a_head_of_the_limit_is_the_limit_long(void **state)
{
	static char bytes[TROTH_HTTP_HEADER_MAX + 64];
	(void)state;
	assert_int_equal(fill(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" HOST "X: ",
			      TROTH_HTTP_HEADER_MAX - 32, "\r\n\r\n"),
			 TROTH_HTTP_HEADER_MAX);
}

/* A name or type longer than any that matters is no error; it is just none of ours. */
static void long_names_and_types_match_nothing(void **state)
{
	static char bytes[2048];
	struct troth_parse p;
	(void)state;
	size_t n = fill(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding", 400,
			": chunked\r\n\r\n");
	assert_int_equal(status_of(bytes, n), 0);

	n = fill(bytes, sizeof bytes, "GET / HTTP/1.1\r\n" HOST "Content-Type: text/", 400,
		 "\r\n\r\n");
	struct troth_view v = { (const uint8_t *)bytes, n };
	troth_parse_start(&p);
	assert_int_equal(troth_parse_push(&p, &v), TROTH_PARSE_HEAD);
	assert_int_equal(troth_parse_content_type(&p).n, 0);
}

/* Cut anywhere, kept headers come out whole, once each; one that comes twice has no value. */
static void headers_are_kept_for_handlers(void **state)
{
	static const char BYTES[] =
		"PATCH /a HTTP/1.1\r\nHOST: v:1\r\nauthorization:  DPoP e.y.J \t\r\n"
		"X-Other: n\r\nDPoP: p\r\nDPoP: q\r\nLast-Event-ID:\r\n"
		"Authorizations: x\r\nX-Forwarded-Client-Cert: Hash=1;URI=a\r\n"
		"\r\n";
	static const struct {
		enum troth_http_header header;
		size_t n;
		const char *value;
	} WANT[] = {
		{ TROTH_HTTP_HOST, 1, "v:1" },
		{ TROTH_HTTP_AUTHORIZATION, 1, "DPoP e.y.J" },
		{ TROTH_HTTP_DPOP, 2, "" },
		{ TROTH_HTTP_LAST_EVENT_ID, 1, "" },
		{ TROTH_HTTP_FORWARDED_CLIENT_CERT, 1, "Hash=1;URI=a" },
		{ TROTH_HTTP_TROTH_CALLER, 0, "" },
	};
	(void)state;
	for (size_t step = 1; step <= sizeof BYTES; step++) {
		struct troth_parse p;
		POISON(p);
		troth_parse_start(&p);
		assert_int_equal(run(&p, troth_view_str(BYTES), step), TROTH_PARSE_DONE);
		assert_view(troth_parse_method_text(&p), "PATCH");
		for (size_t i = 0; i < TROTH_COUNT(WANT); i++) {
			struct troth_view value;
			assert_int_equal(troth_parse_header(&p, WANT[i].header, &value),
					 WANT[i].n);
			assert_true(troth_view_equal(value, troth_view_str(WANT[i].value)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_taken_or_refused_however_they_are_cut),
		cmocka_unit_test(a_request_cut_off_anywhere_is_not_whole),
		cmocka_unit_test(nothing_is_cut_off_before_the_first_byte),
		cmocka_unit_test(the_parts_of_a_request_are_told_apart),
		cmocka_unit_test(headers_are_kept_for_handlers),
		cmocka_unit_test(what_follows_a_request_is_left_alone),
		cmocka_unit_test(a_method_without_routes_has_no_name),
		cmocka_unit_test(limits_hold_at_and_one_past),
		cmocka_unit_test(a_head_of_the_limit_is_the_limit_long),
		cmocka_unit_test(long_names_and_types_match_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
