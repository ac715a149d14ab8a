/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base.h"
#include "enrol_budget.h"

/* An enrolment is two requests. */
#define PER_MINUTE 3
#define FULL (2 * PER_MINUTE)

/* Takes until it is refused. */
static unsigned drain(struct troth_enrol_budget *b, const char *peer, uint64_t now_ms)
{
	unsigned n = 0;
	while (n < 1000 && troth_enrol_budget_take(b, peer, now_ms))
		n++;
	return n;
}

static const struct {
	const char *what, *first, *second;
	bool shared;
} PEERS[] = {
	{ "another port", "192.0.2.1:1000", "192.0.2.1:2000", true },
	{ "another address", "192.0.2.1:1000", "192.0.2.2:1000", false },
	{ "another port, IPv6", "[2001:db8::1]:1000", "[2001:db8::1]:2000", true },
	{ "another address of the same network", "[2001:db8:1:2::1]:1",
	  "[2001:db8:1:2:ffff::9]:1", true },
	{ "another network", "[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", false },
	{ "IPv4 on an IPv6 listener", "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false },
	{ "the same IPv4 on an IPv6 listener", "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:2",
	  true },
	{ "no address", "", "", true },
};

static void a_source_has_one_budget(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(PEERS); i++) {
		struct troth_enrol_budget *b;
		assert_int_equal(troth_enrol_budget_new(PER_MINUTE, &b), TROTH_OK);
		assert_int_equal(drain(b, PEERS[i].first, 5), FULL);
		unsigned left = drain(b, PEERS[i].second, 5);
		if (left != (PEERS[i].shared ? 0 : FULL))
			fail_msg("%s: %u left", PEERS[i].what, left);
		troth_enrol_budget_free(b);
	}
}

static void it_fills_with_time_and_no_further(void **state)
{
	(void)state;
	struct troth_enrol_budget *b;
	assert_int_equal(troth_enrol_budget_new(PER_MINUTE, &b), TROTH_OK);
	assert_int_equal(drain(b, "192.0.2.1:1", 1000), FULL);
	assert_int_equal(drain(b, "192.0.2.1:1", 1000 + 60000 / FULL), 1);
	assert_int_equal(drain(b, "192.0.2.1:1", 10000000), FULL);
	assert_int_equal(drain(b, "192.0.2.1:1", 5),
			 0); /* a clock that went back gives nothing */
	troth_enrol_budget_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_one_budget),
		cmocka_unit_test(it_fills_with_time_and_no_further),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
