/* SPDX-License-Identifier: Apache-2.0 */
/* The front's end of a channel: against a peer that does as the test says, and
 * against a real issuer. */
#include "check.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"
#include "frames.h"
#include "issuer_harness.h"
#include "link.h"
#include "reader.h"

#define ANSWERS_MAX (TROTH_LINK_INFLIGHT_MAX + 1)

struct bench {
	struct event_base *base;
	struct troth_issuer_link *link;
	int peer;
	size_t n_answers, n_broken;
	size_t answers_when_broken;
	size_t tags[ANSWERS_MAX]; /* in the order of answers */
	enum troth_status statuses[ANSWERS_MAX];
	size_t n_again; /* further calls to be made from within an answer */
};

/* One for each call: which it was. */
struct tag {
	struct bench *b;
	size_t number;
};
static struct tag tags[ANSWERS_MAX];

static void on_broken(void *arg)
{
	struct bench *b = arg;
	b->n_broken++;
	b->answers_when_broken = b->n_answers;
}

static enum troth_status call(struct bench *b, size_t number);

static void on_answer(void *arg, const struct troth_issuer_reply *reply)
{
	struct tag *t = arg;
	struct bench *b = t->b;
	b->tags[b->n_answers] = t->number;
	b->statuses[b->n_answers] = reply->status;
	b->n_answers++;
	if (b->n_again > 0) {
		b->n_again--;
		(void)call(b, 100 + b->n_again);
	}
}

static enum troth_status call(struct bench *b, size_t number)
{
	const struct troth_issuer_request q = { .kind = TROTH_ISSUER_ALLOW };
	tags[number] = (struct tag){ b, number };
	return troth_issuer_call(b->link, &q, on_answer, &tags[number]);
}

static void bench_open(struct bench *b)
{
	int pair[2];
	*b = (struct bench){ .base = event_base_new() };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	b->peer = pair[1];
	assert_int_equal(evutil_make_socket_nonblocking(pair[0]), 0);
	assert_int_equal(troth_issuer_link_new(b->base, pair[0], TROTH_FRAME_MAX, on_broken, b,
					       &b->link),
			 TROTH_OK);
}

static void bench_close(struct bench *b)
{
	troth_issuer_link_free(b->link);
	event_base_free(b->base);
	if (b->peer >= 0)
		(void)close(b->peer);
}

static void turn(struct bench *b)
{
	assert_true(event_base_loop(b->base, EVLOOP_NONBLOCK) >= 0);
}

/* length 2, status, finding */
static const uint8_t GOOD[] = { 0, 0, 0, 2, TROTH_OK, TROTH_FINDING_NONE };
static const uint8_t REFUSAL[] = { 0, 0, 0, 2, TROTH_E_LIMIT, TROTH_FINDING_NONE };

static void say(struct bench *b, const uint8_t *p, size_t n)
{
	assert_int_equal(send(b->peer, p, n, 0), n);
}

#define REQUEST_LEN (TROTH_FRAME_HEADER + 1 + 32)

static void requests_of_one_turn_go_together(void **state)
{
	(void)state;
	struct bench b;
	uint8_t got[200 * REQUEST_LEN];
	bench_open(&b);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(call(&b, i), TROTH_OK);
	int waiting = -1;
	assert_int_equal(ioctl(b.peer, FIONREAD, &waiting), 0);
	assert_int_equal(waiting, 0); /* nothing before the loop turns */
	turn(&b);
	assert_int_equal(recv(b.peer, got, sizeof got, 0), 100 * REQUEST_LEN);
	bench_close(&b);
}

static void answers_come_in_order_however_they_are_cut(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(call(&b, i), TROTH_OK);
	turn(&b);
	for (size_t i = 0; i < 9; i++)
		for (size_t k = 0; k < sizeof GOOD; k++) {
			assert_int_equal(b.n_answers, i);
			say(&b, &GOOD[k], 1);
			turn(&b);
		}
	say(&b, REFUSAL, sizeof REFUSAL);
	turn(&b);
	assert_int_equal(b.n_answers, 10);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(b.tags[i], i);
		assert_int_equal(b.statuses[i], i < 9 ? TROTH_OK : TROTH_E_LIMIT);
	}
	assert_int_equal(b.n_broken, 0);
	bench_close(&b);
}

static void calls_from_within_an_answer_are_made(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b);
	b.n_again = 3;
	assert_int_equal(call(&b, 0), TROTH_OK);
	for (size_t i = 0; i < 4; i++) {
		turn(&b);
		say(&b, GOOD, sizeof GOOD);
		turn(&b);
	}
	assert_int_equal(b.n_answers, 4);
	bench_close(&b);
}

static void one_call_too_many_is_busy(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b);
	for (size_t i = 0; i < TROTH_LINK_INFLIGHT_MAX; i++)
		assert_int_equal(call(&b, i), TROTH_OK);
	assert_int_equal(call(&b, TROTH_LINK_INFLIGHT_MAX), TROTH_E_BUSY);
	turn(&b);
	say(&b, GOOD, sizeof GOOD);
	turn(&b);
	assert_int_equal(call(&b, TROTH_LINK_INFLIGHT_MAX), TROTH_OK);
	bench_close(&b);
}

static void assert_broken(const struct bench *b, size_t n_waiting)
{
	assert_int_equal(b->n_broken, 1);
	assert_int_equal(b->answers_when_broken, n_waiting);
	for (size_t i = 0; i < n_waiting; i++) {
		assert_int_equal(b->tags[i], i);
		assert_int_equal(b->statuses[i], TROTH_E_IO);
	}
}

static void the_end_answers_everything_first(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(call(&b, i), TROTH_OK);
	turn(&b);
	b.n_again = 5; /* what is tried from within is refused, not queued */
	(void)close(b.peer);
	b.peer = -1;
	turn(&b);
	assert_broken(&b, 5);
	assert_int_equal(call(&b, 5), TROTH_E_IO);
	turn(&b);
	assert_int_equal(b.n_broken, 1);
	bench_close(&b);
}

static const struct {
	const char *name;
	size_t n_waiting;
	uint8_t bytes[8];
	size_t n;
} NONSENSE[] = {
	{ "an answer nobody asked for", 0, { 0, 0, 0, 2, TROTH_OK, 0 }, 6 },
	{ "an empty answer", 1, { 0, 0, 0, 0 }, 4 },
	{ "an unknown status", 1, { 0, 0, 0, 2, TROTH_STATUS_N, 0 }, 6 },
	{ "an answer with something after it", 1, { 0, 0, 0, 3, TROTH_OK, 0, 0 }, 7 },
	{ "an answer past the limit", 1, { 0, 0, 0x40, 1 }, 4 },
	{ "an endless answer", 1, { 0xff, 0xff, 0xff, 0xff }, 4 },
};

static void nonsense_breaks_the_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NONSENSE); i++) {
		struct bench b;
		bench_open(&b);
		for (size_t k = 0; k < NONSENSE[i].n_waiting; k++)
			assert_int_equal(call(&b, k), TROTH_OK);
		turn(&b);
		say(&b, NONSENSE[i].bytes, NONSENSE[i].n);
		turn(&b);
		if (b.n_broken != 1)
			fail_msg("%s does not break it", NONSENSE[i].name);
		assert_broken(&b, NONSENSE[i].n_waiting);
		bench_close(&b);
	}
}

static void a_freed_link_answers_without_breaking(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(call(&b, i), TROTH_OK);
	bench_close(&b);
	assert_int_equal(b.n_answers, 5);
	assert_int_equal(b.statuses[4], TROTH_E_IO);
	assert_int_equal(b.n_broken, 0);
}

/* ---- a real issuer ---- */

struct crl {
	bool answered;
	enum troth_status status;
	size_t len;
};

static void on_crl(void *arg, const struct troth_issuer_reply *reply)
{
	struct crl *c = arg;
	c->answered = true;
	c->status = reply->status;
	c->len = reply->u.der.n;
}

/* Megabytes each way, through a socket that takes a part at a time. */
static void the_longest_crl_goes_through(void **state)
{
	(void)state;
	struct harness h;
	struct crl crl = { 0 };
	struct troth_issuer_link *link;
	const size_t n = (size_t)TROTH_CRL_ENTRIES_MAX * TROTH_CRL_ENTRY_SIZE;
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CRL };
	uint8_t *entries = malloc(n);
	struct troth_writer w = troth_writer_make(entries, n);
	for (uint32_t i = 0; i < TROTH_CRL_ENTRIES_MAX; i++) {
		struct troth_crl_entry e = { .serial = { 0x40, (uint8_t)(i >> 16),
							 (uint8_t)(i >> 8), (uint8_t)i },
					     .revoked_s = 1732230000 };
		troth_issuer_crl_put(&w, &e);
	}
	q.u.crl = (struct troth_issuer_crl){ .number = 1,
					     .life_s = 3600,
					     .n_entries = TROTH_CRL_ENTRIES_MAX,
					     .entries = troth_written(&w) };
	harness_keys(h.dir);
	harness_start(&h, 0);
	struct event_base *base = event_base_new();
	const int admin = dup(h.admin);
	assert_int_equal(evutil_make_socket_nonblocking(admin), 0);
	assert_int_equal(
		troth_issuer_link_new(base, admin, TROTH_ADMIN_FRAME_MAX, NULL, NULL, &link),
		TROTH_OK);
	for (size_t round = 0; round < 2; round++) {
		crl = (struct crl){ 0 };
		assert_int_equal(troth_issuer_call(link, &q, on_crl, &crl), TROTH_OK);
		while (!crl.answered)
			assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_int_equal(crl.status, TROTH_OK);
		assert_true(crl.len > TROTH_CRL_ENTRIES_MAX * (size_t)30);
	}
	troth_issuer_link_free(link);
	event_base_free(base);
	free(entries);
	assert_int_equal(harness_stop(&h), 0);
	harness_remove(h.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_one_turn_go_together),
		cmocka_unit_test(answers_come_in_order_however_they_are_cut),
		cmocka_unit_test(calls_from_within_an_answer_are_made),
		cmocka_unit_test(one_call_too_many_is_busy),
		cmocka_unit_test(the_end_answers_everything_first),
		cmocka_unit_test(nonsense_breaks_the_link),
		cmocka_unit_test(a_freed_link_answers_without_breaking),
		cmocka_unit_test(the_longest_crl_goes_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
