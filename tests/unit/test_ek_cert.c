/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made with OpenSSL, each wrong in one way. Their issuers: test_ek_chain. Real
 * ones: test_data_ek. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base.h"
#include "ek.h"
#include "ek_recipe.h"
#include "reader.h"

static void a_good_certificate_is_trusted_and_described(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	uint8_t spki[200], *p = spki;
	int n = i2d_PUBKEY(ek_key, &p);
	const struct troth_view expected = { spki, (size_t)n };
	struct troth_digest digest;
	const struct troth_ek_cert_case c = { ek_trust, ek_view(&d), &expected, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	assert_int_equal(f.n, 0);
	assert_string_equal(facts.manufacturer, "id:54524F54");
	assert_string_equal(facts.model, "Model 9");
	assert_string_equal(facts.version, "id:00010002");
	assert_string_equal(facts.issuer, "CN=Middle");
	assert_true(facts.not_before_s == NOW - YEAR_S && facts.not_after_s == NOW + YEAR_S);
	assert_int_equal(troth_hash_one(*state, TROTH_HASH_SHA256, expected, &digest), 0);
	assert_memory_equal(facts.spki_sha256, digest.bytes, 32);
	X509_free(cert);
}

static const struct {
	const char *name;
	enum troth_finding_code want;
	struct ek_extension extensions[6];
} PROFILES[] = {
	{ "no extendedKeyUsage",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "basicConstraints", "critical,CA:FALSE" },
	    { "keyUsage", "critical,keyAgreement" },
	    { "subjectAltName", SAN } } },
	{ "an attestation key's usage",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,keyAgreement" }, { "extendedKeyUsage", "2.23.133.8.3" } } },
	{ "any extended usage",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,keyAgreement" },
	    { "extendedKeyUsage", "anyExtendedKeyUsage" } } },
	{ "the EK's usage beside another",
	  TROTH_FINDING_NONE,
	  { { "keyUsage", "critical,keyAgreement" },
	    { "extendedKeyUsage", "serverAuth," EK_USAGE } } },
	{ "no extensions but usages",
	  TROTH_FINDING_NONE,
	  { { "keyUsage", "keyEncipherment" }, { "extendedKeyUsage", EK_USAGE } } },
	{ "an authority",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "basicConstraints", "critical,CA:TRUE" },
	    { "keyUsage", "critical,keyAgreement" },
	    { "extendedKeyUsage", EK_USAGE } } },
	{ "a key that signs certificates",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,keyAgreement,keyCertSign" },
	    { "extendedKeyUsage", EK_USAGE } } },
	{ "a key that signs CRLs",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,keyAgreement,cRLSign" },
	    { "extendedKeyUsage", EK_USAGE } } },
	{ "a key that only signs",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,digitalSignature" }, { "extendedKeyUsage", EK_USAGE } } },
	{ "no keyUsage", TROTH_FINDING_EK_CERT_PROFILE, { { "extendedKeyUsage", EK_USAGE } } },
	{ "Google: extended usage missing, key decrypts",
	  TROTH_FINDING_NONE,
	  { { "keyUsage", "critical,keyEncipherment" }, GCE_INSTANCE } },
	{ "Google: signing EK",
	  TROTH_FINDING_NONE,
	  { { "keyUsage", "critical,digitalSignature" },
	    { "extendedKeyUsage", EK_USAGE },
	    GCE_INSTANCE } },
	{ "Google: another extended usage",
	  TROTH_FINDING_EK_CERT_PROFILE,
	  { { "keyUsage", "critical,keyEncipherment" },
	    { "extendedKeyUsage", "2.23.133.8.3" },
	    GCE_INSTANCE } },
	{ "an unknown extension that is not critical",
	  TROTH_FINDING_NONE,
	  { { "keyUsage", "critical,keyAgreement" },
	    { "extendedKeyUsage", EK_USAGE },
	    { "2.25.1", "DER:0500" } } },
	{ "an unknown critical extension",
	  TROTH_FINDING_EK_CERT_CHAIN,
	  { { "keyUsage", "critical,keyAgreement" },
	    { "extendedKeyUsage", EK_USAGE },
	    { "2.25.1", "critical,DER:0500" } } },
};

static void profiles(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(PROFILES); i++) {
		struct ek_recipe r = ek_good();
		memcpy(r.extensions, PROFILES[i].extensions, sizeof r.extensions);
		ek_expect(*state, &r, PROFILES[i].want, PROFILES[i].name);
	}
}

/* Neither mark of an EK: Google's extension alone is not enough. */
static void google_attestation_keys_are_refused(void **state)
{
	struct ek_recipe r = ek_good();
	const struct ek_extension extensions[] = { { "keyUsage", "critical,digitalSignature" },
						   GCE_INSTANCE };
	memset(r.extensions, 0, sizeof r.extensions);
	memcpy(r.extensions, extensions, sizeof extensions);
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = ek_judge_at(*state, ek_trust, ek_view(&d), NOW);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_PROFILE);
	assert_int_equal(f.list[1].code, TROTH_FINDING_EK_CERT_PROFILE);
	X509_free(cert);
}

static void time_is_checked(void **state)
{
	const struct ek_recipe r = ek_good();
	ek_expect_at(*state, &r, NOW - YEAR_S, TROTH_FINDING_NONE, "its first second");
	ek_expect_at(*state, &r, NOW - YEAR_S - 1, TROTH_FINDING_EK_CERT_EXPIRED, "before it");
	ek_expect_at(*state, &r, NOW + YEAR_S - 1, TROTH_FINDING_NONE,
		     "its last but one second");
	ek_expect_at(*state, &r, NOW + YEAR_S + 1, TROTH_FINDING_EK_CERT_EXPIRED, "after it");
	ek_expect_at(*state, &r, 0, TROTH_FINDING_EK_CERT_EXPIRED, "no clock");
	ek_expect_at(*state, &r, UINT64_MAX, TROTH_FINDING_EK_CERT_EXPIRED, "a mad clock");
	struct ek_recipe forever = ek_good();
	forever.not_after_s = 253402300799;
	ek_expect(*state, &forever, TROTH_FINDING_NONE, "valid to the end of 9999");
}

static void the_key_must_be_the_one_given(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	uint8_t spki[200], *p = spki;
	int n = i2d_PUBKEY(ek_middle_key, &p);
	const struct troth_view other = { spki, (size_t)n };
	struct troth_ek_cert_case c = { ek_trust, ek_view(&d), &other, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_KEY_MISMATCH);
	const struct troth_view none = { 0 };
	c.spki = &none;
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	assert_int_equal(f.n, 2);
	X509_free(cert);
}

/* STMicroelectronics marks RSA keys id-RSAES-OAEP: the modulus is the same, so is the id. */
static void oaep_keys_are_rsa_keys(void **state)
{
	struct ek_recipe r = ek_good();
	r.key = EVP_RSA_gen(2048);
	uint8_t spki[600], *p = spki;
	const struct troth_view expected = { spki, (size_t)i2d_PUBKEY(r.key, &p) };
	X509 *cert = ek_make(&r);
	unsigned char *bits = NULL;
	int n = i2d_PublicKey(r.key, &bits);
	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert),
						OBJ_nid2obj(NID_rsaesOaep), V_ASN1_UNDEF, NULL,
						bits, n),
			 1);
	assert_true(X509_sign(cert, ek_middle_key, EVP_sha256()) > 0);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { ek_trust, ek_view(&d), &expected, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	if (f.n > 0)
		fail_msg("%s (%s)", troth_finding_name(f.list[0].code), f.list[0].detail);

	/* Its signature counts like any other's: the last byte, and another signer. */
	d.bytes[d.n - 1] ^= 1;
	f = ek_judge_at(*state, ek_trust, ek_view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_CHAIN);
	assert_true(X509_sign(cert, ek_key, EVP_sha256()) > 0);
	d = ek_to_der(cert);
	f = ek_judge_at(*state, ek_trust, ek_view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_CHAIN);
	assert_int_equal(f.n, 1);
	X509_free(cert);
	EVP_PKEY_free(r.key);
}

static void nv_padding(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	const struct ek_der d = ek_to_der(cert);
	static const struct {
		const char *name;
		uint8_t tail[4];
		enum troth_finding_code want;
	} cases[] = {
		{ "zeros", { 0, 0, 0, 0 }, TROTH_FINDING_NONE },
		{ "ones", { 0xff, 0xff, 0xff, 0xff }, TROTH_FINDING_NONE },
		{ "both", { 0, 0, 0xff, 0xff }, TROTH_FINDING_NONE },
		{ "something else", { 0, 0, 0, 1 }, TROTH_FINDING_EK_CERT_MALFORMED },
		{ "a second SEQUENCE", { 0x30, 0, 0, 0 }, TROTH_FINDING_EK_CERT_MALFORMED },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct ek_der padded = d;
		memcpy(padded.bytes + d.n, cases[i].tail, 4);
		padded.n += 4;
		struct troth_findings f = ek_judge_at(*state, ek_trust, ek_view(&padded), NOW);
		enum troth_finding_code got = f.n > 0 ? f.list[0].code : TROTH_FINDING_NONE;
		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].name, troth_finding_name(got));
	}
	X509_free(cert);
}

static void size_limit(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	d.n = TROTH_CERT_MAX; /* the rest is zeros: padding */
	assert_int_equal(ek_judge_at(*state, ek_trust, ek_view(&d), NOW).n, 0);
	d.n = TROTH_CERT_MAX + 1;
	struct troth_findings f = ek_judge_at(*state, ek_trust, ek_view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_MALFORMED);
	X509_free(cert);
}

static void no_prefix_is_a_certificate(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	const struct ek_der d = ek_to_der(cert);
	for (size_t n = 0; n < d.n; n++) {
		struct troth_findings f = { 0 };
		struct troth_ek_cert_facts facts;
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, d.bytes, n);
		const struct troth_ek_cert_case c = { ek_trust, { exact, n }, NULL, NOW };
		assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
		assert_int_equal(f.n, 1);
		assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_MALFORMED);
		assert_int_equal(facts.not_after_s, 0);
		free(exact);
	}
	X509_free(cert);
}

/* One bit of every byte: nothing that was signed can change, and nothing else may either. */
static void every_byte_counts(void **state)
{
	const struct ek_recipe r = ek_good();
	X509 *cert = ek_make(&r);
	const struct ek_der d = ek_to_der(cert);
	for (size_t i = 0; i < d.n; i++) {
		struct ek_der forged = d;
		forged.bytes[i] ^= (uint8_t)(1U << i % 8);
		if (ek_judge_at(*state, ek_trust, ek_view(&forged), NOW).n == 0)
			fail_msg("byte %zu changed: trusted", i);
	}
	X509_free(cert);
}

static void names_are_escaped_and_cut(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct ek_recipe m = { .subject = "Zo\xc3\xab \\ \"x\", \x07",
				     .key = key,
				     .issuer = ek_root,
				     .issuer_key = ek_root_key,
				     .extensions = CA_EXTENSIONS };
	X509 *issuer = ek_make(&m);
	struct ek_recipe r = ek_good();
	r.issuer = issuer;
	r.issuer_key = key;
	X509 *cert = ek_make(&r);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { ek_trust, ek_view(&d), NULL, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	assert_true(strncmp(facts.issuer, "CN=Zo", 5) == 0);
	for (size_t i = 0; facts.issuer[i] != '\0'; i++)
		assert_true(facts.issuer[i] >= 0x20 && facts.issuer[i] <= 0x7e);
	X509_free(cert);
	X509_free(issuer);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_certificate_is_trusted_and_described),
		cmocka_unit_test(profiles),
		cmocka_unit_test(google_attestation_keys_are_refused),
		cmocka_unit_test(time_is_checked),
		cmocka_unit_test(the_key_must_be_the_one_given),
		cmocka_unit_test(oaep_keys_are_rsa_keys),
		cmocka_unit_test(nv_padding),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(no_prefix_is_a_certificate),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(names_are_escaped_and_cut),
	};
	return cmocka_run_group_tests(tests, ek_setup, ek_teardown);
}
