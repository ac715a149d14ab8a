/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "reader.h"

static const uint8_t BYTES[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88 };

/* Each getter as a function of the same shape, with what it must read of BYTES. */
#define NUMBER(name, type)                                      \
	static bool name(struct troth_reader *r, uint64_t *out) \
	{                                                       \
		type v = 0;                                     \
		bool ok = troth_get_##name(r, &v);              \
		*out = v;                                       \
		return ok;                                      \
	}
NUMBER(u8, uint8_t)
NUMBER(u16le, uint16_t)
NUMBER(u32le, uint32_t)
NUMBER(u64le, uint64_t)
NUMBER(u16be, uint16_t)
NUMBER(u32be, uint32_t)
NUMBER(u64be, uint64_t)

static const struct {
	const char *name;
	bool (*get)(struct troth_reader *r, uint64_t *out);
	size_t width;
	uint64_t want;
} NUMBERS[] = {
	{ "u8", u8, 1, 0x01 },
	{ "u16le", u16le, 2, 0x0201 },
	{ "u32le", u32le, 4, 0x04030201 },
	{ "u64le", u64le, 8, 0x8807060504030201 },
	{ "u16be", u16be, 2, 0x0102 },
	{ "u32be", u32be, 4, 0x01020304 },
	{ "u64be", u64be, 8, 0x0102030405060788 },
};

static void numbers_are_read_in_their_byte_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
		struct troth_reader r = { TROTH_VIEW_OF(BYTES) };
		uint64_t got;
		if (!NUMBERS[i].get(&r, &got) || got != NUMBERS[i].want)
			fail_msg("%s", NUMBERS[i].name);
		assert_ptr_equal(r.left.p, BYTES + NUMBERS[i].width);
		assert_int_equal(r.left.n, sizeof BYTES - NUMBERS[i].width);
	}
}

static void a_short_number_moves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
		for (size_t n = 0; n < NUMBERS[i].width; n++) {
			struct troth_reader r = { { BYTES, n } };
			uint64_t got;
			if (NUMBERS[i].get(&r, &got))
				fail_msg("%s read from %zu bytes", NUMBERS[i].name, n);
			assert_int_equal(got, 0);
			assert_ptr_equal(r.left.p, BYTES);
			assert_int_equal(r.left.n, n);
		}
}

static void a_view_too_long_moves_nothing(void **state)
{
	static const size_t TOO_LONG[] = { sizeof BYTES + 1, SIZE_MAX, SIZE_MAX - 7,
					   SIZE_MAX / 2 + 1 };
	(void)state;
	for (size_t i = 0; i < sizeof TOO_LONG / sizeof *TOO_LONG; i++) {
		struct troth_reader r = { TROTH_VIEW_OF(BYTES) };
		struct troth_view v;
		uint8_t copy[sizeof BYTES];
		POISON(v);
		POISON(copy);
		assert_false(troth_get_view(&r, TOO_LONG[i], &v));
		assert_false(troth_get_bytes(&r, TOO_LONG[i], copy));
		ASSERT_POISONED(v);
		ASSERT_POISONED(copy);
		assert_int_equal(r.left.n, sizeof BYTES);
	}
}

static void a_view_borrows_and_a_copy_copies(void **state)
{
	struct troth_reader r = { TROTH_VIEW_OF(BYTES) };
	struct troth_view v;
	uint8_t copy[3];
	(void)state;
	assert_true(troth_get_view(&r, 5, &v));
	assert_ptr_equal(v.p, BYTES);
	assert_int_equal(v.n, 5);
	assert_true(troth_get_bytes(&r, 3, copy));
	assert_memory_equal(copy, BYTES + 5, 3);
	assert_true(troth_at_end(&r));
	assert_true(troth_get_view(&r, 0, &v));
	assert_null(v.p);
	assert_int_equal(v.n, 0);
	assert_true(troth_get_bytes(&r, 0, copy));
}

static void an_empty_reader_reads_nothing(void **state)
{
	struct troth_reader r = { 0 };
	struct troth_view v;
	uint8_t b;
	(void)state;
	assert_true(troth_at_end(&r));
	assert_false(troth_get_u8(&r, &b));
	assert_true(troth_get_view(&r, 0, &v));
	assert_false(troth_get_view16be(&r, &v));
	assert_true(troth_at_end(&r));
}

static const struct {
	const char *name;
	uint8_t bytes[8];
	size_t n;
	size_t prefix; /* 2 or 4 */
	bool ok;
	size_t want_n;
} PREFIXED[] = {
	{ "16: two bytes", { 0, 2, 7, 8 }, 4, 2, true, 2 },
	{ "16: none", { 0, 0 }, 2, 2, true, 0 },
	{ "16: no length", { 0 }, 0, 2, false, 0 },
	{ "16: half a length", { 0 }, 1, 2, false, 0 },
	{ "16: one byte short", { 0, 3, 7, 8 }, 4, 2, false, 0 },
	{ "16: longest length", { 255, 255, 7, 8 }, 4, 2, false, 0 },
	{ "32: two bytes", { 0, 0, 0, 2, 7, 8 }, 6, 4, true, 2 },
	{ "32: three quarters of a length", { 0, 0, 0 }, 3, 4, false, 0 },
	{ "32: one byte short", { 0, 0, 0, 3, 7, 8 }, 6, 4, false, 0 },
	{ "32: longest length", { 255, 255, 255, 255, 7, 8 }, 6, 4, false, 0 },
	{ "32: length that wraps with its prefix",
	  { 255, 255, 255, 252, 7, 8 },
	  6,
	  4,
	  false,
	  0 },
};

static void a_length_prefix_is_held_against_what_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof PREFIXED / sizeof *PREFIXED; i++) {
		struct troth_reader r = { { PREFIXED[i].bytes, PREFIXED[i].n } };
		struct troth_view v;
		POISON(v);
		bool ok = PREFIXED[i].prefix == 2 ? troth_get_view16be(&r, &v)
						  : troth_get_view32be(&r, &v);
		if (ok != PREFIXED[i].ok)
			fail_msg("%s", PREFIXED[i].name);
		if (!ok) {
			ASSERT_POISONED(v);
			assert_int_equal(r.left.n, PREFIXED[i].n);
			continue;
		}
		assert_int_equal(v.n, PREFIXED[i].want_n);
		assert_true(troth_at_end(&r));
	}
}

static void views_are_equal_in_length_and_bytes(void **state)
{
	static const uint8_t A[] = "abc", B[] = "abd";
	(void)state;
	assert_true(troth_view_equal((struct troth_view){ A, 3 }, troth_view_str("abc")));
	assert_false(
		troth_view_equal((struct troth_view){ A, 3 }, (struct troth_view){ B, 3 }));
	assert_false(
		troth_view_equal((struct troth_view){ A, 2 }, (struct troth_view){ A, 3 }));
	assert_true(troth_view_equal((struct troth_view){ 0 }, (struct troth_view){ A, 0 }));
	assert_true(troth_view_equal(troth_view_str(""), (struct troth_view){ 0 }));
	assert_null(troth_view_str("").p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_in_their_byte_order),
		cmocka_unit_test(a_short_number_moves_nothing),
		cmocka_unit_test(a_view_too_long_moves_nothing),
		cmocka_unit_test(a_view_borrows_and_a_copy_copies),
		cmocka_unit_test(an_empty_reader_reads_nothing),
		cmocka_unit_test(a_length_prefix_is_held_against_what_is_left),
		cmocka_unit_test(views_are_equal_in_length_and_bytes),
	};
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
