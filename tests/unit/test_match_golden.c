/* SPDX-License-Identifier: Apache-2.0 */
/* Golden values: what a PCR holds at last, in place of the events that lead there. */
#include "check.h"

#include "bootvm.h"
#include "log_builder.h"
#include "match_script.h"
#include "reference.h"

static void make_golden(struct trial *t, size_t component)
{
	struct troth_component *c = &t->set.components[component];
	c->golden = true;
}

static void quote_letter(struct trial *t, uint32_t pcr, char letter)
{
	struct troth_digest d;
	digest_of(letter, TROTH_HASH_SHA256, &d);
	memcpy(t->pcrs.banks[0].value[pcr], d.bytes, 32);
}

static void golden_value_stands_for_its_events(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x4y5a", "4g 5a", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.golden, 0x10);
	assert_int_equal(t->match.covered, 0x20);
	assert_int_equal(t->match.uncovered, 0);
	assert_int_equal(t->match.used[0], 0);

	quote_letter(t, 4, 'h');
	trial_run(t);
	char got[64];
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P4 c1/v1");
	assert_int_equal(t->match.golden, 0);
	assert_int_equal(t->match.uncovered, 0);
	assert_int_equal(t->match.used[0], -1);
	trial_free(t);
}

static void golden_alternatives_and_options(void **state)
{
	(void)state;
	char got[64];
	struct trial *t = trial_new("4x", "4g5g|4h5h", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'h');
	quote_letter(t, 5, 'h');
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.used[0], 1);
	quote_letter(t, 5, 'x'); /* one value of the second alternative differs */
	trial_run(t);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P5 c1/v2");
	t->set.components[0].optional = true; /* an optional value that differs says nothing */
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.uncovered, 0x30);
	trial_free(t);
}

/* The alternative that fits must have named a PCR: the other's word is not its. */
static void golden_alternatives_vouch_for_their_own_pcrs(void **state)
{
	(void)state;
	char got[64];
	struct trial *t = trial_new("4x", "4g5g|4h", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'h');
	quote_letter(t, 5, 'x'); /* anything at all */
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.used[0], 1);
	assert_int_equal(t->match.golden, 0x10);
	assert_int_equal(t->match.uncovered, 0x20);
	quote_letter(t, 4, 'x'); /* no alternative fits: that is the finding */
	trial_run(t);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "P4 c1/v2");
	assert_int_equal(t->match.uncovered, 0);
	trial_free(t);
}

static void golden_value_without_a_bank_differs(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x", "4g", 0x10);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	t->set.components[0].alternatives[0].events[0].n_digests = 1; /* SHA-1 only */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	t->set.components[0].alternatives[0].events[0].n_digests = 2;
	t->pcrs.n_banks = 0; /* nothing quoted */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	t->set.components[0].alternatives[0].events[0].n_digests = 0; /* nor known */
	trial_run(t);
	assert_true(troth_findings_have(&t->findings, TROTH_FINDING_PCR_MISMATCH));
	trial_free(t);
}

/* That a PCR holds nothing is known without a reference. */
static void golden_value_of_nothing_is_no_golden_value(void **state)
{
	(void)state;
	struct trial *t = trial_new("4a", "5g 4a", 0x30);
	make_golden(t, 0);
	struct troth_digest *golden =
		&t->set.components[0].alternatives[0].events[0].digests[1];
	memset(golden->bytes, 0, sizeof golden->bytes);
	trial_run(t);
	assert_int_equal(t->findings.n, 0);
	assert_int_equal(t->match.covered, 0x30);
	assert_int_equal(t->match.golden, 0);
	trial_free(t);
}

static void golden_values_need_no_log(void **state)
{
	(void)state;
	struct trial *t = trial_new("4x", "4g 5a", 0x30);
	make_golden(t, 0);
	quote_letter(t, 4, 'g');
	const struct troth_match_case c = {
		.set = &t->set,
		.pcrs = &t->pcrs,
		.selection = &t->selection,
	};
	char got[64];
	assert_int_equal(troth_reference_match(&c, &t->match, &t->findings), TROTH_OK);
	describe(&t->findings, got, sizeof got);
	assert_string_equal(got, "M5 c2/v1");
	assert_int_equal(t->match.golden, 0x10);
	trial_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_value_stands_for_its_events),
		cmocka_unit_test(golden_alternatives_and_options),
		cmocka_unit_test(golden_alternatives_vouch_for_their_own_pcrs),
		cmocka_unit_test(golden_value_without_a_bank_differs),
		cmocka_unit_test(golden_value_of_nothing_is_no_golden_value),
		cmocka_unit_test(golden_values_need_no_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
