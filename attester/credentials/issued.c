/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509_vfy.h>

#include "base.h"
#include "credentials.h"
#include "key.h"
#include "x509_read.h"

TROTH_DEFINE_AUTO(X509_STORE, X509_STORE_free)
TROTH_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

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

static enum troth_status leads_to_anchor(X509 *leaf, const struct troth_issued *issued)
{
	TROTH_AUTO(X509_STORE_free_p) X509_STORE *anchors = troth_x509_anchors_new();
	TROTH_AUTO(X509_STORE_CTX_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	TROTH_AUTO(troth_x509_stack_free) STACK_OF(X509) *chain = NULL;

	if (anchors == NULL || ctx == NULL)
		return TROTH_E_MEMORY;
	TROTH_TRY(troth_x509_parse_all(issued->chain, issued->n_chain, &chain));
	for (size_t i = 0; i < issued->n_bundle; i++) {
		TROTH_AUTO(X509_free_p) X509 *anchor = troth_x509_parse(issued->bundle[i]);
		if (anchor == NULL)
			return TROTH_E_MALFORMED;
		TROTH_TRY(troth_x509_anchors_add(anchors, anchor));
	}
	if (X509_STORE_set_flags(anchors, X509_V_FLAG_NO_CHECK_TIME) != 1 ||
	    X509_STORE_CTX_init(ctx, anchors, leaf, chain) != 1)
		return TROTH_E_CRYPTO;
	return X509_verify_cert(ctx) == 1 ? TROTH_OK : TROTH_E_DENIED;
}

enum troth_status troth_issued_check(struct troth_ctx *ctx, const struct troth_issued *issued,
				     struct troth_view public_area, uint64_t *out_not_before_s)
{
	TROTH_AUTO(X509_free_p) X509 *leaf = troth_x509_parse(issued->leaf);

	if (leaf == NULL)
		return TROTH_E_MALFORMED;
	TROTH_TRY(same_key(ctx, leaf, public_area));
	TROTH_TRY(leads_to_anchor(leaf, issued));
	return troth_x509_time(X509_get0_notBefore(leaf), out_not_before_s);
}

static enum troth_status take_end(void *arg, X509 *cert)
{
	uint64_t *last_s = arg, end_s;

	TROTH_TRY(troth_x509_time(X509_get0_notAfter(cert), &end_s));
	*last_s = end_s > *last_s ? end_s : *last_s;
	return TROTH_OK;
}

enum troth_status troth_anchors_end(struct troth_view pem, uint64_t *out_s)
{
	uint64_t last_s = 0;

	TROTH_TRY(troth_x509_each_pem(pem, take_end, &last_s));
	*out_s = last_s;
	return TROTH_OK;
}
