/* SPDX-License-Identifier: Apache-2.0 */
/* Is this certificate an X.509-SVID of our trust domain, now? The rules of SPIFFE's X509-SVID
 * document and of RFC 5280, by OpenSSL's path validation and our own reading of the leaf.
 *
 * Offline: what verifies (CA certificates, CRL) is given, nothing is fetched. One thread at a
 * time. */
#ifndef TROTH_CORE_SVID_TRUST_H
#define TROTH_CORE_SVID_TRUST_H

#include <troth/decision.h>
#include <troth/limits.h>

#include "spiffe.h"

struct troth_svid_trust;

/* trust_domain is copied. */
TROTH_NODISCARD enum troth_status troth_svid_trust_new(struct troth_view trust_domain,
						       struct troth_svid_trust **out);
/* Accepts NULL. */
void troth_svid_trust_free(struct troth_svid_trust *trust);
/* One DER certificate of a CA: paths may end at it, whether or not it signs itself.
 * TROTH_E_MALFORMED, TROTH_E_LIMIT past TROTH_BUNDLE_CAS_MAX of them. */
TROTH_NODISCARD enum troth_status troth_svid_trust_add(struct troth_svid_trust *trust,
						       struct troth_view der);
/* Likewise every certificate of a PEM text, of which there must be one at least. */
TROTH_NODISCARD enum troth_status troth_svid_trust_add_pem(struct troth_svid_trust *trust,
							   struct troth_view pem);
/* One DER CRL in place of the one of the same CA before it. TROTH_E_MISMATCH unless a CA that
 * was added signed it; TROTH_E_CONFLICT when its number is lower than that of the one before.
 */
TROTH_NODISCARD enum troth_status troth_svid_trust_set_crl(struct troth_svid_trust *trust,
							   struct troth_view der);

/* The CRLs of the trust before this one, of the CAs that were added here too. */
TROTH_NODISCARD enum troth_status
troth_svid_trust_keep_crls(struct troth_svid_trust *trust,
			   const struct troth_svid_trust *former);
/* The first next update of the CRLs, Unix seconds; 0 where there is none, or one does not say.
 */
uint64_t troth_svid_trust_crl_end_s(const struct troth_svid_trust *trust);

/* Is this serial number on a CRL? Where there is none, and where all are past their next
 * update, TROTH_DENIED_STATUS_EXPIRED; else TROTH_DENIED_CERT_REVOKED or TROTH_ADMITTED. */
enum troth_decision troth_svid_trust_revoked(const struct troth_svid_trust *trust,
					     struct troth_view serial, uint64_t now_s);

/* What a certificate says of its holder. */
struct troth_svid_facts {
	char id[TROTH_SPIFFE_ID_MAX + 1];
	struct troth_spiffe parts; /* borrowed from id: not to be copied */
	uint64_t not_before_s, not_after_s;
};

/* need_crl: without a CRL, or with one past its next update, nobody is admitted, nor is who was
 * certified by a CA that was not added. A CA without a CRL of its own is spoken for by those of
 * the others that have no CA below them. chain: further DER certificates the peer has sent.
 * *out is written for TROTH_ADMITTED only. */
struct troth_svid_question {
	struct troth_view leaf; /* DER */
	const struct troth_view *chain;
	size_t n_chain;
	uint64_t now_s;
	bool need_crl;
};
TROTH_NODISCARD enum troth_status troth_svid_verify(struct troth_svid_trust *trust,
						    const struct troth_svid_question *q,
						    enum troth_decision *out_decision,
						    struct troth_svid_facts *out);

#endif
