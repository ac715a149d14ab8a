/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "ek_maker.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define YEAR_S (365 * 24 * 3600L)
#define MAKER "Maker of TPMs"

static void add(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static X509 *blank(EVP_PKEY *key, const char *subject)
{
	static long serial;
	X509 *cert = X509_new();
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -YEAR_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), YEAR_S);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
				   (const uint8_t *)subject, -1, -1, 0);
	X509_NAME *issuer = X509_NAME_new();
	X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8, (const uint8_t *)MAKER, -1, -1,
				   0);
	X509_set_issuer_name(cert, issuer);
	X509_NAME_free(issuer);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	return cert;
}

void ek_maker_make(struct ek_maker *m)
{
	m->key = EVP_EC_gen("P-256");
	m->root = blank(m->key, MAKER);
	add(m->root, NID_basic_constraints, "critical,CA:TRUE");
	add(m->root, NID_key_usage, "critical,keyCertSign,cRLSign");
	assert_true(X509_sign(m->root, m->key, EVP_sha256()) > 0);
}

void ek_maker_free(struct ek_maker *m)
{
	EVP_PKEY_free(m->key);
	X509_free(m->root);
}

static struct troth_view to_der(X509 *cert)
{
	uint8_t *der = NULL;
	int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	return (struct troth_view){ der, (size_t)n };
}

struct troth_view ek_maker_root(const struct ek_maker *m)
{
	return to_der(m->root);
}

struct troth_view ek_maker_certify(const struct ek_maker *m, EVP_PKEY *ek, enum ek_fault fault)
{
	X509 *cert = blank(ek, "TPM");
	if (fault == EK_EXPIRED)
		X509_gmtime_adj(X509_getm_notAfter(cert), -1);
	add(cert, NID_basic_constraints, "critical,CA:FALSE");
	add(cert, NID_key_usage,
	    EVP_PKEY_is_a(ek, "RSA") ? "critical,keyEncipherment" : "critical,keyAgreement");
	add(cert, NID_ext_key_usage, fault == EK_OF_AN_AK ? "2.23.133.8.3" : "2.23.133.8.1");
	EVP_PKEY *signer = fault == EK_SELF_SIGNED ? ek : m->key;
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	struct troth_view der = to_der(cert);
	X509_free(cert);
	return der;
}
