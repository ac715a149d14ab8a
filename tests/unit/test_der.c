/* SPDX-License-Identifier: Apache-2.0 */
/* Times were computed by python3 datetime; the other encodings are those of X.690, 8. */
#include "check.h"

#include "base.h"
#include "der.h"
#include "reader.h"

static const struct {
	uint64_t unix_s;
	uint8_t tag;
	const char *want;
} TIMES[] = {
	{ 0, TROTH_DER_UTC_TIME, "700101000000Z" },
	{ 951782399, TROTH_DER_UTC_TIME, "000228235959Z" },
	{ 951782400, TROTH_DER_UTC_TIME, "000229000000Z" },
	{ 951868799, TROTH_DER_UTC_TIME, "000229235959Z" },
	{ 951868800, TROTH_DER_UTC_TIME, "000301000000Z" },
	{ 1732230000, TROTH_DER_UTC_TIME, "241121230000Z" },
	{ 2524607999, TROTH_DER_UTC_TIME, "491231235959Z" },
	{ 2524608000, TROTH_DER_GENERALIZED_TIME, "20500101000000Z" },
	{ 4107542399, TROTH_DER_GENERALIZED_TIME, "21000228235959Z" },
	{ 4107542400, TROTH_DER_GENERALIZED_TIME, "21000301000000Z" },
	{ 13569465600, TROTH_DER_GENERALIZED_TIME, "24000101000000Z" },
	{ TROTH_DER_TIME_MAX_S, TROTH_DER_GENERALIZED_TIME, "99991231235959Z" },
};

static void times(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(TIMES); i++) {
		uint8_t buf[32];
		struct troth_der d = troth_der_make(buf, sizeof buf);
		troth_der_time(&d, TIMES[i].unix_s);
		assert_false(d.overflow);
		assert_int_equal(buf[0], TIMES[i].tag);
		assert_int_equal(buf[1], strlen(TIMES[i].want));
		assert_int_equal(d.n, 2 + strlen(TIMES[i].want));
		assert_memory_equal(buf + 2, TIMES[i].want, strlen(TIMES[i].want));
	}
	struct troth_der d = troth_der_measure();
	troth_der_time(&d, TROTH_DER_TIME_MAX_S + 1);
	assert_true(d.overflow);
}

static const struct {
	uint64_t value;
	const char *want;
} NUMBERS[] = {
	{ 0, "020100" },
	{ 1, "020101" },
	{ 127, "02017f" },
	{ 128, "02020080" },
	{ 255, "020200ff" },
	{ 256, "02020100" },
	{ 32767, "02027fff" },
	{ 32768, "0203008000" },
	{ UINT64_MAX, "020900ffffffffffffffff" },
};

static void numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(NUMBERS); i++) {
		uint8_t buf[16];
		struct troth_der d = troth_der_make(buf, sizeof buf);
		troth_der_u64(&d, NUMBERS[i].value);
		assert_int_equal(d.n, strlen(NUMBERS[i].want) / 2);
		assert_hex(buf, NUMBERS[i].want);
	}
}

/* Content length, and the length octets it takes. */
static const struct {
	size_t n;
	const char *head;
} LENGTHS[] = {
	{ 0, "0400" },	     { 127, "047f" },	    { 128, "048180" },	     { 255, "0481ff" },
	{ 256, "04820100" }, { 65535, "0482ffff" }, { 65536, "0483010000" },
};

static void lengths(void **state)
{
	(void)state;
	static uint8_t content[65536], buf[65600];
	memset(content, 0x5a, sizeof content);
	for (size_t i = 0; i < TROTH_COUNT(LENGTHS); i++) {
		const struct troth_view v = { content, LENGTHS[i].n };
		const size_t head = strlen(LENGTHS[i].head) / 2;
		struct troth_der measured = troth_der_measure();
		troth_der_value(&measured, TROTH_DER_OCTET_STRING, v);
		assert_int_equal(measured.n, head + v.n);

		struct troth_der d = troth_der_make(buf, measured.n);
		troth_der_value(&d, TROTH_DER_OCTET_STRING, v);
		assert_false(d.overflow);
		assert_int_equal(d.n, measured.n);
		assert_hex(buf, LENGTHS[i].head);
		assert_memory_equal(buf + head, content, v.n);

		d = troth_der_make(buf, measured.n - 1);
		troth_der_value(&d, TROTH_DER_OCTET_STRING, v);
		assert_true(d.overflow);
	}
}

static void nested(void **state)
{
	(void)state;
	uint8_t buf[300];
	static const uint8_t content[130];
	struct troth_der d = troth_der_make(buf, sizeof buf);
	size_t outer = troth_der_open(&d, TROTH_DER_SEQUENCE);
	size_t inner = troth_der_open(&d, TROTH_DER_SET);
	troth_der_value(&d, TROTH_DER_OCTET_STRING, TROTH_VIEW_OF(content));
	troth_der_close(&d, inner);
	troth_der_u64(&d, 5);
	troth_der_close(&d, outer);
	assert_int_equal(d.n, 3 + 3 + 3 + 130 + 3);
	assert_hex(buf, "30818b31818504818200");
	assert_hex(buf + d.n - 3, "020105");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lengths),
		cmocka_unit_test(nested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
