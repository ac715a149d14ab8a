/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "base.h"
#include "ca_key.h"
#include "key_write.h"
#include "keys.h"
#include "rotate.h"
#include "text.h"

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(X509_REQ, X509_REQ_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

static enum troth_status copy_text(BIO *bio, struct troth_buffer *out)
{
	char *p = NULL;
	const long n = BIO_get_mem_data(bio, &p);
	if (n <= 0)
		return TROTH_E_CRYPTO;
	struct troth_buffer text = { malloc((size_t)n), (size_t)n };
	if (text.p == NULL)
		return TROTH_E_MEMORY;
	memcpy(text.p, p, text.n);
	*out = text;
	return TROTH_OK;
}

/* ---- request ---- */

/* Whether the key of the request is that of a CA already: the install that made it so was
 * interrupted before it took the request away. */
static bool is_installed(const char *key_dir, const EVP_PKEY *key)
{
	static const char *const CAS[] = { "ca.crt", TROTH_NEXT_CA };
	bool same = false;
	for (size_t i = 0; i < TROTH_COUNT(CAS) && !same; i++) {
		TROTH_AUTO(X509_free_p) X509 *ca = NULL;
		same = troth_cert_read(key_dir, CAS[i], &ca) == TROTH_OK &&
		       EVP_PKEY_eq(X509_get0_pubkey(ca), key) == 1;
	}
	return same;
}

static enum troth_status
make_requested_key(const char *key_dir, const struct troth_key_source *source, EVP_PKEY **out)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	TROTH_TRY(troth_key_new(source, &key));
	TROTH_TRY(troth_key_keep(key_dir, TROTH_REQUESTED_KEY, key, source));
	*out = key;
	key = NULL;
	return TROTH_OK;
}

static enum troth_status requested_key(const char *key_dir,
				       const struct troth_key_source *source, EVP_PKEY **out)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	const enum troth_status read = troth_key_read(key_dir, TROTH_REQUESTED_KEY, &key);
	if (read == TROTH_E_NOT_FOUND || (read == TROTH_OK && is_installed(key_dir, key)))
		return make_requested_key(key_dir, source, out);
	TROTH_TRY(read);
	*out = key;
	key = NULL;
	return TROTH_OK;
}

/* The extensions of the certificate we would make ourselves, but who its issuer is. */
static bool ask_for_extensions(X509_REQ *request, const X509 *like)
{
	STACK_OF(X509_EXTENSION) *asked = sk_X509_EXTENSION_dup(X509_get0_extensions(like));
	const int issuer = X509v3_get_ext_by_NID(asked, NID_authority_key_identifier, -1);
	if (asked != NULL && issuer >= 0)
		(void)sk_X509_EXTENSION_delete(asked, issuer);
	const bool added = asked != NULL && X509_REQ_add_extensions(request, asked) == 1;
	sk_X509_EXTENSION_free(asked);
	return added;
}

static enum troth_status make_request(EVP_PKEY *key, const char *trust_domain, X509_REQ **out)
{
	TROTH_AUTO(X509_free_p) X509 *like = NULL;
	const struct troth_issuing_ca ca = { trust_domain, key, key, NULL };
	TROTH_TRY(troth_issuing_ca_make(&ca, &like));
	TROTH_AUTO(X509_REQ_free_p) X509_REQ *request = X509_to_X509_REQ(like, NULL, NULL);
	if (request == NULL || !ask_for_extensions(request, like) ||
	    X509_REQ_sign(request, key, EVP_sha256()) <= 0)
		return TROTH_E_CRYPTO;
	*out = request;
	request = NULL;
	return TROTH_OK;
}

enum troth_status troth_ca_request(const char *key_dir, const char *trust_domain,
				   const struct troth_key_source *source,
				   struct troth_buffer *out_pem)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	TROTH_AUTO(X509_REQ_free_p) X509_REQ *request = NULL;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	TROTH_TRY(requested_key(key_dir, source, &key));
	TROTH_TRY(make_request(key, trust_domain, &request));
	if (bio == NULL || PEM_write_bio_X509_REQ(bio, request) != 1)
		return TROTH_E_CRYPTO;
	return copy_text(bio, out_pem);
}

/* ---- install ---- */

static enum troth_status refuse(struct troth_chain_refusal *why, enum troth_status status,
				const char *what)
{
	(void)snprintf(why->text, sizeof why->text, "%s", what);
	return status;
}

static enum troth_status parse(const struct troth_ca_answer *a, struct troth_chain *out,
			       struct troth_chain_refusal *why)
{
	const enum troth_status status = troth_chain_parse(a->chain, out);
	if (status == TROTH_E_LIMIT)
		return refuse(why, TROTH_E_CONFIG, "it has more than five certificates");
	if (status != TROTH_OK)
		return refuse(
			why, TROTH_E_CONFIG,
			"it is no PEM text with certificates, and nothing but sound ones");
	return TROTH_OK;
}

/* CRLs are told apart by their issuer's name. */
static enum troth_status differs_from_present(const char *key_dir, X509 *fresh,
					      struct troth_chain_refusal *why)
{
	TROTH_AUTO(X509_free_p) X509 *present = NULL;
	TROTH_TRY(troth_cert_read(key_dir, "ca.crt", &present));
	if (EVP_PKEY_eq(X509_get0_pubkey(present), X509_get0_pubkey(fresh)) == 1)
		return refuse(why, TROTH_E_CONFIG,
			      "its key is the one in force: a new CA has a new key");
	if (X509_NAME_entry_count(X509_get_subject_name(fresh)) == 0 ||
	    X509_NAME_cmp(X509_get_subject_name(present), X509_get_subject_name(fresh)) == 0)
		return refuse(
			why, TROTH_E_CONFIG,
			"the issuing CA has no name, or that of the one in force, and CRLs "
			"could not be told apart; take the name of the request");
	return TROTH_OK;
}

static enum troth_status check_answer(const struct troth_ca_answer *a,
				      const struct troth_chain *chain,
				      struct troth_chain_refusal *why)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	const enum troth_status read = troth_key_read(a->key_dir, TROTH_REQUESTED_KEY, &key);
	if (read == TROTH_E_NOT_FOUND)
		return refuse(why, TROTH_E_CONFIG,
			      "nothing was requested: run troth-verifier ca request first");
	if (read != TROTH_OK)
		return refuse(why, read, "the key of the request cannot be read");
	const struct troth_chain_case c = { key, a->trust_domain, a->names, a->now_s };
	TROTH_TRY(troth_chain_judge(chain, &c, why));
	return differs_from_present(a->key_dir, chain->certs[0], why);
}

static enum troth_status put(X509 *const *certs, size_t n, struct troth_buffer *out)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < n; i++)
		if (PEM_write_bio_X509(bio, certs[i]) != 1)
			return TROTH_E_CRYPTO;
	return copy_text(bio, out);
}

static enum troth_status take(const struct troth_ca_answer *a, const struct troth_chain *chain,
			      bool *out_new_root)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer below = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer root = { 0 };
	TROTH_AUTO(X509_free_p) X509 *present = NULL;
	TROTH_TRY(troth_cert_read(a->key_dir, "root.crt", &present));
	const bool new_root = X509_cmp(present, chain->certs[chain->n - 1]) != 0;
	TROTH_TRY(put(chain->certs, chain->n - 1, &below));
	if (new_root)
		TROTH_TRY(put(&chain->certs[chain->n - 1], 1, &root));
	TROTH_TRY(troth_issuer_rotate_to(a->key_dir, troth_buffer_view(&below),
					 troth_buffer_view(&root)));
	*out_new_root = new_root;
	return TROTH_OK;
}

enum troth_status troth_ca_install(const struct troth_ca_answer *a, bool *out_new_root,
				   struct troth_chain_refusal *why)
{
	TROTH_AUTO(troth_chain_clear) struct troth_chain chain = { .n = 0 };
	TROTH_TRY(parse(a, &chain, why));
	TROTH_TRY(check_answer(a, &chain, why));
	if (troth_issuer_rotates(a->key_dir))
		return refuse(
			why, TROTH_E_CONFLICT,
			"the CA is being rotated already: go on with troth-verifier rotate "
			"until the former is retired, then install this");
	return take(a, &chain, out_new_root);
}
