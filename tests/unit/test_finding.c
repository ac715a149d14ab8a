/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "files.h"

#include "finding.h"
#include "next_step.h"
#include "reader.h"

#define FOR_EACH_CODE(c) \
	for (enum troth_finding_code c = TROTH_FINDING_NONE + 1; c < TROTH_FINDING_N; c++)

static void every_code_has_a_name_of_its_own(void **state)
{
	(void)state;
	FOR_EACH_CODE(c)
	{
		const char *name = troth_finding_name(c);
		if (name == NULL || *name == '\0')
			fail_msg("code %d", c);
		for (const char *p = name; *p != '\0'; p++)
			assert_true((*p >= 'a' && *p <= 'z') || *p == '-');
		/* Also shows that no two share a name: the first would be found. */
		assert_int_equal(troth_finding_from_name(troth_view_str(name)), c);
	}
	assert_int_equal(troth_finding_from_name(troth_view_str("none")), TROTH_FINDING_NONE);
	assert_int_equal(troth_finding_from_name(troth_view_str("no-such")),
			 TROTH_FINDING_NONE);
	assert_int_equal(troth_finding_from_name((struct troth_view){ 0 }), TROTH_FINDING_NONE);
	assert_string_equal(troth_finding_name(TROTH_FINDING_REPLAY_MISMATCH),
			    "replay-mismatch");
}

static void a_code_out_of_range_is_unknown_and_bad(void **state)
{
	static const int CODES[] = { TROTH_FINDING_N, -1, 0x7fffffff };
	(void)state;
	for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
		const enum troth_finding_code c = (enum troth_finding_code)CODES[i];
		assert_string_equal(troth_finding_name(c), "unknown");
		assert_non_null(troth_finding_meaning(c));
		assert_int_equal(troth_finding_severity(c), TROTH_TIER_CONTRAINDICATED);
	}
}

/* What must never pass as healthy, whatever a table says. */
static void authenticity_is_never_less_than_contraindicated(void **state)
{
	(void)state;
	for (enum troth_finding_code c = TROTH_FINDING_ATTEST_MALFORMED;
	     c <= TROTH_FINDING_ROLLBACK; c++)
		assert_int_equal(troth_finding_severity(c), TROTH_TIER_CONTRAINDICATED);
	assert_int_equal(troth_finding_severity(TROTH_FINDING_REPLAY_MISMATCH),
			 TROTH_TIER_CONTRAINDICATED);
	assert_int_equal(troth_finding_severity(TROTH_FINDING_NOTHING_CHECKED),
			 TROTH_TIER_NONE);
}

static void tiers_are_those_of_ar4si(void **state)
{
	(void)state;
	assert_string_equal(troth_tier_name(TROTH_TIER_NONE), "none");
	assert_string_equal(troth_tier_name(TROTH_TIER_AFFIRMING), "affirming");
	assert_string_equal(troth_tier_name(TROTH_TIER_WARNING), "warning");
	assert_string_equal(troth_tier_name(TROTH_TIER_CONTRAINDICATED), "contraindicated");
	assert_string_equal(troth_tier_name((enum troth_tier)99), "unknown");
}

/* One row of the manual: | `code` | severity | meaning | cause | what to do | */
static void every_code_is_in_the_manual(void **state)
{
	struct troth_view file = file_load(TROTH_DOCS, "findings.md");
	(void)state;
	assert_non_null(file.p);
	char *text = calloc(1, file.n + 1);
	assert_non_null(text);
	memcpy(text, file.p, file.n);
	FOR_EACH_CODE(c)
	{
		char row[512];
		(void)snprintf(row, sizeof row, "\n| `%s` | %s | %s | ", troth_finding_name(c),
			       troth_tier_name(troth_finding_severity(c)),
			       troth_finding_meaning(c));
		char *found = strstr(text, row);
		if (found == NULL)
			fail_msg("not in docs/findings.md:%s", row);
		(void)snprintf(row, sizeof row, " | %s |\n", troth_next_step(c));
		const char *rest = found + 1;
		if (strncmp(strchr(rest, '\n') + 1 - strlen(row), row, strlen(row)) != 0)
			fail_msg("%s: docs/findings.md does not end in:%s",
				 troth_finding_name(c), row);
	}
	free(text);
	file_free(file);
}

/* A command, a file or a key, between backticks; or nothing is to be done. */
static void every_code_says_what_helps(void **state)
{
	(void)state;
	FOR_EACH_CODE(c)
	{
		const char *step = troth_next_step(c);
		assert_non_null(step);
		size_t ticks = 0;
		for (const char *p = step; *p != '\0'; p++)
			ticks += *p == '`';
		if (ticks % 2 != 0 || (ticks == 0 && strncmp(step, "Nothing", 7) != 0))
			fail_msg("%s: %s", troth_finding_name(c), step);
		assert_true(strlen(step) + 3 * TROTH_NAME_LEN_MAX < TROTH_NEXT_STEP_MAX);
	}
	assert_string_equal(troth_next_step(TROTH_FINDING_N), "");
	assert_string_equal(troth_next_step((enum troth_finding_code) - 1), "");
}

static const struct {
	const char *name, *device, *reference, *wanted;
} STEPS[] = {
	{ "both known", "press-07", "line-1",
	  "`trothctl reference learn --device press-07 --name line-1`" },
	{ "the device alone", "press-07", "",
	  "`trothctl reference learn --device press-07 --name REFERENCE`" },
	{ "nothing known", NULL, NULL,
	  "`trothctl reference learn --device DEVICE --name REFERENCE`" },
	{ "a name that a shell would obey", "$(reboot)", "a;b",
	  "`trothctl reference learn --device DEVICE --name REFERENCE`" },
	{ "a name that is an option", "--socket", "-x",
	  "`trothctl reference learn --device DEVICE --name REFERENCE`" },
	{ "a name that is such a word", "device", "REFERENCE",
	  "`trothctl reference learn --device device --name REFERENCE`" },
};

static void names_stand_in_commands_where_they_are_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
		const struct troth_next_step_names names = { .device = STEPS[i].device,
							     .reference = STEPS[i].reference };
		char out[TROTH_NEXT_STEP_MAX];
		troth_next_step_for(TROTH_FINDING_REFERENCE_MISSING, &names, out);
		if (strstr(out, STEPS[i].wanted) == NULL)
			fail_msg("%s: %s", STEPS[i].name, out);
	}
}

static void a_finding_starts_with_its_codes_severity_and_nothing_else(void **state)
{
	static struct troth_findings f;
	(void)state;
	memset(&f, 0, sizeof f);
	struct troth_finding *a = troth_finding_add(&f, TROTH_FINDING_LOG_QUIRK);
	assert_ptr_equal(a, &f.list[0]);
	assert_int_equal(f.n, 1);
	assert_int_equal(a->severity, TROTH_TIER_AFFIRMING);
	assert_int_equal(a->pcr, -1);
	assert_int_equal(a->event, -1);
	assert_int_equal(a->seen.alg, TROTH_HASH_NONE);
	assert_int_equal(a->detail[0], '\0');
	assert_true(troth_findings_have(&f, TROTH_FINDING_LOG_QUIRK));
	assert_false(troth_findings_have(&f, TROTH_FINDING_MAGIC));
}

static void findings_past_the_limit_are_counted(void **state)
{
	static struct troth_findings f;
	(void)state;
	memset(&f, 0, sizeof f);
	for (size_t i = 0; i < TROTH_FINDINGS_MAX; i++)
		troth_finding_add(&f, TROTH_FINDING_UNEXPECTED_EVENT)->event = (int32_t)i;
	assert_int_equal(f.n, TROTH_FINDINGS_MAX);
	assert_int_equal(f.n_dropped, 0);
	assert_int_equal(f.list[TROTH_FINDINGS_MAX - 1].event, TROTH_FINDINGS_MAX - 1);

	struct troth_finding *past = troth_finding_add(&f, TROTH_FINDING_MAGIC);
	troth_finding_detail(past, "dropped");
	assert_int_equal(f.n, TROTH_FINDINGS_MAX);
	assert_int_equal(f.n_dropped, 1);
	assert_false(troth_findings_have(&f, TROTH_FINDING_MAGIC));
	assert_int_equal(f.list[TROTH_FINDINGS_MAX - 1].code, TROTH_FINDING_UNEXPECTED_EVENT);
}

static const struct {
	const char *name, *in, *out;
} DETAILS[] = {
	{ "plain", "PCR 4", "PCR 4" },
	{ "a path of an EFI file", "\\EFI\\debian\\shimx64.efi", "\\EFI\\debian\\shimx64.efi" },
	{ "a line that would forge another", "a\nlevel=info", "a\\x0alevel=info" },
	{ "a terminal's escape", "\x1b[2J", "\\x1b[2J" },
	{ "the edges of printable", "\x1f ~\x7f", "\\x1f ~\\x7f" },
	{ "UTF-8", "\xc3\xa4", "\\xc3\\xa4" },
	{ "nothing", "", "" },
};

static void details_are_printable(void **state)
{
	struct troth_finding f;
	(void)state;
	for (size_t i = 0; i < sizeof DETAILS / sizeof *DETAILS; i++) {
		troth_finding_detail(&f, "%s", DETAILS[i].in);
		if (strcmp(f.detail, DETAILS[i].out) != 0)
			fail_msg("%s: %s", DETAILS[i].name, f.detail);
	}
	troth_finding_detail(&f, "%d of %s", 3, "4");
	assert_string_equal(f.detail, "3 of 4");
}

static void a_long_detail_is_cut_between_escapes(void **state)
{
	char in[400];
	struct troth_finding f;
	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		memset(in, '\n', sizeof in - 1);
		memset(in, 'a', lead);
		in[sizeof in - 1] = '\0';
		POISON(f);
		troth_finding_detail(&f, "%s", in);
		size_t n = strlen(f.detail);
		assert_true(n < sizeof f.detail);
		assert_int_equal((n - lead) % 4, 0);
		assert_string_equal(f.detail + n - 4, "\\x0a");
		assert_int_equal((uint8_t)f.reference[0], 0xaa);
	}
	memset(in, 'b', sizeof in - 1);
	troth_finding_detail(&f, "%s", in);
	assert_int_equal(strlen(f.detail), sizeof f.detail - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_of_its_own),
		cmocka_unit_test(a_code_out_of_range_is_unknown_and_bad),
		cmocka_unit_test(authenticity_is_never_less_than_contraindicated),
		cmocka_unit_test(tiers_are_those_of_ar4si),
		cmocka_unit_test(every_code_is_in_the_manual),
		cmocka_unit_test(every_code_says_what_helps),
		cmocka_unit_test(names_stand_in_commands_where_they_are_names),
		cmocka_unit_test(a_finding_starts_with_its_codes_severity_and_nothing_else),
		cmocka_unit_test(findings_past_the_limit_are_counted),
		cmocka_unit_test(details_are_printable),
		cmocka_unit_test(a_long_detail_is_cut_between_escapes),
	};
	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
