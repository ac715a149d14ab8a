/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that verify.
 *
 * Keys come from TPM public areas through EVP_PKEY_fromdata (never through DER: ten times
 * slower) or, for offline tools, from PEM. Owned by the caller. A key may be used by one thread
 * at a time. */
#ifndef TROTH_CORE_KEY_H
#define TROTH_CORE_KEY_H

#include "tpm.h"

struct troth_key;

/* TROTH_E_MALFORMED for a point off its curve or an even, short or over-long modulus. */
TROTH_NODISCARD enum troth_status troth_key_from_public(const struct troth_public *pub,
							struct troth_key **out);
/* SubjectPublicKeyInfo as PEM: RSA 2048 to 4096, P-256, P-384. */
TROTH_NODISCARD enum troth_status troth_key_from_pem(struct troth_view pem,
						     struct troth_key **out);
void troth_key_free(struct troth_key *key);
/* For OpenSSL's readers of PEM: a file that asks for a pass phrase is refused, not prompted
 * for. */
int troth_no_passphrase(char *buf, int size, int writing, void *arg);

/* A private key as PEM, not encrypted; NULL for anything else. Owned. */
EVP_PKEY *troth_private_from_pem(struct troth_view pem);

/* Whatever its provider calls the curve. */
TROTH_NODISCARD bool troth_key_is_p256(const EVP_PKEY *key);

/* The OpenSSL key, borrowed. */
EVP_PKEY *troth_key_evp(const struct troth_key *key);
/* Bits of the modulus or of the curve. */
size_t troth_key_bits(const struct troth_key *key);
enum troth_key_type troth_key_type_of(const struct troth_key *key);

/* TROTH_E_MISMATCH when the signature is not of this data under this key (wrong length and
 * wrong scheme for the key type included); TROTH_E_UNSUPPORTED for a hash OpenSSL lacks. */
TROTH_NODISCARD enum troth_status troth_key_verify(struct troth_ctx *ctx, struct troth_key *key,
						   const struct troth_signature *sig,
						   struct troth_view data);

/* A signature outside a TPMT_SIGNATURE, as other tools write it: the bytes of RSA, or the DER
 * ECDSA-Sig-Value of ECDSA. Views borrow from raw. */
TROTH_NODISCARD enum troth_status troth_signature_from_raw(enum troth_sig_scheme scheme,
							   enum troth_hash hash,
							   struct troth_view raw,
							   struct troth_signature *out);

/* DER SubjectPublicKeyInfo of a public area, written to buf; *out_len gets its length. */
TROTH_NODISCARD enum troth_status troth_public_spki(const struct troth_public *pub,
						    uint8_t *buf, size_t max, size_t *out_len);
/* DER SubjectPublicKeyInfo of the key. */
TROTH_NODISCARD enum troth_status troth_key_spki(const struct troth_key *key, uint8_t *buf,
						 size_t max, size_t *out_len);

#endif
