/* SPDX-License-Identifier: Apache-2.0 */
/* One X.509 certificate from a plan: the authorities' and the verifier's
 * own. Never a device's. And the CRL of an authority that has revoked nothing. */
#ifndef TROTH_ISSUER_AUTHORITY_H
#define TROTH_ISSUER_AUTHORITY_H

#include <openssl/types.h>
#include <stdbool.h>
#include <troth/status.h>

struct troth_certificate_plan {
	/* An authority's common name gets the beginning of its key's digest added: two
	 * authorities never have the same name. */
	const char *common_name;
	const char *organization; /* or NULL; cut to 64 bytes, the most X.520 allows */
	int days;
	const char *san; /* in OpenSSL's syntax, from checked parts only; NULL: as names_of's */
	const X509 *names_of;
	bool is_ca;	 /* else a TLS server */
	int path_length; /* of an authority */
	EVP_PKEY *key;
	EVP_PKEY *signer;
	X509 *issuer; /* NULL: self-signed */
};

TROTH_NODISCARD enum troth_status
troth_certificate_make(const struct troth_certificate_plan *plan, X509 **out);

/* The issuing CA under a root, as every rotation makes one. */
struct troth_issuing_ca {
	const char *trust_domain;
	EVP_PKEY *key, *root_key;
	X509 *root;
};
TROTH_NODISCARD enum troth_status troth_issuing_ca_make(const struct troth_issuing_ca *ca,
							X509 **out);

/* Good as long as the authority: for software that wants a CRL of every authority in a chain.
 */
TROTH_NODISCARD enum troth_status troth_empty_crl_make(X509 *ca, EVP_PKEY *key, X509_CRL **out);

#endif
