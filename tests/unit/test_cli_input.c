/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "base.h"
#include "input.h"
#include "reader.h"

/* Unix seconds from GNU date. */
static const struct {
	const char *text;
	uint64_t unix_s;
} TIMES[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2000-02-29T12:34:56Z", 951827696 },
	{ "2026-11-22T05:28:38Z", 1795325318 },
	{ "2026-11-22T05:28:38.999999999Z", 1795325318 },
	{ "2026-11-22t05:28:38z", 1795325318 },
	{ "2026-11-22 05:28:38Z", 1795325318 },
	{ "2026-11-22T07:28:38+02:00", 1795325318 },
	{ "2026-11-21T23:58:38-05:30", 1795325318 },
	{ "2026-11-22T05:28:38-00:00", 1795325318 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
	{ "2016-12-31T23:59:60Z", 1483228800 },
};

static const char *const NO_TIMES[] = {
	"",
	"now",
	"2026-11-22",
	"2026-11-22T05:28:38",
	"2026-11-22T05:28Z",
	"2026-11-22T05:28:38.Z",
	"2026-11-22T05:28:38Zz",
	"2026-11-22T05:28:38Z ",
	" 2026-11-22T05:28:38Z",
	"2026-11-22T24:00:00Z",
	"2026-11-22T05:60:00Z",
	"2026-11-22T05:28:61Z",
	"2026-00-22T05:28:38Z",
	"2026-13-22T05:28:38Z",
	"2026-11-00T05:28:38Z",
	"2026-11-31T05:28:38Z",
	"2026-02-29T05:28:38Z",
	"2100-02-29T05:28:38Z",
	"1969-12-31T23:59:59Z",
	"1970-01-01T00:00:00+00:01",
	"2026-11-22T05:28:38+24:00",
	"2026-11-22T05:28:38+0200",
	"2026-11-22T05:28:38+2:00",
	"2026-1-22T05:28:38Z",
	"+026-11-22T05:28:38Z",
	"2026-11-22T-5:28:38Z",
	"12026-11-22T05:28:38Z",
};

static void times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(TIMES); i++) {
		uint64_t got = 1;
		if (!troth_cli_time(TIMES[i].text, &got) || got != TIMES[i].unix_s)
			fail_msg("%s: got %llu", TIMES[i].text, (unsigned long long)got);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NO_TIMES); i++) {
		uint64_t got;
		POISON(got);
		if (troth_cli_time(NO_TIMES[i], &got))
			fail_msg("'%s' was taken", NO_TIMES[i]);
		ASSERT_POISONED(got);
	}
}

#define SHA1_A "00112233445566778899aabbccddeeff00112233"
#define SHA256_B "000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"

static void lines_of_values_are_read(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {
		"bank\tpcr\tvalue\nsha1\t0\t" SHA1_A "\nsha256\t23\t" SHA256_B "\n",
		"sha1\t0\t" SHA1_A "\nsha256\t23\t" SHA256_B,
		"sha1 0 " SHA1_A "\r\nsha256 23 " SHA256_B "\r\n",
	};
	for (size_t i = 0; i < TROTH_COUNT(TEXTS); i++) {
		struct troth_pcr_values v = { 0 };
		size_t line = 77;
		assert_true(troth_cli_pcrs_parse(troth_view_str(TEXTS[i]), &v, &line));
		assert_int_equal(v.n_banks, 2);
		struct troth_view one = troth_pcr_value(&v, TROTH_HASH_SHA1, 0);
		assert_int_equal(one.n, 20);
		assert_int_equal(one.p[1], 0x11);
		struct troth_view two = troth_pcr_value(&v, TROTH_HASH_SHA256, 23);
		assert_int_equal(two.n, 32);
		assert_int_equal(two.p[31], 0x1f);
	}
}

static const struct {
	const char *name, *text;
	size_t line;
} NO_VALUES[] = {
	{ "nothing", "", 0 },
	{ "a head alone", "bank\tpcr\tvalue\n", 0 },
	{ "a head in the middle", "sha1\t0\t" SHA1_A "\nbank\tpcr\tvalue\n", 2 },
	{ "an unknown bank", "md5\t0\t" SHA1_A "\n", 1 },
	{ "PCR 24", "sha1\t24\t" SHA1_A "\n", 1 },
	{ "a PCR with a leading zero", "sha1\t01\t" SHA1_A "\n", 1 },
	{ "a signed PCR", "sha1\t+1\t" SHA1_A "\n", 1 },
	{ "a value of another bank", "sha256\t0\t" SHA1_A "\n", 1 },
	{ "a digit short", "sha1\t0\t0011223344556677889900112233445566778\n", 1 },
	{ "a value that is no hex", "sha1\t0\tx0112233445566778899aabbccddeeff00112233\n", 1 },
	{ "a PCR twice", "sha1\t0\t" SHA1_A "\nsha1\t0\t" SHA1_A "\n", 2 },
	{ "a fourth column", "sha1\t0\t" SHA1_A "\tyes\n", 1 },
	{ "a blank line", "sha1\t0\t" SHA1_A "\n\n", 2 },
	{ "two columns", "sha1\t0\n", 1 },
};

static void lines_of_anything_else_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NO_VALUES); i++) {
		struct troth_pcr_values v;
		size_t line = 77;
		POISON(v);
		if (troth_cli_pcrs_parse(troth_view_str(NO_VALUES[i].text), &v, &line) ||
		    line != NO_VALUES[i].line)
			fail_msg("%s: line %zu", NO_VALUES[i].name, line);
		ASSERT_POISONED(v);
	}
}

/* A file that tpm2_quote wrote, and the same bent where it counts. */
static struct troth_buffer tool_file(void)
{
	struct troth_buffer b = { 0 };
	assert_int_equal(troth_file_read(TROTH_FIXTURES "/direct/quote.pcrs", 4096, &b),
			 TROTH_OK);
	return b;
}

static void the_tool_file_is_read(void **state)
{
	(void)state;
	struct troth_buffer b = tool_file();
	struct troth_pcr_values v = { 0 };
	size_t line;
	assert_true(troth_cli_pcrs_parse(troth_buffer_view(&b), &v, &line));
	assert_int_equal(v.n_banks, 1);
	assert_int_equal(v.banks[0].bank, TROTH_HASH_SHA256);
	assert_int_equal(v.banks[0].have, 0x4fff);
	/* PCR 7 as the guest read it (pcrs.txt). */
	assert_hex(v.banks[0].value[7],
		   "65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e534eb3068");
	troth_buffer_clear(&b);
}

static void every_prefix_of_the_tool_file_is_refused(void **state)
{
	(void)state;
	struct troth_buffer b = tool_file();
	for (size_t n = 0; n < b.n; n++) {
		struct troth_pcr_values v;
		size_t line;
		POISON(v);
		uint8_t *copy = malloc(n > 0 ? n : 1);
		assert_non_null(copy);
		memcpy(copy, b.p, n);
		assert_false(troth_cli_pcrs_parse((struct troth_view){ copy, n }, &v, &line));
		ASSERT_POISONED(v);
		free(copy);
	}
	struct troth_pcr_values v;
	size_t line;
	/* The buffer has a zero byte past its end: one byte too many. */
	assert_false(troth_cli_pcrs_parse((struct troth_view){ b.p, b.n + 1 }, &v, &line));
	troth_buffer_clear(&b);
}

static const struct {
	const char *name;
	size_t at;
	uint8_t value;
} BENT[] = {
	{ "no bank", 0, 0 },
	{ "seventeen banks", 0, 17 },
	{ "an unknown bank", 4, 0x77 },
	{ "five bytes of bit map", 6, 5 },
	{ "PCR 24 selected", 10, 1 },
	{ "one PCR more selected", 9, 1 },
	{ "one PCR fewer", 7, 0xfe },
	{ "no list of digests", 132, 0 },
	{ "a third list", 132, 3 },
	{ "nine digests in a list", 136, 9 },
	{ "seven in the first list", 136, 7 },
	{ "a digest of 31 bytes", 140, 31 },
	{ "a digest of 288 bytes", 141, 1 },
};

static void bent_tool_files_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(BENT); i++) {
		struct troth_buffer b = tool_file();
		struct troth_pcr_values v;
		size_t line;
		POISON(v);
		b.p[BENT[i].at] = BENT[i].value;
		if (troth_cli_pcrs_parse(troth_buffer_view(&b), &v, &line))
			fail_msg("%s: taken", BENT[i].name);
		ASSERT_POISONED(v);
		troth_buffer_clear(&b);
	}
}

/* A selection of no PCR and no values: well-formed, and nothing to compare with. */
static void an_empty_tool_file_is_refused(void **state)
{
	(void)state;
	uint8_t file[136] = { 1, 0, 0, 0, 0x0b, 0, 3 };
	struct troth_pcr_values v;
	size_t line;
	POISON(v);
	assert_false(troth_cli_pcrs_parse(TROTH_VIEW_OF(file), &v, &line));
	ASSERT_POISONED(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(lines_of_values_are_read),
		cmocka_unit_test(lines_of_anything_else_are_refused),
		cmocka_unit_test(the_tool_file_is_read),
		cmocka_unit_test(every_prefix_of_the_tool_file_is_refused),
		cmocka_unit_test(bent_tool_files_are_refused),
		cmocka_unit_test(an_empty_tool_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
