/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "files.h"
#include "forwarded.h"
#include "reader.h"

/* "hello" stands for the DER. */
#define B64 "aGVsbG8="
#define PEM "-----BEGIN%20CERTIFICATE-----%0A" B64 "%0A-----END%20CERTIFICATE-----%0A"

typedef enum troth_status (*reader)(struct troth_view, uint8_t[TROTH_CERT_MAX],
				    struct troth_view *);

static const struct {
	const char *name;
	reader read;
	const char *header;
	enum troth_status want;
} CASES[] = {
	{ "RFC 9440", troth_forwarded_cert, ":" B64 ":", TROTH_OK },
	{ "base64", troth_forwarded_cert, B64, TROTH_OK },
	{ "nginx", troth_forwarded_cert, PEM, TROTH_OK },
	{ "PEM without escapes", troth_forwarded_cert,
	  "-----BEGIN CERTIFICATE-----\n" B64 "\n-----END CERTIFICATE-----", TROTH_OK },
	{ "Envoy", troth_forwarded_xfcc,
	  "By=spiffe://a/b;Hash=00;Cert=\"" PEM "\";Subject=\"CN=a;b,c\";URI=spiffe://a/c",
	  TROTH_OK },
	{ "nothing", troth_forwarded_cert, "", TROTH_E_MALFORMED },
	{ "colons alone", troth_forwarded_cert, "::", TROTH_E_MALFORMED },
	{ "one colon", troth_forwarded_cert, ":" B64, TROTH_E_MALFORMED },
	{ "digits of base64url", troth_forwarded_cert, ":aGVs_G8=:", TROTH_E_MALFORMED },
	{ "not base64", troth_forwarded_cert, ":a!:", TROTH_E_MALFORMED },
	{ "another PEM", troth_forwarded_cert,
	  "-----BEGIN%20PRIVATE%20KEY-----%0A" B64 "%0A-----END%20PRIVATE%20KEY-----%0A",
	  TROTH_E_MALFORMED },
	{ "two certificates", troth_forwarded_cert, PEM PEM, TROTH_E_MALFORMED },
	{ "a PEM without its end", troth_forwarded_cert, "-----BEGIN%20CERTIFICATE-----%0A" B64,
	  TROTH_E_MALFORMED },
	{ "half an escape", troth_forwarded_cert, "-----BEGIN%2", TROTH_E_MALFORMED },
	{ "Envoy without certificate", troth_forwarded_xfcc, "Hash=00;URI=spiffe://a/b",
	  TROTH_E_MALFORMED },
	{ "Envoy after another proxy", troth_forwarded_xfcc,
	  "Cert=\"" PEM "\",Cert=\"" PEM "\"", TROTH_E_MALFORMED },
	{ "two certificates of Envoy's", troth_forwarded_xfcc,
	  "Cert=\"" PEM "\";Cert=\"" PEM "\"", TROTH_E_MALFORMED },
	{ "a quote that does not close", troth_forwarded_xfcc, "Cert=\"" PEM,
	  TROTH_E_MALFORMED },
	{ "an escaped quote", troth_forwarded_xfcc,
	  "Subject=\"a\\\";Cert=\"" PEM "\";URI=\"b\"", TROTH_E_MALFORMED },
	{ "a certificate inside a subject", troth_forwarded_xfcc, "Subject=\"x;Cert=" PEM "\"",
	  TROTH_E_MALFORMED },
	{ "nothing between semicolons", troth_forwarded_xfcc, ";;", TROTH_E_MALFORMED },
};

static void every_gateways_way_is_read(void **state)
{
	static uint8_t buf[TROTH_CERT_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_view der, text = view_dup(troth_view_str(CASES[i].header));
		POISON(der);
		enum troth_status got = CASES[i].read(text, buf, &der);
		if (got != CASES[i].want)
			fail_msg("%s: %d", CASES[i].name, got);
		if (got == TROTH_OK)
			assert_true(troth_view_equal(der, troth_view_str("hello")));
		else
			ASSERT_POISONED(der);
		file_free(text);
	}
}

static void every_prefix_is_refused(void **state)
{
	static uint8_t buf[TROTH_CERT_MAX];
	const struct troth_view whole = troth_view_str(PEM);
	(void)state;
	for (size_t n = 0; n + sizeof "%0A" - 1 < whole.n; n++) {
		struct troth_view der, text = view_dup((struct troth_view){ whole.p, n });
		assert_int_equal(troth_forwarded_cert(text, buf, &der), TROTH_E_MALFORMED);
		file_free(text);
	}
}

static void a_certificate_has_its_limit(void **state)
{
	static uint8_t buf[TROTH_CERT_MAX];
	static char text[TROTH_CERT_MAX / 3 * 4 + 8];
	struct troth_view der;
	(void)state;
	/* The header itself is bounded by the head's size; this is past what it could hold. */
	memset(text, 'A', sizeof text);
	const enum troth_status s = troth_forwarded_cert(
		(struct troth_view){ (const uint8_t *)text, sizeof text }, buf, &der);
	assert_int_equal(s, TROTH_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_gateways_way_is_read),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(a_certificate_has_its_limit),
	};
	return cmocka_run_group_tests_name("forwarded", tests, NULL, NULL);
}
