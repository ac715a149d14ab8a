/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate's key, against OpenSSL's reading and against what is no certificate. */
#include "check.h"

#include "authority.h"
#include "x509_key.h"

static void as_openssl_finds_it(void **state)
{
	(void)state;
	struct authority ca = authority_make("CA", 1800000000);
	struct authority_der leaf;
	struct troth_view key;
	uint8_t buf[256];
	authority_issue(&ca, "spiffe://a/b/c", 7, 1800000000, &leaf);
	const struct troth_view both[] = { ca.der_view, authority_view(&leaf) };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(troth_x509_key(both[i], &key), TROTH_OK);
		assert_true(troth_view_equal(key, authority_key_of(both[i], buf)));
	}
	for (size_t n = 0; n < leaf.n; n++)
		assert_int_equal(troth_x509_key((struct troth_view){ leaf.bytes, n }, &key),
				 TROTH_E_MALFORMED);
	leaf.bytes[leaf.n] = 0;
	assert_int_equal(troth_x509_key((struct troth_view){ leaf.bytes, leaf.n + 1 }, &key),
			 TROTH_E_MALFORMED);
	authority_free(&ca);
}

#define BYTES(...)                                                                         \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

/* The least that has a key: version, serial, signature, issuer, validity, subject, key. */
#define BEFORE 0xa0, 0, 0x02, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0

static const struct {
	const char *name;
	struct troth_view der;
	enum troth_status want;
} CASES[] = {
	{ "the least", BYTES(0x30, 16, 0x30, 14, BEFORE, 0x30, 0), TROTH_OK },
	{ "a length in two bytes", BYTES(0x30, 0x81, 16, 0x30, 14, BEFORE, 0x30, 0),
	  TROTH_E_MALFORMED },
	{ "a length in three", BYTES(0x30, 0x82, 0, 16, 0x30, 14, BEFORE, 0x30, 0),
	  TROTH_E_MALFORMED },
	{ "a length in four", BYTES(0x30, 0x83, 0, 0, 16, 0x30, 14, BEFORE, 0x30, 0),
	  TROTH_E_MALFORMED },
	{ "no length", BYTES(0x30, 0x80, 0x30, 14, BEFORE, 0x30, 0, 0, 0), TROTH_E_MALFORMED },
	{ "no certificate", BYTES(0x31, 16, 0x30, 14, BEFORE, 0x30, 0), TROTH_E_MALFORMED },
	{ "nothing to be signed", BYTES(0x30, 16, 0x31, 14, BEFORE, 0x30, 0),
	  TROTH_E_MALFORMED },
	{ "no version",
	  BYTES(0x30, 14, 0x30, 12, 0x02, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0),
	  TROTH_E_MALFORMED },
	{ "another thing for a key", BYTES(0x30, 16, 0x30, 14, BEFORE, 0x31, 0),
	  TROTH_E_MALFORMED },
	{ "a key past the end", BYTES(0x30, 16, 0x30, 14, BEFORE, 0x30, 1), TROTH_E_MALFORMED },
	{ "nothing", { 0 }, TROTH_E_MALFORMED },
};

static void cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_view key = { (const uint8_t *)"untouched", 9 };
		const enum troth_status got = troth_x509_key(CASES[i].der, &key);
		if (got != CASES[i].want)
			fail_msg("%s: %s", CASES[i].name, troth_status_name(got));
		assert_int_equal(key.n, got == TROTH_OK ? 2 : 9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_openssl_finds_it),
		cmocka_unit_test(cases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
