/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "files.h"
#include "json.h"
#include "json_write.h"
#include "reader.h"

static enum troth_status parse(const char *text, struct troth_json *out)
{
	static struct troth_json_value values[TROTH_JSON_VALUES_MAX];
	struct troth_view copy = view_dup(troth_view_str(text));
	enum troth_status s = troth_json_parse(copy, values, TROTH_JSON_VALUES_MAX, out);
	file_free(copy);
	return s;
}

static const struct {
	const char *name, *text;
	enum troth_status want;
} CASES[] = {
	{ "the empty object", "{}", TROTH_OK },
	{ "blanks", " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", TROTH_OK },
	{ "every kind", "{\"a\":{},\"b\":[],\"c\":\"x\",\"d\":-1.5e+3,\"e\":true,\"f\":null}",
	  TROTH_OK },
	{ "the same name in another object", "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", TROTH_OK },
	{ "escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}", TROTH_OK },
	{ "nothing", "", TROTH_E_MALFORMED },
	{ "no object", "[]", TROTH_E_MALFORMED },
	{ "a second document", "{}{}", TROTH_E_MALFORMED },
	{ "a byte order mark", "\xef\xbb\xbf{}", TROTH_E_MALFORMED },
	{ "a trailing comma", "{\"a\":1,}", TROTH_E_MALFORMED },
	{ "a trailing comma in an array", "{\"a\":[1,]}", TROTH_E_MALFORMED },
	{ "a leading comma", "{,\"a\":1}", TROTH_E_MALFORMED },
	{ "no colon", "{\"a\" 1}", TROTH_E_MALFORMED },
	{ "no value", "{\"a\":}", TROTH_E_MALFORMED },
	{ "a name that is no string", "{a:1}", TROTH_E_MALFORMED },
	{ "a name twice", "{\"a\":1,\"b\":[{}],\"a\":2}", TROTH_E_MALFORMED },
	{ "a name twice, once in escapes", "{\"a\":1,\"\\u0061\":2}", TROTH_E_MALFORMED },
	{ "a comment", "{/**/}", TROTH_E_MALFORMED },
	{ "brackets that do not match", "{\"a\":[1}]", TROTH_E_MALFORMED },
	{ "a leading zero", "{\"a\":01}", TROTH_E_MALFORMED },
	{ "a plus sign", "{\"a\":+1}", TROTH_E_MALFORMED },
	{ "a point without digits", "{\"a\":1.}", TROTH_E_MALFORMED },
	{ "an exponent without digits", "{\"a\":1e}", TROTH_E_MALFORMED },
	{ "a minus alone", "{\"a\":-}", TROTH_E_MALFORMED },
	{ "not a number", "{\"a\":NaN}", TROTH_E_MALFORMED },
	{ "half a word", "{\"a\":tru}", TROTH_E_MALFORMED },
	{ "more than a word", "{\"a\":truex}", TROTH_E_MALFORMED },
	{ "a control character", "{\"a\":\"\n\"}", TROTH_E_MALFORMED },
	{ "an unknown escape", "{\"a\":\"\\x41\"}", TROTH_E_MALFORMED },
	{ "a NUL in escapes", "{\"a\":\"\\u0000\"}", TROTH_E_MALFORMED },
	{ "a low surrogate alone", "{\"a\":\"\\ude00\"}", TROTH_E_MALFORMED },
	{ "a high surrogate alone", "{\"a\":\"\\ud83d\"}", TROTH_E_MALFORMED },
	{ "two high surrogates", "{\"a\":\"\\ud83d\\ud83d\"}", TROTH_E_MALFORMED },
	{ "not UTF-8", "{\"a\":\"\xff\"}", TROTH_E_MALFORMED },
	{ "overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", TROTH_E_MALFORMED },
	{ "single quotes", "{'a':1}", TROTH_E_MALFORMED },
};

static void only_strict_json_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_json json;
		POISON(json);
		enum troth_status got = parse(CASES[i].text, &json);
		if (got != CASES[i].want)
			fail_msg("%s: got %d, want %d", CASES[i].name, got, CASES[i].want);
		if (got != TROTH_OK)
			ASSERT_POISONED(json);
	}
}

static void every_prefix_is_malformed(void **state)
{
	const struct troth_view whole = troth_view_str(CASES[2].text);
	struct troth_json_value values[16];
	struct troth_json json;
	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		struct troth_view text = view_dup((struct troth_view){ whole.p, n });
		assert_int_equal(troth_json_parse(text, values, 16, &json), TROTH_E_MALFORMED);
		file_free(text);
	}
}

/* {"a":{"a":...}} with as many objects as said. */
static enum troth_status parse_depth(size_t depth)
{
	char text[8 * TROTH_JSON_DEPTH_MAX];
	struct troth_json json;
	size_t n = 0;
	for (size_t i = 1; i < depth; i++, n += 5)
		memcpy(text + n, "{\"a\":", 5);
	memcpy(text + n, "{}", 2);
	n += 2;
	for (size_t i = 1; i < depth; i++)
		text[n++] = '}';
	text[n] = '\0';
	return parse(text, &json);
}

/* {"a":[1,1,...]} with as many values as said. */
static enum troth_status parse_values(size_t n_values)
{
	char text[3 * TROTH_JSON_VALUES_MAX] = "{\"a\":[1";
	struct troth_json json;
	size_t n = strlen(text);
	for (size_t i = 3; i < n_values; i++, n += 2)
		memcpy(text + n, ",1", 2);
	memcpy(text + n, "]}", 3);
	return parse(text, &json);
}

static void depth_and_number_have_limits(void **state)
{
	(void)state;
	assert_int_equal(parse_depth(TROTH_JSON_DEPTH_MAX), TROTH_OK);
	assert_int_equal(parse_depth(TROTH_JSON_DEPTH_MAX + 1), TROTH_E_LIMIT);
	assert_int_equal(parse_values(TROTH_JSON_VALUES_MAX), TROTH_OK);
	assert_int_equal(parse_values(TROTH_JSON_VALUES_MAX + 1), TROTH_E_LIMIT);
}

static const char DOCUMENT[] =
	"{\"sub\":{\"deep\":[1,{\"x\":2},\"three\"]},\"n\":42,"
	"\"e\":\"caf\\u00e9 \\ud83d\\ude00\\/\",\"big\":9223372036854775807,"
	"\"over\":9223372036854775808,\"neg\":-1,\"f\":1.0}";

static void values_are_found_by_name_and_by_order(void **state)
{
	struct troth_json_value values[16];
	struct troth_json json;
	struct troth_view text;
	uint64_t number;
	(void)state;
	assert_int_equal(troth_json_parse(troth_view_str(DOCUMENT), values, 16, &json),
			 TROTH_OK);
	const struct troth_json_value *root = troth_json_root(&json);
	const struct troth_json_value *list =
		troth_json_member(troth_json_member(root, "sub"), "deep");
	assert_int_equal(list->type, TROTH_JSON_ARRAY);
	const struct troth_json_value *v = troth_json_first(list);
	assert_true(troth_json_u63(v, &number) && number == 1);
	v = troth_json_next(list, v);
	assert_true(troth_json_u63(troth_json_member(v, "x"), &number) && number == 2);
	v = troth_json_next(list, v);
	assert_true(troth_json_is(v, "three"));
	assert_null(troth_json_next(list, v));

	assert_null(troth_json_member(root, "x")); /* deeper only */
	assert_null(troth_json_member(troth_json_member(root, "none"), "x"));
	assert_null(troth_json_member(list, "x"));
	assert_true(troth_json_u63(troth_json_member(root, "n"), &number) && number == 42);
	assert_true(troth_json_u63(troth_json_member(root, "big"), &number) &&
		    number == INT64_MAX);
	assert_false(troth_json_u63(troth_json_member(root, "over"), &number));
	assert_false(troth_json_u63(troth_json_member(root, "neg"), &number));
	assert_false(troth_json_u63(troth_json_member(root, "f"), &number));
	assert_false(troth_json_u63(troth_json_member(root, "e"), &number));
	assert_false(troth_json_plain(troth_json_member(root, "e"), &text));
	assert_false(troth_json_plain(troth_json_member(root, "n"), &text));
}

static void escapes_are_written_out(void **state)
{
	static const char WANT[] = "caf\xc3\xa9 \xf0\x9f\x98\x80/";
	struct troth_json_value values[16];
	struct troth_json json;
	uint8_t buf[sizeof WANT - 1];
	struct troth_writer scratch = troth_writer_make(buf, sizeof buf);
	struct troth_writer tight = troth_writer_make(buf, sizeof buf - 1);
	struct troth_view text;
	(void)state;
	assert_int_equal(troth_json_parse(troth_view_str(DOCUMENT), values, 16, &json),
			 TROTH_OK);
	const struct troth_json_value *v = troth_json_member(troth_json_root(&json), "e");
	assert_false(troth_json_string(v, &tight, &text));
	assert_true(troth_json_string(v, &scratch, &text));
	assert_true(troth_view_equal(text, troth_view_str(WANT)));
	assert_false(troth_json_string(troth_json_member(troth_json_root(&json), "n"), &scratch,
				       &text));
}

static void what_is_written_is_strict_json(void **state)
{
	static const char WANT[] = "{\"a\":\"q\\\"\\\\\\u000a\xc3\xa9\",\"b\":[1,-2,{},\"Zg\"],"
				   "\"c\":-9223372036854775808,\"d\":0}";
	uint8_t buf[128];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	(void)state;
	troth_json_open(&w, '{');
	troth_json_member_text(&w, "a", troth_view_str("q\"\\\n\xc3\xa9"));
	troth_json_name(&w, "b");
	troth_json_open(&w, '[');
	troth_json_put_int(&w, 1);
	troth_json_put_int(&w, -2);
	troth_json_open(&w, '{');
	troth_json_close(&w, '}');
	troth_json_put_base64url(&w, troth_view_str("f"));
	troth_json_close(&w, ']');
	troth_json_member_int(&w, "c", INT64_MIN);
	troth_json_name(&w, "d");
	troth_json_put_int(&w, 0);
	troth_json_close(&w, '}');
	assert_true(troth_view_equal(troth_written(&w), troth_view_str(WANT)));

	struct troth_json json;
	assert_int_equal(parse(WANT, &json), TROTH_OK);
	w = troth_writer_make(buf, sizeof buf);
	troth_json_put_text(&w, troth_view_str("\xff"));
	assert_false(troth_writer_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_strict_json_is_read),
		cmocka_unit_test(every_prefix_is_malformed),
		cmocka_unit_test(depth_and_number_have_limits),
		cmocka_unit_test(values_are_found_by_name_and_by_order),
		cmocka_unit_test(escapes_are_written_out),
		cmocka_unit_test(what_is_written_is_strict_json),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
