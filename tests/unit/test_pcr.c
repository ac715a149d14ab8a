/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "pcr.h"
#include "reader.h"

static const struct {
	const char *name;
	enum troth_hash bank;
	uint32_t mask;
	bool ok;
} ADDS[] = {
	{ "first and last PCR", TROTH_HASH_SHA256, 0x800001, true },
	{ "no PCR", TROTH_HASH_SHA256, 0, false },
	{ "a PCR past the last", TROTH_HASH_SHA256, 0x1000000, false },
	{ "a good PCR and the highest bit", TROTH_HASH_SHA256, 0x80000001, false },
	{ "no bank", TROTH_HASH_NONE, 1, false },
	{ "a bank past the last", TROTH_HASH_N, 1, false },
};

static void selections_hold_only_what_can_be_quoted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ADDS / sizeof *ADDS; i++) {
		struct troth_pcr_selection s = { 0 }, zero = { 0 };
		bool ok = troth_pcr_selection_add(&s, ADDS[i].bank, ADDS[i].mask);
		if (ok != ADDS[i].ok)
			fail_msg("%s", ADDS[i].name);
		if (!ok)
			assert_memory_equal(&s, &zero, sizeof s);
	}
}

static void a_bank_is_selected_once(void **state)
{
	struct troth_pcr_selection s = { 0 };
	(void)state;
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 1));
	assert_false(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 2));
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA1, 2));
	assert_int_equal(troth_pcr_selection_mask(&s, TROTH_HASH_SHA256), 1);
	assert_int_equal(troth_pcr_selection_mask(&s, TROTH_HASH_SHA1), 2);
	assert_int_equal(troth_pcr_selection_mask(&s, TROTH_HASH_SHA384), 0);
	/* A parsed selection may name a bank without PCRs: that bank is taken, too. */
	struct troth_pcr_selection parsed = { 1, { { TROTH_HASH_SHA384, 0 } } };
	assert_false(troth_pcr_selection_add(&parsed, TROTH_HASH_SHA384, 1));
}

static void banks_are_limited(void **state)
{
	struct troth_pcr_selection s = { .n_banks = TROTH_BANKS_MAX };
	struct troth_pcr_values v = { .n_banks = TROTH_BANKS_MAX };
	(void)state;
	assert_false(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 1));
	assert_null(troth_pcr_bank_get(&v, TROTH_HASH_SHA256));
	s.n_banks = v.n_banks = TROTH_BANKS_MAX - 1;
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, 1));
	assert_non_null(troth_pcr_bank_get(&v, TROTH_HASH_SHA256));
}

static void selections_are_equal_in_order_and_bits(void **state)
{
	const struct troth_pcr_selection a = {
		2, { { TROTH_HASH_SHA1, 7 }, { TROTH_HASH_SHA256, 7 } }
	};
	const struct {
		const char *name;
		struct troth_pcr_selection s;
	} others[] = {
		{ "order", { 2, { { TROTH_HASH_SHA256, 7 }, { TROTH_HASH_SHA1, 7 } } } },
		{ "a bit more", { 2, { { TROTH_HASH_SHA1, 7 }, { TROTH_HASH_SHA256, 15 } } } },
		{ "a bit less", { 2, { { TROTH_HASH_SHA1, 3 }, { TROTH_HASH_SHA256, 7 } } } },
		{ "another bank",
		  { 2, { { TROTH_HASH_SHA384, 7 }, { TROTH_HASH_SHA256, 7 } } } },
		{ "a bank less", { 1, { { TROTH_HASH_SHA1, 7 } } } },
		{ "nothing", { 0 } },
	};
	(void)state;
	struct troth_pcr_selection same = a;
	same.banks[2].mask = 9; /* past the end: not looked at */
	assert_true(troth_pcr_selection_equal(&a, &same));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (troth_pcr_selection_equal(&a, &others[i].s) ||
		    troth_pcr_selection_equal(&others[i].s, &a))
			fail_msg("%s", others[i].name);
}

static void a_value_is_set_once_and_of_its_banks_length(void **state)
{
	struct troth_pcr_values v = { 0 };
	uint8_t value[TROTH_DIGEST_MAX + 1] = { 1 };
	(void)state;
	for (size_t n = 0; n <= sizeof value; n++)
		if (n != 32)
			assert_false(troth_pcr_set(&v, TROTH_HASH_SHA256, 0,
						   (struct troth_view){ value, n }));
	assert_false(troth_pcr_set(&v, TROTH_HASH_NONE, 0, (struct troth_view){ 0 }));
	assert_false(troth_pcr_set(&v, TROTH_HASH_SHA256, TROTH_PCR_COUNT,
				   (struct troth_view){ value, 32 }));
	assert_false(troth_pcr_set(&v, TROTH_HASH_SHA256, UINT32_MAX,
				   (struct troth_view){ value, 32 }));
	assert_int_equal(v.n_banks, 0);
	assert_true(troth_pcr_set(&v, TROTH_HASH_SHA256, TROTH_PCR_COUNT - 1,
				  (struct troth_view){ value, 32 }));
	assert_false(troth_pcr_set(&v, TROTH_HASH_SHA256, TROTH_PCR_COUNT - 1,
				   (struct troth_view){ value, 32 }));
	struct troth_view got = troth_pcr_value(&v, TROTH_HASH_SHA256, TROTH_PCR_COUNT - 1);
	assert_true(troth_view_equal(got, (struct troth_view){ value, 32 }));
	assert_int_equal(troth_pcr_value(&v, TROTH_HASH_SHA256, 0).n, 0);
	assert_int_equal(troth_pcr_value(&v, TROTH_HASH_SHA256, TROTH_PCR_COUNT).n, 0);
	assert_int_equal(troth_pcr_value(&v, TROTH_HASH_SHA1, 0).n, 0);
}

/* sha1:0,2 and sha256:1,23, each value a byte over and over. */
static struct troth_pcr_values four_values(void)
{
	struct troth_pcr_values v = { 0 };
	uint8_t b[4][32];
	memset(b[0], 0x10, 32);
	memset(b[1], 0x12, 32);
	memset(b[2], 0x21, 32);
	memset(b[3], 0x37, 32);
	assert_true(troth_pcr_set(&v, TROTH_HASH_SHA256, 23, (struct troth_view){ b[3], 32 }));
	assert_true(troth_pcr_set(&v, TROTH_HASH_SHA1, 2, (struct troth_view){ b[1], 20 }));
	assert_true(troth_pcr_set(&v, TROTH_HASH_SHA256, 1, (struct troth_view){ b[2], 32 }));
	assert_true(troth_pcr_set(&v, TROTH_HASH_SHA1, 0, (struct troth_view){ b[0], 20 }));
	return v;
}

/* The digests were made with Python's hashlib. */
static const struct {
	struct troth_pcr_selection s;
	enum troth_hash hash;
	const char *digest;
} DIGESTS[] = {
	{ { 2, { { TROTH_HASH_SHA1, 5 }, { TROTH_HASH_SHA256, 0x800002 } } },
	  TROTH_HASH_SHA256,
	  "7cc2c5c602c7a6ad4081bdac2ed825380e5a8b9e93fd41ca775ce6a399f10be9" },
	{ { 2, { { TROTH_HASH_SHA256, 0x800002 }, { TROTH_HASH_SHA1, 5 } } },
	  TROTH_HASH_SHA256,
	  "9bf3367b02f63f65a397d66a0cd4a4fe0c148e830aeb8d4e76b7bf592bc87c63" },
	{ { 2, { { TROTH_HASH_SHA1, 5 }, { TROTH_HASH_SHA256, 0x800002 } } },
	  TROTH_HASH_SHA384,
	  "99fe8ef4cd1a820d8fae30780aedefabb58b1af339d8c26eaff6fcd5c673e91d"
	  "b869a10abafeeaa3b33efbb0aa1f789a" },
	{ { 0 },
	  TROTH_HASH_SHA256,
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
};

static void digests_follow_the_order_of_the_selection(void **state)
{
	const struct troth_pcr_values v = four_values();
	for (size_t i = 0; i < sizeof DIGESTS / sizeof *DIGESTS; i++) {
		struct troth_digest d;
		assert_int_equal(
			troth_pcr_digest(*state, DIGESTS[i].hash, &DIGESTS[i].s, &v, &d),
			TROTH_OK);
		assert_hex(d.bytes, DIGESTS[i].digest);
	}
}

static void a_missing_value_has_no_digest(void **state)
{
	const struct troth_pcr_values v = four_values();
	const struct troth_pcr_selection s = { 1, { { TROTH_HASH_SHA1, 7 } } };
	struct troth_digest d;
	POISON(d);
	assert_int_equal(troth_pcr_digest(*state, TROTH_HASH_SHA256, &s, &v, &d),
			 TROTH_E_NOT_FOUND);
	ASSERT_POISONED(d);
}

static const struct {
	const char *name;
	struct troth_pcr_selection s;
	bool covered;
} COVERS[] = {
	{ "exactly", { 2, { { TROTH_HASH_SHA1, 5 }, { TROTH_HASH_SHA256, 0x800002 } } }, true },
	{ "in another order",
	  { 2, { { TROTH_HASH_SHA256, 0x800002 }, { TROTH_HASH_SHA1, 5 } } },
	  true },
	{ "a value too many",
	  { 2, { { TROTH_HASH_SHA1, 1 }, { TROTH_HASH_SHA256, 0x800002 } } },
	  false },
	{ "a value missing",
	  { 2, { { TROTH_HASH_SHA1, 7 }, { TROTH_HASH_SHA256, 0x800002 } } },
	  false },
	{ "a bank too many", { 1, { { TROTH_HASH_SHA1, 5 } } }, false },
	{ "a bank missing",
	  { 3,
	    { { TROTH_HASH_SHA1, 5 },
	      { TROTH_HASH_SHA256, 0x800002 },
	      { TROTH_HASH_SHA384, 1 } } },
	  false },
	{ "a bank that selects nothing",
	  { 3,
	    { { TROTH_HASH_SHA1, 5 },
	      { TROTH_HASH_SHA256, 0x800002 },
	      { TROTH_HASH_SHA384, 0 } } },
	  true },
	{ "nothing", { 0 }, false },
};

static void values_cover_a_selection_exactly(void **state)
{
	struct troth_pcr_values v = four_values();
	(void)state;
	for (size_t i = 0; i < sizeof COVERS / sizeof *COVERS; i++)
		if (troth_pcr_values_cover(&v, &COVERS[i].s) != COVERS[i].covered)
			fail_msg("%s", COVERS[i].name);
	assert_non_null(troth_pcr_bank_get(&v, TROTH_HASH_SHA512));
	assert_true(troth_pcr_values_cover(&v, &COVERS[0].s)); /* a bank without values */
	const struct troth_pcr_values none = { 0 };
	const struct troth_pcr_selection nothing = { 0 };
	assert_true(troth_pcr_values_cover(&none, &nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selections_hold_only_what_can_be_quoted),
		cmocka_unit_test(a_bank_is_selected_once),
		cmocka_unit_test(banks_are_limited),
		cmocka_unit_test(selections_are_equal_in_order_and_bits),
		cmocka_unit_test(a_value_is_set_once_and_of_its_banks_length),
		cmocka_unit_test(digests_follow_the_order_of_the_selection),
		cmocka_unit_test(a_missing_value_has_no_digest),
		cmocka_unit_test(values_cover_a_selection_exactly),
	};
	return cmocka_run_group_tests_name("pcr", tests, context_setup, context_teardown);
}
