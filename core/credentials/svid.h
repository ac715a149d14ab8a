/* SPDX-License-Identifier: Apache-2.0 */
/* The DER of an identity certificate (X.509-SVID; SPIFFE X509-SVID, RFC 5280) and of the CRL,
 * signed by whoever holds the CA key. Names, serial and life come from registry and policy,
 * never from the device.
 *
 * Subject: OU = segment, CN = device name, both from the SPIFFE ID, for tools that show
 * subjects; the identity is the URI in subjectAltName. Extensions: basicConstraints (critical,
 * no CA), keyUsage (critical, digitalSignature), extendedKeyUsage (serverAuth, clientAuth),
 * subjectAltName, subjectKeyIdentifier (the first 20 bytes of the digest in the key's TPM
 * Name), authorityKeyIdentifier, and the EAR digest where there is one. */
#ifndef TROTH_CORE_SVID_H
#define TROTH_CORE_SVID_H

#include "tpm.h"

/* OCTET STRING: SHA-256 of the attestation result issued with the certificate. An arc of UUID
 * 49952780-993c-4f3b-b9d0-cb19b9d2ac8f (X.667): nobody assigned it, nobody else can have it. */
#define TROTH_OID_EAR_DIGEST "2.25.97808097126824008500152850589678742671"

struct troth_svid {
	struct troth_view issuer_name;	 /* DER Name of the CA */
	struct troth_view issuer_key_id; /* its subjectKeyIdentifier, 1 to 64 bytes */
	uint8_t serial[16]; /* random; the top bit is cleared and zero is refused */
	uint64_t not_before_s, not_after_s; /* at most TROTH_CERTIFICATE_LIFE_MAX_S apart */
	struct troth_view spiffe_id;	    /* "spiffe://domain/segment/name" */
	const struct troth_public *key;	    /* P-256 credential key, with its Name */
	struct troth_view names;	    /* further ones, or none: svid_names.h */
	struct troth_view ear_digest;	    /* 32 bytes or none */
};

/* The TBSCertificate, signature algorithm ecdsa-with-SHA256. TROTH_E_LIMIT when buf is short or
 * the life too long, TROTH_E_MALFORMED for an empty or reversed life, a zero serial or a bad
 * name, TROTH_E_UNSUPPORTED for another kind of key. */
TROTH_NODISCARD enum troth_status troth_svid_tbs(const struct troth_svid *svid, uint8_t *buf,
						 size_t max, size_t *out_len);
/* Certificate ::= SEQUENCE { tbs, ecdsa-with-SHA256, signature (DER ECDSA) }. */
TROTH_NODISCARD enum troth_status troth_svid_wrap(struct troth_view tbs,
						  struct troth_view signature, uint8_t *buf,
						  size_t max, size_t *out_len);

struct troth_crl_entry {
	uint8_t serial[16]; /* as in struct troth_svid: the top bit is cleared */
	uint64_t revoked_s;
};
struct troth_crl {
	struct troth_view issuer_name, issuer_key_id;
	uint64_t number;
	uint64_t this_update_s, next_update_s;
	const struct troth_crl_entry *entries;
	size_t n_entries;
};
/* The TBSCertList (RFC 5280, 5.1), wrapped by troth_svid_wrap likewise. Entries may come in any
 * order and are listed by serial; one that comes twice is TROTH_E_MALFORMED. */
TROTH_NODISCARD enum troth_status troth_crl_tbs(const struct troth_crl *crl, uint8_t *buf,
						size_t max, size_t *out_len);

/* "spiffe://domain/segment/name" into out (TROTH_SPIFFE_ID_MAX + 1 bytes). TROTH_E_MALFORMED
 * unless the parts are a trust domain and two registry names. */
TROTH_NODISCARD enum troth_status troth_spiffe_id(struct troth_view trust_domain,
						  struct troth_view segment,
						  struct troth_view name, char *out);

#endif
