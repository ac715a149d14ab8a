/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "notice.h"

static struct troth_notice sample(void)
{
	return (struct troth_notice){ .kind = TROTH_NOTICE_QUARANTINED,
				      .time_s = 1732230000,
				      .name = "press-4",
				      .segment = "line-a",
				      .reason = "operator",
				      .revoked = true };
}

static void written(const struct troth_notice *n, uint64_t index, const char *want)
{
	uint8_t text[TROTH_NOTICE_JSON_MAX + 1];
	size_t len = 0;
	assert_int_equal(troth_notice_write(n, index, text, TROTH_NOTICE_JSON_MAX, &len),
			 TROTH_OK);
	text[len] = '\0';
	assert_string_equal((const char *)text, want);
}

static void what_is_absent_is_left_out(void **state)
{
	struct troth_notice n = sample();
	(void)state;
	written(&n, 7,
		"{\"type\":\"device.quarantined\",\"timestamp\":\"2024-11-21T23:00:00Z\","
		"\"data\":{\"seq\":7,\"name\":\"press-4\",\"segment\":\"line-a\","
		"\"reason\":\"operator\",\"certificates\":\"revoked\"}}");
	n = (struct troth_notice){ .kind = TROTH_NOTICE_POLICY, .name = "default" };
	written(&n, 0,
		"{\"type\":\"policy.applied\",\"timestamp\":\"1970-01-01T00:00:00Z\","
		"\"data\":{\"seq\":0,\"name\":\"default\"}}");
	n = sample();
	n.kind = TROTH_NOTICE_CHANGED;
	n.revoked = false;
	(void)snprintf(n.was, sizeof n.was, "line-b/press-4");
	written(&n, INT64_MAX,
		"{\"type\":\"device.changed\",\"timestamp\":\"2024-11-21T23:00:00Z\","
		"\"data\":{\"seq\":9223372036854775807,\"name\":\"press-4\","
		"\"segment\":\"line-a\",\"was\":\"line-b/press-4\",\"reason\":\"operator\"}}");
}

static void the_longest_fits(void **state)
{
	struct troth_notice n = sample();
	uint8_t text[TROTH_NOTICE_JSON_MAX];
	size_t len = 0;
	(void)state;
	memset(n.name, 'n', sizeof n.name - 1);
	memset(n.segment, 's', sizeof n.segment - 1);
	memset(n.was, 'w', sizeof n.was - 1);
	memset(n.reason, 'r', sizeof n.reason - 1);
	n.time_s = INT64_MAX / 1000;
	assert_int_equal(troth_notice_write(&n, INT64_MAX, text, sizeof text, &len), TROTH_OK);
	POISON(text);
	assert_int_equal(troth_notice_write(&n, 1, text, len - 20, &len), TROTH_E_LIMIT);
	n.kind = TROTH_NOTICE_NONE;
	assert_int_equal(troth_notice_write(&n, 1, text, sizeof text, &len), TROTH_E_MALFORMED);
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern;
		bool matches, valid;
	} CASES[] = {
		{ "device.quarantined", true, true },
		{ "device.*", true, true },
		{ "*", true, true },
		{ "policy.*", false, true },
		{ "device.released", false, true },
		{ "device.quarantine", false, false },
		{ "device.", false, false },
		{ "dev.*", false, false },
		{ "device*", false, false },
		{ ".*", false, false },
		{ "", false, false },
		{ "quarantined", false, false },
		{ "device.quarantined.*", false, false },
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		if (troth_notice_matches(TROTH_NOTICE_QUARANTINED, CASES[i].pattern) !=
			    CASES[i].matches ||
		    troth_notice_pattern_valid(CASES[i].pattern) != CASES[i].valid)
			fail_msg("'%s'", CASES[i].pattern);
	}
	assert_false(troth_notice_matches(TROTH_NOTICE_NONE, "*"));
}

static void relying_parties_hear_of_devices_with_a_segment(void **state)
{
	struct troth_notice n = sample();
	(void)state;
	assert_true(troth_notice_public(&n));
	n.kind = TROTH_NOTICE_POLICY;
	assert_false(troth_notice_public(&n));
	n = sample();
	n.segment[0] = '\0';
	assert_false(troth_notice_public(&n));
}

static void every_kind_has_a_type_of_its_own(void **state)
{
	(void)state;
	for (enum troth_notice_kind a = TROTH_NOTICE_NONE + 1; a < TROTH_NOTICE_N; a++)
		for (enum troth_notice_kind b = TROTH_NOTICE_NONE; b < a; b++)
			assert_string_not_equal(troth_notice_type(a), troth_notice_type(b));
	assert_string_equal(troth_notice_type(TROTH_NOTICE_N), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_is_left_out),
		cmocka_unit_test(the_longest_fits),
		cmocka_unit_test(patterns),
		cmocka_unit_test(relying_parties_hear_of_devices_with_a_segment),
		cmocka_unit_test(every_kind_has_a_type_of_its_own),
	};
	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
