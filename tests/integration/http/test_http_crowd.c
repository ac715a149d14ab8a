/* SPDX-License-Identifier: Apache-2.0 */
/* More than a server has room for: connections, bytes of bodies, descriptors. Who makes room,
 * and who waits. */
#include "check.h"

#include <sys/resource.h>
#include <troth/limits.h>
#include <unistd.h>

#include "base.h"
#include "harness.h"

#define HOST "Host: localhost\r\n"
#define PROTOBUF "Content-Type: application/x-protobuf\r\n"
#define HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define LATER "GET /later HTTP/1.1\r\n" HOST "\r\n"

static void the_longest_idle_makes_room(void **state)
{
	enum { MAX = 4 };
	struct harness *h = harness_start((struct harness_options){ .connections_max = MAX });
	struct peer idle[MAX], next;
	(void)state;
	for (size_t i = 0; i < MAX; i++)
		idle[i] = peer_connect(h);
	/* The first has been used since: the second has waited longest. */
	for (size_t i = 0; i < MAX; i++) {
		(void)usleep(5000);
		peer_text(&idle[(i + MAX - 1) % MAX], HELLO);
		assert_int_equal(peer_status(&idle[(i + MAX - 1) % MAX]), 200);
	}
	next = peer_connect(h);
	assert_true(peer_await_close(&idle[MAX - 1]) < 1000);
	peer_text(&next, HELLO);
	assert_int_equal(peer_status(&next), 200);
	for (size_t i = 0; i + 1 < MAX; i++) {
		peer_text(&idle[i], HELLO);
		assert_int_equal(peer_status(&idle[i]), 200);
	}
	assert_int_equal(harness_connections(h), MAX);
	for (size_t i = 0; i < MAX; i++)
		peer_close(&idle[i]);
	peer_close(&next);
	harness_stop(h);
}

static void connections_at_work_are_not_evicted(void **state)
{
	enum { MAX = 3 };
	struct harness *h = harness_start(
		(struct harness_options){ .plain = true, .connections_max = MAX });
	struct peer busy[MAX], next;
	(void)state;
	for (size_t i = 0; i < MAX; i++) {
		busy[i] = peer_connect(h);
		peer_text(&busy[i], LATER);
	}
	harness_await_held(h, MAX);
	next = peer_connect(h);
	assert_true(peer_await_close(&next) < 1000); /* at the limit: closed at once */
	peer_close(&next);
	assert_int_equal(harness_connections(h), MAX);
	harness_answer_held(h);
	for (size_t i = 0; i < MAX; i++) {
		assert_int_equal(peer_status(&busy[i]), 200);
		peer_close(&busy[i]);
	}
	harness_await_connections(h, 0);
	next = peer_connect(h);
	peer_text(&next, HELLO);
	assert_int_equal(peer_status(&next), 200);
	peer_close(&next);
	harness_stop(h);
}

static void a_crowd_that_never_says_hello_makes_room(void **state)
{
	enum { MAX = 3 };
	struct harness *h = harness_start((struct harness_options){ .connections_max = MAX });
	struct peer crowd[MAX], next;
	(void)state;
	for (size_t i = 0; i < MAX; i++)
		crowd[i] = peer_connect_only(h);
	harness_await_connections(h, MAX);
	next = peer_connect_only(h); /* a handshake gets its second */
	assert_true(peer_await_close(&next) < 500);
	peer_close(&next);
	(void)usleep(1100 * 1000);
	next = peer_connect(h);
	peer_text(&next, HELLO);
	assert_int_equal(peer_status(&next), 200);
	peer_close(&next);
	for (size_t i = 0; i < MAX; i++)
		peer_close(&crowd[i]);
	harness_stop(h);
}

/* Bodies of 64 KB, of which the server may hold one and a bit. */
static void slow_senders_cannot_fill_memory(void **state)
{
	static uint8_t body[HARNESS_ECHO_MAX];
	struct harness *h = harness_start((struct harness_options){
		.plain = true, .bodies_max = HARNESS_ECHO_MAX + 100 });
	struct peer first = peer_connect(h), second = peer_connect(h);
	(void)state;
	peer_text(&first,
		  "POST /later HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 65536\r\n\r\n");
	peer_send(&first, body, sizeof body);
	harness_await_held(h, 1);

	/* At what is left, and one past it. */
	peer_text(&second,
		  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 100\r\n\r\n");
	peer_send(&second, body, 100);
	assert_int_equal(peer_status(&second), 200);
	peer_text(&second,
		  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 101\r\n\r\n");
	peer_send(&second, body, 101);
	struct reply r = peer_read(&second);
	assert_int_equal(r.status, 503);
	assert_non_null(strstr(r.head, "\r\nRetry-After: 1\r\n"));
	reply_clear(&r);
	peer_close(&second);

	harness_answer_held(h); /* what was held is free again */
	assert_int_equal(peer_status(&first), 200);
	peer_text(&first,
		  "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 65536\r\n\r\n");
	peer_send(&first, body, sizeof body);
	assert_int_equal(peer_status(&first), 200);
	peer_close(&first);
	harness_stop(h);
}

/* What nobody has set is TROTH_HTTP_BODIES_MAX. Bodies that lack their last byte fill it. */
static void bodies_have_a_limit_of_their_own(void **state)
{
	enum { N = TROTH_HTTP_BODIES_MAX / HARNESS_BIG_MAX };
	static uint8_t body[HARNESS_BIG_MAX];
	struct harness *h = harness_start(
		(struct harness_options){ .plain = true, .connections_max = N + 1 });
	struct peer slow[N], one = peer_connect(h);
	char head[128];
	(void)state;
	snprintf(head, sizeof head,
		 "POST /big HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: %d\r\n\r\n",
		 HARNESS_BIG_MAX);
	for (size_t i = 0; i < N; i++) {
		/* With room for one byte left, and with none. */
		if (i + 1 == N) {
			peer_text(&one, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF
					"Content-Length: 1\r\n\r\nx");
			assert_int_equal(peer_status(&one), 200);
		}
		slow[i] = peer_connect(h);
		peer_text(&slow[i], head);
		peer_send(&slow[i], body, sizeof body - 1);
	}
	peer_text(&one, "POST /echo HTTP/1.1\r\n" HOST PROTOBUF "Content-Length: 1\r\n\r\nx");
	assert_int_equal(peer_status(&one), 503);
	peer_close(&one);
	for (size_t i = 0; i < N; i++) {
		peer_send(&slow[i], body, 1);
		assert_int_equal(peer_status(&slow[i]), 200);
		peer_close(&slow[i]);
	}
	harness_stop(h);
}

/* Takes all descriptors but n; gives them back with give_back. */
static int taken[4096];
static size_t n_taken;

static void leave_descriptors(size_t n)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 512;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	int fd = dup(0);
	for (n_taken = 0; fd >= 0 && n_taken < TROTH_COUNT(taken); fd = dup(0))
		taken[n_taken++] = fd;
	for (; n > 0; n--)
		(void)close(taken[--n_taken]);
}

static void give_back(void)
{
	while (n_taken > 0)
		(void)close(taken[--n_taken]);
}

static void out_of_descriptors_the_idle_make_room(void **state)
{
	struct harness *h = harness_start((struct harness_options){ .plain = true });
	struct peer idle = peer_connect(h);
	(void)state;
	peer_text(&idle, HELLO);
	assert_int_equal(peer_status(&idle), 200);
	leave_descriptors(1);
	struct peer next = peer_connect(h); /* takes the last one */
	peer_text(&next, HELLO);
	assert_int_equal(peer_status(&next), 200);
	(void)peer_await_close(&idle);
	give_back();
	peer_close(&idle);
	peer_close(&next);
	harness_stop(h);
}

static void out_of_descriptors_the_server_waits_without_spinning(void **state)
{
	struct harness *h = harness_start((struct harness_options){ .plain = true });
	struct peer busy = peer_connect(h);
	(void)state;
	peer_text(&busy, LATER);
	harness_await_held(h, 1);
	leave_descriptors(1);
	struct peer next = peer_connect(h);
	peer_text(&next, HELLO);
	uint64_t before = harness_cpu_us(h);
	(void)usleep(500 * 1000);
	assert_true(harness_cpu_us(h) - before < 100 * 1000);
	assert_int_equal(harness_connections(h), 1);
	give_back();
	assert_int_equal(peer_status(&next), 200);
	harness_answer_held(h);
	assert_int_equal(peer_status(&busy), 200);
	peer_close(&busy);
	peer_close(&next);
	harness_stop(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_idle_makes_room),
		cmocka_unit_test(connections_at_work_are_not_evicted),
		cmocka_unit_test(a_crowd_that_never_says_hello_makes_room),
		cmocka_unit_test(slow_senders_cannot_fill_memory),
		cmocka_unit_test(bodies_have_a_limit_of_their_own),
		cmocka_unit_test(out_of_descriptors_the_idle_make_room),
		cmocka_unit_test(out_of_descriptors_the_server_waits_without_spinning),
	};
	certs_make();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_remove();
	return failed;
}
