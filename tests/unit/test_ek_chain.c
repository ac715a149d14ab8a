/* SPDX-License-Identifier: Apache-2.0 */
/* Who issued a certificate, with which keys and hashes, and what is trusted to issue. */
#include "check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base.h"
#include "ek.h"
#include "ek_recipe.h"
#include "odd_keys.h"
#include "reader.h"

static void an_expired_issuer_is_told_apart(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct ek_recipe m = { .subject = "Expired",
				     .key = key,
				     .issuer = ek_root,
				     .issuer_key = ek_root_key,
				     .not_after_s = NOW - 1,
				     .extensions = CA_EXTENSIONS };
	X509 *expired = ek_make(&m);
	ek_add_intermediate(ek_trust, expired);
	struct ek_recipe r = ek_good();
	r.issuer = expired;
	r.issuer_key = key;
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_EXPIRED, "an issuer that expired");
	X509_free(expired);
	EVP_PKEY_free(key);
}

static void chains(void **state)
{
	EVP_PKEY *other_key = EVP_EC_gen("P-256");
	struct ek_recipe r = { .subject = "Middle",
			       .key = other_key,
			       .extensions = CA_EXTENSIONS };
	X509 *same_name = ek_make(&r);
	r.subject = "Stranger";
	X509 *stranger = ek_make(&r);
	r = ek_good();
	r.issuer = same_name;
	r.issuer_key = other_key;
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "an issuer of the same name");
	r.issuer = stranger;
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "an unknown issuer");
	r = ek_good();
	r.issuer = NULL;
	r.subject = "Me";
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "self-signed");

	/* Among the intermediates, a self-signed certificate ends no chain. */
	ek_add_intermediate(ek_trust, stranger);
	r = ek_good();
	r.issuer = stranger;
	r.issuer_key = other_key;
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "a root nobody configured as one");
	X509_free(same_name);
	X509_free(stranger);
	EVP_PKEY_free(other_key);
}

/* An EK certificate of the same manufacturer must not be able to issue more of them. */
static void an_ek_certificate_issues_nothing(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct ek_recipe r = ek_good();
	r.subject = "Leaf";
	X509 *leaf = ek_make(&r);
	struct ek_der d = ek_to_der(leaf);
	assert_int_equal(troth_ek_trust_add_intermediate(ek_trust, ek_view(&d)),
			 TROTH_E_MALFORMED);
	r = ek_good();
	r.key = key;
	r.issuer = leaf;
	r.issuer_key = ek_key;
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "issued by an EK");
	X509_free(leaf);
	EVP_PKEY_free(key);
}

/* TROTH_CHAIN_MAX certificates with leaf and root, and one more. */
static void chain_length_is_capped(void **state)
{
	enum { N = TROTH_CHAIN_MAX - 1 };
	EVP_PKEY *keys[N];
	X509 *certs[N];
	for (size_t i = 0; i < N; i++) {
		char name[] = "Link 0";
		name[5] = (char)('0' + i);
		keys[i] = EVP_EC_gen("P-256");
		const struct ek_recipe m = { .subject = name,
					     .key = keys[i],
					     .issuer = i == 0 ? ek_root : certs[i - 1],
					     .issuer_key = i == 0 ? ek_root_key : keys[i - 1],
					     .extensions = CA_EXTENSIONS };
		certs[i] = ek_make(&m);
		ek_add_intermediate(ek_trust, certs[i]);
	}
	struct ek_recipe r = ek_good();
	r.issuer = certs[N - 2];
	r.issuer_key = keys[N - 2];
	ek_expect(*state, &r, TROTH_FINDING_NONE, "a chain at its limit");
	r.issuer = certs[N - 1];
	r.issuer_key = keys[N - 1];
	ek_expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "a chain past its limit");
	for (size_t i = 0; i < N; i++) {
		X509_free(certs[i]);
		EVP_PKEY_free(keys[i]);
	}
}

static void key_sizes(void **state)
{
	struct {
		const char *name;
		EVP_PKEY *key;
		enum troth_finding_code want;
	} cases[] = {
		{ "RSA at the lower limit", odd_rsa(TROTH_CHAIN_RSA_BITS_MIN, ODD_RSA_EXPONENT),
		  TROTH_FINDING_NONE },
		{ "RSA below it", odd_rsa(TROTH_CHAIN_RSA_BITS_MIN - 1, ODD_RSA_EXPONENT),
		  TROTH_FINDING_EK_KEY_SIZE },
		{ "RSA at the upper limit", odd_rsa(TROTH_CHAIN_RSA_BITS_MAX, ODD_RSA_EXPONENT),
		  TROTH_FINDING_NONE },
		{ "RSA above it", odd_rsa(TROTH_CHAIN_RSA_BITS_MAX + 1, ODD_RSA_EXPONENT),
		  TROTH_FINDING_EK_KEY_SIZE },
		{ "an enormous RSA key", odd_rsa(16384, ODD_RSA_EXPONENT),
		  TROTH_FINDING_EK_KEY_SIZE },
		{ "P-384", EVP_EC_gen("P-384"), TROTH_FINDING_NONE },
		{ "P-521", EVP_EC_gen("P-521"), TROTH_FINDING_EK_KEY_SIZE },
		{ "a curve of 256 bits that is not P-256", EVP_EC_gen("secp256k1"),
		  TROTH_FINDING_EK_KEY_SIZE },
		{ "Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
		  TROTH_FINDING_EK_KEY_SIZE },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct ek_recipe r = ek_good();
		assert_non_null(cases[i].key);
		r.key = cases[i].key;
		ek_expect(*state, &r, cases[i].want, cases[i].name);
		EVP_PKEY_free(cases[i].key);
	}
}

static void authorities_of_other_sizes_are_not_added(void **state)
{
	(void)state;
	static const struct {
		int bits;
		enum troth_status want;
	} cases[] = {
		{ TROTH_CHAIN_RSA_BITS_MIN - 1, TROTH_E_UNSUPPORTED },
		{ TROTH_CHAIN_RSA_BITS_MIN, TROTH_OK },
		{ TROTH_CHAIN_RSA_BITS_MAX, TROTH_OK },
		{ TROTH_CHAIN_RSA_BITS_MAX + 1, TROTH_E_UNSUPPORTED },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct troth_ek_trust *t;
		const struct ek_recipe r = { .subject = "Sized",
					     .key = odd_rsa(cases[i].bits, ODD_RSA_EXPONENT),
					     .issuer = ek_root,
					     .issuer_key = ek_root_key,
					     .extensions = CA_EXTENSIONS };
		X509 *cert = ek_make(&r);
		struct ek_der d = ek_to_der(cert);
		assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
		assert_int_equal(troth_ek_trust_add_intermediate(t, ek_view(&d)),
				 cases[i].want);
		assert_int_equal(troth_ek_trust_add_root(t, ek_view(&d)), cases[i].want);
		troth_ek_trust_free(t);
		X509_free(cert);
		EVP_PKEY_free(r.key);
	}
}

static void weak_signatures(void **state)
{
	struct ek_recipe r = ek_good();
	r.md = EVP_sha1();
	ek_expect(*state, &r, TROTH_FINDING_HASH_WEAK, "SHA-1");
	r.md = EVP_sha224();
	ek_expect(*state, &r, TROTH_FINDING_HASH_WEAK, "SHA-224");
	r.md = EVP_sha384();
	ek_expect(*state, &r, TROTH_FINDING_NONE, "SHA-384");
	r.md = EVP_sha512();
	ek_expect(*state, &r, TROTH_FINDING_NONE, "SHA-512");
}

static void files_of_authorities(void **state)
{
	struct troth_ek_trust *t;
	char *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	BIO_puts(bio, "a comment before\n");
	PEM_write_bio_X509(bio, ek_root);
	PEM_write_bio_X509(bio, ek_middle);
	const size_t n = (size_t)BIO_get_mem_data(bio, &pem);
	const struct troth_view both = { (const uint8_t *)pem, n };
	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	/* Root and intermediate in one file: each is taken for what it is. */
	assert_int_equal(troth_ek_trust_add_root(t, both), TROTH_OK);
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	assert_int_equal(ek_judge_at(*state, t, ek_view(&d), NOW).n, 0);
	troth_ek_trust_free(t);

	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(t, both), TROTH_OK);
	assert_int_equal(ek_judge_at(*state, t, ek_view(&d), NOW).n, 1);
	static const char *const bad[] = {
		"",
		"hello",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"0",
	};
	for (size_t i = 0; i < TROTH_COUNT(bad); i++)
		assert_int_equal(troth_ek_trust_add_root(t, troth_view_str(bad[i])),
				 TROTH_E_MALFORMED);
	struct ek_der trailing = ek_to_der(ek_root);
	trailing.n++;
	assert_int_equal(troth_ek_trust_add_root(t, ek_view(&trailing)), TROTH_E_MALFORMED);
	assert_int_equal(ERR_peek_error(), 0);
	troth_ek_trust_free(t);
	troth_ek_trust_free(NULL);
	X509_free(cert);
	BIO_free(bio);
}

static void trust_limits(void **state)
{
	(void)state;
	struct troth_ek_trust *t;
	struct ek_der d = ek_to_der(ek_middle);
	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	for (size_t i = 0; i < TROTH_TRUST_CERTS_MAX; i++)
		assert_int_equal(troth_ek_trust_add_intermediate(t, ek_view(&d)), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(t, ek_view(&d)), TROTH_E_LIMIT);
	d = ek_to_der(ek_root);
	assert_int_equal(troth_ek_trust_add_root(t, ek_view(&d)), TROTH_E_LIMIT);
	troth_ek_trust_free(t);

	/* A file at its limit is read, and is no certificate. */
	uint8_t *big = calloc(1, (size_t)TROTH_TRUST_FILE_MAX + 1);
	struct troth_view file = { big, (size_t)TROTH_TRUST_FILE_MAX };
	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_root(t, file), TROTH_E_MALFORMED);
	file.n++;
	assert_int_equal(troth_ek_trust_add_root(t, file), TROTH_E_LIMIT);
	troth_ek_trust_free(t);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expired_issuer_is_told_apart),
		cmocka_unit_test(chains),
		cmocka_unit_test(an_ek_certificate_issues_nothing),
		cmocka_unit_test(chain_length_is_capped),
		cmocka_unit_test(key_sizes),
		cmocka_unit_test(authorities_of_other_sizes_are_not_added),
		cmocka_unit_test(weak_signatures),
		cmocka_unit_test(files_of_authorities),
		cmocka_unit_test(trust_limits),
	};
	return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
