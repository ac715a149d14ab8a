/* SPDX-License-Identifier: Apache-2.0 */
#include "svid_trust.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <troth/limits.h>

#include "base.h"
#include "reader.h"
#include "svid_x509.h"
#include "x509_read.h"

TROTH_DEFINE_AUTO(X509_CRL, X509_CRL_free)
TROTH_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
TROTH_DEFINE_AUTO(ASN1_INTEGER, ASN1_INTEGER_free)
TROTH_DEFINE_AUTO(BIGNUM, BN_free)

struct troth_svid_trust {
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	X509_STORE *store;
	X509 *cas[TROTH_BUNDLE_CAS_MAX];
	X509_CRL *crls[TROTH_BUNDLE_CAS_MAX]; /* of the CA in the same place; NULL: none */
	size_t n_cas;
};

enum troth_status troth_svid_trust_new(struct troth_view trust_domain,
				       struct troth_svid_trust **out)
{
	if (trust_domain.n == 0 || trust_domain.n > TROTH_TRUST_DOMAIN_MAX)
		return TROTH_E_MALFORMED;
	struct troth_svid_trust *t = calloc(1, sizeof *t);
	if (t == NULL)
		return TROTH_E_MEMORY;
	memcpy(t->trust_domain, trust_domain.p, trust_domain.n);
	t->store = troth_x509_anchors_new();
	if (t->store == NULL) {
		troth_svid_trust_free(t);
		return TROTH_E_MEMORY;
	}
	*out = t;
	return TROTH_OK;
}

void troth_svid_trust_free(struct troth_svid_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	for (size_t i = 0; i < t->n_cas; i++) {
		X509_CRL_free(t->crls[i]);
		X509_free(t->cas[i]);
	}
	free(t);
}

static enum troth_status add_ca(void *trust, X509 *cert)
{
	struct troth_svid_trust *t = trust;
	if (t->n_cas == TROTH_BUNDLE_CAS_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_x509_anchors_add(t->store, cert));
	if (X509_up_ref(cert) != 1)
		return TROTH_E_CRYPTO;
	t->cas[t->n_cas++] = cert;
	return TROTH_OK;
}

enum troth_status troth_svid_trust_add(struct troth_svid_trust *t, struct troth_view der)
{
	TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(der);
	return cert != NULL ? add_ca(t, cert) : TROTH_E_MALFORMED;
}

enum troth_status troth_svid_trust_add_pem(struct troth_svid_trust *t, struct troth_view pem)
{
	return troth_x509_each_pem(pem, add_ca, t);
}

/* n_cas when none of them signed it. */
static size_t signer_of(const struct troth_svid_trust *t, X509_CRL *crl)
{
	size_t i = 0;
	ERR_set_mark();
	while (i < t->n_cas && (X509_NAME_cmp(X509_get_subject_name(t->cas[i]),
					      X509_CRL_get_issuer(crl)) != 0 ||
				X509_CRL_verify(crl, X509_get0_pubkey(t->cas[i])) != 1))
		i++;
	ERR_pop_to_mark();
	return i;
}

/* A CRL without a number is older than any. */
static bool is_older(X509_CRL *crl, X509_CRL *than)
{
	TROTH_AUTO(ASN1_INTEGER_free_p)
	ASN1_INTEGER *a = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	TROTH_AUTO(ASN1_INTEGER_free_p)
	ASN1_INTEGER *b = X509_CRL_get_ext_d2i(than, NID_crl_number, NULL, NULL);
	return b != NULL && (a == NULL || ASN1_INTEGER_cmp(a, b) < 0);
}

enum troth_status troth_svid_trust_set_crl(struct troth_svid_trust *t, struct troth_view der)
{
	const uint8_t *at = der.p;
	ERR_set_mark();
	TROTH_AUTO(X509_CRL_free_p) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.n);
	ERR_pop_to_mark();
	if (crl == NULL || at != der.p + der.n)
		return TROTH_E_MALFORMED;
	const size_t i = signer_of(t, crl);
	if (i == t->n_cas)
		return TROTH_E_MISMATCH;
	if (t->crls[i] != NULL && is_older(crl, t->crls[i]))
		return TROTH_E_CONFLICT;
	X509_CRL_free(t->crls[i]);
	t->crls[i] = crl;
	crl = NULL;
	return TROTH_OK;
}

static enum troth_status keep_crl(struct troth_svid_trust *t, X509_CRL *crl)
{
	const size_t i = signer_of(t, crl);
	if (i == t->n_cas || t->crls[i] != NULL)
		return TROTH_OK;
	if (X509_CRL_up_ref(crl) != 1)
		return TROTH_E_CRYPTO;
	t->crls[i] = crl;
	return TROTH_OK;
}

enum troth_status troth_svid_trust_keep_crls(struct troth_svid_trust *t,
					     const struct troth_svid_trust *former)
{
	for (size_t i = 0; i < former->n_cas; i++)
		if (former->crls[i] != NULL)
			TROTH_TRY(keep_crl(t, former->crls[i]));
	return TROTH_OK;
}

static uint64_t end_of(const X509_CRL *crl)
{
	uint64_t end_s;
	return troth_x509_time(X509_CRL_get0_nextUpdate(crl), &end_s) == TROTH_OK ? end_s : 0;
}

uint64_t troth_svid_trust_crl_end_s(const struct troth_svid_trust *t)
{
	uint64_t first = UINT64_MAX;
	for (size_t i = 0; i < t->n_cas; i++) {
		const uint64_t end = t->crls[i] != NULL ? end_of(t->crls[i]) : UINT64_MAX;
		first = end < first ? end : first;
	}
	return first != UINT64_MAX ? first : 0;
}

/* Who signed the leaf of a path that was found: its place among the CAs, or n_cas. */
static size_t issuer_in(const struct troth_svid_trust *t, X509_STORE_CTX *path)
{
	STACK_OF(X509) *certs = X509_STORE_CTX_get0_chain(path);
	X509 *issuer = sk_X509_num(certs) > 1 ? sk_X509_value(certs, 1) : NULL;
	size_t i = 0;
	while (i < t->n_cas && (issuer == NULL || X509_cmp(t->cas[i], issuer) != 0))
		i++;
	return i;
}

static enum troth_decision why_no_path(X509_STORE_CTX *path)
{
	const int why = X509_STORE_CTX_get_error(path);
	return why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID
		       ? TROTH_DENIED_CERT_EXPIRED
		       : TROTH_DENIED_CERT_CHAIN;
}

static enum troth_status find_path(const struct troth_svid_trust *t, X509 *leaf,
				   const struct troth_svid_question *q,
				   enum troth_decision *out, size_t *out_issuer)
{
	TROTH_AUTO(troth_x509_stack_free) STACK_OF(X509) *chain = NULL;
	TROTH_AUTO(X509_STORE_CTX_free_p) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	if (ctx == NULL)
		return TROTH_E_MEMORY;
	enum troth_status s = q->n_chain <= TROTH_CHAIN_MAX
				      ? troth_x509_parse_all(q->chain, q->n_chain, &chain)
				      : TROTH_E_MALFORMED;
	if (s == TROTH_E_MALFORMED) {
		*out = TROTH_DENIED_CERT_MALFORMED;
		return TROTH_OK;
	}
	TROTH_TRY(s);
	if (X509_STORE_CTX_init(ctx, t->store, leaf, chain) != 1)
		return TROTH_E_CRYPTO;
	X509_STORE_CTX_set_time(ctx, 0, (time_t)q->now_s);
	X509_STORE_CTX_set_depth(ctx, TROTH_CHAIN_MAX);
	const bool found = X509_verify_cert(ctx) == 1;
	*out = found ? TROTH_ADMITTED : why_no_path(ctx);
	*out_issuer = found ? issuer_in(t, ctx) : t->n_cas;
	return TROTH_OK;
}

static bool is_current(const X509_CRL *crl, uint64_t now_s)
{
	time_t now = (time_t)now_s;
	return crl != NULL && X509_CRL_get0_nextUpdate(crl) != NULL &&
	       X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now) == 1;
}

/* A root and its like: its list says nothing of devices. */
static bool has_cas_below(const struct troth_svid_trust *t, size_t ca)
{
	bool any = false;
	for (size_t i = 0; i < t->n_cas && !any; i++)
		any = X509_cmp(t->cas[i], t->cas[ca]) != 0 &&
		      X509_check_issued(t->cas[ca], t->cas[i]) == X509_V_OK;
	return any;
}

/* The verifier's CAs list the serials of all of them: what is on any list is revoked, and a CA
 * whose own list nobody fetched (a former or a next one; must is NULL) is spoken for by any
 * that is current. */
static enum troth_decision look_up(const struct troth_svid_trust *t, ASN1_INTEGER *serial,
				   const X509_CRL *must, uint64_t now_s)
{
	bool current = false;
	for (size_t i = 0; i < t->n_cas; i++) {
		X509_REVOKED *entry = NULL;
		if (!is_current(t->crls[i], now_s))
			continue;
		if (X509_CRL_get0_by_serial(t->crls[i], &entry, serial) != 0)
			return TROTH_DENIED_CERT_REVOKED;
		current = current || must == t->crls[i] ||
			  (must == NULL && !has_cas_below(t, i));
	}
	return current ? TROTH_ADMITTED : TROTH_DENIED_STATUS_EXPIRED;
}

static bool any_crl(const struct troth_svid_trust *t)
{
	bool any = false;
	for (size_t i = 0; i < t->n_cas; i++)
		any = any || t->crls[i] != NULL;
	return any;
}

enum troth_decision troth_svid_trust_revoked(const struct troth_svid_trust *t,
					     struct troth_view serial, uint64_t now_s)
{
	TROTH_AUTO(BN_free_p) BIGNUM *number = BN_bin2bn(serial.p, (int)serial.n, NULL);
	TROTH_AUTO(ASN1_INTEGER_free_p)
	ASN1_INTEGER *encoded = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	return encoded != NULL ? look_up(t, encoded, NULL, now_s) : TROTH_DENIED_STATUS_EXPIRED;
}

static enum troth_status verify(struct troth_svid_trust *t, const struct troth_svid_question *q,
				enum troth_decision *out_decision, struct troth_svid_facts *out)
{
	TROTH_AUTO(X509_free_p) X509 *leaf = troth_x509_parse(q->leaf);
	size_t issuer = t->n_cas;
	if (leaf == NULL || !troth_svid_facts_read(leaf, out) ||
	    !troth_view_equal(out->parts.trust_domain, troth_view_str(t->trust_domain))) {
		*out_decision = TROTH_DENIED_CERT_MALFORMED;
		return TROTH_OK;
	}
	TROTH_TRY(find_path(t, leaf, q, out_decision, &issuer));
	if (*out_decision != TROTH_ADMITTED || (!q->need_crl && !any_crl(t)))
		return TROTH_OK;
	/* No list is of a CA that only came along: under a root that has other CAs too, those
	 * that the bundle names are ours. */
	*out_decision = issuer < t->n_cas ? look_up(t, X509_get_serialNumber(leaf),
						    t->crls[issuer], q->now_s)
					  : TROTH_DENIED_STATUS_EXPIRED;
	return TROTH_OK;
}

enum troth_status troth_svid_verify(struct troth_svid_trust *t,
				    const struct troth_svid_question *q,
				    enum troth_decision *out_decision,
				    struct troth_svid_facts *out)
{
	struct troth_svid_facts facts = { 0 };
	enum troth_decision decision = TROTH_UNDECIDED;
	ERR_set_mark();
	enum troth_status s = verify(t, q, &decision, &facts);
	ERR_pop_to_mark();
	TROTH_TRY(s);
	if (decision == TROTH_ADMITTED) {
		*out = facts;
		TROTH_TRY(troth_spiffe_read(troth_view_str(out->id), &out->parts));
	}
	*out_decision = decision;
	return TROTH_OK;
}
