/* SPDX-License-Identifier: Apache-2.0 */
#include "x509_read.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <troth/limits.h>

#include "key.h"

#define SECONDS_PER_DAY 86400

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(ASN1_TIME, ASN1_TIME_free)

X509 *troth_x509_parse(struct troth_view der)
{
	const uint8_t *at = der.p;
	if (der.n == 0 || der.n > TROTH_CERT_MAX)
		return NULL;
	ERR_set_mark();
	X509 *cert = d2i_X509(NULL, &at, (long)der.n);
	ERR_pop_to_mark();
	if (cert != NULL && at != der.p + der.n) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

void troth_x509_stack_free(STACK_OF(X509) * *stack)
{
	sk_X509_pop_free(*stack, X509_free);
	*stack = NULL;
}

enum troth_status troth_x509_parse_all(const struct troth_view *ders, size_t n,
				       STACK_OF(X509) * *out)
{
	TROTH_AUTO(troth_x509_stack_free) STACK_OF(X509) *stack = sk_X509_new_null();
	if (stack == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < n; i++) {
		TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(ders[i]);
		if (cert == NULL)
			return TROTH_E_MALFORMED;
		if (sk_X509_push(stack, cert) <= 0)
			return TROTH_E_MEMORY;
		cert = NULL;
	}
	*out = stack;
	stack = NULL;
	return TROTH_OK;
}

static BIO *text_of(struct troth_view pem)
{
	return pem.n > 0 && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

X509 *troth_x509_first_pem(struct troth_view pem)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = text_of(pem);
	if (bio == NULL)
		return NULL;
	ERR_set_mark();
	X509 *cert = PEM_read_bio_X509(bio, NULL, troth_no_passphrase, NULL);
	ERR_pop_to_mark();
	return cert;
}

static enum troth_status each(BIO *bio, enum troth_status (*visit)(void *arg, X509 *cert),
			      void *arg)
{
	for (size_t n = 0;; n++) {
		TROTH_AUTO(X509_free_p)
		X509 *cert = PEM_read_bio_X509(bio, NULL, troth_no_passphrase, NULL);
		if (cert == NULL) {
			const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) ==
					    PEM_R_NO_START_LINE;
			return n > 0 && at_end ? TROTH_OK : TROTH_E_MALFORMED;
		}
		TROTH_TRY(visit(arg, cert));
	}
}

enum troth_status troth_x509_each_pem(struct troth_view pem,
				      enum troth_status (*visit)(void *arg, X509 *cert),
				      void *arg)
{
	if (pem.n == 0 || pem.n > INT_MAX)
		return TROTH_E_MALFORMED;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = text_of(pem);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	ERR_set_mark();
	const enum troth_status status = each(bio, visit, arg);
	ERR_pop_to_mark();
	return status;
}

/* Not by way of time_t, which ends in 2038 on 32-bit devices. */
enum troth_status troth_x509_time(const ASN1_TIME *time, uint64_t *out_s)
{
	TROTH_AUTO(ASN1_TIME_free_p) ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	if (epoch == NULL)
		return TROTH_E_MEMORY;
	/* To OpenSSL no time at all is now. */
	if (time == NULL || ASN1_TIME_diff(&days, &seconds, epoch, time) != 1 || days < 0 ||
	    seconds < 0)
		return TROTH_E_MALFORMED;
	*out_s = (uint64_t)days * SECONDS_PER_DAY + (uint64_t)seconds;
	return TROTH_OK;
}

X509_STORE *troth_x509_anchors_new(void)
{
	X509_STORE *anchors = X509_STORE_new();
	if (anchors != NULL && X509_STORE_set_flags(anchors, X509_V_FLAG_PARTIAL_CHAIN) == 1)
		return anchors;
	X509_STORE_free(anchors);
	return NULL;
}

enum troth_status troth_x509_anchors_add(X509_STORE *anchors, X509 *cert)
{
	if (X509_check_ca(cert) != 1)
		return TROTH_E_MALFORMED;
	return X509_STORE_add_cert(anchors, cert) == 1 ? TROTH_OK : TROTH_E_MEMORY;
}
