/* SPDX-License-Identifier: Apache-2.0 */
/* The DER of an identity certificate (X.509-SVID; SPIFFE X509-SVID, RFC 5280), built from a
 * prepared form and signed by whoever holds the CA key. Names, serial and life come from
 * registry and policy, never from the device. */
#ifndef TROTH_CORE_SVID_H
#define TROTH_CORE_SVID_H

#include "tpm.h"

struct troth_svid {
	struct troth_view issuer_name; /* DER Name of the CA */
	struct troth_view issuer_key_id;
	uint8_t serial[16]; /* random; the top bit is cleared and zero is refused */
	uint64_t not_before_s, not_after_s;
	struct troth_view spiffe_id;	/* "spiffe://domain/segment/name" */
	const struct troth_public *key; /* P-256 credential key */
	struct troth_view ear_digest;	/* 32 bytes or none: extension TROTH_OID_EAR_DIGEST */
};

/* The TBSCertificate, signature algorithm ecdsa-with-SHA256. TROTH_E_LIMIT when buf is short.
 */
TROTH_NODISCARD enum troth_status troth_svid_tbs(const struct troth_svid *svid, uint8_t *buf,
						 size_t max, size_t *out_len);
/* Certificate ::= SEQUENCE { tbs, ecdsa-with-SHA256, signature (DER ECDSA) }. */
TROTH_NODISCARD enum troth_status troth_svid_wrap(struct troth_view tbs,
						  struct troth_view signature, uint8_t *buf,
						  size_t max, size_t *out_len);

struct troth_crl_entry {
	uint8_t serial[16];
	uint64_t revoked_s;
};
struct troth_crl {
	struct troth_view issuer_name, issuer_key_id;
	uint64_t number;
	uint64_t this_update_s, next_update_s;
	const struct troth_crl_entry *entries;
	size_t n_entries;
};
/* The TBSCertList (RFC 5280, 5.1), wrapped by troth_svid_wrap likewise. */
TROTH_NODISCARD enum troth_status troth_crl_tbs(const struct troth_crl *crl, uint8_t *buf,
						size_t max, size_t *out_len);

/* "spiffe://domain/segment/name" into out (TROTH_SPIFFE_ID_MAX + 1 bytes). */
TROTH_NODISCARD enum troth_status troth_spiffe_id(struct troth_view trust_domain,
						  struct troth_view segment,
						  struct troth_view name, char *out);

#endif
