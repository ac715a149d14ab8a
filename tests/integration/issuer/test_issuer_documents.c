/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer signs for everybody: its authorities, CRLs, status documents, the verifier's
 * TLS certificate. OpenSSL judges them. */
#include "check.h"

#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "base.h"
#include "issued.h"
#include "issuer.h"
#include "issuer_harness.h"
#include "keys.h"

static void the_authority_is_shaped_as_spiffe_asks(void **state)
{
	(void)state;
	X509 *issuing, *root;
	read_bundle(&issuing, &root);
	assert_int_equal(X509_get_pathlen(root), 1);
	assert_int_equal(X509_get_pathlen(issuing), 0);
	assert_int_equal(X509_get_key_usage(root), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_key_usage(issuing), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_self_signed(root, 1), 1);
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(issuing),
					X509_get0_notAfter(issuing)),
			 1);
	assert_int_equal(days, 730);
	X509_free(issuing);
	X509_free(root);
}

static void a_crl_stands_before_openssl(void **state)
{
	(void)state;
	uint8_t entries[3 * TROTH_CRL_ENTRY_SIZE];
	struct troth_writer w = troth_writer_make(entries, sizeof entries);
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CRL };
	struct troth_issuer_reply r;
	for (uint8_t i = 0; i < 3; i++) {
		struct troth_crl_entry e = { .serial = { 0x40, i }, .revoked_s = 1732230000 };
		troth_issuer_crl_put(&w, &e);
	}
	q.u.crl = (struct troth_issuer_crl){
		.number = 4711, .life_s = 3600, .n_entries = 3, .entries = troth_written(&w)
	};
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	const unsigned char *p = r.u.der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)r.u.der.n);
	assert_non_null(crl);
	assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 3);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 4711);
	ASN1_INTEGER_free(number);
	X509 *issuing, *root;
	read_bundle(&issuing, &root);
	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuing)), 1);
	X509_CRL_free(crl);
	X509_free(issuing);
	X509_free(root);

	q.u.crl.life_s = 7 * 24 * 3600 + 1;
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_E_LIMIT);
}

/* As many as there may be fit one answer. */
static void the_longest_crl_is_made(void **state)
{
	(void)state;
	const size_t n = (size_t)TROTH_CRL_ENTRIES_MAX * TROTH_CRL_ENTRY_SIZE;
	uint8_t *entries = malloc(n);
	struct troth_writer w = troth_writer_make(entries, n);
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_CRL };
	struct troth_issuer_reply r;
	for (uint32_t i = 0; i < TROTH_CRL_ENTRIES_MAX; i++) {
		struct troth_crl_entry e = { .serial = { 0x40, (uint8_t)(i >> 16),
							 (uint8_t)(i >> 8), (uint8_t)i },
					     .revoked_s = 1732230000 };
		troth_issuer_crl_put(&w, &e);
	}
	q.u.crl = (struct troth_issuer_crl){ .number = 1,
					     .life_s = 3600,
					     .n_entries = TROTH_CRL_ENTRIES_MAX,
					     .entries = troth_written(&w) };
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	free(entries);
}

static enum troth_status sign_status(uint64_t sequence, uint64_t since, uint32_t life_s)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_STATUS };
	struct troth_issuer_reply r;
	q.u.status.sequence = sequence;
	q.u.status.since = since;
	q.u.status.life_s = life_s;
	assert_true(harness_ask(h.admin, &q, &r));
	return r.status;
}

static void status_documents_have_one_of_each_number(void **state)
{
	(void)state;
	assert_int_equal(sign_status(100, 0, 300), TROTH_OK);
	assert_int_equal(sign_status(100, 90, 300), TROTH_OK); /* the delta that leads there */
	assert_int_equal(sign_status(100, 0, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(99, 0, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(101, 100, 300), TROTH_E_CONFLICT);
	assert_int_equal(sign_status(101, 0, TROTH_STATUS_LIFE_MAX_S), TROTH_OK);
	assert_int_equal(sign_status(102, 0, TROTH_STATUS_LIFE_MAX_S + 1), TROTH_E_LIMIT);
	assert_int_equal(sign_status(102, 0, 0), TROTH_E_LIMIT);
	assert_int_equal(sign_status(102, 0, 1), TROTH_OK);
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	struct stat st;
	char path[128];
	static const char *const NAMES[] = { "127.0.0.1", "verifier.example.org", "::1" };
	assert_int_equal(troth_issuer_init(h.dir, HARNESS_DOMAIN, NULL), TROTH_E_CONFLICT);
	static const char *const SECRETS[] = { "mac.keys", "root.key", "ca.key" };
	for (size_t i = 0; i < TROTH_COUNT(SECRETS); i++) {
		snprintf(path, sizeof path, "%s/%s", h.dir, SECRETS[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	char tls[] = "/tmp/troth-tls-XXXXXX";
	assert_non_null(mkdtemp(tls));
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_OK);
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_E_CONFLICT);
	harness_remove(tls);
}

static const struct {
	const char *what;
	const char *names[2];
	size_t n;
} BAD_NAMES[] = {
	{ "no name", { NULL }, 0 },
	{ "empty", { "" }, 1 },
	{ "an extension smuggled in", { "a,URI:spiffe://example.org/x" }, 1 },
	{ "a section of a configuration", { "@other" }, 1 },
	{ "blanks", { "a b" }, 1 },
	{ "good, then bad", { "example.org", "a\nb" }, 2 },
};

static void tls_names_are_names(void **state)
{
	(void)state;
	char tls[] = "/tmp/troth-tls-XXXXXX";
	assert_non_null(mkdtemp(tls));
	for (size_t i = 0; i < TROTH_COUNT(BAD_NAMES); i++)
		if (troth_issuer_init_tls(h.dir, tls, BAD_NAMES[i].names, BAD_NAMES[i].n) !=
		    TROTH_E_CONFIG)
			fail_msg("taken: %s", BAD_NAMES[i].what);
	harness_remove(tls);
}

static void the_tls_certificate_serves_its_names(void **state)
{
	(void)state;
	static const char *const NAMES[] = { "127.0.0.1", "verifier.example.org" };
	char tls[] = "/tmp/troth-tls-XXXXXX";
	X509 *cert, *root;
	EVP_PKEY *key;
	assert_non_null(mkdtemp(tls));
	assert_int_equal(troth_issuer_init_tls(h.dir, tls, NAMES, TROTH_COUNT(NAMES)),
			 TROTH_OK);
	assert_int_equal(troth_cert_read(tls, "tls.crt", &cert), TROTH_OK);
	assert_int_equal(troth_cert_read(tls, "ca.crt", &root), TROTH_OK);
	assert_int_equal(troth_key_read(tls, "tls.key", &key), TROTH_OK);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	assert_int_equal(X509_check_host(cert, "verifier.example.org", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "other.example.org", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
	assert_int_equal(openssl_verdict(cert, NULL, root, X509_PURPOSE_SSL_SERVER), X509_V_OK);
	assert_int_not_equal(openssl_verdict(cert, NULL, root, X509_PURPOSE_SSL_CLIENT),
			     X509_V_OK);
	int days, seconds;
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
					X509_get0_notAfter(cert)),
			 1);
	assert_true(days <= 825);
	X509_free(cert);
	X509_free(root);
	EVP_PKEY_free(key);
	harness_remove(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_authority_is_shaped_as_spiffe_asks),
		cmocka_unit_test(a_crl_stands_before_openssl),
		cmocka_unit_test(the_longest_crl_is_made),
		cmocka_unit_test(status_documents_have_one_of_each_number),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(tls_names_are_names),
		cmocka_unit_test(the_tls_certificate_serves_its_names),
	};
	return cmocka_run_group_tests(tests, issued_setup, issued_teardown);
}
