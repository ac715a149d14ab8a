/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <troth/limits.h>

#include "base.h"
#include "ca_key.h"
#include "reader.h"
#include "text.h"

TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(X509_CRL, X509_CRL_free)
TROTH_DEFINE_AUTO(ASN1_INTEGER, ASN1_INTEGER_free)
TROTH_DEFINE_AUTO(BIGNUM, BN_free)

/* Relying parties' clocks may be behind by this, seconds. */
#define BACKDATE_S 300
/* Life of an issuing CA, days. */
#define ISSUING_DAYS 730
#define SERIAL_BITS 126
/* ub-common-name and ub-organization-name, X.520. */
#define NAME_MAX_LEN 64

static bool set_serial(X509 *cert)
{
	TROTH_AUTO(BN_free_p) BIGNUM *n = BN_new();
	/* The top bit set: never zero, never short. */
	return n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
	size_t n = strnlen(value, NAME_MAX_LEN);
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
					  (const unsigned char *)value, (int)n, -1, 0) == 1;
}

static bool common_name(const struct troth_certificate_plan *plan, const X509 *cert, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * 4 + 1];
	unsigned int n;
	if (!plan->is_ca)
		return snprintf(out, NAME_MAX_LEN, "%s", plan->common_name) > 0;
	if (X509_pubkey_digest(cert, EVP_sha256(), digest, &n) != 1)
		return false;
	troth_format_hex((struct troth_view){ digest, 4 }, hex);
	return snprintf(out, NAME_MAX_LEN, "%s %s", plan->common_name, hex) > 0;
}

static bool set_names(const struct troth_certificate_plan *plan, X509 *cert)
{
	char cn[NAME_MAX_LEN];
	X509_NAME *name = X509_get_subject_name(cert);
	if (!common_name(plan, cert, cn) ||
	    (plan->organization != NULL && !add_name(name, "O", plan->organization)) ||
	    !add_name(name, "CN", cn))
		return false;
	return X509_set_issuer_name(cert, plan->issuer != NULL
						  ? X509_get_subject_name(plan->issuer)
						  : name) == 1;
}

static bool set_times(const struct troth_certificate_plan *plan, X509 *cert)
{
	return X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), plan->days, -BACKDATE_S, NULL) !=
		       NULL;
}

static bool add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool added = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return added;
}

static bool add_authority_extensions(const struct troth_certificate_plan *plan, X509 *cert,
				     X509V3_CTX *ctx)
{
	char constraints[64];
	snprintf(constraints, sizeof constraints, "critical,CA:TRUE,pathlen:%d",
		 plan->path_length);
	return add_extension(cert, ctx, NID_basic_constraints, constraints) &&
	       add_extension(cert, ctx, NID_key_usage, "critical,keyCertSign,cRLSign");
}

static bool add_server_extensions(X509 *cert, X509V3_CTX *ctx)
{
	return add_extension(cert, ctx, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, ctx, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, ctx, NID_ext_key_usage, "serverAuth");
}

static bool copy_names(const X509 *from, X509 *cert)
{
	const int at = X509_get_ext_by_NID(from, NID_subject_alt_name, -1);
	return at >= 0 && X509_add_ext(cert, X509_get_ext(from, at), -1) == 1;
}

static bool add_extensions(const struct troth_certificate_plan *plan, X509 *cert)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, plan->issuer != NULL ? plan->issuer : cert, cert, NULL, NULL, 0);
	return (plan->is_ca ? add_authority_extensions(plan, cert, &ctx)
			    : add_server_extensions(cert, &ctx)) &&
	       add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always") &&
	       (plan->san != NULL ? add_extension(cert, &ctx, NID_subject_alt_name, plan->san)
				  : copy_names(plan->names_of, cert));
}

enum troth_status troth_certificate_make(const struct troth_certificate_plan *plan, X509 **out)
{
	const struct troth_key_place place = troth_key_place(plan->signer);
	TROTH_AUTO(X509_free_p) X509 *cert = X509_new_ex(place.context, place.properties);
	if (cert == NULL)
		return TROTH_E_MEMORY;
	if (X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
	    X509_set_pubkey(cert, plan->key) != 1 || !set_names(plan, cert) ||
	    !set_times(plan, cert) || !add_extensions(plan, cert) ||
	    X509_sign(cert, plan->signer, EVP_sha256()) <= 0)
		return TROTH_E_CRYPTO;
	*out = cert;
	cert = NULL;
	return TROTH_OK;
}

enum troth_status troth_issuing_ca_make(const struct troth_issuing_ca *ca, X509 **out)
{
	char san[sizeof "URI:spiffe://" + TROTH_TRUST_DOMAIN_MAX];
	snprintf(san, sizeof san, "URI:spiffe://%s", ca->trust_domain);
	const struct troth_certificate_plan plan = { .common_name = "Troth issuing CA",
						     .organization = ca->trust_domain,
						     .days = ISSUING_DAYS,
						     .san = san,
						     .is_ca = true,
						     .key = ca->key,
						     .signer = ca->root_key,
						     .issuer = ca->root };
	return troth_certificate_make(&plan, out);
}

/* RFC 5280, 5.2.1 and 5.2.3: both extensions are a must. */
static bool add_crl_extensions(X509 *ca, X509_CRL *crl)
{
	TROTH_AUTO(ASN1_INTEGER_free_p) ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	X509_EXTENSION *ext =
		X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	const bool added = ext != NULL && X509_CRL_add_ext(crl, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return added && number != NULL && ASN1_INTEGER_set(number, 1) == 1 &&
	       X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
}

enum troth_status troth_empty_crl_make(X509 *ca, EVP_PKEY *key, X509_CRL **out)
{
	TROTH_AUTO(X509_CRL_free_p) X509_CRL *crl = X509_CRL_new();
	if (crl == NULL)
		return TROTH_E_MEMORY;
	if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, X509_get0_notBefore(ca)) != 1 ||
	    X509_CRL_set1_nextUpdate(crl, X509_get0_notAfter(ca)) != 1 ||
	    !add_crl_extensions(ca, crl) || X509_CRL_sign(crl, key, EVP_sha256()) <= 0)
		return TROTH_E_CRYPTO;
	*out = crl;
	crl = NULL;
	return TROTH_OK;
}
