/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's rules for IMA lists: patterns of paths, and packages. */
#include "check.h"

#include <stdio.h>

#include "ima_bench.h"
#include "reader.h"

static const struct {
	const char *pattern;
	bool valid;
} PATTERNS[] = {
	{ "/var/log/**", true }, { "/var/log/*", true }, { "/opt/app-*/bin", true },
	{ "/tmp/x", true },	 { "/*/log", true },	 { "var/log", false },
	{ "**/log", false },	 { "*", false },	 { "/", false },
	{ "/**", false },	 { "/*", false },	 { "/*/**", false },
	{ "/a/**/b", false },	 { "/a/../b", false },	 { "/a/./b", false },
	{ "/a//b", false },	 { "/a/", false },	 { "", false },
	{ "/a/b**", false },	 { ".*\\.log", false },
};

static void patterns_are_anchored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++)
		if (troth_ima_pattern_valid(troth_view_str(PATTERNS[i].pattern)) !=
		    PATTERNS[i].valid)
			fail_msg("%s", PATTERNS[i].pattern);
}

static const struct {
	const char *pattern, *path;
	bool want;
} MATCHES[] = {
	{ "/var/log/**", "/var/log/a", true },
	{ "/var/log/**", "/var/log/a/b/c", true },
	{ "/var/log/**", "/var/log", false },
	{ "/var/log/**", "/var/logs/a", false },
	{ "/var/log/**", "/x/var/log/a", false },
	{ "/var/log/**", "var/log/a", false },
	{ "/var/*/x", "/var/a/x", true },
	{ "/var/*/x", "/var/a/b/x", false },
	{ "/opt/app-*/bin", "/opt/app-12/bin", true },
	{ "/opt/app-*/bin", "/opt/app/bin", false },
	{ "/opt/a*b*c", "/opt/aXbYbZc", true },
	{ "/opt/a*b*c", "/opt/aXbYbZ", false },
	{ "/tmp/x", "/tmp/x", true },
	{ "/tmp/x", "/tmp/xy", false },
	{ "/tmp/*", "/tmp/x", true },
	{ "/tmp/*", "/tmp/x/y", false },
};

static void patterns_match_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MATCHES / sizeof *MATCHES; i++)
		if (troth_ima_pattern_matches(troth_view_str(MATCHES[i].pattern),
					      troth_view_str(MATCHES[i].path)) !=
		    MATCHES[i].want)
			fail_msg("%s, %s", MATCHES[i].pattern, MATCHES[i].path);
}

/* The empty file, in every package but one: said often it is judged as it was said once. */
static void a_digest_at_many_places_is_judged_by_each_rule(void **state)
{
	enum { PLACES = 200, SAID = 5 };
	struct ima_bench *b = ima_bench_new(*state);
	struct troth_digest_set_builder *many;
	char path[32];
	size_t n;
	assert_int_equal(troth_digest_set_builder_new(&many), TROTH_OK);
	for (int i = 0; i < PLACES; i++) {
		snprintf(path, sizeof path, "/lib/%d", i);
		assert_int_equal(troth_digest_set_add(many, IMA_GOOD, troth_view_str(path),
						      troth_view_str("many")),
				 TROTH_OK);
	}
	free(b->set_bytes);
	assert_int_equal(troth_digest_set_finish(b->ctx, many, &b->set_bytes, &n), TROTH_OK);
	troth_digest_set_builder_free(many);
	assert_int_equal(troth_digest_set_open((struct troth_view){ b->set_bytes, n }, &b->set),
			 TROTH_OK);
	b->policy.rules[0].any_path = true;
	b->policy.rules[0].n_packages = 1;
	b->policy.rules[0].packages[0] = ima_bench_text(b, "other");
	for (int i = 0; i < SAID; i++)
		ima_add_file(&b->list, "/tmp/empty", IMA_GOOD);
	ima_bench_appraise_all(b);
	assert_int_equal(b->r.findings.n, SAID);
	b->policy.n_rules = 2;
	b->policy.rules[1] = b->policy.rules[0];
	b->policy.rules[1].packages[0] = ima_bench_text(b, "many");
	b->sets[1] = &b->set;
	ima_bench_appraise_all(b);
	ima_bench_assert_clean(b);
	assert_int_equal(b->r.after.counts.allowed, SAID);
	ima_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_anchored),
		cmocka_unit_test(patterns_match_what_they_say),
		cmocka_unit_test(a_digest_at_many_places_is_judged_by_each_rule),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
