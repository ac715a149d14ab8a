/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made with OpenSSL, each wrong in one way. Real ones: test_data_ek. */
#include "check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "ek.h"
#include "reader.h"

#define NOW UINT64_C(1800000000)
#define YEAR_S UINT64_C(31536000)

/* An extension as OpenSSL's configuration names it. */
struct extension {
	const char *name, *value;
};

/* What a certificate shall be; zero is a good one of its kind. */
struct recipe {
	const char *subject; /* CN; NULL: empty */
	EVP_PKEY *key;
	X509 *issuer; /* NULL: self-signed */
	EVP_PKEY *issuer_key;
	const EVP_MD *md; /* NULL: SHA-256 */
	uint64_t not_before_s, not_after_s;
	struct extension extensions[6];
};

static const char SAN[] = "critical,dirName:tpm";
/* OpenSSL drops the first arc of a name: it is there to tell instances apart. */
static const char SAN_SECTION[] = "[tpm]\n"
				  "1.2.23.133.2.1=id:54524F54\n"
				  "1.2.23.133.2.2=Model 9\n"
				  "1.2.23.133.2.3=id:00010002\n";
#define EK_USAGE "2.23.133.8.1"
#define GCE_INSTANCE                                   \
	{                                              \
		"1.3.6.1.4.1.11129.2.1.21", "DER:3000" \
	}
#define CA_EXTENSIONS                                       \
	{                                                   \
		{ "basicConstraints", "critical,CA:TRUE" }, \
		{                                           \
			"keyUsage", "critical,keyCertSign"  \
		}                                           \
	}

static void add_extension(X509 *cert, const struct extension *e)
{
	CONF *conf = NCONF_new(NULL);
	BIO *bio = BIO_new_mem_buf(SAN_SECTION, -1);
	X509V3_CTX ctx;
	assert_int_equal(NCONF_load_bio(conf, bio, NULL), 1);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	X509_EXTENSION *ext = X509V3_EXT_nconf(conf, &ctx, e->name, e->value);
	if (ext == NULL)
		fail_msg("%s=%s", e->name, e->value);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
	BIO_free(bio);
	NCONF_free(conf);
}

/* In days and seconds: time_t has 32 bits on small devices. */
static void set_time(ASN1_TIME *time, uint64_t s)
{
	time_t epoch = 0;
	assert_non_null(X509_time_adj_ex(time, (int)(s / 86400), (long)(s % 86400), &epoch));
}

static X509 *make(const struct recipe *r)
{
	static long serial;
	X509 *cert = X509_new();
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	if (r->subject != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
					   (const uint8_t *)r->subject, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(r->issuer != NULL ? r->issuer : cert));
	set_time(X509_getm_notBefore(cert),
		 r->not_before_s != 0 ? r->not_before_s : NOW - YEAR_S);
	set_time(X509_getm_notAfter(cert), r->not_after_s != 0 ? r->not_after_s : NOW + YEAR_S);
	assert_int_equal(X509_set_pubkey(cert, r->key), 1);
	for (size_t i = 0; i < TROTH_COUNT(r->extensions) && r->extensions[i].name != NULL; i++)
		add_extension(cert, &r->extensions[i]);
	assert_true(X509_sign(cert, r->issuer != NULL ? r->issuer_key : r->key,
			      r->md != NULL ? r->md : EVP_sha256()) > 0);
	return cert;
}

static EVP_PKEY *root_key, *middle_key, *ek_key;
static X509 *root, *middle;
static struct troth_ek_trust *trust;

struct der {
	size_t n;
	uint8_t bytes[TROTH_CERT_MAX + 16];
};

static struct der to_der(X509 *cert)
{
	struct der d = { 0 };
	uint8_t *p = d.bytes;
	int n = i2d_X509(cert, NULL);
	assert_true(n > 0 && (size_t)n <= sizeof d.bytes);
	assert_int_equal(i2d_X509(cert, &p), n);
	d.n = (size_t)n;
	return d;
}

static struct troth_view view(const struct der *d)
{
	return (struct troth_view){ d->bytes, d->n };
}

static void add_root(struct troth_ek_trust *to, X509 *cert)
{
	struct der d = to_der(cert);
	assert_int_equal(troth_ek_trust_add_root(to, view(&d)), TROTH_OK);
}

static void add_intermediate(struct troth_ek_trust *to, X509 *cert)
{
	struct der d = to_der(cert);
	assert_int_equal(troth_ek_trust_add_intermediate(to, view(&d)), TROTH_OK);
}

static struct recipe good(void)
{
	return (struct recipe){
		.key = ek_key,
		.issuer = middle,
		.issuer_key = middle_key,
		.extensions = { { "basicConstraints", "critical,CA:FALSE" },
				{ "keyUsage", "critical,keyAgreement" },
				{ "extendedKeyUsage", EK_USAGE },
				{ "subjectAltName", SAN } },
	};
}

static int setup(void **state)
{
	root_key = EVP_EC_gen("P-384");
	middle_key = EVP_EC_gen("P-256");
	ek_key = EVP_EC_gen("P-256");
	const struct recipe r = { .subject = "Root",
				  .key = root_key,
				  .extensions = CA_EXTENSIONS };
	root = make(&r);
	const struct recipe m = { .subject = "Middle",
				  .key = middle_key,
				  .issuer = root,
				  .issuer_key = root_key,
				  .extensions = CA_EXTENSIONS };
	middle = make(&m);
	if (troth_ek_trust_new(&trust) != TROTH_OK)
		return -1;
	add_root(trust, root);
	add_intermediate(trust, middle);
	return context_setup(state);
}

static int teardown(void **state)
{
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(middle_key);
	EVP_PKEY_free(ek_key);
	X509_free(root);
	X509_free(middle);
	troth_ek_trust_free(trust);
	return context_teardown(state);
}

static struct troth_findings judge_at(struct troth_ctx *ctx, const struct troth_ek_trust *by,
				      struct troth_view cert, uint64_t now_s)
{
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { by, cert, NULL, now_s };
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, &f), TROTH_OK);
	assert_int_equal(ERR_peek_error(), 0);
	return f;
}

/* Exactly this finding and no other; NONE: trusted. */
static void expect_at(struct troth_ctx *ctx, const struct recipe *r, uint64_t now_s,
		      enum troth_finding_code want, const char *name)
{
	X509 *cert = make(r);
	struct der d = to_der(cert);
	struct troth_findings f = judge_at(ctx, trust, view(&d), now_s);
	enum troth_finding_code got = f.n > 0 ? f.list[0].code : TROTH_FINDING_NONE;
	if (got != want || f.n > 1)
		fail_msg("%s: %zu findings, first %s (%s)", name, f.n, troth_finding_name(got),
			 f.n > 0 ? f.list[0].detail : "");
	X509_free(cert);
}

static void expect(struct troth_ctx *ctx, const struct recipe *r, enum troth_finding_code want,
		   const char *name)
{
	expect_at(ctx, r, NOW, want, name);
}

static void a_good_certificate_is_trusted_and_described(void **state)
{
	const struct recipe r = good();
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	uint8_t spki[200], *p = spki;
	int n = i2d_PUBKEY(ek_key, &p);
	const struct troth_view expected = { spki, (size_t)n };
	struct troth_digest digest;
	const struct troth_ek_cert_case c = { trust, view(&d), &expected, NOW };
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
	struct extension extensions[6];
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
		struct recipe r = good();
		memcpy(r.extensions, PROFILES[i].extensions, sizeof r.extensions);
		expect(*state, &r, PROFILES[i].want, PROFILES[i].name);
	}
}

/* Neither mark of an EK: Google's extension alone is not enough. */
static void google_attestation_keys_are_refused(void **state)
{
	struct recipe r = good();
	const struct extension extensions[] = { { "keyUsage", "critical,digitalSignature" },
						GCE_INSTANCE };
	memset(r.extensions, 0, sizeof r.extensions);
	memcpy(r.extensions, extensions, sizeof extensions);
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	struct troth_findings f = judge_at(*state, trust, view(&d), NOW);
	assert_int_equal(f.n, 2);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_PROFILE);
	assert_int_equal(f.list[1].code, TROTH_FINDING_EK_CERT_PROFILE);
	X509_free(cert);
}

static void time_is_checked(void **state)
{
	const struct recipe r = good();
	expect_at(*state, &r, NOW - YEAR_S, TROTH_FINDING_NONE, "its first second");
	expect_at(*state, &r, NOW - YEAR_S - 1, TROTH_FINDING_EK_CERT_EXPIRED, "before it");
	expect_at(*state, &r, NOW + YEAR_S - 1, TROTH_FINDING_NONE, "its last but one second");
	expect_at(*state, &r, NOW + YEAR_S + 1, TROTH_FINDING_EK_CERT_EXPIRED, "after it");
	expect_at(*state, &r, 0, TROTH_FINDING_EK_CERT_EXPIRED, "no clock");
	expect_at(*state, &r, UINT64_MAX, TROTH_FINDING_EK_CERT_EXPIRED, "a mad clock");
	struct recipe forever = good();
	forever.not_after_s = 253402300799;
	expect(*state, &forever, TROTH_FINDING_NONE, "valid to the end of 9999");
}

static void an_expired_issuer_is_told_apart(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct recipe m = { .subject = "Expired",
				  .key = key,
				  .issuer = root,
				  .issuer_key = root_key,
				  .not_after_s = NOW - 1,
				  .extensions = CA_EXTENSIONS };
	X509 *expired = make(&m);
	add_intermediate(trust, expired);
	struct recipe r = good();
	r.issuer = expired;
	r.issuer_key = key;
	expect(*state, &r, TROTH_FINDING_EK_CERT_EXPIRED, "an issuer that expired");
	X509_free(expired);
	EVP_PKEY_free(key);
}

static void chains(void **state)
{
	EVP_PKEY *other_key = EVP_EC_gen("P-256");
	struct recipe r = { .subject = "Middle",
			    .key = other_key,
			    .extensions = CA_EXTENSIONS };
	X509 *same_name = make(&r);
	r.subject = "Stranger";
	X509 *stranger = make(&r);
	r = good();
	r.issuer = same_name;
	r.issuer_key = other_key;
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "an issuer of the same name");
	r.issuer = stranger;
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "an unknown issuer");
	r = good();
	r.issuer = NULL;
	r.subject = "Me";
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "self-signed");

	/* Among the intermediates, a self-signed certificate ends no chain. */
	add_intermediate(trust, stranger);
	r = good();
	r.issuer = stranger;
	r.issuer_key = other_key;
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "a root nobody configured as one");
	X509_free(same_name);
	X509_free(stranger);
	EVP_PKEY_free(other_key);
}

/* An EK certificate of the same manufacturer must not be able to issue more of them. */
static void an_ek_certificate_issues_nothing(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct recipe r = good();
	r.subject = "Leaf";
	X509 *leaf = make(&r);
	struct der d = to_der(leaf);
	assert_int_equal(troth_ek_trust_add_intermediate(trust, view(&d)), TROTH_E_MALFORMED);
	r = good();
	r.key = key;
	r.issuer = leaf;
	r.issuer_key = ek_key;
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "issued by an EK");
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
		const struct recipe m = { .subject = name,
					  .key = keys[i],
					  .issuer = i == 0 ? root : certs[i - 1],
					  .issuer_key = i == 0 ? root_key : keys[i - 1],
					  .extensions = CA_EXTENSIONS };
		certs[i] = make(&m);
		add_intermediate(trust, certs[i]);
	}
	struct recipe r = good();
	r.issuer = certs[N - 2];
	r.issuer_key = keys[N - 2];
	expect(*state, &r, TROTH_FINDING_NONE, "a chain at its limit");
	r.issuer = certs[N - 1];
	r.issuer_key = keys[N - 1];
	expect(*state, &r, TROTH_FINDING_EK_CERT_CHAIN, "a chain past its limit");
	for (size_t i = 0; i < N; i++) {
		X509_free(certs[i]);
		EVP_PKEY_free(keys[i]);
	}
}

/* An RSA key of so many bits that nobody has the private half of. */
static EVP_PKEY *rsa_of(int bits)
{
	BIGNUM *n = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	assert_int_equal(BN_set_bit(n, bits - 1), 1);
	assert_int_equal(BN_set_bit(n, 0), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_uint(bld, OSSL_PKEY_PARAM_RSA_E, 65537), 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	return key;
}

static void key_sizes(void **state)
{
	struct {
		const char *name;
		EVP_PKEY *key;
		enum troth_finding_code want;
	} cases[] = {
		{ "RSA at the lower limit", rsa_of(2048), TROTH_FINDING_NONE },
		{ "RSA below it", rsa_of(2047), TROTH_FINDING_EK_KEY_SIZE },
		{ "RSA at the upper limit", rsa_of(4096), TROTH_FINDING_NONE },
		{ "RSA above it", rsa_of(4097), TROTH_FINDING_EK_KEY_SIZE },
		{ "an enormous RSA key", rsa_of(16384), TROTH_FINDING_EK_KEY_SIZE },
		{ "P-384", EVP_EC_gen("P-384"), TROTH_FINDING_NONE },
		{ "P-521", EVP_EC_gen("P-521"), TROTH_FINDING_EK_KEY_SIZE },
		{ "a curve of 256 bits that is not P-256", EVP_EC_gen("secp256k1"),
		  TROTH_FINDING_EK_KEY_SIZE },
		{ "Ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
		  TROTH_FINDING_EK_KEY_SIZE },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct recipe r = good();
		assert_non_null(cases[i].key);
		r.key = cases[i].key;
		expect(*state, &r, cases[i].want, cases[i].name);
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
		{ 2047, TROTH_E_UNSUPPORTED },
		{ 2048, TROTH_OK },
		{ 4096, TROTH_OK },
		{ 4097, TROTH_E_UNSUPPORTED },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct troth_ek_trust *t;
		const struct recipe r = { .subject = "Sized",
					  .key = rsa_of(cases[i].bits),
					  .issuer = root,
					  .issuer_key = root_key,
					  .extensions = CA_EXTENSIONS };
		X509 *cert = make(&r);
		struct der d = to_der(cert);
		assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
		assert_int_equal(troth_ek_trust_add_intermediate(t, view(&d)), cases[i].want);
		assert_int_equal(troth_ek_trust_add_root(t, view(&d)), cases[i].want);
		troth_ek_trust_free(t);
		X509_free(cert);
		EVP_PKEY_free(r.key);
	}
}

static void weak_signatures(void **state)
{
	struct recipe r = good();
	r.md = EVP_sha1();
	expect(*state, &r, TROTH_FINDING_HASH_WEAK, "SHA-1");
	r.md = EVP_sha224();
	expect(*state, &r, TROTH_FINDING_HASH_WEAK, "SHA-224");
	r.md = EVP_sha384();
	expect(*state, &r, TROTH_FINDING_NONE, "SHA-384");
	r.md = EVP_sha512();
	expect(*state, &r, TROTH_FINDING_NONE, "SHA-512");
}

static void the_key_must_be_the_one_given(void **state)
{
	const struct recipe r = good();
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	uint8_t spki[200], *p = spki;
	int n = i2d_PUBKEY(middle_key, &p);
	const struct troth_view other = { spki, (size_t)n };
	struct troth_ek_cert_case c = { trust, view(&d), &other, NOW };
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
	struct recipe r = good();
	r.key = EVP_RSA_gen(2048);
	uint8_t spki[600], *p = spki;
	const struct troth_view expected = { spki, (size_t)i2d_PUBKEY(r.key, &p) };
	X509 *cert = make(&r);
	unsigned char *bits = NULL;
	int n = i2d_PublicKey(r.key, &bits);
	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert),
						OBJ_nid2obj(NID_rsaesOaep), V_ASN1_UNDEF, NULL,
						bits, n),
			 1);
	assert_true(X509_sign(cert, middle_key, EVP_sha256()) > 0);
	struct der d = to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { trust, view(&d), &expected, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	if (f.n > 0)
		fail_msg("%s (%s)", troth_finding_name(f.list[0].code), f.list[0].detail);

	/* Its signature counts like any other's: the last byte, and another signer. */
	d.bytes[d.n - 1] ^= 1;
	f = judge_at(*state, trust, view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_CHAIN);
	assert_true(X509_sign(cert, ek_key, EVP_sha256()) > 0);
	d = to_der(cert);
	f = judge_at(*state, trust, view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_CHAIN);
	assert_int_equal(f.n, 1);
	X509_free(cert);
	EVP_PKEY_free(r.key);
}

static void nv_padding(void **state)
{
	const struct recipe r = good();
	X509 *cert = make(&r);
	const struct der d = to_der(cert);
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
		struct der padded = d;
		memcpy(padded.bytes + d.n, cases[i].tail, 4);
		padded.n += 4;
		struct troth_findings f = judge_at(*state, trust, view(&padded), NOW);
		enum troth_finding_code got = f.n > 0 ? f.list[0].code : TROTH_FINDING_NONE;
		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].name, troth_finding_name(got));
	}
	X509_free(cert);
}

static void size_limit(void **state)
{
	const struct recipe r = good();
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	d.n = TROTH_CERT_MAX; /* the rest is zeros: padding */
	assert_int_equal(judge_at(*state, trust, view(&d), NOW).n, 0);
	d.n = TROTH_CERT_MAX + 1;
	struct troth_findings f = judge_at(*state, trust, view(&d), NOW);
	assert_int_equal(f.list[0].code, TROTH_FINDING_EK_CERT_MALFORMED);
	X509_free(cert);
}

static void no_prefix_is_a_certificate(void **state)
{
	const struct recipe r = good();
	X509 *cert = make(&r);
	const struct der d = to_der(cert);
	for (size_t n = 0; n < d.n; n++) {
		struct troth_findings f = { 0 };
		struct troth_ek_cert_facts facts;
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, d.bytes, n);
		const struct troth_ek_cert_case c = { trust, { exact, n }, NULL, NOW };
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
	const struct recipe r = good();
	X509 *cert = make(&r);
	const struct der d = to_der(cert);
	for (size_t i = 0; i < d.n; i++) {
		struct der forged = d;
		forged.bytes[i] ^= (uint8_t)(1U << i % 8);
		if (judge_at(*state, trust, view(&forged), NOW).n == 0)
			fail_msg("byte %zu changed: trusted", i);
	}
	X509_free(cert);
}

static void names_are_escaped_and_cut(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct recipe m = { .subject = "Zo\xc3\xab \\ \"x\", \x07",
				  .key = key,
				  .issuer = root,
				  .issuer_key = root_key,
				  .extensions = CA_EXTENSIONS };
	X509 *issuer = make(&m);
	struct recipe r = good();
	r.issuer = issuer;
	r.issuer_key = key;
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { trust, view(&d), NULL, NOW };
	assert_int_equal(troth_ek_cert_verify(*state, &c, &facts, &f), TROTH_OK);
	assert_true(strncmp(facts.issuer, "CN=Zo", 5) == 0);
	for (size_t i = 0; facts.issuer[i] != '\0'; i++)
		assert_true(facts.issuer[i] >= 0x20 && facts.issuer[i] <= 0x7e);
	X509_free(cert);
	X509_free(issuer);
	EVP_PKEY_free(key);
}

static void files_of_authorities(void **state)
{
	struct troth_ek_trust *t;
	char *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	BIO_puts(bio, "a comment before\n");
	PEM_write_bio_X509(bio, root);
	PEM_write_bio_X509(bio, middle);
	const size_t n = (size_t)BIO_get_mem_data(bio, &pem);
	const struct troth_view both = { (const uint8_t *)pem, n };
	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	/* Root and intermediate in one file: each is taken for what it is. */
	assert_int_equal(troth_ek_trust_add_root(t, both), TROTH_OK);
	const struct recipe r = good();
	X509 *cert = make(&r);
	struct der d = to_der(cert);
	assert_int_equal(judge_at(*state, t, view(&d), NOW).n, 0);
	troth_ek_trust_free(t);

	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(t, both), TROTH_OK);
	assert_int_equal(judge_at(*state, t, view(&d), NOW).n, 1);
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
	struct der trailing = to_der(root);
	trailing.n++;
	assert_int_equal(troth_ek_trust_add_root(t, view(&trailing)), TROTH_E_MALFORMED);
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
	struct der d = to_der(middle);
	assert_int_equal(troth_ek_trust_new(&t), TROTH_OK);
	for (size_t i = 0; i < TROTH_TRUST_CERTS_MAX; i++)
		assert_int_equal(troth_ek_trust_add_intermediate(t, view(&d)), TROTH_OK);
	assert_int_equal(troth_ek_trust_add_intermediate(t, view(&d)), TROTH_E_LIMIT);
	d = to_der(root);
	assert_int_equal(troth_ek_trust_add_root(t, view(&d)), TROTH_E_LIMIT);
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
		cmocka_unit_test(a_good_certificate_is_trusted_and_described),
		cmocka_unit_test(profiles),
		cmocka_unit_test(google_attestation_keys_are_refused),
		cmocka_unit_test(time_is_checked),
		cmocka_unit_test(an_expired_issuer_is_told_apart),
		cmocka_unit_test(chains),
		cmocka_unit_test(an_ek_certificate_issues_nothing),
		cmocka_unit_test(chain_length_is_capped),
		cmocka_unit_test(key_sizes),
		cmocka_unit_test(authorities_of_other_sizes_are_not_added),
		cmocka_unit_test(weak_signatures),
		cmocka_unit_test(the_key_must_be_the_one_given),
		cmocka_unit_test(oaep_keys_are_rsa_keys),
		cmocka_unit_test(nv_padding),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(no_prefix_is_a_certificate),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(names_are_escaped_and_cut),
		cmocka_unit_test(files_of_authorities),
		cmocka_unit_test(trust_limits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
