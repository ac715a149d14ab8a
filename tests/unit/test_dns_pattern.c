/* SPDX-License-Identifier: Apache-2.0 */
/* No two devices get one DNS name, whatever they and their segments are called. */
#include "check.h"

#include "base.h"
#include "dns_pattern.h"
#include "svid_names.h"

static const struct {
	const char *pattern;
	bool shared;
	const char *fault; /* words of it; NULL: there is none */
} ALONE[] = {
	{ "{name}.example.org", false, NULL },
	{ "{name}.{segment}.example.org", false, NULL },
	{ "press-{name}.example.org", false, NULL },
	{ "{name}-mgmt.example.org", false, NULL },
	{ "*.{name}.example.org", false, NULL },
	{ "{name}.{name}.example.org", false, NULL },
	{ "gateway.example.org", true, NULL },
	{ "gateway.{segment}.example.org", true, NULL },
	{ "{name}-{segment}.example.org", false, "two placeholders" },
	{ "{segment}-{name}.example.org", false, "two placeholders" },
	{ "{name}{segment}.example.org", false, "two placeholders" },
	{ "{name}x{name}.example.org", false, "two placeholders" },
	{ "a.b-{segment}-c-{name}-d.example.org", false, "two placeholders" },
	{ "{segment}-{segment}.example.org", true, "two placeholders" },
	{ "gateway.example.org", false, "without {name}" },
	{ "{segment}.example.org", false, "without {name}" },
	{ "*.example.org", false, "without {name}" },
	{ "{name}.example.org", true, "has no {name}" },
	{ "{name}_x.example.org", false, "no DNS name" },
	{ "{name}.example.org.", false, "no DNS name" },
	{ "{Name}.example.org", false, "no DNS name" },
	{ "", false, "no DNS name" },
};

static void alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(ALONE); i++) {
		const struct troth_dns_pattern p = { troth_view_str(ALONE[i].pattern),
						     ALONE[i].shared };
		const char *got = troth_dns_pattern_fault(&p);
		if ((got == NULL) != (ALONE[i].fault == NULL) ||
		    (got != NULL && strstr(got, ALONE[i].fault) == NULL))
			fail_msg("%s: %s", ALONE[i].pattern, got != NULL ? got : "taken");
	}
}

static const struct {
	const char *a, *b;
	bool clash;
} PAIRS[] = {
	{ "{name}.example.org", "{name}.example.org", false },
	{ "{name}.example.org", "{name}.example.com", false },
	{ "{name}.{segment}.example.org", "{name}.line-1.example.org", false },
	{ "{name}.{segment}.example.org", "{name}.{name}.example.org", false },
	{ "{name}.example.org", "x.{name}.example.org", false },
	{ "press-{name}.example.org", "pump-{name}.example.org", false },
	{ "press-{name}.example.org", "press-{name}.example.org", false },
	{ "a.{name}.example.org", "b.{name}.example.org", false },
	{ "*.{name}.example.org", "x.{name}.example.org", false },
	{ "*.{name}.example.org", "{name}.example.org", false },
	{ "{name}.press.example.org", "press.{name}.example.com", false },
	{ "{name}.{segment}.example.org", "{segment}.{name}.example.org", true },
	{ "{name}.example.org", "press-{name}.example.org", true },
	{ "{name}.example.org", "{name}-mgmt.example.org", true },
	{ "a-{name}.example.org", "{name}-b.example.org", true },
	{ "*.{name}.example.org", "{name}.{segment}.example.org", true },
	{ "*.{name}.example.org", "{name}.line-1.example.org", true },
	{ "{name}.x.example.org", "x.{name}.example.org", true },
};

static void one_way(const char *a, const char *b, bool want)
{
	const struct troth_dns_pattern pa = { troth_view_str(a), false },
				       pb = { troth_view_str(b), false };
	if (troth_dns_patterns_clash(&pa, &pb) != want)
		fail_msg("%s and %s: wanted %d", a, b, want);
}

static void in_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(PAIRS); i++) {
		one_way(PAIRS[i].a, PAIRS[i].b, PAIRS[i].clash);
		one_way(PAIRS[i].b, PAIRS[i].a, PAIRS[i].clash);
	}
}

static void what_is_shared_is_no_device(void **state)
{
	static const struct {
		const char *shared, *other;
		bool other_shared, clash;
	} CASES[] = {
		{ "gateway.example.org", "gateway.example.org", true, false },
		{ "gateway.{segment}.example.org", "gateway.line-1.example.org", true, false },
		{ "gateway.example.org", "{name}.example.org", false, true },
		{ "gateway.example.org", "press-{name}.example.org", false, false },
		{ "gateway.{segment}.example.org", "{name}.line-1.example.org", false, true },
		{ "*.example.org", "{name}.example.org", false, true },
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		const struct troth_dns_pattern a = { troth_view_str(CASES[i].shared), true },
					       b = { troth_view_str(CASES[i].other),
						     CASES[i].other_shared };
		if (troth_dns_patterns_clash(&a, &b) != CASES[i].clash ||
		    troth_dns_patterns_clash(&b, &a) != CASES[i].clash)
			fail_msg("%s and %s", CASES[i].shared, CASES[i].other);
	}
}

/* ---- what is said of patterns, against what they make ---- */

static const char *const WORDS[] = { "a", "b", "a-b", "b-a", "a-a", "mgmt", "a-mgmt", "x" };

static bool matches(const char *wildcard, const char *name)
{
	const char *dot = strchr(name, '.');
	return wildcard[0] == '*' && dot != NULL && strcmp(wildcard + 1, dot) == 0;
}

static bool covers(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || matches(a, b) || matches(b, a);
}

/* Two devices of different names, in any segments. */
static bool collide(const char *a, const char *b, size_t i, size_t k)
{
	char made_a[TROTH_DNS_NAME_MAX + 1], made_b[TROTH_DNS_NAME_MAX + 1];
	const size_t n = TROTH_COUNT(WORDS);
	return i % n != k % n &&
	       troth_dns_name_fill(troth_view_str(a), troth_view_str(WORDS[i % n]),
				   troth_view_str(WORDS[i / n]), made_a) &&
	       troth_dns_name_fill(troth_view_str(b), troth_view_str(WORDS[k % n]),
				   troth_view_str(WORDS[k / n]), made_b) &&
	       covers(made_a, made_b);
}

static void no_two_devices_meet_where_it_says_so(void **state)
{
	const size_t n = TROTH_COUNT(WORDS) * TROTH_COUNT(WORDS);
	(void)state;
	for (size_t p = 0; p < TROTH_COUNT(PAIRS); p++)
		for (size_t i = 0; !PAIRS[p].clash && i < n; i++)
			for (size_t k = 0; k < n; k++)
				if (collide(PAIRS[p].a, PAIRS[p].b, i, k))
					fail_msg("%s and %s meet", PAIRS[p].a, PAIRS[p].b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(in_pairs),
		cmocka_unit_test(what_is_shared_is_no_device),
		cmocka_unit_test(no_two_devices_meet_where_it_says_so),
	};
	return cmocka_run_group_tests_name("dns_pattern", tests, NULL, NULL);
}
