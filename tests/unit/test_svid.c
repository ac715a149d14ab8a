/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's parser and path validation judge the certificates that we write. CRLs:
 * test_svid_crl. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "der.h"
#include "reader.h"
#include "svid.h"
#include "svid_sample.h"

static void verifies_strictly_as_client_and_server(void **state)
{
	(void)state;
	const struct troth_svid svid = svid_whole();
	X509 *cert = svid_issue(&svid);
	assert_int_equal(svid_verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE),
			 X509_V_OK);
	assert_int_equal(
		svid_verify(cert, NULL, X509_PURPOSE_SSL_SERVER, NOT_BEFORE + LIFE - 1),
		X509_V_OK);
	assert_int_equal(svid_verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE - 1),
			 X509_V_ERR_CERT_NOT_YET_VALID);
	assert_int_equal(
		svid_verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE + LIFE + 1),
		X509_V_ERR_CERT_HAS_EXPIRED);
	assert_int_equal(X509_check_ca(cert), 0);
	X509_free(cert);
}

static void assert_text(X509 *cert, const char *want)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	assert_int_equal(X509_print_ex(bio, cert, XN_FLAG_RFC2253, 0), 1);
	BIO_write(bio, "", 1);
	BIO_get_mem_data(bio, &text);
	if (strstr(text, want) == NULL)
		fail_msg("no \"%s\" in\n%s", want, text);
	BIO_free(bio);
}

static void openssl_prints_every_field(void **state)
{
	(void)state;
	const struct troth_svid svid = svid_whole();
	X509 *cert = svid_issue(&svid);
	static const char *const want[] = {
		"Version: 3 (0x2)",
		"7f:01:02:03:00:00:00:00:00:00:00:00:00:00:00:fe",
		"Signature Algorithm: ecdsa-with-SHA256",
		"Issuer: CN=Test CA",
		"Not Before: Nov 21 23:00:00 2024 GMT",
		"Not After : Nov 21 23:15:00 2024 GMT",
		"Subject: CN=press-4,OU=line-a",
		"NIST CURVE: P-256",
		"X509v3 Basic Constraints: critical\n                CA:FALSE",
		"X509v3 Key Usage: critical\n                Digital Signature\n",
		"TLS Web Server Authentication, TLS Web Client Authentication",
		("X509v3 Subject Alternative Name: \n                "
		 "URI:spiffe://example.org/line-a/press-4\n"),
		"X509v3 Subject Key Identifier: \n                11:22:00:",
		"X509v3 Authority Key Identifier: \n",
		TROTH_OID_EAR_DIGEST,
	};
	for (size_t i = 0; i < TROTH_COUNT(want); i++)
		assert_text(cert, want[i]);
	assert_int_equal(X509_get_ext_count(cert), 7);
	X509_free(cert);
}

static void key_and_digest_are_those_given(void **state)
{
	(void)state;
	struct troth_svid svid = svid_whole();
	X509 *cert = svid_issue(&svid);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), svid_device_key), 1);

	ASN1_OBJECT *oid = OBJ_txt2obj(TROTH_OID_EAR_DIGEST, 1);
	int at = X509_get_ext_by_OBJ(cert, oid, -1);
	assert_true(at >= 0);
	const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, at)), 0);
	assert_int_equal(ASN1_STRING_length(data), 34);
	assert_int_equal(ASN1_STRING_get0_data(data)[0], 4);
	assert_memory_equal(ASN1_STRING_get0_data(data) + 2, SVID_EAR, 32);
	X509_free(cert);

	svid.ear_digest = (struct troth_view){ 0 };
	cert = svid_issue(&svid);
	assert_int_equal(X509_get_ext_by_OBJ(cert, oid, -1), -1);
	assert_int_equal(X509_get_ext_count(cert), 6);
	X509_free(cert);
	ASN1_OBJECT_free(oid);
}

/* A TPM may leave leading zeros of a coordinate out: 31 bytes are the same number. */
static void short_coordinates_are_padded(void **state)
{
	(void)state;
	struct troth_svid svid = svid_whole();
	struct troth_public short_key = svid_key;
	uint8_t tbs[2048];
	size_t n;
	short_key.x = (struct troth_view){ svid_point + 2, 31 };
	svid.key = &short_key;
	assert_int_equal(troth_svid_tbs(&svid, tbs, sizeof tbs, &n), TROTH_OK);
	uint8_t want[66] = { 0, 4 };
	memcpy(want + 3, svid_point + 2, 31);
	memcpy(want + 34, svid_point + 33, 32);
	bool found = false;
	for (size_t i = 0; i + sizeof want <= n; i++)
		found |= troth_view_equal((struct troth_view){ tbs + i, sizeof want },
					  TROTH_VIEW_OF(want));
	assert_true(found);
}

static void serial_is_positive(void **state)
{
	(void)state;
	struct troth_svid svid = svid_whole();
	memset(svid.serial, 0xff, sizeof svid.serial);
	X509 *cert = svid_issue(&svid);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER);
	assert_int_equal(ASN1_STRING_length(serial), 16);
	assert_int_equal(ASN1_STRING_get0_data(serial)[0], 0x7f);
	X509_free(cert);
}

static void assert_refused(const struct troth_svid *svid, enum troth_status want,
			   const char *wrong)
{
	uint8_t buf[2048];
	size_t n;
	POISON(buf);
	POISON(n);
	enum troth_status got = troth_svid_tbs(svid, buf, sizeof buf, &n);
	if (got != want)
		fail_msg("%s: %s", wrong, troth_status_name(got));
	if (got != TROTH_OK) {
		ASSERT_POISONED(buf);
		ASSERT_POISONED(n);
	}
}

static void lives(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t before, after;
		enum troth_status want;
	} cases[] = {
		{ "empty life", NOT_BEFORE, NOT_BEFORE, TROTH_E_MALFORMED },
		{ "reversed life", NOT_BEFORE, NOT_BEFORE - 1, TROTH_E_MALFORMED },
		{ "one second", NOT_BEFORE, NOT_BEFORE + 1, TROTH_OK },
		{ "the longest life", NOT_BEFORE, NOT_BEFORE + TROTH_CERTIFICATE_LIFE_MAX_S,
		  TROTH_OK },
		{ "one second longer", NOT_BEFORE,
		  NOT_BEFORE + TROTH_CERTIFICATE_LIFE_MAX_S + 1, TROTH_E_LIMIT },
		{ "to the last second there is", TROTH_DER_TIME_MAX_S - 1, TROTH_DER_TIME_MAX_S,
		  TROTH_OK },
		{ "past it", TROTH_DER_TIME_MAX_S, TROTH_DER_TIME_MAX_S + 1,
		  TROTH_E_MALFORMED },
		{ "for ever", 0, UINT64_MAX, TROTH_E_MALFORMED },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct troth_svid svid = svid_whole();
		svid.not_before_s = cases[i].before;
		svid.not_after_s = cases[i].after;
		assert_refused(&svid, cases[i].want, cases[i].name);
	}
}

static void spiffe_ids(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"spiffe://",
		"spiffe://example.org",
		"spiffe://example.org/",
		"spiffe://example.org/line-a",
		"spiffe://example.org/line-a/",
		"spiffe://example.org//press-4",
		"spiffe:///line-a/press-4",
		"spiffe://example.org/line-a/press-4/",
		"spiffe://example.org/line-a/press-4/x",
		"spiffe://example.org/line-a/Press-4",
		"spiffe://example.org/line-a/..",
		"spiffe://example.org/line-a/press 4",
		"spiffe://example.org/line-a/press-4?x",
		"spiffe://example.org:443/line-a/press-4",
		"spiffe://u@example.org/line-a/press-4",
		"SPIFFE://example.org/line-a/press-4",
		"https://example.org/line-a/press-4",
		("spiffe://example.org/line-a/"
		 "0123456789012345678901234567890123456789012345678901234567890123"),
	};
	for (size_t i = 0; i < TROTH_COUNT(wrong); i++) {
		struct troth_svid svid = svid_whole();
		svid.spiffe_id = troth_view_str(wrong[i]);
		assert_refused(&svid, TROTH_E_MALFORMED, wrong[i]);
	}
	struct troth_svid svid = svid_whole();
	svid.spiffe_id = troth_view_str(
		"spiffe://example.org/line-a/"
		"012345678901234567890123456789012345678901234567890123456789012");
	assert_refused(&svid, TROTH_OK, "a name at its limit");
}

static void bad_inputs_are_refused(void **state)
{
	(void)state;
	static const uint8_t bytes[65] = { 0x30 };
	struct troth_svid svid = svid_whole();
	memset(svid.serial, 0, sizeof svid.serial);
	assert_refused(&svid, TROTH_E_MALFORMED, "zero serial");
	svid.serial[0] = 0x80;
	assert_refused(&svid, TROTH_E_MALFORMED, "serial that is zero without its top bit");
	svid = svid_whole();
	svid.issuer_name = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no issuer");
	svid = svid_whole();
	svid.issuer_key_id = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no issuer key id");
	svid.issuer_key_id = (struct troth_view){ bytes, 64 };
	assert_refused(&svid, TROTH_OK, "issuer key id at its limit");
	svid.issuer_key_id = TROTH_VIEW_OF(bytes);
	assert_refused(&svid, TROTH_E_MALFORMED, "issuer key id past its limit");
	svid = svid_whole();
	svid.ear_digest = (struct troth_view){ bytes, 31 };
	assert_refused(&svid, TROTH_E_MALFORMED, "short digest");
}

static void bad_keys_are_refused(void **state)
{
	(void)state;
	struct troth_public k = svid_key;
	struct troth_svid svid = svid_whole();
	svid.key = &k;
	k.type = TROTH_KEY_RSA;
	assert_refused(&svid, TROTH_E_UNSUPPORTED, "RSA key");
	k = svid_key;
	k.curve = TROTH_CURVE_P384;
	assert_refused(&svid, TROTH_E_UNSUPPORTED, "P-384 key");
	k = svid_key;
	k.x = (struct troth_view){ svid_point, 33 };
	assert_refused(&svid, TROTH_E_MALFORMED, "long x");
	k = svid_key;
	k.y = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no y");
	k = svid_key;
	k.name.n = 0;
	assert_refused(&svid, TROTH_E_MALFORMED, "key without a Name");
}

static void a_short_buffer_is_not_touched(void **state)
{
	(void)state;
	const struct troth_svid svid = svid_whole();
	uint8_t tbs[2048], buf[2048], sig[] = { 0x30, 0 };
	size_t n, m, wrapped;
	assert_int_equal(troth_svid_tbs(&svid, tbs, sizeof tbs, &n), TROTH_OK);
	for (size_t max = 0; max < n; max++) {
		POISON(buf);
		POISON(m);
		assert_int_equal(troth_svid_tbs(&svid, buf, max, &m), TROTH_E_LIMIT);
		ASSERT_POISONED(buf);
		ASSERT_POISONED(m);
	}
	assert_int_equal(troth_svid_tbs(&svid, buf, n, &m), TROTH_OK);

	const struct troth_view view = { tbs, n };
	assert_int_equal(troth_svid_wrap(view, TROTH_VIEW_OF(sig), buf, sizeof buf, &wrapped),
			 TROTH_OK);
	POISON(buf);
	POISON(m);
	assert_int_equal(troth_svid_wrap(view, TROTH_VIEW_OF(sig), buf, wrapped - 1, &m),
			 TROTH_E_LIMIT);
	assert_int_equal(troth_svid_wrap((struct troth_view){ 0 }, TROTH_VIEW_OF(sig), buf,
					 sizeof buf, &m),
			 TROTH_E_MALFORMED);
	assert_int_equal(troth_svid_wrap(view, (struct troth_view){ 0 }, buf, sizeof buf, &m),
			 TROTH_E_MALFORMED);
	ASSERT_POISONED(buf);
	ASSERT_POISONED(m);
}

static void spiffe_id_is_put_together(void **state)
{
	(void)state;
	char out[TROTH_SPIFFE_ID_MAX + 1];
	assert_int_equal(troth_spiffe_id(troth_view_str("example.org"),
					 troth_view_str("line-a"), troth_view_str("press-4"),
					 out),
			 TROTH_OK);
	assert_string_equal(out, SVID_ID);
	static const char *const wrong[][3] = {
		{ "", "line-a", "press-4" },
		{ "example.org", "", "press-4" },
		{ "example.org", "line-a", "" },
		{ "example.org/x", "line-a", "press-4" },
		{ "example.org", "line/a", "press-4" },
		{ "example.org", "line-a", "../press-4" },
		{ "example.org", "line-a", "press\n4" },
	};
	for (size_t i = 0; i < TROTH_COUNT(wrong); i++) {
		POISON(out);
		assert_int_equal(troth_spiffe_id(troth_view_str(wrong[i][0]),
						 troth_view_str(wrong[i][1]),
						 troth_view_str(wrong[i][2]), out),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(out);
	}
}

/* OpenSSL finds each of them, and nothing more. */
static void further_names_stand_beside_the_id(void **state)
{
	(void)state;
	static const uint8_t list[] = { 2,   15,  'p', '.', 'e', 'x', 'a', 'm',
					'p', 'l', 'e', '.', 'o', 'r', 'g', '.',
					'x', 7,	  4,   192, 0,	 2,   9 };
	struct troth_svid svid = svid_whole();
	svid.names = TROTH_VIEW_OF(list);
	X509 *cert = svid_issue(&svid);
	assert_int_equal(X509_check_host(cert, "p.example.org.x", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "q.example.org.x", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "192.0.2.9", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "192.0.2.8", 0), 0);
	X509_free(cert);
	static const uint8_t unsound[] = { 6, 1, 'a' };
	svid.names = TROTH_VIEW_OF(unsound);
	assert_refused(&svid, TROTH_E_MALFORMED, "a second URI");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifies_strictly_as_client_and_server),
		cmocka_unit_test(openssl_prints_every_field),
		cmocka_unit_test(key_and_digest_are_those_given),
		cmocka_unit_test(short_coordinates_are_padded),
		cmocka_unit_test(serial_is_positive),
		cmocka_unit_test(lives),
		cmocka_unit_test(spiffe_ids),
		cmocka_unit_test(bad_inputs_are_refused),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(a_short_buffer_is_not_touched),
		cmocka_unit_test(spiffe_id_is_put_together),
		cmocka_unit_test(further_names_stand_beside_the_id),
	};
	return cmocka_run_group_tests(tests, svid_setup, svid_teardown);
}
