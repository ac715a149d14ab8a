/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's parser and path validation judge the CRLs that we write. */
#include "check.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "base.h"
#include "der.h"
#include "svid.h"
#include "svid_sample.h"

static struct troth_crl crl_of(const struct troth_crl_entry *entries, size_t n)
{
	return (struct troth_crl){
		.issuer_name = svid_ca.name_view,
		.issuer_key_id = svid_ca.key_id,
		.number = 300,
		.this_update_s = NOT_BEFORE,
		.next_update_s = NOT_BEFORE + 60,
		.entries = entries,
		.n_entries = n,
	};
}

static X509_CRL *issue_crl(const struct troth_crl *crl)
{
	static uint8_t tbs[1024 * 1024], der[1024 * 1024];
	size_t n;
	assert_int_equal(troth_crl_tbs(crl, tbs, sizeof tbs, &n), TROTH_OK);
	n = authority_sign(&svid_ca, (struct troth_view){ tbs, n }, der, sizeof der);
	const uint8_t *p = der;
	X509_CRL *out = d2i_X509_CRL(NULL, &p, (long)n);
	assert_non_null(out);
	assert_ptr_equal(p, der + n);
	assert_int_equal(X509_CRL_verify(out, svid_ca.key), 1);
	return out;
}

static void a_crl_revokes_its_serials_and_no_other(void **state)
{
	(void)state;
	struct troth_svid svid = svid_whole();
	struct troth_crl_entry entries[] = { { { 9 }, NOT_BEFORE }, { { 0 }, NOT_BEFORE + 5 } };
	X509 *cert = svid_issue(&svid);
	struct troth_crl crl = crl_of(entries, 1);
	X509_CRL *other = issue_crl(&crl);
	assert_int_equal(svid_verify(cert, other, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE),
			 X509_V_OK);
	memcpy(entries[1].serial, svid.serial, sizeof svid.serial);
	entries[1].serial[0] |= 0x80; /* as drawn, before the top bit is cleared */
	crl.n_entries = 2;
	X509_CRL *ours = issue_crl(&crl);
	assert_int_equal(svid_verify(cert, ours, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE),
			 X509_V_ERR_CERT_REVOKED);
	assert_int_equal(svid_verify(cert, ours, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE + 61),
			 X509_V_ERR_CRL_HAS_EXPIRED);
	X509_CRL_free(other);
	X509_CRL_free(ours);
	X509_free(cert);
}

static void an_empty_crl_has_no_list(void **state)
{
	(void)state;
	const struct troth_crl crl = crl_of(NULL, 0);
	X509_CRL *out = issue_crl(&crl);
	assert_int_equal(X509_CRL_get_version(out), X509_CRL_VERSION_2);
	assert_null(X509_CRL_get_REVOKED(out));
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(out, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 300);
	AUTHORITY_KEYID *aki =
		X509_CRL_get_ext_d2i(out, NID_authority_key_identifier, NULL, NULL);
	assert_int_equal(
		ASN1_OCTET_STRING_cmp(aki->keyid, X509_get0_subject_key_id(svid_ca.cert)), 0);
	ASN1_INTEGER_free(number);
	AUTHORITY_KEYID_free(aki);
	X509_CRL_free(out);
}

static void entries_are_listed_by_serial(void **state)
{
	(void)state;
	enum { N = 2000 };
	static struct troth_crl_entry entries[N];
	for (size_t i = 0; i < N; i++) {
		size_t v = (i * 1237) % N + 1;
		entries[i].serial[13] = (uint8_t)(v >> 8);
		entries[i].serial[14] = (uint8_t)v;
		entries[i].revoked_s = NOT_BEFORE + v;
	}
	const struct troth_crl crl = crl_of(entries, N);
	X509_CRL *out = issue_crl(&crl);
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(out);
	assert_int_equal(sk_X509_REVOKED_num(list), N);
	for (int i = 0; i < N; i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(list, i);
		uint64_t serial = 0;
		assert_int_equal(
			ASN1_INTEGER_get_uint64(&serial, X509_REVOKED_get0_serialNumber(r)), 1);
		assert_int_equal(serial, (uint64_t)(i + 1) << 8);
		assert_int_equal(ASN1_TIME_cmp_time_t(X509_REVOKED_get0_revocationDate(r),
						      (time_t)NOT_BEFORE + i + 1),
				 0);
	}
	X509_CRL_free(out);
}

static void bad_lists_are_refused(void **state)
{
	(void)state;
	static const struct troth_crl_entry twice[] = { { { 1 }, 1 },
							{ { 2 }, 1 },
							{ { 0x81 }, 1 } };
	static const struct troth_crl_entry zero[] = { { { 0 }, 1 } };
	static const struct troth_crl_entry late[] = { { { 1 }, TROTH_DER_TIME_MAX_S + 1 } };
	struct {
		const char *name;
		struct troth_crl crl;
	} cases[] = {
		{ "a serial twice", crl_of(twice, 3) },
		{ "a zero serial", crl_of(zero, 1) },
		{ "a time past the last", crl_of(late, 1) },
		{ "nextUpdate not after thisUpdate", crl_of(NULL, 0) },
		{ "no issuer", crl_of(NULL, 0) },
		{ "no key id", crl_of(NULL, 0) },
	};
	cases[3].crl.next_update_s = cases[3].crl.this_update_s;
	cases[4].crl.issuer_name.n = 0;
	cases[5].crl.issuer_key_id.n = 0;
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		uint8_t buf[1024];
		size_t n;
		POISON(buf);
		POISON(n);
		enum troth_status got = troth_crl_tbs(&cases[i].crl, buf, sizeof buf, &n);
		if (got != TROTH_E_MALFORMED)
			fail_msg("%s: %s", cases[i].name, troth_status_name(got));
		ASSERT_POISONED(buf);
		ASSERT_POISONED(n);
	}
	const struct troth_crl crl = crl_of(twice, 2);
	uint8_t buf[1024];
	size_t n, m;
	assert_int_equal(troth_crl_tbs(&crl, buf, sizeof buf, &n), TROTH_OK);
	POISON(buf);
	assert_int_equal(troth_crl_tbs(&crl, buf, n - 1, &m), TROTH_E_LIMIT);
	ASSERT_POISONED(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crl_revokes_its_serials_and_no_other),
		cmocka_unit_test(an_empty_crl_has_no_list),
		cmocka_unit_test(entries_are_listed_by_serial),
		cmocka_unit_test(bad_lists_are_refused),
	};
	return cmocka_run_group_tests(tests, svid_setup, svid_teardown);
}
