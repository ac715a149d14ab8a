/* SPDX-License-Identifier: Apache-2.0 */
/* IMA lists that grow between two quotes: renewals that go on from a state, and the state's
 * bytes. */
#include "check.h"

#include <stdio.h>

#include "ima_bench.h"

/* The list so far is proven and kept, through its bytes as the store keeps them. */
static void settle(struct ima_bench *b)
{
	uint8_t bytes[TROTH_IMA_STATE_MAX];
	size_t n;
	ima_bench_appraise_all(b);
	assert_true(b->r.has_after);
	assert_int_equal(troth_ima_state_write(&b->r.after, bytes, &n), TROTH_OK);
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &b->before),
			 TROTH_OK);
	b->c.before = &b->before;
}

/* Sends what came behind the first n bytes. */
static void renew(struct ima_bench *b, size_t n, uint64_t first)
{
	ima_bench_quote(b);
	b->c.list = (struct troth_view){ b->list.p + n, b->list.n - n };
	b->c.first = first;
	ima_bench_appraise(b);
}

static void a_renewal_looks_at_what_is_new(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	const size_t n = b->list.n;
	renew(b, n, 2);
	ima_bench_assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 2);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	renew(b, n, 2);
	ima_bench_assert_clean(b);
	assert_int_equal(b->r.after.n_entries, 3);
	assert_int_equal(b->r.after.counts.allowed, 2);
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
	renew(b, n, 2);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_UNKNOWN_FILE);
	assert_int_equal(b->r.findings.list[0].event, 3);
	ima_bench_free(b);
}

/* Where no list is required, one that was shown in this boot is not forgotten by sending none.
 */
static void a_list_that_was_shown_is_not_withheld_later(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
	b->policy.required = false;
	settle(b);
	renew(b, b->list.n, 0);
	assert_true(b->r.findings.n > 0 && b->r.open);
	assert_true(b->r.has_after);
	assert_int_equal(b->r.after.n_kept, 1);
	b->c.reset_count++; /* the machine has booted: nothing is known of it */
	renew(b, b->list.n, 0);
	assert_int_equal(b->r.findings.n, 0);
	assert_false(b->r.has_after);
	ima_bench_free(b);
}

static void findings_last_until_the_next_boot(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	for (size_t i = 0; i < TROTH_IMA_KEPT_MAX + 2; i++)
		ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
	settle(b);
	assert_int_equal(b->r.findings.n, TROTH_IMA_KEPT_MAX + 2);
	const size_t n = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	renew(b, n, b->before.n_entries);
	assert_int_equal(b->r.findings.n, TROTH_IMA_KEPT_MAX);
	assert_int_equal(b->r.findings.n_dropped, 2);
	assert_string_equal(b->r.findings.list[0].detail, "/usr/bin/evil");
	assert_int_equal(b->r.findings.list[0].event, 1);
	/* a new boot begins anew */
	b->c.reset_count++;
	b->list.n = 0;
	ima_bench_boot_aggregate(b);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	renew(b, 0, 0);
	ima_bench_assert_clean(b);
	ima_bench_free(b);
}

static void another_boot_wants_the_whole_list(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	b->c.reset_count++;
	renew(b, b->list.n, 2);
	assert_true(b->r.wants_whole);
	assert_int_equal(b->r.findings.n, 0);
	ima_bench_free(b);
}

static void a_resume_goes_on_and_a_hibernation_begins_anew(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	const size_t n = b->list.n;
	b->c.restart_count++;
	renew(b, n, 2);
	ima_bench_assert_clean(b);
	b->list.n = 0;
	ima_bench_boot_aggregate(b);
	ima_bench_quote(b);
	b->c.list = (struct troth_view){ 0 };
	ima_bench_appraise(b);
	assert_true(b->r.wants_whole);
	ima_bench_free(b);
}

static void a_change_of_policy_wants_the_whole_list(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	b->c.version[0]++;
	renew(b, b->list.n, 2);
	assert_true(b->r.wants_whole);
	ima_bench_free(b);
}

static void entries_left_out_or_sent_again_are_seen(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	const size_t n = b->list.n;
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
	const size_t evil = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	renew(b, evil, 3); /* said openly */
	ima_bench_assert_only(b, TROTH_FINDING_IMA_SKIPPED);
	renew(b, evil, 2); /* and not */
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	renew(b, n, 1);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REWOUND);
	assert_int_equal(b->r.after.n_entries, 2); /* still known of this boot */
	ima_bench_free(b);
}

/* In one boot a PCR does not go back; a TPM that says so was tampered with. */
static void a_shorter_list_of_the_same_boot_is_seen(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	const size_t first = b->list.n;
	ima_add_file(&b->list, "/usr/bin/evil", IMA_OTHER);
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	settle(b);
	b->list.n = first;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	renew(b, 0, 0);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_REWOUND);
	ima_bench_free(b);
}

/* ---- state ---- */

static struct troth_ima_state largest_state(void)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512,
						 TROTH_HASH_SM3_256 };
	struct troth_ima_state s = { .n_entries = UINT64_MAX, .n_banks = 5, .n_more = 9 };
	for (size_t i = 0; i < 5; i++) {
		s.banks[i].bank = BANKS[i];
		s.banks[i].way = TROTH_IMA_PADDED_SHA1_ONES;
	}
	s.boot_aggregate.alg = TROTH_HASH_SHA512;
	memset(s.learned, 0xab, sizeof s.learned);
	s.n_kept = TROTH_IMA_KEPT_MAX;
	for (size_t i = 0; i < s.n_kept; i++) {
		s.kept[i].code = TROTH_FINDING_IMA_REPLAY_MISMATCH;
		s.kept[i].severity = TROTH_TIER_CONTRAINDICATED;
		s.kept[i].seen.alg = TROTH_HASH_SHA512;
		memset(s.kept[i].detail, 'x', sizeof s.kept[i].detail - 1);
	}
	return s;
}

static void the_largest_state_is_under_a_kilobyte(void **state)
{
	const struct troth_ima_state s = largest_state();
	struct troth_ima_state back;
	uint8_t bytes[TROTH_IMA_STATE_MAX], again[TROTH_IMA_STATE_MAX];
	size_t n, m;
	(void)state;
	assert_int_equal(troth_ima_state_write(&s, bytes, &n), TROTH_OK);
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &back),
			 TROTH_OK);
	assert_int_equal(troth_ima_state_write(&back, again, &m), TROTH_OK);
	assert_int_equal(n, m);
	assert_memory_equal(bytes, again, n);
	print_message("largest state: %zu bytes\n", n);
}

static void every_prefix_of_a_state_is_refused(void **state)
{
	const struct troth_ima_state s = largest_state();
	struct troth_ima_state back;
	uint8_t bytes[TROTH_IMA_STATE_MAX + 1];
	size_t n;
	(void)state;
	assert_int_equal(troth_ima_state_write(&s, bytes, &n), TROTH_OK);
	for (size_t i = 0; i < n; i++) {
		POISON(back);
		assert_int_not_equal(
			troth_ima_state_read((struct troth_view){ bytes, i }, &back), TROTH_OK);
		ASSERT_POISONED(back);
	}
	bytes[n] = 0;
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n + 1 }, &back),
			 TROTH_E_MALFORMED);
	bytes[0]++;
	assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &back),
			 TROTH_E_UNSUPPORTED);
}

/* What is read is written again as it was, so texts hold what texts are made of. */
static void a_text_of_a_state_is_printable(void **state)
{
	static const uint8_t WRONG[] = { '\0', '\n', 0x7f, 0xff };
	struct troth_ima_state s = { .n_kept = 1 };
	struct troth_ima_state back;
	uint8_t bytes[TROTH_IMA_STATE_MAX];
	size_t n;
	(void)state;
	s.kept[0].code = TROTH_FINDING_IMA_UNKNOWN_FILE;
	memcpy(s.kept[0].detail, "/b", 3);
	assert_int_equal(troth_ima_state_write(&s, bytes, &n), TROTH_OK);
	uint8_t *last = &bytes[n - 5]; /* of the detail, before n_more */
	assert_int_equal(*last, 'b');
	for (size_t i = 0; i < sizeof WRONG; i++) {
		*last = WRONG[i];
		assert_int_equal(troth_ima_state_read((struct troth_view){ bytes, n }, &back),
				 TROTH_E_MALFORMED);
	}
}

/* An old kernel: the SHA-256 bank holds SHA-1 digests. */
static void a_bank_of_padded_sha1_is_weak(void **state)
{
	for (size_t allowed = 0; allowed < 2; allowed++) {
		struct ima_bench *b = ima_bench_new(*state);
		struct troth_ima_replay replay;
		size_t offset;
		ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
		ima_bench_quote(b);
		assert_int_equal(troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE,
						  &replay, &offset),
				 TROTH_OK);
		memcpy(b->pcrs.banks[0].value[10],
		       troth_pcr_value(&replay.values[TROTH_IMA_PADDED_SHA1], TROTH_HASH_SHA256,
				       10)
			       .p,
		       32);
		b->policy.weak_bank = allowed == 1;
		b->c.list = ima_view(&b->list);
		ima_bench_appraise(b);
		assert_true(b->r.proven);
		if (allowed == 1)
			ima_bench_assert_clean(b);
		else
			ima_bench_assert_only(b, TROTH_FINDING_IMA_WEAK_BANK);
		ima_bench_free(b);
	}
}

/* Whoever rules an old kernel can extend as a new one does: that does not mend what came
 * before. */
static void a_weak_bank_stays_weak_until_the_next_boot(void **state)
{
	struct ima_bench *b = ima_bench_new(*state);
	struct troth_ima_replay replay;
	size_t offset;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	ima_bench_quote(b);
	assert_int_equal(
		troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE, &replay, &offset),
		TROTH_OK);
	uint8_t *ten = b->pcrs.banks[0].value[10];
	memcpy(ten,
	       troth_pcr_value(&replay.values[TROTH_IMA_PADDED_SHA1], TROTH_HASH_SHA256, 10).p,
	       32);
	b->selection.n_banks = 1; /* SHA-256 alone */
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_WEAK_BANK);
	b->before = b->r.after;
	b->c.before = &b->before;

	struct troth_ima_list list;
	struct troth_ima_record r;
	const size_t n = b->list.n;
	ima_add_file(&b->list, "/usr/bin/good", IMA_GOOD);
	b->c.list = (struct troth_view){ b->list.p + n, b->list.n - n };
	b->c.first = 2;
	assert_int_equal(troth_ima_open(b->ctx, b->c.list, TROTH_HASH_NONE, &list), TROTH_OK);
	assert_int_equal(troth_ima_next(&list, &r), TROTH_OK);
	assert_int_equal(troth_ima_extend(b->ctx, TROTH_HASH_SHA256, TROTH_IMA_HASHED, &r, ten),
			 TROTH_OK);
	ima_bench_appraise(b);
	assert_true(b->r.proven);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_WEAK_BANK);
	ima_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal_looks_at_what_is_new),
		cmocka_unit_test(a_list_that_was_shown_is_not_withheld_later),
		cmocka_unit_test(findings_last_until_the_next_boot),
		cmocka_unit_test(another_boot_wants_the_whole_list),
		cmocka_unit_test(a_resume_goes_on_and_a_hibernation_begins_anew),
		cmocka_unit_test(a_change_of_policy_wants_the_whole_list),
		cmocka_unit_test(entries_left_out_or_sent_again_are_seen),
		cmocka_unit_test(a_shorter_list_of_the_same_boot_is_seen),
		cmocka_unit_test(the_largest_state_is_under_a_kilobyte),
		cmocka_unit_test(every_prefix_of_a_state_is_refused),
		cmocka_unit_test(a_text_of_a_state_is_printable),
		cmocka_unit_test(a_bank_of_padded_sha1_is_weak),
		cmocka_unit_test(a_weak_bank_stays_weak_until_the_next_boot),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
