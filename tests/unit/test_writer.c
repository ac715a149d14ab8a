/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "writer.h"

static void numbers_are_written_big_endian(void **state)
{
	uint8_t buf[15];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	(void)state;
	troth_put_u8(&w, 0x01);
	troth_put_u16be(&w, 0x0203);
	troth_put_u32be(&w, 0x04050607);
	troth_put_u64be(&w, 0x08090a0b0c0d0e0f);
	assert_true(troth_writer_ok(&w));
	assert_int_equal(troth_written(&w).n, 15);
	assert_ptr_equal(troth_written(&w).p, buf);
	assert_hex(buf, "0102030405060708090a0b0c0d0e0f");
}

static void put_u8(struct troth_writer *w)
{
	troth_put_u8(w, 1);
}

static void put_u16(struct troth_writer *w)
{
	troth_put_u16be(w, 1);
}

static void put_u32(struct troth_writer *w)
{
	troth_put_u32be(w, 1);
}

static void put_u64(struct troth_writer *w)
{
	troth_put_u64be(w, 1);
}

static void put_three(struct troth_writer *w)
{
	troth_put_view(w, (struct troth_view){ (const uint8_t *)"abc", 3 });
}

static void put_three16(struct troth_writer *w)
{
	troth_put_view16be(w, (struct troth_view){ (const uint8_t *)"abc", 3 });
}

static void put_three32(struct troth_writer *w)
{
	troth_put_view32be(w, (struct troth_view){ (const uint8_t *)"abc", 3 });
}

static const struct {
	const char *name;
	void (*put)(struct troth_writer *w);
	size_t len;
} PUTS[] = {
	{ "u8", put_u8, 1 },
	{ "u16", put_u16, 2 },
	{ "u32", put_u32, 4 },
	{ "u64", put_u64, 8 },
	{ "view", put_three, 3 },
	{ "view after u16", put_three16, 5 },
	{ "view after u32", put_three32, 7 },
};

static void a_full_buffer_is_remembered(void **state)
{
	uint8_t buf[8 + 1];
	(void)state;
	for (size_t i = 0; i < sizeof PUTS / sizeof *PUTS; i++)
		for (size_t max = 0; max < PUTS[i].len; max++) {
			POISON(buf);
			struct troth_writer w = troth_writer_make(buf, max);
			PUTS[i].put(&w);
			if (troth_writer_ok(&w))
				fail_msg("%s fits in %zu bytes", PUTS[i].name, max);
			assert_int_equal(buf[max], 0xaa);
			/* What came before an overflow is not handed out either. */
			assert_null(troth_written(&w).p);
			assert_int_equal(troth_written(&w).n, 0);
			w.max = sizeof buf;
			troth_put_u8(&w, 1);
			assert_false(troth_writer_ok(&w));
		}
}

static void an_exact_buffer_is_enough(void **state)
{
	uint8_t buf[8 + 1];
	(void)state;
	for (size_t i = 0; i < sizeof PUTS / sizeof *PUTS; i++) {
		POISON(buf);
		struct troth_writer w = troth_writer_make(buf, PUTS[i].len);
		PUTS[i].put(&w);
		if (!troth_writer_ok(&w))
			fail_msg("%s", PUTS[i].name);
		assert_int_equal(troth_written(&w).n, PUTS[i].len);
		assert_int_equal(buf[PUTS[i].len], 0xaa);
	}
}

static void a_length_must_fit_its_prefix(void **state)
{
	static uint8_t from[UINT16_MAX + 1], to[2 + UINT16_MAX + 1];
	struct troth_writer w = troth_writer_make(to, sizeof to);
	(void)state;
	troth_put_view16be(&w, (struct troth_view){ from, UINT16_MAX });
	assert_true(troth_writer_ok(&w));
	assert_hex(to, "ffff");
	w = troth_writer_make(to, sizeof to);
	troth_put_view16be(&w, (struct troth_view){ from, UINT16_MAX + 1 });
	assert_false(troth_writer_ok(&w));
#if SIZE_MAX > UINT32_MAX
	w = troth_writer_make(to, sizeof to);
	/* Refused by its length: the bytes are never looked at. */
	troth_put_view32be(&w, (struct troth_view){ from, (size_t)UINT32_MAX + 1 });
	assert_false(troth_writer_ok(&w));
#endif
}

static void nothing_written_is_an_empty_view(void **state)
{
	struct troth_writer w = troth_writer_make(NULL, 0);
	(void)state;
	troth_put_view(&w, (struct troth_view){ 0 });
	assert_true(troth_writer_ok(&w));
	assert_null(troth_written(&w).p);
	assert_int_equal(troth_written(&w).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_big_endian),
		cmocka_unit_test(a_full_buffer_is_remembered),
		cmocka_unit_test(an_exact_buffer_is_enough),
		cmocka_unit_test(a_length_must_fit_its_prefix),
		cmocka_unit_test(nothing_written_is_an_empty_view),
	};
	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
