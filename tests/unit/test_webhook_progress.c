/* SPDX-License-Identifier: Apache-2.0 */
/* What a courier can move by what it says: one event of the page that it has, the next one. */
#include "check.h"

#include "base.h"
#include "webhook_progress.h"

/* Events 12, 15 and 16 of a log, handed over by a desk that has come to 10. */
static struct troth_webhook_progress handed(void)
{
	const struct troth_courier_page page = {
		.next = 20,
		.n = 3,
		.list = { { .index = 12 }, { .index = 15 }, { .index = 16 } }
	};
	struct troth_webhook_progress p;
	troth_webhook_progress_begin(&p, 10);
	troth_webhook_progress_hand(&p, &page);
	return p;
}

static const struct {
	const char *name;
	uint64_t said[4]; /* up to a zero */
	enum troth_webhook_step last;
	uint64_t done;
} CASES[] = {
	{ "the first was not taken", { 12 }, TROTH_WEBHOOK_STAYS, 10 },
	{ "the first was taken", { 15 }, TROTH_WEBHOOK_TAKEN, 15 },
	{ "one after the other", { 15, 16, 20 }, TROTH_WEBHOOK_TAKEN, 20 },
	{ "it fails twice, and is taken", { 12, 12, 15 }, TROTH_WEBHOOK_TAKEN, 15 },
	{ "the second fails", { 15, 15 }, TROTH_WEBHOOK_STAYS, 15 },
	{ "one is passed over", { 16 }, TROTH_WEBHOOK_LIE, 10 },
	{ "all are, to the end of the page", { 20 }, TROTH_WEBHOOK_LIE, 10 },
	{ "between two events", { 13 }, TROTH_WEBHOOK_TAKEN, 13 },
	{ "between two events, again and again", { 13, 14, 15, 15 }, TROTH_WEBHOOK_STAYS, 13 },
	{ "between the page and where it was", { 11 }, TROTH_WEBHOOK_STAYS, 10 },
	{ "before where it was", { 9 }, TROTH_WEBHOOK_LIE, 10 },
	{ "one past the page", { 15, 16, 20, 21 }, TROTH_WEBHOOK_LIE, 20 },
	{ "the end of the log", { INT64_MAX }, TROTH_WEBHOOK_LIE, 10 },
	{ "it goes back", { 15, 12 }, TROTH_WEBHOOK_LIE, 15 },
	{ "it goes back to the beginning", { 15, 16, 1 }, TROTH_WEBHOOK_LIE, 16 },
	{ "the last one twice", { 15, 16, 20, 20 }, TROTH_WEBHOOK_STAYS, 20 },
};

static void one_step_at_a_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		struct troth_webhook_progress p = handed();
		enum troth_webhook_step got = TROTH_WEBHOOK_LIE;
		for (size_t k = 0; k < 4 && CASES[i].said[k] != 0; k++)
			got = troth_webhook_progress_report(&p, CASES[i].said[k]);
		if (got != CASES[i].last || p.done != CASES[i].done)
			fail_msg("%s: step %d, done %d", CASES[i].name, (int)got, (int)p.done);
		assert_true(p.from >= p.done);
	}
}

static void without_a_page_there_is_nothing_to_say(void **state)
{
	struct troth_webhook_progress p;
	(void)state;
	troth_webhook_progress_begin(&p, 10);
	for (uint64_t next = 0; next < 30; next++)
		assert_int_equal(troth_webhook_progress_report(&p, next), TROTH_WEBHOOK_LIE);
	assert_int_equal(p.done, 10);
}

static void a_page_that_was_lost_is_read_again(void **state)
{
	struct troth_webhook_progress p = handed();
	(void)state;
	assert_int_equal(p.from, 20);
	assert_int_equal(troth_webhook_progress_report(&p, 15), TROTH_WEBHOOK_TAKEN);
	assert_true(troth_webhook_progress_owes(&p));
	troth_webhook_progress_again(&p);
	assert_int_equal(p.from, 15);
	/* What it says of the page before is said of nothing. */
	assert_int_equal(troth_webhook_progress_report(&p, 16), TROTH_WEBHOOK_LIE);
}

static void what_is_gone_is_passed_over_and_never_comes_back(void **state)
{
	struct troth_webhook_progress p = handed();
	(void)state;
	troth_webhook_progress_forget(&p, 18);
	assert_int_equal(p.done, 18);
	/* It has the page still, and may deliver it. */
	assert_int_equal(troth_webhook_progress_report(&p, 15), TROTH_WEBHOOK_TAKEN);
	assert_int_equal(p.done, 18);
	troth_webhook_progress_forget(&p, 3);
	assert_int_equal(p.done, 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_step_at_a_time),
		cmocka_unit_test(without_a_page_there_is_nothing_to_say),
		cmocka_unit_test(a_page_that_was_lost_is_read_again),
		cmocka_unit_test(what_is_gone_is_passed_over_and_never_comes_back),
	};
	return cmocka_run_group_tests_name("webhook_progress", tests, NULL, NULL);
}
