/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base.h"
#include "credentials.h"
#include "key.h"

TROTH_DEFINE_AUTO(ASN1_TIME, ASN1_TIME_free)
TROTH_DEFINE_AUTO(BIO, BIO_free)
TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(X509_STORE, X509_STORE_free)
TROTH_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

static void stack_free(STACK_OF(X509) * *stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

/* One certificate with nothing after it; NULL for anything else. */
static X509 *parse(struct troth_view der)
{
	const unsigned char *at = der.p;

	if (der.n == 0 || der.n > TROTH_CERT_MAX)
		return NULL;
	X509 *cert = d2i_X509(NULL, &at, (long)der.n);
	if (cert != NULL && at != der.p + der.n) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

static enum troth_status same_key(struct troth_ctx *ctx, X509 *leaf,
				  struct troth_view public_area)
{
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	struct troth_public pub;

	TROTH_TRY(troth_public_parse(ctx, public_area, &pub));
	TROTH_TRY(troth_key_from_public(&pub, &key));
	EVP_PKEY *certified = X509_get0_pubkey(leaf);
	if (certified == NULL || EVP_PKEY_eq(certified, troth_key_evp(key)) != 1)
		return TROTH_E_MISMATCH;
	return TROTH_OK;
}

static enum troth_status fill_stack(const struct troth_view *ders, size_t n,
				    STACK_OF(X509) * out)
{
	for (size_t i = 0; i < n; i++) {
		X509 *cert = parse(ders[i]);
		if (cert == NULL)
			return TROTH_E_MALFORMED;
		if (sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			return TROTH_E_MEMORY;
		}
	}
	return TROTH_OK;
}

static enum troth_status leads_to_anchor(X509 *leaf, STACK_OF(X509) * chain,
					 STACK_OF(X509) * anchors)
{
	TROTH_AUTO(X509_STORE_free_p) X509_STORE *store = X509_STORE_new();
	TROTH_AUTO(X509_STORE_CTX_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (store == NULL || ctx == NULL)
		return TROTH_E_MEMORY;
	for (int i = 0; i < sk_X509_num(anchors); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1)
			return TROTH_E_CRYPTO;
	if (X509_STORE_set_flags(store,
				 X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
	    X509_STORE_CTX_init(ctx, store, leaf, chain) != 1)
		return TROTH_E_CRYPTO;
	return X509_verify_cert(ctx) == 1 ? TROTH_OK : TROTH_E_DENIED;
}

static enum troth_status unix_time(const ASN1_TIME *time, uint64_t *out)
{
	TROTH_AUTO(ASN1_TIME_free_p) ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;

	/* Not by way of time_t, which ends in 2038 on 32-bit devices. */
	if (epoch == NULL)
		return TROTH_E_MEMORY;
	if (ASN1_TIME_diff(&days, &seconds, epoch, time) != 1 || days < 0 || seconds < 0)
		return TROTH_E_MALFORMED;
	*out = (uint64_t)days * 86400 + (uint64_t)seconds;
	return TROTH_OK;
}

enum troth_status troth_issued_check(struct troth_ctx *ctx, const struct troth_issued *issued,
				     struct troth_view public_area, uint64_t *out_not_before_s)
{
	TROTH_AUTO(X509_free_p) X509 *leaf = parse(issued->leaf);
	TROTH_AUTO(stack_free) STACK_OF(X509) *chain = sk_X509_new_null();
	TROTH_AUTO(stack_free) STACK_OF(X509) *anchors = sk_X509_new_null();

	if (leaf == NULL)
		return TROTH_E_MALFORMED;
	if (chain == NULL || anchors == NULL)
		return TROTH_E_MEMORY;
	TROTH_TRY(same_key(ctx, leaf, public_area));
	TROTH_TRY(fill_stack(issued->chain, issued->n_chain, chain));
	TROTH_TRY(fill_stack(issued->bundle, issued->n_bundle, anchors));
	TROTH_TRY(leads_to_anchor(leaf, chain, anchors));
	return unix_time(X509_get0_notBefore(leaf), out_not_before_s);
}

enum troth_status troth_anchors_end(struct troth_view pem, uint64_t *out_s)
{
	TROTH_AUTO(BIO_free_p) BIO *bio = NULL;
	uint64_t end = 0;

	if (pem.n == 0 || pem.n > INT_MAX)
		return TROTH_E_MALFORMED;
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	for (;;) {
		TROTH_AUTO(X509_free_p) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		uint64_t not_after = 0;
		if (cert == NULL)
			break;
		TROTH_TRY(unix_time(X509_get0_notAfter(cert), &not_after));
		end = not_after > end ? not_after : end;
	}
	ERR_clear_error(); /* the end of the text is no error */
	if (end == 0)
		return TROTH_E_MALFORMED;
	*out_s = end;
	return TROTH_OK;
}
