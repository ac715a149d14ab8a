/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of judging an EK certificate. Internal to ek_cert.c, ek_trust.c, ek_profile.c and
 * ek_facts.c: nobody else sees OpenSSL's certificates. */
#ifndef TROTH_CORE_EK_X509_H
#define TROTH_CORE_EK_X509_H

#include <openssl/x509.h>

#include "ek.h"

/* A certificate in two forms. OpenSSL validates no path from a certificate whose key it cannot
 * read, as those marked id-RSAES-OAEP (RFC 4055; STMicroelectronics): it is given a copy with
 * the same key marked as the RSA key it is, and the signature is verified on the original. */
struct troth_ek_x509 {
	X509 *received;
	X509 *readable; /* received itself, but for such a key */
	EVP_PKEY *key;	/* NULL when it is of no kind we know */
};

/* Chain to a root at a time: EK_CERT_CHAIN, EK_CERT_EXPIRED. */
TROTH_NODISCARD enum troth_status troth_ek_chain_check(const struct troth_ek_trust *trust,
						       const struct troth_ek_x509 *cert,
						       uint64_t now_s,
						       struct troth_findings *findings);

/* What makes a certificate one of an endorsement key: EK_CERT_PROFILE, HASH_WEAK. */
void troth_ek_profile_check(X509 *cert, struct troth_findings *findings);

/* Everything but spki_sha256. */
void troth_ek_cert_facts_read(const X509 *cert, struct troth_ek_cert_facts *out);

#endif
