/* SPDX-License-Identifier: Apache-2.0 */
/* A list in parts is found to be what it is found to be as a whole, wherever it is cut and
 * whichever way the kernel extended its banks; and what a device carries in between. */
#include "check.h"

#include <stdio.h>

#include "ima_bench.h"
#include "ima_part.h"

enum { ENTRIES = 9 };

/* A bit of everything; where each entry begins, and the end. */
static struct ima_bench *bench_new(struct troth_ctx *ctx, size_t starts[ENTRIES + 1])
{
	static const char *const PATHS[ENTRIES] = { NULL,
						    "/usr/bin/good",
						    "/usr/bin/evil",
						    "/usr/bin/good",
						    "/var/log",
						    "/usr/bin/good",
						    "/opt/evil",
						    "/usr/bin/good",
						    "/usr/bin/worse" };
	struct ima_bench *b = ima_bench_new(ctx);
	starts[0] = 0;
	for (size_t i = 1; i < ENTRIES; i++) {
		starts[i] = b->list.n;
		if (i == 4)
			ima_add_violation(&b->list, PATHS[i]);
		else
			ima_add_file(&b->list, PATHS[i],
				     strcmp(PATHS[i], "/usr/bin/good") == 0 ? IMA_GOOD
									    : IMA_OTHER);
	}
	starts[ENTRIES] = b->list.n;
	ima_bench_quote(b);
	return b;
}

/* The SHA-256 bank as this kernel would have extended it. */
static void quote_way(struct ima_bench *b, enum troth_ima_way way)
{
	struct troth_ima_replay replay;
	size_t offset;
	assert_int_equal(
		troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE, &replay, &offset),
		TROTH_OK);
	memcpy(troth_pcr_bank_get(&b->pcrs, TROTH_HASH_SHA256)->value[10],
	       troth_pcr_value(&replay.values[way], TROTH_HASH_SHA256, 10).p, 32);
}

static struct troth_view between(const struct ima_bench *b, size_t from, size_t to)
{
	return (struct troth_view){ b->list.p + from, to - from };
}

/* Goes on with one part; the open state through its bytes. */
static void part(struct ima_bench *b, struct troth_view list, struct troth_ima_state *state)
{
	uint8_t bytes[2 * TROTH_IMA_STATE_MAX];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	b->c.list = list;
	b->c.first = b->c.parts != NULL ? b->c.parts->n_entries : 0;
	assert_int_equal(troth_ima_take_part(b->ctx, &b->c, &b->r), TROTH_OK);
	assert_true(b->r.has_after && b->r.after.open && !b->r.proven);
	troth_ima_state_put(&w, &b->r.after);
	assert_int_equal(troth_ima_state_read(troth_written(&w), state), TROTH_OK);
	b->c.parts = state;
}

static void last(struct ima_bench *b, struct troth_view list)
{
	b->c.list = list;
	b->c.first = b->c.parts->n_entries;
	ima_bench_appraise(b);
}

static void assert_same(const struct troth_ima_result *a, const struct troth_ima_result *b)
{
	uint8_t bytes[2][TROTH_IMA_STATE_MAX];
	size_t n[2];
	assert_true(a->proven && b->proven);
	assert_int_equal(troth_ima_state_write(&a->after, bytes[0], &n[0]), TROTH_OK);
	assert_int_equal(troth_ima_state_write(&b->after, bytes[1], &n[1]), TROTH_OK);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(bytes[0], bytes[1], n[0]);
	assert_int_equal(a->boot_aggregate_checked, b->boot_aggregate_checked);
}

static void a_list_may_be_cut_anywhere(void **state)
{
	size_t starts[ENTRIES + 1];
	for (enum troth_ima_way way = 0; way < TROTH_IMA_WAY_N; way++) {
		struct ima_bench *b = bench_new(*state, starts);
		static struct troth_ima_result whole;
		quote_way(b, way);
		b->c.list = ima_view(&b->list);
		ima_bench_appraise(b);
		whole = b->r;
		for (size_t i = 0; i <= ENTRIES; i++)
			for (size_t k = i; k <= ENTRIES; k++) {
				struct troth_ima_state one, two;
				b->c.parts = NULL;
				part(b, between(b, 0, starts[i]), &one);
				part(b, between(b, starts[i], starts[k]), &two);
				last(b, between(b, starts[k], b->list.n));
				assert_same(&whole, &b->r);
			}
		ima_bench_free(b);
	}
}

/* From a proven state on as from a reset. */
static void what_is_new_may_be_cut_too(void **state)
{
	size_t starts[ENTRIES + 1];
	struct ima_bench *b = bench_new(*state, starts);
	static struct troth_ima_result whole;
	const size_t n = b->list.n;
	ima_bench_appraise_all(b);
	b->before = b->r.after;
	b->c.before = &b->before;
	for (size_t i = 0; i < 4; i++)
		ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	const size_t half = n + (b->list.n - n) / 2;
	ima_bench_quote(b);
	b->c.first = ENTRIES;
	b->c.list = between(b, n, b->list.n);
	ima_bench_appraise(b);
	whole = b->r;
	struct troth_ima_state open;
	b->c.list = between(b, n, half);
	assert_int_equal(troth_ima_take_part(b->ctx, &b->c, &b->r), TROTH_OK);
	open = b->r.after;
	assert_int_equal(open.n_entries, ENTRIES + 2);
	b->c.parts = &open;
	last(b, between(b, half, b->list.n));
	assert_same(&whole, &b->r);
	ima_bench_free(b);
}

static void a_part_ends_at_the_quoted_value(void **state)
{
	size_t starts[ENTRIES + 1];
	struct ima_bench *b = bench_new(*state, starts);
	struct troth_ima_state open;
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER); /* after the quote */
	part(b, ima_view(&b->list), &open);
	assert_int_equal(open.n_entries, ENTRIES);
	last(b, (struct troth_view){ 0 });
	assert_true(b->r.proven);
	assert_int_equal(b->r.after.n_entries, ENTRIES);
	ima_bench_free(b);
}

/* Another part in the place of one: nothing is proven, and nothing it said is believed. */
static void a_part_that_was_not_measured_is_not_believed(void **state)
{
	size_t starts[ENTRIES + 1];
	struct ima_bench *b = bench_new(*state, starts);
	struct troth_ima_state one, two;
	part(b, between(b, 0, starts[2]), &one);
	part(b, between(b, starts[3], starts[4]), &two); /* good for evil */
	last(b, between(b, starts[3], b->list.n));
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	assert_false(b->r.proven);
	assert_false(b->r.has_after);
	ima_bench_free(b);
}

static void parts_of_another_boot_or_policy_are_none(void **state)
{
	size_t starts[ENTRIES + 1];
	for (size_t i = 0; i < 3; i++) {
		struct ima_bench *b = bench_new(*state, starts);
		struct troth_ima_state open;
		part(b, between(b, 0, starts[3]), &open);
		b->c.reset_count += i == 0;
		b->c.version[0] ^= i == 1;
		open.learned[0] ^= i == 2; /* certificates nobody brings */
		b->c.first = open.n_entries;
		b->c.list = between(b, starts[3], b->list.n);
		assert_int_equal(troth_ima_take_part(b->ctx, &b->c, &b->r), TROTH_OK);
		assert_true(b->r.wants_whole && !b->r.has_after);
		ima_bench_appraise(b);
		assert_true(b->r.wants_whole && !b->r.has_after);
		ima_bench_free(b);
	}
}

static const struct {
	const char *name;
	int shift; /* of the entry it is said to begin with */
	enum troth_finding_code want;
} PLACES[] = {
	{ "one too far", 1, TROTH_FINDING_IMA_SKIPPED },
	{ "one too early", -1, TROTH_FINDING_IMA_REWOUND },
};

static void parts_are_taken_in_order(void **state)
{
	size_t starts[ENTRIES + 1];
	for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
		struct ima_bench *b = bench_new(*state, starts);
		struct troth_ima_state open;
		part(b, between(b, 0, starts[3]), &open);
		b->c.first = open.n_entries + (uint64_t)PLACES[i].shift;
		assert_int_equal(troth_ima_take_part(b->ctx, &b->c, &b->r), TROTH_OK);
		assert_false(b->r.has_after);
		ima_bench_assert_only(b, PLACES[i].want);
		ima_bench_free(b);
	}
}

static void a_part_that_is_cut_off_is_refused(void **state)
{
	size_t starts[ENTRIES + 1];
	struct ima_bench *b = bench_new(*state, starts);
	b->c.list = between(b, 0, starts[4] - 1);
	assert_int_equal(troth_ima_take_part(b->ctx, &b->c, &b->r), TROTH_OK);
	assert_false(b->r.has_after);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_MALFORMED);
	ima_bench_free(b);
}

/* The largest open state is what a carry has room for. */
static void the_largest_open_state_has_room(void **state)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512,
						 TROTH_HASH_SM3_256 };
	struct troth_ima_state s = { .open = true, .n_banks = 5 }, back;
	uint8_t bytes[2 * TROTH_IMA_STATE_MAX];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		s.banks[i].bank = BANKS[i];
		for (size_t way = 0; way < TROTH_IMA_WAY_N; way++)
			s.banks[i].value[way][0] = (uint8_t)(way + 1);
	}
	s.boot_aggregate.alg = TROTH_HASH_SHA512;
	s.n_kept = TROTH_IMA_KEPT_MAX;
	for (size_t i = 0; i < s.n_kept; i++) {
		s.kept[i].code = TROTH_FINDING_IMA_REPLAY_MISMATCH;
		s.kept[i].seen.alg = TROTH_HASH_SHA512;
		memset(s.kept[i].detail, 'x', sizeof s.kept[i].detail - 1);
	}
	troth_ima_state_put(&w, &s);
	assert_true(troth_writer_ok(&w));
	print_message("largest open state: %zu bytes\n", w.n);
	assert_int_equal(troth_ima_state_read(troth_written(&w), &back), TROTH_OK);
	assert_memory_equal(&back.banks, &s.banks, sizeof s.banks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_may_be_cut_anywhere),
		cmocka_unit_test(what_is_new_may_be_cut_too),
		cmocka_unit_test(a_part_ends_at_the_quoted_value),
		cmocka_unit_test(a_part_that_was_not_measured_is_not_believed),
		cmocka_unit_test(parts_of_another_boot_or_policy_are_none),
		cmocka_unit_test(parts_are_taken_in_order),
		cmocka_unit_test(a_part_that_is_cut_off_is_refused),
		cmocka_unit_test(the_largest_open_state_has_room),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
