/* SPDX-License-Identifier: Apache-2.0 */
/* Answers without an end: how they begin, who is cut off, and how they end. */
#include "check.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"

#define STREAM "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { SHORT_MS = 300, PATIENCE_MS = 10000 };

static void await_streams(struct harness *h, size_t n)
{
	const uint64_t end_ms = clock_ms() + PATIENCE_MS;
	while (harness_streams(h) != n)
		if (clock_ms() > end_ms || usleep(2000) != 0)
			fail_msg("%zu streams, not %zu", harness_streams(h), n);
}

/* What comes next, as many bytes as the kernel has; 0 at the end. */
static size_t take(struct peer *p, char *bytes, size_t max)
{
	ssize_t n = p->ssl != NULL ? SSL_read(p->ssl, bytes, (int)max)
				   : read(p->fd, bytes, max);
	return n > 0 ? (size_t)n : 0;
}

static void the_head_says_that_there_is_no_end(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct peer p = peer_connect(h);
		char text[1024];
		peer_text(&p, STREAM);
		const size_t n = take(&p, text, sizeof text - 1);
		text[n] = '\0';
		assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
		assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
		assert_non_null(strstr(text, "\r\nContent-Type: text/plain\r\n"));
		assert_null(strstr(text, "Content-Length"));
		await_streams(h, 1);
		peer_close(&p);
		await_streams(h, 0);
		harness_stop(h);
	}
}

static void a_reader_that_reads_is_kept(void **state)
{
	static char bytes[64 * 1024];
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			(struct harness_options){ .plain = plain, .stream_ms = PATIENCE_MS });
		struct peer p = peer_connect(h);
		peer_text(&p, STREAM);
		for (size_t n = 0; n < 6 * (size_t)HARNESS_CHUNK;) {
			const size_t more = take(&p, bytes, sizeof bytes);
			assert_true(more > 0);
			n += more;
		}
		assert_int_equal(harness_streams(h), 1);
		peer_close(&p);
		await_streams(h, 0);
		harness_stop(h);
	}
}

static void a_reader_that_stands_still_is_cut_off(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start(
			(struct harness_options){ .plain = plain, .stream_ms = SHORT_MS });
		struct peer p = peer_connect(h);
		peer_text(&p, STREAM);
		await_streams(h,
			      0); /* its buffers are full, or nothing more came: either way */
		harness_await_connections(h, 0);
		peer_close(&p);
		harness_stop(h);
	}
}

static void what_ends_a_stream_is_heard(void **state)
{
	static char bytes[64 * 1024];
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct harness *h = harness_start((struct harness_options){ .plain = plain });
		struct peer p = peer_connect(h);
		peer_text(&p, STREAM);
		await_streams(h, 1);
		harness_end_streams(h);
		size_t n, all = 0;
		while ((n = take(&p, bytes, sizeof bytes)) > 0)
			all += n;
		/* Everything written before its end has come. */
		assert_true(all >= HARNESS_CHUNK);
		if (p.ssl != NULL) /* and an end that nobody on the way can make up */
			assert_int_equal(SSL_get_shutdown(p.ssl) & SSL_RECEIVED_SHUTDOWN,
					 SSL_RECEIVED_SHUTDOWN);
		peer_close(&p);
		await_streams(h, 0);
		harness_stop(h);
	}
}

static void a_drain_ends_streams(void **state)
{
	(void)state;
	struct harness *h = harness_start((struct harness_options){ .plain = false });
	struct peer p = peer_connect(h);
	peer_text(&p, STREAM);
	await_streams(h, 1);
	harness_drain(h);
	await_streams(h, 0);
	peer_close(&p);
	harness_stop(h);
}

/* Its owner hears of the end, once. */
static void a_stream_goes_with_its_server(void **state)
{
	(void)state;
	struct harness *h = harness_start((struct harness_options){ .plain = false });
	struct peer p = peer_connect(h);
	peer_text(&p, STREAM);
	await_streams(h, 1);
	harness_free_server(h);
	assert_int_equal(harness_streams(h), 0);
	peer_close(&p);
	harness_stop(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_says_that_there_is_no_end),
		cmocka_unit_test(a_reader_that_reads_is_kept),
		cmocka_unit_test(a_reader_that_stands_still_is_cut_off),
		cmocka_unit_test(what_ends_a_stream_is_heard),
		cmocka_unit_test(a_drain_ends_streams),
		cmocka_unit_test(a_stream_goes_with_its_server),
	};
	certs_make();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_remove();
	return failed;
}
