/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's chain, before anything is issued under it: each refusal here is a fleet that is
 * not believed tomorrow. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authority.h"
#include "base.h"
#include "chain.h"
#include "reader.h"
#include "text.h"

/* What must be left of the life of each: two steps of the rotation and the longest life of what
 * is issued then, and some days for whoever has to notice. */
#define LEFT_MIN_S (7 * 24 * 3600)
/* Of signatures: 112 bits, RSA-2048 and SHA-256 at least. */
#define SECURITY_LEVEL 2

TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(X509_STORE, X509_STORE_free)
TROTH_DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
TROTH_DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES_free)

struct judgement {
	const struct troth_chain *chain;
	EVP_PKEY *key;
	const char *trust_domain;
	uint64_t now_s;
	struct troth_chain_refusal *why;
};

static X509 *issuing(const struct judgement *j)
{
	return j->chain->certs[0];
}

static X509 *root_of(const struct judgement *j)
{
	return j->chain->certs[j->chain->n - 1];
}

static enum troth_status refuse(const struct judgement *j, const char *what)
{
	(void)snprintf(j->why->text, sizeof j->why->text, "%s", what);
	return TROTH_E_CONFIG;
}

static enum troth_status check_links(const struct judgement *j)
{
	struct troth_chain below = *j->chain;
	if (below.n < 2)
		return refuse(j,
			      "it has one certificate: the issuing CA's is wanted, and those "
			      "above it up to the root");
	below.n--;
	const char *fault = troth_chain_fault(&below, root_of(j));
	return fault == NULL ? TROTH_OK : refuse(j, fault);
}

/* RFC 5280, 4.2.1.3: both are needed, for devices' certificates and for the CRL. */
static enum troth_status check_usage(const struct judgement *j)
{
	const uint32_t need = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	if ((X509_get_extension_flags(issuing(j)) & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(issuing(j)) & need) != need)
		return refuse(j, "the issuing CA's keyUsage is not keyCertSign and cRLSign");
	for (size_t i = 0; i < j->chain->n; i++)
		if (i2d_X509(j->chain->certs[i], NULL) > TROTH_CERT_MAX)
			return refuse(j, "a certificate in it is longer than devices take");
	if (X509_get0_subject_key_id(issuing(j)) == NULL)
		return refuse(j, "the issuing CA's certificate has no subjectKeyIdentifier");
	for (size_t i = 0; i < j->chain->n; i++)
		if (X509_check_purpose(j->chain->certs[i], X509_PURPOSE_SSL_SERVER, 1) != 1 ||
		    X509_check_purpose(j->chain->certs[i], X509_PURPOSE_SSL_CLIENT, 1) != 1)
			return refuse(j, "an extendedKeyUsage or keyUsage in it does not let "
					 "devices be TLS servers and clients");
	return TROTH_OK;
}

/* CRLs are told apart by their issuer's name. */
static enum troth_status check_name(const struct judgement *j)
{
	const X509_NAME *name = X509_get_subject_name(issuing(j));
	for (size_t i = 1; i < j->chain->n; i++)
		if (X509_NAME_cmp(name, X509_get_subject_name(j->chain->certs[i])) == 0)
			return refuse(j,
				      "the issuing CA has the name of one above it, and CRLs "
				      "could not be told apart; take the name of the request");
	return TROTH_OK;
}

static enum troth_status check_times(const struct judgement *j)
{
	time_t now = (time_t)j->now_s, later = now + LEFT_MIN_S;
	for (size_t i = 0; i < j->chain->n; i++) {
		if (X509_cmp_time(X509_get0_notBefore(j->chain->certs[i]), &now) >= 0)
			return refuse(j, "a certificate in it is not valid yet");
		if (X509_cmp_time(X509_get0_notAfter(j->chain->certs[i]), &later) <= 0)
			return refuse(j, "a certificate in it has expired, or will in a week");
	}
	return TROTH_OK;
}

/* X509-SVID, 3.1: a signing certificate may name its trust domain, and then it is for no other.
 */
static enum troth_status check_domain(const struct judgement *j)
{
	char want[sizeof "spiffe://" + TROTH_TRUST_DOMAIN_MAX];
	TROTH_AUTO(GENERAL_NAMES_free_p)
	GENERAL_NAMES *names = X509_get_ext_d2i(issuing(j), NID_subject_alt_name, NULL, NULL);
	(void)snprintf(want, sizeof want, "spiffe://%s", j->trust_domain);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
		if (!troth_view_equal((struct troth_view){ ASN1_STRING_get0_data(uri),
							   (size_t)ASN1_STRING_length(uri) },
				      troth_view_str(want)))
			return refuse(j, "the issuing CA's certificate is for another URI than "
					 "this trust domain's");
	}
	return TROTH_OK;
}

static bool fill(X509_STORE *store, STACK_OF(X509) * above, const struct judgement *j)
{
	bool filled = store != NULL && above != NULL &&
		      X509_STORE_add_cert(store, root_of(j)) == 1;
	for (size_t i = 0; filled && i + 1 < j->chain->n; i++)
		filled = sk_X509_push(above, j->chain->certs[i]) > 0;
	return filled;
}

/* What a peer with the root alone will do. */
static enum troth_status verify_as_a_peer(const struct judgement *j, X509 *leaf,
					  STACK_OF(X509) * above)
{
	TROTH_AUTO(X509_STORE_free_p) X509_STORE *store = X509_STORE_new();
	TROTH_AUTO(X509_STORE_CTX_free_p) X509_STORE_CTX *path = X509_STORE_CTX_new();
	if (!fill(store, above, j) || path == NULL ||
	    X509_STORE_CTX_init(path, store, leaf, above) != 1)
		return TROTH_E_MEMORY;
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(path), SECURITY_LEVEL);
	if (X509_verify_cert(path) == 1)
		return TROTH_OK;
	(void)snprintf(j->why->text, sizeof j->why->text,
		       "a device's certificate under it would not be believed: %s (at %d)",
		       X509_verify_cert_error_string(X509_STORE_CTX_get_error(path)),
		       X509_STORE_CTX_get_error_depth(path));
	return TROTH_E_CONFIG;
}

/* Path lengths, name constraints, strength and what else there may be, by a certificate as
 * devices get them, for a key that nobody has. */
static enum troth_status try_it(const struct judgement *j)
{
	char san[sizeof "URI:spiffe:///segment/name" + TROTH_TRUST_DOMAIN_MAX];
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	TROTH_AUTO(X509_free_p) X509 *leaf = NULL;
	(void)snprintf(san, sizeof san, "URI:spiffe://%s/segment/name", j->trust_domain);
	const struct troth_certificate_plan plan = { .common_name = "Troth trial",
						     .days = 1,
						     .san = san,
						     .key = key,
						     .signer = j->key,
						     .issuer = issuing(j) };
	if (key == NULL)
		return TROTH_E_CRYPTO;
	TROTH_TRY(troth_certificate_make(&plan, &leaf));
	STACK_OF(X509) *above = sk_X509_new_null();
	ERR_set_mark();
	const enum troth_status status = verify_as_a_peer(j, leaf, above);
	ERR_pop_to_mark();
	sk_X509_free(above);
	return status;
}

enum troth_status troth_chain_judge(const struct troth_chain *chain,
				    const struct troth_chain_case *c,
				    struct troth_chain_refusal *why)
{
	const struct judgement j = { chain, c->key, c->trust_domain, c->now_s, why };
	if (EVP_PKEY_eq(X509_get0_pubkey(issuing(&j)), c->key) != 1)
		return refuse(&j, "the first certificate is not for the key of the request");
	TROTH_TRY(check_links(&j));
	TROTH_TRY(check_usage(&j));
	TROTH_TRY(check_name(&j));
	TROTH_TRY(check_times(&j));
	TROTH_TRY(check_domain(&j));
	TROTH_TRY(try_it(&j));
	return troth_chain_judge_names(chain, c->names, why);
}
