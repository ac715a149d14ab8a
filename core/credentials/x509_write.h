/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates and CRLs have in common (RFC 5280). Internal to svid.c and crl.c. */
#ifndef TROTH_CORE_X509_WRITE_H
#define TROTH_CORE_X509_WRITE_H

#include "der.h"

#define TROTH_X509_SERIAL_LEN 16

/* Clears the top bit: a serial is positive, 127 random bits (RFC 5280, 4.1.2.2). False, out
 * untouched, for zero. */
TROTH_NODISCARD bool troth_x509_serial(const uint8_t in[TROTH_X509_SERIAL_LEN],
				       uint8_t out[TROTH_X509_SERIAL_LEN]);

/* A DER Name and a key identifier of 1 to 64 bytes. */
TROTH_NODISCARD bool troth_x509_issuer_sound(struct troth_view name, struct troth_view key_id);

/* The AlgorithmIdentifier. */
void troth_x509_ecdsa_with_sha256(struct troth_der *d);

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING { ... } }: opens
 * both, for the content to be written between. */
struct troth_x509_extension {
	size_t sequence, octets;
};
TROTH_NODISCARD struct troth_x509_extension
troth_x509_extension_open(struct troth_der *d, struct troth_view oid, bool critical);
void troth_x509_extension_close(struct troth_der *d, struct troth_x509_extension e);

/* The whole extension, with a keyIdentifier alone. */
void troth_x509_authority_key_id(struct troth_der *d, struct troth_view key_id);

#endif
