/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/x509v3.h>

#include "issued.h"
#include "issuer_harness.h"
#include "reader.h"

struct harness h;
struct soft_device device;
struct harness_row row;
struct troth_jwk result_key; /* of the last bundle */

int issued_setup(void **state)
{
	(void)state;
	harness_keys(h.dir);
	harness_start(&h, 0);
	soft_device_make(&device);
	harness_enrol(h.workers[0], &device, "pump-1", &row);
	return 0;
}

int issued_teardown(void **state)
{
	(void)state;
	soft_device_free(&device);
	int code = harness_stop(&h);
	harness_remove(h.dir);
	return code;
}

static X509 *certificate_of(struct troth_view der)
{
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.n);
	assert_non_null(cert);
	assert_ptr_equal(p, der.p + der.n);
	return cert;
}

X509 *attest(struct harness_attest *a, bool fresh, struct troth_issuer_attest_reply *out)
{
	struct troth_issuer_reply r;
	harness_challenge(h.workers[0], row.id, a);
	harness_prepare(&device, &row, fresh, a);
	assert_true(harness_ask(h.workers[0], &a->request, &r));
	if (r.status != TROTH_OK)
		fail_msg("attest: %s, %s", troth_status_name(r.status),
			 troth_finding_name(r.finding));
	*out = r.u.attest;
	assert_true(out->issued);
	return certificate_of(out->certificate);
}

void read_bundle(X509 **issuing, X509 **root)
{
	const struct troth_issuer_request q = { .kind = TROTH_ISSUER_BUNDLE };
	struct troth_issuer_reply r;
	struct troth_view der;
	assert_true(harness_ask(h.admin, &q, &r));
	assert_int_equal(r.status, TROTH_OK);
	struct troth_reader reader = { r.u.der };
	assert_true(troth_get_view32be(&reader, &der));
	*issuing = certificate_of(der);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0);
	assert_true(troth_get_view32be(&reader, &der));
	*root = certificate_of(der);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0);
	assert_true(troth_get_view32be(&reader, &der) && der.n == 0); /* nothing is rotated */
	assert_true(troth_get_view32be(&reader, &der));
	assert_int_equal(troth_session_key_read(der, &result_key), TROTH_OK);
	assert_true(troth_at_end(&reader));
}

int openssl_verdict(X509 *leaf, X509 *issuing, X509 *root, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	if (issuing != NULL)
		assert_true(sk_X509_push(chain, issuing) > 0);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
	(void)X509_verify_cert(ctx);
	int verdict = X509_STORE_CTX_get_error(ctx);
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return verdict;
}

void assert_uri(X509 *cert, const char *want)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	int type;
	const ASN1_STRING *uri =
		GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type);
	assert_int_equal(type, GEN_URI);
	assert_int_equal(ASN1_STRING_length(uri), strlen(want));
	assert_memory_equal(ASN1_STRING_get0_data(uri), want, strlen(want));
	GENERAL_NAMES_free(names);
}
