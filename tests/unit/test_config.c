/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <troth/limits.h>

#include "base.h"
#include "reader.h"
#include "text.h"

struct listener {
	char address[16];
	uint32_t port;
};

struct sample {
	char name[9];
	bool on;
	uint32_t count, life_s, mode;
	struct listener listen;
	uint32_t masks[4];
	size_t n_masks, n_words, n_pairs;
	char words[4][16];
	char chosen[16];
};

static const char *const MODES[] = { "slow", "fast", NULL };

static enum troth_status add_word(struct troth_config_doc *doc, void *target)
{
	struct sample *s = target;
	struct troth_view text;
	if (s->n_words == TROTH_COUNT(s->words))
		return troth_config_fail(doc, "too many words");
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (text.n >= sizeof s->words[0])
		return troth_config_fail(doc, "word too long");
	memcpy(s->words[s->n_words], text.p, text.n);
	s->words[s->n_words++][text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status add_bank(struct troth_config_doc *doc, void *target)
{
	struct sample *s = target;
	uint32_t numbers[3];
	size_t n;
	if (!troth_view_equal(troth_config_key(doc), troth_view_str("odd")) &&
	    !troth_view_equal(troth_config_key(doc), troth_view_str("even")))
		return troth_config_fail(doc, "no such bank");
	TROTH_TRY(troth_config_numbers(doc, 23, numbers, TROTH_COUNT(numbers), &n));
	for (size_t i = 0; i < n; i++)
		s->masks[s->n_masks] |= (uint32_t)1 << numbers[i];
	s->n_masks++;
	return TROTH_OK;
}

static const struct troth_config_field PAIR[] = {
	{ .key = "port",
	  .type = TROTH_CONFIG_U32,
	  .offset = offsetof(struct listener, port),
	  .max = 65535,
	  .required = true },
	{ 0 },
};

static enum troth_status add_pair(struct troth_config_doc *doc, void *target)
{
	struct sample *s = target;
	struct listener l = { 0 };
	TROTH_TRY(troth_config_map(doc, PAIR, &l));
	s->n_pairs++;
	return l.port == 13 ? troth_config_fail(doc, "unlucky") : TROTH_OK;
}

static enum troth_status choose(struct troth_config_doc *doc, void *target)
{
	struct sample *s = target;
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (text.n >= sizeof s->chosen)
		return troth_config_fail(doc, "too long");
	memcpy(s->chosen, text.p, text.n);
	return TROTH_OK;
}

#define AT(member) .offset = offsetof(struct sample, member)
static const struct troth_config_field LISTEN[] = {
	{ .key = "address",
	  .type = TROTH_CONFIG_STRING,
	  AT(listen.address),
	  .size = sizeof((struct sample *)0)->listen.address,
	  .min = 1,
	  .default_text = "localhost" },
	{ .key = "port",
	  .type = TROTH_CONFIG_U32,
	  AT(listen.port),
	  .min = 1,
	  .max = 65535,
	  .default_text = "8443" },
	{ 0 },
};
static const struct troth_config_field FIELDS[] = {
	{ .key = "name",
	  .type = TROTH_CONFIG_STRING,
	  AT(name),
	  .size = 9,
	  .min = 2,
	  .required = true },
	{ .key = "on", .type = TROTH_CONFIG_BOOL, AT(on), .default_text = "true" },
	{ .key = "count",
	  .type = TROTH_CONFIG_U32,
	  AT(count),
	  .min = 10,
	  .max = 4294967295,
	  .default_text = "10" },
	{ .key = "life",
	  .type = TROTH_CONFIG_DURATION,
	  AT(life_s),
	  .min = 60,
	  .max = 86400,
	  .default_text = "15m" },
	{ .key = "mode",
	  .type = TROTH_CONFIG_ENUM,
	  AT(mode),
	  .names = MODES,
	  .default_text = "fast" },
	{ .key = "listen", .type = TROTH_CONFIG_MAP, .fields = LISTEN },
	{ .key = "words", .type = TROTH_CONFIG_LIST, .each = add_word },
	{ .key = "banks", .type = TROTH_CONFIG_ANYMAP, .each = add_bank },
	{ .key = "pairs", .type = TROTH_CONFIG_LIST, .each = add_pair },
	{ .key = "chosen", .type = TROTH_CONFIG_NODE, .each = choose },
	{ 0 },
};

static void everything_is_read(void **state)
{
	(void)state;
	static const char TEXT[] = "# a comment\n"
				   "name: \"ab cd\"\n"
				   "on: false\n"
				   "count: 4294967295\n"
				   "life: 24h\n"
				   "mode: slow\n"
				   "listen: { address: 'a', port: 1 }\n"
				   "words: [one, 'null', 007]\n"
				   "banks:\n"
				   "  odd: [1, 3]\n"
				   "  even: [0]\n"
				   "pairs:\n"
				   "  - port: 4\n"
				   "  - { port: 5 }\n"
				   "chosen: this\n";
	struct sample s = { 0 };
	struct troth_config_error e = { 0 };
	if (troth_config_parse(troth_view_str(TEXT), FIELDS, &s, &e) != TROTH_OK)
		fail_msg("%u:%u: %s", e.line, e.column, e.text);
	assert_string_equal(s.name, "ab cd");
	assert_false(s.on);
	assert_int_equal(s.count, 4294967295);
	assert_int_equal(s.life_s, 86400);
	assert_int_equal(s.mode, 0);
	assert_string_equal(s.listen.address, "a");
	assert_int_equal(s.listen.port, 1);
	assert_int_equal(s.n_words, 3);
	assert_string_equal(s.words[2], "007");
	assert_int_equal(s.n_masks, 2);
	assert_int_equal(s.masks[0], 10);
	assert_int_equal(s.masks[1], 1);
	assert_int_equal(s.n_pairs, 2);
	assert_string_equal(s.chosen, "this");
}

static void defaults_stand_in(void **state)
{
	(void)state;
	struct sample s = { 0 };
	struct troth_config_error e = { 0 };
	assert_int_equal(troth_config_parse(troth_view_str("name: ab"), FIELDS, &s, &e),
			 TROTH_OK);
	assert_true(s.on);
	assert_int_equal(s.count, 10);
	assert_int_equal(s.life_s, 900);
	assert_int_equal(s.mode, 1);
	assert_string_equal(s.listen.address, "localhost");
	assert_int_equal(s.listen.port, 8443);
	assert_int_equal(s.n_words, 0);
}

/* Where each refusal points, and a word its text must have. */
static const struct {
	const char *name, *text;
	uint32_t line, column;
	const char *says;
} REFUSED[] = {
	{ "nothing at all", "", 0, 0, "empty document" },
	{ "comments only", "# name: ab\n", 0, 0, "empty document" },
	{ "an empty document by its marker", "---\n", 2, 1, "wanted a map" },
	{ "a list for a document", "- name\n", 1, 1, "wanted a map" },
	{ "a word for a document", "name\n", 1, 1, "wanted a map" },
	{ "unknown key", "name: ab\nnames: ab\n", 2, 1, "unknown key: names" },
	{ "unknown key in an inner map", "name: ab\nlisten:\n  ports: 1\n", 3, 3,
	  "unknown key: ports" },
	{ "unknown key with control bytes", "name: ab\n\"a\\x07\": 1\n", 2, 1,
	  "unknown key: a\\x07" },
	{ "key that begins like one", "nam: ab\n", 1, 1, "unknown key: nam" },
	{ "merge key", "name: ab\n<<: { on: true }\n", 2, 1, "unknown key: <<" },
	{ "duplicate key", "name: ab\non: true\nname: cd\n", 3, 1, "duplicate key: name" },
	{ "duplicate key in an inner map", "name: ab\nlisten: { port: 1, port: 2 }\n", 2, 20,
	  "duplicate key: port" },
	{ "duplicate free key", "name: ab\nbanks: { odd: [1], odd: [3] }\n", 2, 20,
	  "duplicate key" },
	{ "missing key", "on: true\n", 1, 1, "missing key: name" },
	{ "missing key in an item", "name: ab\npairs:\n  - {}\n", 3, 5, "missing key: port" },
	{ "key without a value", "name:\n", 1, 6, "no value" },
	{ "null for text", "name: null\n", 1, 7, "no value" },
	{ "tilde for text", "name: ~\n", 1, 7, "no value" },
	{ "list item without a value", "name: ab\nwords:\n  -\n", 3, 4, "no value" },
	{ "alias", "name: &a ab\nchosen: *a\n", 1, 7, "anchors" },
	{ "alias to nothing", "name: ab\nchosen: *a\n", 2, 9, "anchors" },
	{ "anchor on a map", "name: ab\nlisten: &l { port: 1 }\n", 2, 9, "anchors" },
	{ "anchor on a list", "name: ab\nwords: &l [a]\n", 2, 8, "anchors" },
	{ "anchor on a key", "&k name: ab\n", 1, 1, "anchors" },
	{ "anchor on the document", "&d\nname: ab\n", 1, 1, "anchors" },
	{ "tag on a value", "name: !!str ab\n", 1, 7, "tags" },
	{ "tag of one's own", "name: !x ab\n", 1, 7, "tags" },
	{ "tag on a list", "name: ab\nwords: !!seq [a]\n", 2, 8, "tags" },
	{ "tag on a map", "name: ab\nlisten: !!map { port: 1 }\n", 2, 9, "tags" },
	{ "bare tag", "name: ! ab\n", 1, 7, "tags" },
	{ "second document", "name: ab\n---\nname: cd\n", 2, 1, "second document" },
	{ "second document that is empty", "name: ab\n---\n", 2, 1, "second document" },
	{ "version directive", "%YAML 1.1\n---\nname: ab\n", 1, 1, "directives" },
	{ "tag directive", "%TAG ! tag:x,2000:\n---\nname: ab\n", 1, 1, "directives" },
	{ "number with letters", "name: ab\ncount: 12abc\n", 2, 8, "whole decimal number" },
	{ "octal number", "name: ab\ncount: 010\n", 2, 8, "whole decimal number" },
	{ "hexadecimal number", "name: ab\ncount: 0x10\n", 2, 8, "whole decimal number" },
	{ "number with exponent", "name: ab\ncount: 1e3\n", 2, 8, "whole decimal number" },
	{ "fraction", "name: ab\ncount: 10.0\n", 2, 8, "whole decimal number" },
	{ "signed number", "name: ab\ncount: +12\n", 2, 8, "whole decimal number" },
	{ "negative number", "name: ab\ncount: -12\n", 2, 8, "whole decimal number" },
	{ "number with underscore", "name: ab\ncount: 1_000\n", 2, 8, "whole decimal number" },
	{ "number of two words", "name: ab\ncount: 10 11\n", 2, 8, "whole decimal number" },
	{ "quoted number", "name: ab\ncount: \"12\"\n", 2, 8, "without quotes" },
	{ "number below its range", "name: ab\ncount: 9\n", 2, 8, "out of range" },
	{ "number past 32 bits", "name: ab\ncount: 4294967296\n", 2, 8, "out of range" },
	{ "number past 64 bits", "name: ab\ncount: 18446744073709551617\n", 2, 8,
	  "out of range" },
	{ "list for a number", "name: ab\ncount: [12]\n", 2, 8, "one value" },
	{ "map for a number", "name: ab\ncount: { a: 1 }\n", 2, 8, "one value" },
	{ "boolean of doubt", "name: ab\non: maybe\n", 2, 5, "true or false" },
	{ "boolean of YAML 1.1", "name: ab\non: yes\n", 2, 5, "true or false" },
	{ "boolean in capitals", "name: ab\non: True\n", 2, 5, "true or false" },
	{ "number for a boolean", "name: ab\non: 1\n", 2, 5, "true or false" },
	{ "quoted boolean", "name: ab\non: 'true'\n", 2, 5, "without quotes" },
	{ "duration without unit", "name: ab\nlife: 90\n", 2, 7, "unit" },
	{ "duration without number", "name: ab\nlife: m\n", 2, 7, "unit" },
	{ "duration in weeks", "name: ab\nlife: 1w\n", 2, 7, "unit" },
	{ "duration of two parts", "name: ab\nlife: 1h30m\n", 2, 7, "unit" },
	{ "duration with leading zero", "name: ab\nlife: 090s\n", 2, 7, "unit" },
	{ "duration with a blank", "name: ab\nlife: 90 s\n", 2, 7, "unit" },
	{ "duration just too short", "name: ab\nlife: 59s\n", 2, 7, "out of range" },
	{ "duration just too long", "name: ab\nlife: 86401s\n", 2, 7, "out of range" },
	{ "duration just too long in hours", "name: ab\nlife: 25h\n", 2, 7, "out of range" },
	{ "duration that wraps 32 bits", "name: ab\nlife: 49711d\n", 2, 7, "out of range" },
	{ "choice there is not", "name: ab\nmode: medium\n", 2, 7, "slow fast" },
	{ "choice in capitals", "name: ab\nmode: Fast\n", 2, 7, "slow fast" },
	{ "text too short", "name: a\n", 1, 7, "wanted 2 to 8" },
	{ "text too long", "name: abcdefghi\n", 1, 7, "wanted 2 to 8" },
	{ "list for text", "name: [ab]\n", 1, 7, "one value" },
	{ "block text", "name: |\n  ab\n", 1, 7, "block text" },
	{ "folded text", "name: >\n  ab\n", 1, 7, "block text" },
	{ "text for a map", "name: ab\nlisten: 1\n", 2, 9, "wanted a map" },
	{ "list for a map", "name: ab\nlisten: [1]\n", 2, 9, "wanted a map" },
	{ "text for a list", "name: ab\nwords: one\n", 2, 8, "wanted a list" },
	{ "map for a list", "name: ab\nwords: { one: 1 }\n", 2, 8, "wanted a list" },
	{ "list in a list", "name: ab\nwords: [[one]]\n", 2, 9, "one value" },
	{ "list for a key", "[name]: ab\n", 1, 1, "wanted a key" },
	{ "list for a free key", "name: ab\nbanks: { [odd]: [1] }\n", 2, 10, "wanted a key" },
	{ "caller refuses a key", "name: ab\nbanks:\n  prime: [2]\n", 3, 3, "no such bank" },
	{ "caller refuses an item", "name: ab\npairs:\n  - port: 12\n  - port: 13\n", 4, 5,
	  "unlucky" },
	{ "caller has too many items", "name: ab\nwords: [a, b, c, d, e]\n", 2, 21,
	  "too many words" },
	{ "number past its limit in a list", "name: ab\nbanks: { odd: [1, 24] }\n", 2, 19,
	  "out of range" },
	{ "word in a list of numbers", "name: ab\nbanks: { odd: [1, x] }\n", 2, 19,
	  "whole decimal number" },
	{ "too many numbers", "name: ab\nbanks: { odd: [1, 2, 3, 4] }\n", 2, 25,
	  "more than 3" },
	{ "number where numbers are wanted", "name: ab\nbanks: { odd: 1 }\n", 2, 15,
	  "wanted a list" },
	{ "list that never ends", "name: ab\nwords: [a, b\n", 3, 1, "did not find expected" },
	{ "quotes that never end", "name: \"ab\n", 2, 1, "unexpected end of stream" },
	{ "tab for indentation", "name: ab\nlisten:\n\tport: 1\n", 3, 1, "cannot start" },
	{ "two values on a line", "name: ab: cd\n", 1, 9, "mapping values" },
};

static void expect_refusal(size_t i)
{
	struct sample s = { 0 };
	struct troth_config_error e = { .line = 77, .column = 77 };
	enum troth_status st =
		troth_config_parse(troth_view_str(REFUSED[i].text), FIELDS, &s, &e);
	if (st != TROTH_E_CONFIG)
		fail_msg("%s: got %s", REFUSED[i].name, troth_status_name(st));
	if (e.line != REFUSED[i].line || e.column != REFUSED[i].column ||
	    strstr(e.text, REFUSED[i].says) == NULL)
		fail_msg("%s: got %u:%u: %s", REFUSED[i].name, e.line, e.column, e.text);
}

static void refusals_say_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(REFUSED); i++)
		expect_refusal(i);
}

static enum troth_status parse_bytes(const void *p, size_t n, struct troth_config_error *e)
{
	struct sample s = { 0 };
	return troth_config_parse((struct troth_view){ p, n }, FIELDS, &s, e);
}

static void bytes_that_are_no_text(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *p;
		size_t n;
		uint32_t line, column;
	} bad[] = {
		{ "NUL after the document", "name: ab\n\0", 10, 2, 1 },
		{ "NUL in a value", "on: true\nname: a\0b\n", 19, 2, 8 },
		{ "NUL first", "\0name: ab\n", 10, 1, 1 },
		{ "control byte",
		  "name: a\x01"
		  "b\n",
		  10, 1, 8 },
		{ "not UTF-8", "name: a\xff\n", 9, 1, 8 },
		{ "overlong UTF-8", "name: a\xc0\xaf\n", 10, 1, 8 },
		{ "UTF-8 cut short", "name: a\xe2\x82", 9, 1, 8 },
		{ "UTF-16", "\xff\xfen\0a\0", 6, 1, 1 },
	};
	for (size_t i = 0; i < TROTH_COUNT(bad); i++) {
		struct troth_config_error e = { 0 };
		assert_int_equal(parse_bytes(bad[i].p, bad[i].n, &e), TROTH_E_CONFIG);
		if (e.line != bad[i].line || e.column != bad[i].column)
			fail_msg("%s: got %u:%u: %s", bad[i].name, e.line, e.column, e.text);
	}
}

static void size_at_and_past_its_limit(void **state)
{
	(void)state;
	struct troth_config_error e = { 0 };
	char *text = malloc(TROTH_POLICY_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', TROTH_POLICY_MAX + 1);
	memcpy(text, "name: ab\n#", 10);
	assert_int_equal(parse_bytes(text, TROTH_POLICY_MAX, &e), TROTH_OK);
	assert_int_equal(parse_bytes(text, TROTH_POLICY_MAX + 1, &e), TROTH_E_LIMIT);
	assert_int_equal(e.line, 0);
	free(text);
}

/* Deep nesting ends at the first level the schema does not have. */
static void nesting_bomb_is_refused(void **state)
{
	(void)state;
	struct troth_config_error e = { 0 };
	char *text = malloc(TROTH_POLICY_MAX);
	assert_non_null(text);
	memset(text, '[', TROTH_POLICY_MAX);
	memcpy(text, "name: ab\nwords: ", 16);
	assert_int_equal(parse_bytes(text, TROTH_POLICY_MAX, &e), TROTH_E_CONFIG);
	assert_int_equal(e.line, 2);
	free(text);
}

static void free_keys_at_and_past_their_limit(void **state)
{
	(void)state;
	char text[200] = "name: ab\nbanks: { ";
	size_t n = strlen(text);
	struct troth_config_error e = { 0 };
	memset(text + n, 'k', 64);
	memcpy(text + n + 64, ": [1] }\n", 9);
	assert_int_equal(parse_bytes(text, strlen(text), &e), TROTH_E_CONFIG);
	assert_non_null(strstr(e.text, "1 to 63 bytes"));
	assert_int_equal(e.column, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(defaults_stand_in),
		cmocka_unit_test(refusals_say_where),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(size_at_and_past_its_limit),
		cmocka_unit_test(nesting_bomb_is_refused),
		cmocka_unit_test(free_keys_at_and_past_their_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
