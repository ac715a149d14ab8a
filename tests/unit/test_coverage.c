/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "coverage.h"

#define PCR(n) (1U << (n))
#define ALL 0xffffffU

static const struct {
	uint32_t mask;
	const char *want;
} MASKS[] = {
	{ 0, "" },
	{ PCR(0), "0" },
	{ PCR(23), "23" },
	{ PCR(0) | PCR(1), "0 and 1" },
	{ PCR(3) | PCR(4) | PCR(5), "3 to 5" },
	{ PCR(0) | PCR(2) | PCR(4), "0, 2 and 4" },
	{ PCR(0) | PCR(1) | PCR(2) | PCR(7) | PCR(8) | PCR(14), "0 to 2, 7, 8 and 14" },
	{ PCR(1) | PCR(8) | PCR(9), "1, 8 and 9" },
	{ 0xff000000U, "" },
	{ UINT32_MAX, "0 to 23" },
	{ 0x555555, "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and 22" },
};

static void masks_read_as_a_person_says_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MASKS / sizeof *MASKS; i++) {
		char got[96];
		troth_pcrs_text(MASKS[i].mask, got, sizeof got);
		assert_string_equal(got, MASKS[i].want);
	}
}

static void a_short_buffer_is_not_overrun(void **state)
{
	(void)state;
	for (size_t size = 1; size < 50; size++) {
		char got[64];
		memset(got, 'x', sizeof got);
		troth_pcrs_text(0x555555, got, size);
		assert_true(strlen(got) < size);
		assert_int_equal(got[size], 'x');
	}
}

static void expect_gaps(const struct troth_coverage *c, const char *const *want)
{
	char line[TROTH_COVERAGE_LINE_MAX];
	size_t i = 0;
	for (; want[i] != NULL; i++) {
		assert_true(troth_coverage_gap(c, i, line));
		assert_string_equal(line, want[i]);
	}
	assert_false(troth_coverage_gap(c, i, line));
}

static const char SECURE_BOOT[] = "whether secure boot was enforced was not established";
static const char IMA[] =
	"no file that was used after the boot was looked at, on any file system "
	"(no IMA list was appraised)";

static void nothing_checked_is_said(void **state)
{
	const struct troth_coverage nothing = { .pcrs_unchecked = ALL };
	(void)state;
	expect_gaps(&nothing,
		    (const char *const[]){ "PCRs 0 to 23 were not asked for: what they hold is "
					   "not known",
					   SECURE_BOOT, IMA, NULL });
}

static const char IMA_EXTENT[] =
	"files were looked at as far as the device's IMA policy measures them: what it leaves "
	"out (file systems such as tmpfs or overlayfs, uses, users) is not known";

static void all_checked_leaves_what_ima_cannot_say(void **state)
{
	const struct troth_coverage all = { .pcrs_quoted = ALL,
					    .pcrs_matched = ALL,
					    .secure_boot_checked = true,
					    .ima_checked = true,
					    .boot_aggregate_checked = true };
	(void)state;
	expect_gaps(&all, (const char *const[]){ IMA_EXTENT, NULL });
}

static void what_an_ima_list_leaves_open_is_said(void **state)
{
	const struct troth_coverage c = { .pcrs_quoted = ALL,
					  .pcrs_matched = ALL,
					  .secure_boot_checked = true,
					  .ima_checked = true,
					  .ima = { .ignored = 3, .elsewhere = 2 } };
	(void)state;
	expect_gaps(&c,
		    (const char *const[]){
			    IMA_EXTENT,
			    "3 files that were measured and that a pattern of the policy "
			    "lets pass",
			    "2 entries of the IMA list that belong to other PCRs than 10",
			    "boot_aggregate was not compared: PCRs 0 to 9 are not all quoted "
			    "in its bank",
			    NULL });
}

static void each_gap_is_said(void **state)
{
	const struct troth_coverage c = {
		.pcrs_quoted = ALL & ~PCR(23),
		.pcrs_unchecked = PCR(23) | PCR(9),
		.pcrs_golden = PCR(10) | PCR(11),
		.pcrs_empty = PCR(6),
		.secure_boot_checked = true,
		.n_ignored = 3,
		.ignored = { { 1, 0x80000002U, 4 }, { 5, UINT32_MAX, 0 }, { 3, 0x1234, 1 } },
	};
	(void)state;
	expect_gaps(
		&c,
		(const char *const[]){
			"PCR 23 was not asked for: what it holds is not known",
			"PCR 9 was quoted, and nothing explains its content",
			"of PCRs 10 and 11 only the final values were compared, not what "
			"led to them",
			"PCR 6 was never extended",
			"a rule of the policy lets EV_EFI_VARIABLE_BOOT in PCR 1 pass: 4 in "
			"this log",
			"a rule of the policy lets any event in PCR 5 pass: 0 in this log",
			"a rule of the policy lets EV_0x00001234 in PCR 3 pass: 1 in this "
			"log",
			IMA, NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_read_as_a_person_says_them),
		cmocka_unit_test(a_short_buffer_is_not_overrun),
		cmocka_unit_test(nothing_checked_is_said),
		cmocka_unit_test(all_checked_leaves_what_ima_cannot_say),
		cmocka_unit_test(what_an_ima_list_leaves_open_is_said),
		cmocka_unit_test(each_gap_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
