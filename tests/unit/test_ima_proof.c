/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists that prove nothing: absent, cut, changed, of another bank. */
#include "check.h"

#include "ima_bench.h"

static void a_list_that_is_not_there(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_bench_quote(b);
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_LOG_MISSING);
	assert_true(b->r.open);
	ima_bench_free(b);
}

static void no_entries_where_some_are_required(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	b->list.n = 0;
	ima_bench_appraise_all(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_EMPTY);
	ima_bench_free(b);
}

/* A list is shown, and not one entry of it is in the PCR. */
static void entries_that_the_pcr_does_not_hold(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	const size_t n = b->list.n;
	b->list.n = 0;
	ima_bench_quote(b);
	b->list.n = n;
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_EMPTY);
	assert_false(b->r.proven);
	ima_bench_free(b);
}

static void none_is_fine_where_none_is_required(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_bench_quote(b);
	b->policy.required = false;
	ima_bench_appraise(b);
	assert_int_equal(b->r.findings.n, 0);
	assert_false(b->r.proven);
	ima_bench_free(b);
}

static void a_changed_list_does_not_lead_to_the_quote(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	b->list.p[b->list.n - 4] ^= 1;
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	assert_false(b->r.has_after);
	ima_bench_free(b);
}

static void a_list_without_its_beginning_is_told_apart(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	const size_t first = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	b->c.list = (struct troth_view){ b->list.p + first, b->list.n - first };
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_TRIMMED);
	ima_bench_free(b);
}

static void a_list_that_breaks_off_says_where(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	b->c.list = (struct troth_view){ b->list.p, b->list.n - 1 };
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_MALFORMED);
	ima_bench_free(b);
}

static void a_bank_the_list_does_not_lead_to(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_bench_quote(b);
	b->pcrs.banks[1].value[10][0] ^= 1;
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	assert_int_equal(b->r.findings.list[0].seen.alg, TROTH_HASH_SHA1);
	ima_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_that_is_not_there),
		cmocka_unit_test(no_entries_where_some_are_required),
		cmocka_unit_test(entries_that_the_pcr_does_not_hold),
		cmocka_unit_test(none_is_fine_where_none_is_required),
		cmocka_unit_test(a_changed_list_does_not_lead_to_the_quote),
		cmocka_unit_test(a_list_without_its_beginning_is_told_apart),
		cmocka_unit_test(a_list_that_breaks_off_says_where),
		cmocka_unit_test(a_bank_the_list_does_not_lead_to),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
