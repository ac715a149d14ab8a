/* SPDX-License-Identifier: Apache-2.0 */
/* The rows follow what a TPM does to its counters. */
#include "check.h"

#include "base.h"
#include "order.h"

#define NOTHING TROTH_FINDING_NONE

static const struct {
	const char *name;
	struct troth_order last;
	struct {
		uint32_t reset_count, restart_count;
		uint64_t clock;
	} now;
	enum troth_finding_code want;
} CASES[] = {
	{ "first quote", { .known = false, 9, 9, 9 }, { 0, 0, 0 }, NOTHING },
	{ "equal", { true, 3, 1, 500 }, { 3, 1, 500 }, NOTHING },
	{ "later", { true, 3, 1, 500 }, { 3, 1, 501 }, NOTHING },
	{ "clock one back", { true, 3, 1, 500 }, { 3, 1, 499 }, TROTH_FINDING_ROLLBACK },
	{ "resume", { true, 3, 1, 500 }, { 3, 2, 600 }, NOTHING },
	{ "restart raised, clock back", { true, 3, 1, 500 }, { 3, 2, 0 }, NOTHING },
	{ "restart lowered", { true, 3, 1, 500 }, { 3, 0, 600 }, TROTH_FINDING_ROLLBACK },
	{ "reboot", { true, 3, 1, 500 }, { 4, 0, 600 }, NOTHING },
	{ "power cut: clock went back", { true, 3, 1, 500 }, { 4, 0, 400 }, NOTHING },
	{ "reset lowered by one", { true, 3, 1, 500 }, { 2, 1, 600 }, TROTH_FINDING_ROLLBACK },
	{ "older boot, everything lower",
	  { true, 3, 1, 500 },
	  { 2, 0, 400 },
	  TROTH_FINDING_ROLLBACK },
	{ "TPM2_Clear", { true, 3, 1, 500 }, { 0, 0, 10 }, TROTH_FINDING_COUNTERS_REWOUND },
	{ "TPM2_Clear and the firmware's reset",
	  { true, 3, 1, 500 },
	  { 1, 0, 10 },
	  TROTH_FINDING_COUNTERS_REWOUND },
	{ "TPM2_Clear in a first boot",
	  { true, 0, 0, 500 },
	  { 0, 0, 10 },
	  TROTH_FINDING_COUNTERS_REWOUND },
	{ "reset at zero, clock not lower",
	  { true, 3, 1, 500 },
	  { 0, 0, 500 },
	  TROTH_FINDING_ROLLBACK },
	{ "reset at zero, restart not",
	  { true, 3, 1, 500 },
	  { 0, 1, 10 },
	  TROTH_FINDING_ROLLBACK },
	{ "reset one, as before", { true, 1, 0, 500 }, { 1, 0, 10 }, TROTH_FINDING_ROLLBACK },
	{ "two resets after a clear",
	  { true, 3, 1, 500 },
	  { 2, 0, 10 },
	  TROTH_FINDING_ROLLBACK },
	{ "counters at their end",
	  { true, UINT32_MAX, UINT32_MAX, INT64_MAX },
	  { UINT32_MAX, UINT32_MAX, INT64_MAX },
	  NOTHING },
	{ "clock at its limit", { true, 3, 1, 500 }, { 3, 1, TROTH_TPM_CLOCK_MAX }, NOTHING },
	{ "clock past its limit",
	  { true, 3, 1, 500 },
	  { 3, 1, (uint64_t)TROTH_TPM_CLOCK_MAX + 1 },
	  TROTH_FINDING_CLOCK_RANGE },
	{ "clock past its limit in a first quote",
	  { 0 },
	  { 0, 0, UINT64_MAX },
	  TROTH_FINDING_CLOCK_RANGE },
};

static struct troth_attest attest(size_t i)
{
	return (struct troth_attest){
		.magic_ok = true,
		.type = TROTH_ATTEST_QUOTE,
		.reset_count = CASES[i].now.reset_count,
		.restart_count = CASES[i].now.restart_count,
		.clock = CASES[i].now.clock,
	};
}

static void order_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		/* `safe` never decides. */
		for (int safe = 0; safe <= 1; safe++) {
			struct troth_findings f = { 0 };
			struct troth_attest a = attest(i);
			a.safe = safe;
			troth_order_check(&CASES[i].last, &a, &f);
			enum troth_finding_code got = f.n > 0 ? f.list[0].code : NOTHING;
			if (got != CASES[i].want || f.n > 1)
				fail_msg("%s: %s", CASES[i].name, troth_finding_name(got));
		}
	}
}

static void findings_say_what_was_seen(void **state)
{
	(void)state;
	const struct troth_order last = { true, 3, 1, 500 };
	const struct troth_attest a = { .reset_count = 2, .restart_count = 7, .clock = 400 };
	struct troth_findings f = { 0 };
	troth_order_check(&last, &a, &f);
	assert_string_equal(f.list[0].detail,
			    "resets 2, restarts 7, clock 400 ms after 3, 1, 500 ms");
}

static void order_is_taken_from_the_attest(void **state)
{
	(void)state;
	const struct troth_attest a = { .reset_count = 2, .restart_count = 7, .clock = 400 };
	struct troth_order o = troth_order_of(&a);
	assert_true(o.known && o.reset_count == 2 && o.restart_count == 7 && o.clock == 400);
}

static void same_boot(void **state)
{
	(void)state;
	const struct troth_order a = { true, 3, 1, 500 };
	const struct troth_order later = { true, 3, 1, 900 };
	const struct troth_order resumed = { true, 3, 2, 900 };
	const struct troth_order rebooted = { true, 4, 1, 900 };
	const struct troth_order unknown = { false, 3, 1, 500 };
	assert_true(troth_order_same_boot(&a, &later));
	assert_false(troth_order_same_boot(&a, &resumed));
	assert_false(troth_order_same_boot(&a, &rebooted));
	assert_false(troth_order_same_boot(&a, &unknown));
	assert_false(troth_order_same_boot(&unknown, &unknown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_cases),
		cmocka_unit_test(findings_say_what_was_seen),
		cmocka_unit_test(order_is_taken_from_the_attest),
		cmocka_unit_test(same_boot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
