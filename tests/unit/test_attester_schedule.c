/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "schedule.h"

/* Both ends of the random range and its middle: 900/1000, 1000/1000 and 1100/1000 of a wait. */
#define LOWEST 0
#define MIDDLE 100
#define HIGHEST 200

static const struct {
	const char *name;
	struct troth_outcome outcome;
	uint32_t random;
	uint64_t want_ms;
} SUCCESSES[] = {
	{ "as the verifier says", { .renew_after_s = 600, .life_s = 900 }, MIDDLE, 600000 },
	{ "a tenth earlier", { .renew_after_s = 600, .life_s = 900 }, LOWEST, 540000 },
	{ "a tenth later", { .renew_after_s = 600, .life_s = 900 }, HIGHEST, 660000 },
	{ "nothing said: two thirds of the life", { .life_s = 900 }, MIDDLE, 600000 },
	{ "said past the life: two thirds of it",
	  { .renew_after_s = 900, .life_s = 900 },
	  MIDDLE,
	  600000 },
	{ "a second before the end is taken",
	  { .renew_after_s = 899, .life_s = 900 },
	  MIDDLE,
	  899000 },
	{ "a life of a second", { .life_s = 1 }, MIDDLE, 1000 },
	{ "a life of a day", { .life_s = 86400 }, MIDDLE, 57600000 },
};

static void renewals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof SUCCESSES / sizeof *SUCCESSES; i++) {
		struct troth_schedule s = { .failures = 5 };
		uint64_t got_ms =
			troth_schedule_next(&s, &SUCCESSES[i].outcome, SUCCESSES[i].random);
		if (got_ms != SUCCESSES[i].want_ms)
			fail_msg("%s: %llu, not %llu", SUCCESSES[i].name,
				 (unsigned long long)got_ms,
				 (unsigned long long)SUCCESSES[i].want_ms);
		assert_int_equal(s.failures, 0);
	}
}

/* The upper half of 1, 2, 4, ... seconds, and of five minutes at last. */
static void failures_back_off(void **state)
{
	(void)state;
	static const enum troth_ending endings[] = { TROTH_ENDED_REFUSED, TROTH_ENDED_UNREACHED,
						     TROTH_ENDED_TPM };
	for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
		struct troth_schedule s = { 0 };
		const struct troth_outcome o = { .ending = endings[e] };
		uint64_t base_ms = 1000;
		for (int i = 0; i < 40; i++) {
			struct troth_schedule low = s, high = s;
			assert_int_equal(troth_schedule_next(&low, &o, 0), base_ms / 2);
			assert_int_equal(
				troth_schedule_next(&high, &o, (uint32_t)(base_ms / 2)),
				base_ms);
			uint64_t ms = troth_schedule_next(&s, &o, 0x9e3779b9u * (uint32_t)i);
			assert_in_range(ms, base_ms / 2, base_ms);
			base_ms = base_ms * 2 < 300000 ? base_ms * 2 : 300000;
		}
	}
}

static void pending_polls_steadily(void **state)
{
	(void)state;
	struct troth_schedule s = { .failures = 7 };
	const struct troth_outcome o = { .ending = TROTH_ENDED_PENDING };
	for (int i = 0; i < 10; i++)
		assert_int_equal(troth_schedule_next(&s, &o, MIDDLE), 60000);
	assert_int_equal(troth_schedule_next(&s, &o, LOWEST), 54000);
	assert_int_equal(troth_schedule_next(&s, &o, HIGHEST), 66000);
	assert_int_equal(s.failures, 0);
}

static const struct {
	const char *name;
	uint32_t asked_s, random;
	uint64_t want_ms;
} ASKED[] = {
	{ "later than the first back-off", 30, LOWEST, 30000 },
	{ "spread over a fifth more", 30, HIGHEST, 36000 },
	{ "an hour at most", 3600, LOWEST, 3600000 },
	{ "longer than an hour is an hour", 3601, LOWEST, 3600000 },
	{ "the largest number", UINT32_MAX, HIGHEST, 4320000 },
};

static void a_verifier_can_ask_for_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++) {
		struct troth_schedule s = { 0 };
		const struct troth_outcome o = { .ending = TROTH_ENDED_UNREACHED,
						 .retry_after_s = ASKED[i].asked_s };
		uint64_t got_ms = troth_schedule_next(&s, &o, ASKED[i].random);
		if (got_ms != ASKED[i].want_ms)
			fail_msg("%s: %llu", ASKED[i].name, (unsigned long long)got_ms);
	}
	/* A shorter wish than our own back-off does not bring us back sooner. */
	struct troth_schedule s = { .failures = 16 };
	const struct troth_outcome o = { .ending = TROTH_ENDED_UNREACHED, .retry_after_s = 1 };
	assert_int_equal(troth_schedule_next(&s, &o, 0), 150000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renewals),
		cmocka_unit_test(failures_back_off),
		cmocka_unit_test(pending_polls_steadily),
		cmocka_unit_test(a_verifier_can_ask_for_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
