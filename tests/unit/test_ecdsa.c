/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "ecdsa.h"
#include "files.h"
#include "reader.h"

#define N(...)                                                                             \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* Numbers at the edges of DER's rule on signs and of the widths of curves. */
static const struct troth_view NUMBERS[] = {
	N(1),
	N(0x7f),
	N(0x80),
	N(0xff, 0xff),
	N(0, 0, 1),
	N(0, 0x80),
	N(0xff, [31] = 1),
	N(0x7f, [31] = 1),
	N(0xff, [47] = 1),
	N(0, 0x80, [47] = 1),
};
#define N_NUMBERS (sizeof NUMBERS / sizeof *NUMBERS)

/* OpenSSL's DER of the same two numbers. */
static size_t reference(struct troth_view r, struct troth_view s, uint8_t **out)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(r.p, (int)r.n, NULL),
					BN_bin2bn(s.p, (int)s.n, NULL)),
			 1);
	*out = NULL;
	int n = i2d_ECDSA_SIG(sig, out);
	assert_true(n > 0);
	ECDSA_SIG_free(sig);
	return (size_t)n;
}

static bool same_number(struct troth_view a, struct troth_view b)
{
	BIGNUM *x = BN_bin2bn(a.p, (int)a.n, NULL), *y = BN_bin2bn(b.p, (int)b.n, NULL);
	bool same = BN_cmp(x, y) == 0;
	BN_free(x);
	BN_free(y);
	return same;
}

static void der_is_openssls_and_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_NUMBERS; i++)
		for (size_t k = 0; k < N_NUMBERS; k++) {
			uint8_t *want, buf[TROTH_ECDSA_DER_MAX];
			size_t n = reference(NUMBERS[i], NUMBERS[k], &want);
			struct troth_view got = troth_ecdsa_to_der(NUMBERS[i], NUMBERS[k], buf);
			assert_true(troth_view_equal(got, (struct troth_view){ want, n }));
			OPENSSL_free(want);
			struct troth_view r, s;
			assert_int_equal(troth_ecdsa_from_der(got, &r, &s), TROTH_OK);
			assert_true(same_number(r, NUMBERS[i]));
			assert_true(same_number(s, NUMBERS[k]));
		}
}

static void numbers_of_no_curve_have_no_der(void **state)
{
	static const uint8_t LONG[TROTH_ECC_BYTES_MAX + 1] = { 1 };
	const struct troth_view at = { LONG, TROTH_ECC_BYTES_MAX }, past = TROTH_VIEW_OF(LONG);
	const struct troth_view none = { 0 };
	uint8_t buf[TROTH_ECDSA_DER_MAX];
	(void)state;
	assert_int_not_equal(troth_ecdsa_to_der(at, at, buf).n, 0);
	assert_int_equal(troth_ecdsa_to_der(past, at, buf).n, 0);
	assert_int_equal(troth_ecdsa_to_der(at, past, buf).n, 0);
	assert_int_equal(troth_ecdsa_to_der(none, at, buf).n, 0);
	assert_int_equal(troth_ecdsa_to_der(at, none, buf).n, 0);
}

static const struct {
	const char *name;
	struct troth_view der;
	bool ok;
} DERS[] = {
	{ "the least", N(0x30, 6, 2, 1, 1, 2, 1, 1), true },
	{ "a sign byte where one is due", N(0x30, 8, 2, 2, 0, 0x80, 2, 2, 0, 0xff), true },
	{ "nothing", { NULL, 0 }, false },
	{ "a byte after the sequence", N(0x30, 6, 2, 1, 1, 2, 1, 1, 0), false },
	{ "a byte after the numbers", N(0x30, 7, 2, 1, 1, 2, 1, 1, 0), false },
	{ "a third number", N(0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1), false },
	{ "one number", N(0x30, 3, 2, 1, 1), false },
	{ "not a sequence", N(0x31, 6, 2, 1, 1, 2, 1, 1), false },
	{ "not a number", N(0x30, 6, 4, 1, 1, 2, 1, 1), false },
	{ "an empty number", N(0x30, 5, 2, 0, 2, 1, 1), false },
	{ "zero", N(0x30, 6, 2, 1, 0, 2, 1, 1), false },
	{ "zero as s", N(0x30, 6, 2, 1, 1, 2, 1, 0), false },
	{ "negative", N(0x30, 6, 2, 1, 0x80, 2, 1, 1), false },
	{ "a sign byte where none is due", N(0x30, 7, 2, 2, 0, 0x7f, 2, 1, 1), false },
	{ "two sign bytes", N(0x30, 8, 2, 3, 0, 0, 0x80, 2, 1, 1), false },
	{ "a length in the long form", N(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1), false },
	{ "an indefinite length", N(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0), false },
	{ "a length past the end", N(0x30, 6, 2, 1, 1, 2, 2, 1), false },
};

static void only_the_one_encoding_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof DERS / sizeof *DERS; i++) {
		struct troth_view r, s, der = view_dup(DERS[i].der);
		POISON(r);
		POISON(s);
		bool ok = troth_ecdsa_from_der(der, &r, &s) == TROTH_OK;
		file_free(der);
		if (ok != DERS[i].ok)
			fail_msg("%s", DERS[i].name);
		if (!ok) {
			ASSERT_POISONED(r);
			ASSERT_POISONED(s);
		}
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < DERS[1].der.n; n++) {
		struct troth_view r, s, der = view_dup((struct troth_view){ DERS[1].der.p, n });
		assert_int_equal(troth_ecdsa_from_der(der, &r, &s), TROTH_E_MALFORMED);
		file_free(der);
	}
}

/* A P-384 coordinate fits; one byte more is of no curve we take. */
static void a_number_wider_than_a_coordinate_is_refused(void **state)
{
	uint8_t der[2 + 2 + 49 + 3] = { 0x30, 2 + 48 + 3, 2, 48, 1 };
	struct troth_view r, s;
	(void)state;
	der[4 + 48] = 2;
	der[4 + 49] = der[4 + 50] = 1;
	assert_int_equal(troth_ecdsa_from_der((struct troth_view){ der, 4 + 48 + 3 }, &r, &s),
			 TROTH_OK);
	assert_int_equal(r.n, 48);
	memset(der, 0, sizeof der);
	memcpy(der, "\x30\x36\x02\x31\x01", 5);
	memcpy(der + 4 + 49, "\x02\x01\x01", 3);
	assert_int_equal(troth_ecdsa_from_der(TROTH_VIEW_OF(der), &r, &s), TROTH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(der_is_openssls_and_comes_back),
		cmocka_unit_test(numbers_of_no_curve_have_no_der),
		cmocka_unit_test(only_the_one_encoding_is_read),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(a_number_wider_than_a_coordinate_is_refused),
	};
	return cmocka_run_group_tests_name("ecdsa", tests, NULL, NULL);
}
