/* SPDX-License-Identifier: Apache-2.0 */
/* A CA made with OpenSSL, and what it signs: SVIDs, CRLs, anything. Include after check.h. */
#ifndef TROTH_TESTS_AUTHORITY_H
#define TROTH_TESTS_AUTHORITY_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "reader.h"
#include "svid.h"

struct authority {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t *der, *name;
	struct troth_view der_view, name_view, key_id;
};

/* DER in memory of its own. */
struct authority_der {
	uint8_t bytes[2048];
	size_t n;
};

static inline struct troth_view authority_view(const struct authority_der *d)
{
	return (struct troth_view){ d->bytes, d->n };
}

static inline void authority_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Signed by itself, good for a day around now. */
static inline struct authority authority_make(const char *common_name, uint64_t now_s)
{
	struct authority a = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
	X509_NAME *name = X509_get_subject_name(a.cert);
	assert_int_equal(X509_set_version(a.cert, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(a.cert), 1);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common_name, -1,
				   -1, 0);
	X509_set_issuer_name(a.cert, name);
	ASN1_TIME_set(X509_getm_notBefore(a.cert), (time_t)now_s - 43200);
	ASN1_TIME_set(X509_getm_notAfter(a.cert), (time_t)now_s + 43200);
	X509_set_pubkey(a.cert, a.key);
	authority_extend(a.cert, a.cert, NID_basic_constraints, "critical,CA:TRUE");
	authority_extend(a.cert, a.cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	authority_extend(a.cert, a.cert, NID_subject_key_identifier, "hash");
	assert_true(X509_sign(a.cert, a.key, EVP_sha256()) > 0);
	const int der_len = i2d_X509(a.cert, &a.der);
	const int name_len = i2d_X509_NAME(name, &a.name);
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(a.cert);
	a.der_view = (struct troth_view){ a.der, (size_t)der_len };
	a.name_view = (struct troth_view){ a.name, (size_t)name_len };
	a.key_id = (struct troth_view){ ASN1_STRING_get0_data(id),
					(size_t)ASN1_STRING_length(id) };
	return a;
}

static inline void authority_free(struct authority *a)
{
	OPENSSL_free(a->der);
	OPENSSL_free(a->name);
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

/* Signs and wraps; how many bytes of out (max) it takes. */
static inline size_t authority_sign(const struct authority *a, struct troth_view tbs,
				    uint8_t *out, size_t max)
{
	uint8_t sig[80];
	size_t sig_len = sizeof sig, n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, a->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, tbs.p, tbs.n), 1);
	EVP_MD_CTX_free(ctx);
	assert_int_equal(
		troth_svid_wrap(tbs, (struct troth_view){ sig, sig_len }, out, max, &n),
		TROTH_OK);
	return n;
}

static inline void authority_wrap(const struct authority *a, struct troth_view tbs,
				  struct authority_der *out)
{
	out->n = authority_sign(a, tbs, out->bytes, sizeof out->bytes);
}

/* A certificate of a fresh key, which is thrown away: nobody here needs it. */
static inline void authority_issue(const struct authority *a, const char *id, uint8_t serial,
				   uint64_t not_before_s, struct authority_der *out)
{
	uint8_t point[65], tbs[2048];
	size_t n;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &n),
			 1);
	EVP_PKEY_free(key);
	const struct troth_public pub = { .type = TROTH_KEY_ECC,
					  .curve = TROTH_CURVE_P256,
					  .x = { point + 1, 32 },
					  .y = { point + 33, 32 },
					  .name = { .n = 34, .bytes = { 0, 0x0b, serial } } };
	struct troth_svid svid = { .issuer_name = a->name_view,
				   .issuer_key_id = a->key_id,
				   .serial = { 1, [15] = serial },
				   .not_before_s = not_before_s,
				   .not_after_s = not_before_s + 900,
				   .spiffe_id = troth_view_str(id),
				   .key = &pub };
	assert_int_equal(troth_svid_tbs(&svid, tbs, sizeof tbs, &n), TROTH_OK);
	authority_wrap(a, (struct troth_view){ tbs, n }, out);
}

/* A CRL of one serial of authority_issue (0: of none), current for an hour. */
static inline void authority_crl(const struct authority *a, uint64_t number, uint8_t serial,
				 uint64_t now_s, struct authority_der *out)
{
	const struct troth_crl_entry entry = { .serial = { 1, [15] = serial },
					       .revoked_s = now_s };
	const struct troth_crl crl = { .issuer_name = a->name_view,
				       .issuer_key_id = a->key_id,
				       .number = number,
				       .this_update_s = now_s,
				       .next_update_s = now_s + 3600,
				       .entries = &entry,
				       .n_entries = serial != 0 };
	uint8_t tbs[1024];
	size_t n;
	assert_int_equal(troth_crl_tbs(&crl, tbs, sizeof tbs, &n), TROTH_OK);
	authority_wrap(a, (struct troth_view){ tbs, n }, out);
}

/* The key of a certificate as OpenSSL finds it, a DER SubjectPublicKeyInfo in buf. */
static inline struct troth_view authority_key_of(struct troth_view der, uint8_t *buf)
{
	const uint8_t *at = der.p;
	X509 *cert = d2i_X509(NULL, &at, (long)der.n);
	assert_non_null(cert);
	const int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &buf);
	assert_true(n > 0);
	X509_free(cert);
	return (struct troth_view){ buf - n, (size_t)n };
}

#endif
