/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base.h"
#include "health.h"
#include "reader.h"

#define NOW UINT64_C(1732230000000)

/* Stale after 10 s, unreachable after 30 s. */
static const struct {
	const char *name;
	enum troth_device_state state;
	uint64_t pass_ms, fail_ms;
	enum troth_health want;
} CASES[] = {
	{ "never attested", TROTH_DEVICE_ACTIVE, 0, 0, TROTH_HEALTH_UNKNOWN },
	{ "passed now", TROTH_DEVICE_ACTIVE, NOW, 0, TROTH_HEALTH_HEALTHY },
	{ "passed just before it is overdue", TROTH_DEVICE_ACTIVE, NOW - 9999, 0,
	  TROTH_HEALTH_HEALTHY },
	{ "just overdue", TROTH_DEVICE_ACTIVE, NOW - 10000, 0, TROTH_HEALTH_STALE },
	{ "just before long overdue", TROTH_DEVICE_ACTIVE, NOW - 29999, 0, TROTH_HEALTH_STALE },
	{ "just long overdue", TROTH_DEVICE_ACTIVE, NOW - 30000, 0, TROTH_HEALTH_UNREACHABLE },
	{ "silent for ever", TROTH_DEVICE_ACTIVE, 1, 0, TROTH_HEALTH_UNREACHABLE },
	{ "failed, never passed", TROTH_DEVICE_ACTIVE, 0, NOW, TROTH_HEALTH_UNTRUSTED },
	{ "failed after it passed", TROTH_DEVICE_ACTIVE, NOW - 2, NOW - 1,
	  TROTH_HEALTH_UNTRUSTED },
	{ "failed and passed in the same millisecond", TROTH_DEVICE_ACTIVE, NOW, NOW,
	  TROTH_HEALTH_UNTRUSTED },
	{ "passed after it failed", TROTH_DEVICE_ACTIVE, NOW - 1, NOW - 2,
	  TROTH_HEALTH_HEALTHY },
	{ "failed, then silent: untrusted, not unreachable", TROTH_DEVICE_ACTIVE, 1, 2,
	  TROTH_HEALTH_UNTRUSTED },
	{ "passed a second in the future", TROTH_DEVICE_ACTIVE, NOW + 1000, 0,
	  TROTH_HEALTH_HEALTHY },
	{ "passed further in the future", TROTH_DEVICE_ACTIVE, NOW + 1001, 0,
	  TROTH_HEALTH_STALE },
	{ "quarantined, evidence good", TROTH_DEVICE_QUARANTINED, NOW, 0,
	  TROTH_HEALTH_HEALTHY },
	{ "quarantined, evidence bad", TROTH_DEVICE_QUARANTINED, 0, NOW,
	  TROTH_HEALTH_UNTRUSTED },
	{ "pending", TROTH_DEVICE_PENDING, NOW, 0, TROTH_HEALTH_UNKNOWN },
	{ "retired", TROTH_DEVICE_RETIRED, 1, 0, TROTH_HEALTH_UNKNOWN },
	{ "no such state", TROTH_DEVICE_STATE_N, NOW, 0, TROTH_HEALTH_UNKNOWN },
};

static void health_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		const struct troth_health_case c = { .state = CASES[i].state,
						     .last_pass_ms = CASES[i].pass_ms,
						     .last_fail_ms = CASES[i].fail_ms,
						     .stale_after_s = 10,
						     .unreachable_after_s = 30 };
		enum troth_health got = troth_health_at(&c, NOW);
		if (got != CASES[i].want)
			fail_msg("%s: %s", CASES[i].name, troth_health_name(got));
	}
}

static void without_limits_nothing_is_healthy(void **state)
{
	(void)state;
	struct troth_health_case c = { .state = TROTH_DEVICE_ACTIVE, .last_pass_ms = NOW };
	assert_int_equal(troth_health_at(&c, NOW), TROTH_HEALTH_UNREACHABLE);
	c.unreachable_after_s = UINT32_MAX;
	assert_int_equal(troth_health_at(&c, NOW), TROTH_HEALTH_STALE);
	c.stale_after_s = UINT32_MAX; /* seconds to milliseconds does not wrap */
	assert_int_equal(troth_health_at(&c, NOW + 1000 * (uint64_t)UINT32_MAX - 1),
			 TROTH_HEALTH_HEALTHY);
	assert_int_equal(troth_health_at(&c, NOW + 1000 * (uint64_t)UINT32_MAX),
			 TROTH_HEALTH_UNREACHABLE);
}

static void names(void **state)
{
	(void)state;
	static const char *const want[] = { "pending", "active", "quarantined", "retired" };
	for (enum troth_device_state s = TROTH_DEVICE_PENDING; s < TROTH_DEVICE_STATE_N; s++)
		assert_string_equal(troth_device_state_name(s), want[s]);
	assert_string_equal(troth_device_state_name(TROTH_DEVICE_STATE_N), "unknown");
	assert_string_equal(troth_health_name(TROTH_HEALTH_UNKNOWN), "unknown");
	assert_string_equal(troth_health_name(TROTH_HEALTH_HEALTHY), "healthy");
	assert_string_equal(troth_health_name(TROTH_HEALTH_STALE), "stale");
	assert_string_equal(troth_health_name(TROTH_HEALTH_UNREACHABLE), "unreachable");
	assert_string_equal(troth_health_name(TROTH_HEALTH_UNTRUSTED), "untrusted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_cases),
		cmocka_unit_test(without_limits_nothing_is_healthy),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
