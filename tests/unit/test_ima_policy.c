/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of paths in a policy's rules for IMA lists. */
#include "check.h"

#include "ima_policy.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_are_anchored),
		cmocka_unit_test(patterns_match_what_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
