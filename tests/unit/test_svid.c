/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's parser and path validation judge what we write, under a CA made
 * here with OpenSSL. */
#include "check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base.h"
#include "der.h"
#include "reader.h"
#include "svid.h"

#define NOT_BEFORE UINT64_C(1732230000)
#define LIFE 900

static EVP_PKEY *ca_key, *device_key;
static X509 *ca;
static uint8_t *ca_name;
static struct troth_view ca_name_view, ca_key_id;
static uint8_t point[65];
static struct troth_public key;
static const uint8_t EAR[32] = { 1, 2, 3 };
static const char ID[] = "spiffe://example.org/line-a/press-4";

static void extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void make_ca(void)
{
	ca_key = EVP_EC_gen("P-256");
	ca = X509_new();
	assert_int_equal(X509_set_version(ca, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(ca), 1);
	X509_NAME *name = X509_get_subject_name(ca);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"Test CA", -1, -1,
				   0);
	X509_set_issuer_name(ca, name);
	ASN1_TIME_set(X509_getm_notBefore(ca), (time_t)NOT_BEFORE - 100);
	ASN1_TIME_set(X509_getm_notAfter(ca), (time_t)NOT_BEFORE + 1000000);
	X509_set_pubkey(ca, ca_key);
	extend(ca, NID_basic_constraints, "critical,CA:TRUE");
	extend(ca, NID_key_usage, "critical,keyCertSign,cRLSign");
	extend(ca, NID_subject_key_identifier, "hash");
	assert_true(X509_sign(ca, ca_key, EVP_sha256()) > 0);
}

static int setup(void **state)
{
	size_t n;
	make_ca();
	int len = i2d_X509_NAME(X509_get_subject_name(ca), &ca_name);
	ca_name_view = (struct troth_view){ ca_name, (size_t)len };
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(ca);
	ca_key_id = (struct troth_view){ ASN1_STRING_get0_data(id),
					 (size_t)ASN1_STRING_length(id) };

	device_key = EVP_EC_gen("P-256");
	assert_int_equal(
		EVP_PKEY_get_octet_string_param(device_key, "pub", point, sizeof point, &n), 1);
	key = (struct troth_public){ .type = TROTH_KEY_ECC,
				     .curve = TROTH_CURVE_P256,
				     .x = { point + 1, 32 },
				     .y = { point + 33, 32 },
				     .name = { .n = 34, .bytes = { 0, 0x0b, 0x11, 0x22 } } };
	*state = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(device_key);
	X509_free(ca);
	OPENSSL_free(ca_name);
	return 0;
}

static struct troth_svid whole(void)
{
	return (struct troth_svid){
		.issuer_name = ca_name_view,
		.issuer_key_id = ca_key_id,
		.serial = { 0x7f, 1, 2, 3, [15] = 0xfe },
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_BEFORE + LIFE,
		.spiffe_id = troth_view_str(ID),
		.key = &key,
		.ear_digest = TROTH_VIEW_OF(EAR),
	};
}

/* Signs with the CA key and wraps; returns the length of what is in out. */
static size_t sign(struct troth_view tbs, uint8_t *out, size_t max)
{
	uint8_t sig[80];
	size_t sig_len = sizeof sig, n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, ca_key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, tbs.p, tbs.n), 1);
	EVP_MD_CTX_free(ctx);
	assert_int_equal(
		troth_svid_wrap(tbs, (struct troth_view){ sig, sig_len }, out, max, &n),
		TROTH_OK);
	return n;
}

static X509 *issue(const struct troth_svid *svid)
{
	uint8_t tbs[2048], der[2048];
	size_t n;
	assert_int_equal(troth_svid_tbs(svid, tbs, sizeof tbs, &n), TROTH_OK);
	n = sign((struct troth_view){ tbs, n }, der, sizeof der);
	const uint8_t *p = der;
	X509 *cert = d2i_X509(NULL, &p, (long)n);
	assert_non_null(cert);
	assert_ptr_equal(p, der + n);
	return cert;
}

static int verify(X509 *cert, X509_CRL *crl, int purpose, uint64_t at)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE_add_cert(store, ca);
	if (crl != NULL) {
		X509_STORE_add_crl(store, crl);
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	}
	X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, cert, NULL), 1);
	X509_STORE_CTX_set_time(ctx, 0, (time_t)at);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	(void)X509_verify_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return error;
}

static void verifies_strictly_as_client_and_server(void **state)
{
	(void)state;
	const struct troth_svid svid = whole();
	X509 *cert = issue(&svid);
	assert_int_equal(verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE), X509_V_OK);
	assert_int_equal(verify(cert, NULL, X509_PURPOSE_SSL_SERVER, NOT_BEFORE + LIFE - 1),
			 X509_V_OK);
	assert_int_equal(verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE - 1),
			 X509_V_ERR_CERT_NOT_YET_VALID);
	assert_int_equal(verify(cert, NULL, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE + LIFE + 1),
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
	const struct troth_svid svid = whole();
	X509 *cert = issue(&svid);
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
	struct troth_svid svid = whole();
	X509 *cert = issue(&svid);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), device_key), 1);

	ASN1_OBJECT *oid = OBJ_txt2obj(TROTH_OID_EAR_DIGEST, 1);
	int at = X509_get_ext_by_OBJ(cert, oid, -1);
	assert_true(at >= 0);
	const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, at)), 0);
	assert_int_equal(ASN1_STRING_length(data), 34);
	assert_int_equal(ASN1_STRING_get0_data(data)[0], 4);
	assert_memory_equal(ASN1_STRING_get0_data(data) + 2, EAR, 32);
	X509_free(cert);

	svid.ear_digest = (struct troth_view){ 0 };
	cert = issue(&svid);
	assert_int_equal(X509_get_ext_by_OBJ(cert, oid, -1), -1);
	assert_int_equal(X509_get_ext_count(cert), 6);
	X509_free(cert);
	ASN1_OBJECT_free(oid);
}

/* A TPM may leave leading zeros of a coordinate out: 31 bytes are the same number. */
static void short_coordinates_are_padded(void **state)
{
	(void)state;
	struct troth_svid svid = whole();
	struct troth_public short_key = key;
	uint8_t tbs[2048];
	size_t n;
	short_key.x = (struct troth_view){ point + 2, 31 };
	svid.key = &short_key;
	assert_int_equal(troth_svid_tbs(&svid, tbs, sizeof tbs, &n), TROTH_OK);
	uint8_t want[66] = { 0, 4 };
	memcpy(want + 3, point + 2, 31);
	memcpy(want + 34, point + 33, 32);
	bool found = false;
	for (size_t i = 0; i + sizeof want <= n; i++)
		found |= troth_view_equal((struct troth_view){ tbs + i, sizeof want },
					  TROTH_VIEW_OF(want));
	assert_true(found);
}

static void serial_is_positive(void **state)
{
	(void)state;
	struct troth_svid svid = whole();
	memset(svid.serial, 0xff, sizeof svid.serial);
	X509 *cert = issue(&svid);
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
		struct troth_svid svid = whole();
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
		struct troth_svid svid = whole();
		svid.spiffe_id = troth_view_str(wrong[i]);
		assert_refused(&svid, TROTH_E_MALFORMED, wrong[i]);
	}
	struct troth_svid svid = whole();
	svid.spiffe_id = troth_view_str(
		"spiffe://example.org/line-a/"
		"012345678901234567890123456789012345678901234567890123456789012");
	assert_refused(&svid, TROTH_OK, "a name at its limit");
}

static void bad_inputs_are_refused(void **state)
{
	(void)state;
	static const uint8_t bytes[65] = { 0x30 };
	struct troth_svid svid = whole();
	memset(svid.serial, 0, sizeof svid.serial);
	assert_refused(&svid, TROTH_E_MALFORMED, "zero serial");
	svid.serial[0] = 0x80;
	assert_refused(&svid, TROTH_E_MALFORMED, "serial that is zero without its top bit");
	svid = whole();
	svid.issuer_name = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no issuer");
	svid = whole();
	svid.issuer_key_id = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no issuer key id");
	svid.issuer_key_id = (struct troth_view){ bytes, 64 };
	assert_refused(&svid, TROTH_OK, "issuer key id at its limit");
	svid.issuer_key_id = TROTH_VIEW_OF(bytes);
	assert_refused(&svid, TROTH_E_MALFORMED, "issuer key id past its limit");
	svid = whole();
	svid.ear_digest = (struct troth_view){ bytes, 31 };
	assert_refused(&svid, TROTH_E_MALFORMED, "short digest");
}

static void bad_keys_are_refused(void **state)
{
	(void)state;
	struct troth_public k = key;
	struct troth_svid svid = whole();
	svid.key = &k;
	k.type = TROTH_KEY_RSA;
	assert_refused(&svid, TROTH_E_UNSUPPORTED, "RSA key");
	k = key;
	k.curve = TROTH_CURVE_P384;
	assert_refused(&svid, TROTH_E_UNSUPPORTED, "P-384 key");
	k = key;
	k.x = (struct troth_view){ point, 33 };
	assert_refused(&svid, TROTH_E_MALFORMED, "long x");
	k = key;
	k.y = (struct troth_view){ 0 };
	assert_refused(&svid, TROTH_E_MALFORMED, "no y");
	k = key;
	k.name.n = 0;
	assert_refused(&svid, TROTH_E_MALFORMED, "key without a Name");
}

static void a_short_buffer_is_not_touched(void **state)
{
	(void)state;
	const struct troth_svid svid = whole();
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

static struct troth_crl crl_of(const struct troth_crl_entry *entries, size_t n)
{
	return (struct troth_crl){
		.issuer_name = ca_name_view,
		.issuer_key_id = ca_key_id,
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
	n = sign((struct troth_view){ tbs, n }, der, sizeof der);
	const uint8_t *p = der;
	X509_CRL *out = d2i_X509_CRL(NULL, &p, (long)n);
	assert_non_null(out);
	assert_ptr_equal(p, der + n);
	assert_int_equal(X509_CRL_verify(out, ca_key), 1);
	return out;
}

static void a_crl_revokes_its_serials_and_no_other(void **state)
{
	(void)state;
	struct troth_svid svid = whole();
	struct troth_crl_entry entries[] = { { { 9 }, NOT_BEFORE }, { { 0 }, NOT_BEFORE + 5 } };
	X509 *cert = issue(&svid);
	struct troth_crl crl = crl_of(entries, 1);
	X509_CRL *other = issue_crl(&crl);
	assert_int_equal(verify(cert, other, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE), X509_V_OK);
	memcpy(entries[1].serial, svid.serial, sizeof svid.serial);
	entries[1].serial[0] |= 0x80; /* as drawn, before the top bit is cleared */
	crl.n_entries = 2;
	X509_CRL *ours = issue_crl(&crl);
	assert_int_equal(verify(cert, ours, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE),
			 X509_V_ERR_CERT_REVOKED);
	assert_int_equal(verify(cert, ours, X509_PURPOSE_SSL_CLIENT, NOT_BEFORE + 61),
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
	assert_int_equal(ASN1_OCTET_STRING_cmp(aki->keyid, X509_get0_subject_key_id(ca)), 0);
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

static void spiffe_id_is_put_together(void **state)
{
	(void)state;
	char out[TROTH_SPIFFE_ID_MAX + 1];
	assert_int_equal(troth_spiffe_id(troth_view_str("example.org"),
					 troth_view_str("line-a"), troth_view_str("press-4"),
					 out),
			 TROTH_OK);
	assert_string_equal(out, ID);
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
	struct troth_svid svid = whole();
	svid.names = TROTH_VIEW_OF(list);
	X509 *cert = issue(&svid);
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
		cmocka_unit_test(a_crl_revokes_its_serials_and_no_other),
		cmocka_unit_test(an_empty_crl_has_no_list),
		cmocka_unit_test(entries_are_listed_by_serial),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(spiffe_id_is_put_together),
		cmocka_unit_test(further_names_stand_beside_the_id),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
