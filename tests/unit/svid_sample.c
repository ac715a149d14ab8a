/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authority.h"
#include "reader.h"
#include "svid.h"
#include "svid_sample.h"

struct authority svid_ca;
EVP_PKEY *svid_device_key;
uint8_t svid_point[65];
struct troth_public svid_key;
const uint8_t SVID_EAR[32] = { 1, 2, 3 };
const char SVID_ID[] = "spiffe://example.org/line-a/press-4";

int svid_setup(void **state)
{
	size_t n;
	svid_ca = authority_make("Test CA", NOT_BEFORE);
	svid_device_key = EVP_EC_gen("P-256");
	assert_int_equal(EVP_PKEY_get_octet_string_param(svid_device_key, "pub", svid_point,
							 sizeof svid_point, &n),
			 1);
	svid_key =
		(struct troth_public){ .type = TROTH_KEY_ECC,
				       .curve = TROTH_CURVE_P256,
				       .x = { svid_point + 1, 32 },
				       .y = { svid_point + 33, 32 },
				       .name = { .n = 34, .bytes = { 0, 0x0b, 0x11, 0x22 } } };
	*state = NULL;
	return 0;
}

int svid_teardown(void **state)
{
	(void)state;
	authority_free(&svid_ca);
	EVP_PKEY_free(svid_device_key);
	return 0;
}

struct troth_svid svid_whole(void)
{
	return (struct troth_svid){
		.issuer_name = svid_ca.name_view,
		.issuer_key_id = svid_ca.key_id,
		.serial = { 0x7f, 1, 2, 3, [15] = 0xfe },
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_BEFORE + LIFE,
		.spiffe_id = troth_view_str(SVID_ID),
		.key = &svid_key,
		.ear_digest = TROTH_VIEW_OF(SVID_EAR),
	};
}

X509 *svid_issue(const struct troth_svid *svid)
{
	uint8_t tbs[2048], der[2048];
	size_t n;
	assert_int_equal(troth_svid_tbs(svid, tbs, sizeof tbs, &n), TROTH_OK);
	n = authority_sign(&svid_ca, (struct troth_view){ tbs, n }, der, sizeof der);
	const uint8_t *p = der;
	X509 *cert = d2i_X509(NULL, &p, (long)n);
	assert_non_null(cert);
	assert_ptr_equal(p, der + n);
	return cert;
}

int svid_verify(X509 *cert, X509_CRL *crl, int purpose, uint64_t at)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE_add_cert(store, svid_ca.cert);
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
