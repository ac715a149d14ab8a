/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings are those of RFC 8949, appendix A, and what its sections 3 and 4.2 forbid. */
#include "check.h"

#include "cbor_read.h"
#include "cbor_write.h"
#include "reader.h"

#define BYTES_MAX 96

static const struct {
	const char *name;
	const char *hex;
	enum troth_status want;
} CASES[] = {
	{ "zero", "00", TROTH_OK },
	{ "23", "17", TROTH_OK },
	{ "24", "1818", TROTH_OK },
	{ "1000", "1903e8", TROTH_OK },
	{ "1000000", "1a000f4240", TROTH_OK },
	{ "the largest", "1bffffffffffffffff", TROTH_OK },
	{ "-1", "20", TROTH_OK },
	{ "-1000", "3903e7", TROTH_OK },
	{ "four bytes", "4401020304", TROTH_OK },
	{ "a text", "6449455446", TROTH_OK },
	{ "a text of two bytes a character", "62c3bc", TROTH_OK },
	{ "nothing in an array", "80", TROTH_OK },
	{ "arrays in an array", "8301820203820405", TROTH_OK },
	{ "an empty map", "a0", TROTH_OK },
	{ "a map", "a201020304", TROTH_OK },
	{ "maps in a map", "a26161016162820203", TROTH_OK },
	{ "a tag", "c11a514b67b0", TROTH_OK },
	{ "the tag of COSE_Sign1", "d280", TROTH_OK },
	{ "the tag of a CWT", "d83d00", TROTH_OK },
	{ "a tag of nothing", "d2", TROTH_E_TRUNCATED },
	{ "tags in tags without end", "d2d2d2d2d2d2d2d2d200", TROTH_E_LIMIT },
	{ "true", "f5", TROTH_OK },
	{ "null", "f6", TROTH_OK },

	{ "nothing at all", "", TROTH_E_TRUNCATED },
	{ "something after it", "0000", TROTH_E_MALFORMED },
	{ "23 in two bytes", "1817", TROTH_E_MALFORMED },
	{ "255 in three bytes", "1900ff", TROTH_E_MALFORMED },
	{ "65535 in five bytes", "1a0000ffff", TROTH_E_MALFORMED },
	{ "2^32 - 1 in nine bytes", "1b00000000ffffffff", TROTH_E_MALFORMED },
	{ "a length of one in two bytes", "580161", TROTH_E_MALFORMED },
	{ "a tag in two bytes", "d80100", TROTH_E_MALFORMED },
	{ "text that is not UTF-8", "62c328", TROTH_E_MALFORMED },
	{ "a string longer than the rest", "4401", TROTH_E_TRUNCATED },
	{ "a string of 2^64 - 1 bytes", "5bffffffffffffffff00", TROTH_E_TRUNCATED },
	{ "an array longer than the rest", "8301", TROTH_E_TRUNCATED },
	{ "an array of 2^64 - 1", "9bffffffffffffffff00", TROTH_E_LIMIT },
	{ "a map of 2^63", "bb800000000000000000", TROTH_E_LIMIT },
	{ "a map with half a pair", "a101", TROTH_E_TRUNCATED },
	{ "a key twice", "a201020103", TROTH_E_MALFORMED },
	{ "a text key twice", "a2616101616102", TROTH_E_MALFORMED },
	{ "a key twice further in", "81a201020103", TROTH_E_MALFORMED },
	{ "a map as a key", "a1a001", TROTH_E_MALFORMED },
	{ "bytes as a key", "a1410101", TROTH_E_MALFORMED },
	{ "an array without an end said", "9f01ff", TROTH_E_UNSUPPORTED },
	{ "a map without an end said", "bf0101ff", TROTH_E_UNSUPPORTED },
	{ "a string in pieces", "5f4101ff", TROTH_E_UNSUPPORTED },
	{ "a text in pieces", "7f6161ff", TROTH_E_UNSUPPORTED },
	{ "an end of nothing", "ff", TROTH_E_UNSUPPORTED },
	{ "a half float", "f90000", TROTH_E_UNSUPPORTED },
	{ "a float", "fa47c35000", TROTH_E_UNSUPPORTED },
	{ "a double", "fb3ff199999999999a", TROTH_E_UNSUPPORTED },
	{ "undefined", "f7", TROTH_E_UNSUPPORTED },
	{ "a reserved head", "1c", TROTH_E_MALFORMED },
};

static struct troth_view unhex(const char *hex, uint8_t out[BYTES_MAX])
{
	const size_t n = strlen(hex) / 2;
	from_hex(hex, out, n);
	return (struct troth_view){ out, n };
}

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
		struct troth_cbor out;
		uint8_t bytes[BYTES_MAX];
		const struct troth_view v = unhex(CASES[i].hex, bytes);
		POISON(out);
		const enum troth_status got =
			troth_cbor_parse(v, items, TROTH_CBOR_ITEMS_MAX, &out);
		if (got != CASES[i].want)
			fail_msg("%s: %s", CASES[i].name, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(out);
		/* Each prefix of something whole is cut short. */
		for (size_t n = 0; got == TROTH_OK && n < v.n; n++)
			assert_int_equal(troth_cbor_parse((struct troth_view){ bytes, n },
							  items, TROTH_CBOR_ITEMS_MAX, &out),
					 TROTH_E_TRUNCATED);
	}
}

static enum troth_status nested(size_t depth)
{
	uint8_t bytes[BYTES_MAX];
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor out;
	memset(bytes, 0x81, depth);
	bytes[depth] = 0;
	return troth_cbor_parse((struct troth_view){ bytes, depth + 1 }, items,
				TROTH_CBOR_ITEMS_MAX, &out);
}

static void nesting_has_a_limit(void **state)
{
	(void)state;
	assert_int_equal(nested(TROTH_CBOR_DEPTH_MAX), TROTH_OK);
	assert_int_equal(nested(TROTH_CBOR_DEPTH_MAX + 1), TROTH_E_LIMIT);
}

static enum troth_status many(size_t n)
{
	uint8_t bytes[2 + TROTH_CBOR_ITEMS_MAX] = { 0x98, (uint8_t)n };
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor out;
	return troth_cbor_parse((struct troth_view){ bytes, 2 + n }, items,
				TROTH_CBOR_ITEMS_MAX, &out);
}

static void items_have_a_limit(void **state)
{
	(void)state;
	assert_int_equal(many(TROTH_CBOR_ITEMS_MAX - 1), TROTH_OK);
	assert_int_equal(many(TROTH_CBOR_ITEMS_MAX), TROTH_E_LIMIT);
}

/* {1: "IETF", "a": [-1, h'0102'], -70002: {}} */
static void values_are_found_by_their_keys(void **state)
{
	uint8_t bytes[BYTES_MAX];
	struct troth_cbor_item items[TROTH_CBOR_ITEMS_MAX];
	struct troth_cbor cbor;
	struct troth_view v;
	int64_t n = 0;
	(void)state;
	assert_int_equal(troth_cbor_parse(unhex("a301644945544661618220420102"
						"3a00011171a0",
						bytes),
					  items, TROTH_CBOR_ITEMS_MAX, &cbor),
			 TROTH_OK);
	const struct troth_cbor_item *map = troth_cbor_root(&cbor);
	assert_true(troth_cbor_text(troth_cbor_at(map, 1), &v) &&
		    troth_view_equal(v, troth_view_str("IETF")));
	const struct troth_cbor_item *list = troth_cbor_at_text(map, "a");
	assert_true(troth_cbor_int(troth_cbor_first(list), &n) && n == -1);
	assert_true(troth_cbor_bytes(troth_cbor_next(list, troth_cbor_first(list)), &v));
	assert_int_equal(v.n, 2);
	assert_int_equal(troth_cbor_at(map, -70002)->type, TROTH_CBOR_MAP);
	assert_null(troth_cbor_at(map, 2));
	assert_null(troth_cbor_at_text(map, "b"));
	assert_null(troth_cbor_at(list, 1));
	assert_false(troth_cbor_text(troth_cbor_at(map, -70002), &v));
	assert_false(troth_cbor_int(NULL, &n));
}

static void numbers_are_written_in_their_shortest_form(void **state)
{
	static const struct {
		int64_t v;
		const char *hex;
	} NUMBERS[] = {
		{ 0, "00" },
		{ 23, "17" },
		{ 24, "1818" },
		{ 1000, "1903e8" },
		{ 1000000, "1a000f4240" },
		{ -1, "20" },
		{ -1000, "3903e7" },
		{ INT64_MAX, "1b7fffffffffffffff" },
		{ INT64_MIN, "3b7fffffffffffffff" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
		uint8_t buf[16];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		troth_cbor_put_int(&w, NUMBERS[i].v);
		assert_int_equal(w.n, strlen(NUMBERS[i].hex) / 2);
		assert_hex(buf, NUMBERS[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(items_have_a_limit),
		cmocka_unit_test(values_are_found_by_their_keys),
		cmocka_unit_test(numbers_are_written_in_their_shortest_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
