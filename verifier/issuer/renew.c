/* SPDX-License-Identifier: Apache-2.0 */
#include "renew.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "authority.h"
#include "base.h"
#include "chain.h"
#include "file.h"
#include "key_write.h"
#include "keys.h"

/* As `init` makes them: certificates above 825 days are refused by common clients. */
#define TLS_DAYS 825
#define DAY_S (24 * 3600)

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

static bool ends_within(X509 *cert, uint64_t now_s, int64_t seconds)
{
	time_t limit = (time_t)now_s + (time_t)seconds;
	return X509_cmp_time(X509_get0_notAfter(cert), &limit) <= 0;
}

bool troth_tls_is_due(const struct troth_tls_renewal *r)
{
	TROTH_AUTO(X509_free_p) X509 *cert = NULL;
	return troth_cert_read(r->tls_dir, "tls.crt", &cert) == TROTH_OK &&
	       ends_within(cert, r->now_s, TROTH_TLS_RENEW_S);
}

/* What it is signed with, and by whom that is signed. */
struct authority {
	EVP_PKEY *key;
	struct troth_chain chain;
	X509 *root;
};

static void authority_clear(struct authority *a)
{
	EVP_PKEY_free(a->key);
	troth_chain_clear(&a->chain);
	X509_free(a->root);
}

static enum troth_status authority_read(const char *key_dir, struct authority *out)
{
	TROTH_TRY(troth_key_read(key_dir, "ca.key", &out->key));
	TROTH_TRY(troth_chain_read(key_dir, "ca.crt", &out->chain));
	return troth_cert_read(key_dir, "root.crt", &out->root);
}

static enum troth_status leads_to_anchor(const char *tls_dir, X509 *root)
{
	TROTH_AUTO(troth_chain_clear) struct troth_chain anchors = { .n = 0 };
	TROTH_TRY(troth_chain_read(tls_dir, "ca.crt", &anchors));
	for (size_t i = 0; i < anchors.n; i++)
		if (X509_cmp(anchors.certs[i], root) == 0)
			return TROTH_OK;
	return TROTH_E_CONFLICT;
}

/* Days until the first certificate above ends. */
static int days_left(const struct authority *a, uint64_t now_s)
{
	int least = TLS_DAYS;
	for (size_t i = 0; i <= a->chain.n; i++) {
		X509 *cert = i < a->chain.n ? a->chain.certs[i] : a->root;
		while (least > 0 && ends_within(cert, now_s, (int64_t)least * DAY_S))
			least--;
	}
	return least;
}

static enum troth_status put(const char *tls_dir, X509 *cert, const struct troth_chain *chain)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	bool written = bio != NULL && PEM_write_bio_X509(bio, cert) == 1;
	for (size_t i = 0; written && i < chain->n; i++)
		written = PEM_write_bio_X509(bio, chain->certs[i]) == 1;
	const long n = written ? BIO_get_mem_data(bio, &p) : 0;
	if (n <= 0)
		return TROTH_E_CRYPTO;
	return troth_key_file_write(tls_dir, "tls.crt",
				    (struct troth_view){ (const uint8_t *)p, (size_t)n }, 0644);
}

enum troth_status troth_tls_renew(const struct troth_tls_renewal *r)
{
	TROTH_AUTO(authority_clear) struct authority a = { 0 };
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	TROTH_AUTO(X509_free_p) X509 *old = NULL;
	TROTH_AUTO(X509_free_p) X509 *cert = NULL;
	TROTH_TRY(authority_read(r->key_dir, &a));
	TROTH_TRY(leads_to_anchor(r->tls_dir, a.root));
	TROTH_TRY(troth_key_read(r->tls_dir, "tls.key", &key));
	TROTH_TRY(troth_cert_read(r->tls_dir, "tls.crt", &old));
	const int days = days_left(&a, r->now_s);
	if (days == 0 || !ends_within(old, r->now_s, (int64_t)(days - 1) * DAY_S))
		return TROTH_E_LIMIT;
	const struct troth_certificate_plan plan = { .common_name = "Troth verifier",
						     .days = days,
						     .names_of = old,
						     .key = key,
						     .signer = a.key,
						     .issuer = a.chain.certs[0] };
	TROTH_TRY(troth_certificate_make(&plan, &cert));
	return put(r->tls_dir, cert, &a.chain);
}
