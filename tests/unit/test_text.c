/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <troth/limits.h>

#include "reader.h"
#include "text.h"

static const struct {
	const char *text;
	uint64_t max;
	bool ok;
	uint64_t want;
} NUMBERS[] = {
	{ "0", 0, true, 0 },
	{ "7", 7, true, 7 },
	{ "8", 7, false, 0 },
	{ "10", 10, true, 10 },
	{ "11", 10, false, 0 },
	{ "99", 10, false, 0 },
	{ "9", 3, false, 0 },
	{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, false, 0 },
	{ "18446744073709551625", UINT64_MAX, false, 0 },
	{ "184467440737095516150", UINT64_MAX, false, 0 },
	{ "9223372036854775807", INT64_MAX, true, INT64_MAX },
	{ "9223372036854775808", INT64_MAX, false, 0 },
	{ "", UINT64_MAX, false, 0 },
	{ "00", UINT64_MAX, false, 0 },
	{ "01", UINT64_MAX, false, 0 },
	{ "+1", UINT64_MAX, false, 0 },
	{ "-1", UINT64_MAX, false, 0 },
	{ " 1", UINT64_MAX, false, 0 },
	{ "1 ", UINT64_MAX, false, 0 },
	{ "1a", UINT64_MAX, false, 0 },
	{ "0x10", UINT64_MAX, false, 0 },
	{ "1e3", UINT64_MAX, false, 0 },
};

static void numbers_are_digits_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
		uint64_t got;
		POISON(got);
		bool ok =
			troth_parse_u64(troth_view_str(NUMBERS[i].text), NUMBERS[i].max, &got);
		if (ok != NUMBERS[i].ok || (ok && got != NUMBERS[i].want))
			fail_msg("'%s' up to %llu", NUMBERS[i].text,
				 (unsigned long long)NUMBERS[i].max);
		if (!ok)
			ASSERT_POISONED(got);
	}
}

static const struct {
	const char *text;
	size_t len;
	bool ok;
} HEX[] = {
	{ "", 0, true },       { "00ff", 2, true }, { "00FF", 2, true },  { "aBcDeF", 3, true },
	{ "0", 1, false },     { "000", 1, false }, { "0000", 1, false }, { "00", 2, false },
	{ "0g", 1, false },    { "g0", 1, false },  { "0x00", 2, false }, { " 0", 1, false },
	{ "00:11", 2, false }, { "/0", 1, false },  { ":0", 1, false },	  { "@0", 1, false },
	{ "G0", 1, false },    { "`0", 1, false },
};

static void hex_is_of_exactly_the_length_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof HEX / sizeof *HEX; i++) {
		uint8_t out[4];
		POISON(out);
		if (troth_parse_hex(troth_view_str(HEX[i].text), out, HEX[i].len) != HEX[i].ok)
			fail_msg("'%s' as %zu bytes", HEX[i].text, HEX[i].len);
		if (!HEX[i].ok)
			ASSERT_POISONED(out);
		assert_int_equal(out[3], 0xaa);
	}
	uint8_t out[3];
	assert_true(troth_parse_hex(troth_view_str("aB0cF9"), out, sizeof out));
	assert_hex(out, "ab0cf9");
}

static void every_byte_comes_back_from_hex(void **state)
{
	(void)state;
	for (unsigned int b = 0; b < 256; b++) {
		uint8_t in = (uint8_t)b, out;
		char text[3], want[3];
		troth_format_hex((struct troth_view){ &in, 1 }, text);
		(void)snprintf(want, sizeof want, "%02x", b);
		assert_string_equal(text, want);
		assert_true(troth_parse_hex(troth_view_str(text), &out, 1));
		assert_int_equal(out, in);
	}
	char none[1] = { 'x' };
	troth_format_hex((struct troth_view){ 0 }, none);
	assert_int_equal(none[0], '\0');
}

#define C63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *text;
	bool name, domain;
} NAMES[] = {
	{ "a", true, true },
	{ "0", true, true },
	{ "a-b_c.d9", true, true },
	{ C63, true, true },
	{ C63 "4", false, true },
	{ C63 C63 C63 C63 "444", false, true },
	{ C63 C63 C63 C63 "4444", false, false },
	{ "", false, false },
	{ ".a", false, false },
	{ "-a", false, false },
	{ "_a", false, false },
	{ "A", false, false },
	{ "aB", false, false },
	{ "a b", false, false },
	{ "a/b", false, false },
	{ "a\nb", false, false },
	{ "a\xc3\xa4", false, false },
	{ "a%2e", false, false },
	{ "a:1", false, false },
	{ "a@b", false, false },
};

static void names_are_safe_path_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		struct troth_view v = troth_view_str(NAMES[i].text);
		if (troth_name_valid(v) != NAMES[i].name ||
		    troth_trust_domain_valid(v) != NAMES[i].domain)
			fail_msg("'%s'", NAMES[i].text);
	}
	assert_false(troth_name_valid(troth_view_str("a..b")));
	assert_false(troth_name_valid(troth_view_str("a..")));
	assert_true(troth_name_valid(troth_view_str("a.b.c")));
	/* A NUL inside is a byte like any other that does not belong there. */
	assert_false(troth_name_valid((struct troth_view){ (const uint8_t *)"a\0b", 3 }));
	assert_false(
		troth_trust_domain_valid((struct troth_view){ (const uint8_t *)"a\0b", 3 }));
}

static const struct {
	const char *text, *want;
	char also;
	size_t max;
} ESCAPES[] = {
	{ "plain ~", "plain ~", 0, 8 },
	{ "plain ~", "plain ", 0, 7 }, /* cut */
	{ "\x1b[2J\n", "\\x1b[2J\\x0a", 0, 64 },
	{ "\x7f\x80\xff", "\\x7f\\x80\\xff", 0, 64 },
	{ "a\\b", "a\\b", 0, 64 },
	{ "a\\b", "a\\x5cb", '\\', 64 },
	{ "ab\n", "ab", 0, 6 }, /* no half of an escape */
	{ "ab\n", "ab\\x0a", 0, 7 },
	{ "", "", 0, 1 },
};

static void foreign_text_is_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ESCAPES / sizeof *ESCAPES; i++) {
		char out[65];
		memset(out, 'z', sizeof out);
		troth_escape(troth_view_str(ESCAPES[i].text), ESCAPES[i].also, out,
			     ESCAPES[i].max);
		assert_string_equal(out, ESCAPES[i].want);
		for (size_t k = ESCAPES[i].max; k < sizeof out; k++)
			assert_int_equal(out[k], 'z');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_text_is_escaped),
		cmocka_unit_test(numbers_are_digits_and_nothing_else),
		cmocka_unit_test(hex_is_of_exactly_the_length_wanted),
		cmocka_unit_test(every_byte_comes_back_from_hex),
		cmocka_unit_test(names_are_safe_path_segments),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
