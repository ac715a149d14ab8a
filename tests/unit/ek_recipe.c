/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "ek_recipe.h"
#include "reader.h"

EVP_PKEY *ek_root_key, *ek_middle_key, *ek_key;
X509 *ek_root, *ek_middle;
struct troth_ek_trust *ek_trust;

/* OpenSSL drops the first arc of a name: it is there to tell instances apart. */
static const char SAN_SECTION[] = "[tpm]\n"
				  "1.2.23.133.2.1=id:54524F54\n"
				  "1.2.23.133.2.2=Model 9\n"
				  "1.2.23.133.2.3=id:00010002\n";

static void add_extension(X509 *cert, const struct ek_extension *e)
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

X509 *ek_make(const struct ek_recipe *r)
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

struct ek_der ek_to_der(X509 *cert)
{
	struct ek_der d = { 0 };
	uint8_t *p = d.bytes;
	int n = i2d_X509(cert, NULL);
	assert_true(n > 0 && (size_t)n <= sizeof d.bytes);
	assert_int_equal(i2d_X509(cert, &p), n);
	d.n = (size_t)n;
	return d;
}

struct troth_view ek_view(const struct ek_der *d)
{
	return (struct troth_view){ d->bytes, d->n };
}

static void ek_add_root(struct troth_ek_trust *to, X509 *cert)
{
	struct ek_der d = ek_to_der(cert);
	assert_int_equal(troth_ek_trust_add_root(to, ek_view(&d)), TROTH_OK);
}

void ek_add_intermediate(struct troth_ek_trust *to, X509 *cert)
{
	struct ek_der d = ek_to_der(cert);
	assert_int_equal(troth_ek_trust_add_intermediate(to, ek_view(&d)), TROTH_OK);
}

struct ek_recipe ek_good(void)
{
	return (struct ek_recipe){
		.key = ek_key,
		.issuer = ek_middle,
		.issuer_key = ek_middle_key,
		.extensions = { { "basicConstraints", "critical,CA:FALSE" },
				{ "keyUsage", "critical,keyAgreement" },
				{ "extendedKeyUsage", EK_USAGE },
				{ "subjectAltName", SAN } },
	};
}

int ek_setup(void **state)
{
	ek_root_key = EVP_EC_gen("P-384");
	ek_middle_key = EVP_EC_gen("P-256");
	ek_key = EVP_EC_gen("P-256");
	const struct ek_recipe r = { .subject = "Root",
				     .key = ek_root_key,
				     .extensions = CA_EXTENSIONS };
	ek_root = ek_make(&r);
	const struct ek_recipe m = { .subject = "Middle",
				     .key = ek_middle_key,
				     .issuer = ek_root,
				     .issuer_key = ek_root_key,
				     .extensions = CA_EXTENSIONS };
	ek_middle = ek_make(&m);
	if (troth_ek_trust_new(&ek_trust) != TROTH_OK)
		return -1;
	ek_add_root(ek_trust, ek_root);
	ek_add_intermediate(ek_trust, ek_middle);
	return context_setup(state);
}

int ek_teardown(void **state)
{
	EVP_PKEY_free(ek_root_key);
	EVP_PKEY_free(ek_middle_key);
	EVP_PKEY_free(ek_key);
	X509_free(ek_root);
	X509_free(ek_middle);
	troth_ek_trust_free(ek_trust);
	return context_teardown(state);
}

struct troth_findings ek_judge_at(struct troth_ctx *ctx, const struct troth_ek_trust *by,
				  struct troth_view cert, uint64_t now_s)
{
	struct troth_findings f = { 0 };
	struct troth_ek_cert_facts facts;
	const struct troth_ek_cert_case c = { by, cert, NULL, now_s };
	assert_int_equal(troth_ek_cert_verify(ctx, &c, &facts, &f), TROTH_OK);
	assert_int_equal(ERR_peek_error(), 0);
	return f;
}

void ek_expect_at(struct troth_ctx *ctx, const struct ek_recipe *r, uint64_t now_s,
		  enum troth_finding_code want, const char *name)
{
	X509 *cert = ek_make(r);
	struct ek_der d = ek_to_der(cert);
	struct troth_findings f = ek_judge_at(ctx, ek_trust, ek_view(&d), now_s);
	enum troth_finding_code got = f.n > 0 ? f.list[0].code : TROTH_FINDING_NONE;
	if (got != want || f.n > 1)
		fail_msg("%s: %zu findings, first %s (%s)", name, f.n, troth_finding_name(got),
			 f.n > 0 ? f.list[0].detail : "");
	X509_free(cert);
}

void ek_expect(struct troth_ctx *ctx, const struct ek_recipe *r, enum troth_finding_code want,
	       const char *name)
{
	ek_expect_at(ctx, r, NOW, want, name);
}
