/* SPDX-License-Identifier: Apache-2.0 */
/* ES256: ECDSA over P-256 and SHA-256, the signature being r and s in full width (RFC 7518,
 * 3.4; RFC 9053, 2.1). JWS and COSE sign with it alike. */
#ifndef TROTH_CORE_ES256_H
#define TROTH_CORE_ES256_H

#include "key.h"

#define TROTH_ES256_LEN 64

/* Whoever can sign: a key in this process, or another process that holds it. */
struct troth_es256_signer {
	enum troth_status (*sign)(void *arg, struct troth_view message,
				  uint8_t out[TROTH_ES256_LEN]);
	void *arg;
};

/* A private key made ready, so that a signature costs no set-up. One thread at a time. */
struct troth_es256_key;

/* Takes a reference of the key. TROTH_E_UNSUPPORTED unless it is a P-256 key. */
TROTH_NODISCARD enum troth_status troth_es256_key_new(EVP_PKEY *pkey,
						      struct troth_es256_key **out);
/* Accepts NULL. */
void troth_es256_key_free(struct troth_es256_key *key);
TROTH_NODISCARD enum troth_status troth_es256_sign(struct troth_ctx *ctx,
						   struct troth_es256_key *key,
						   struct troth_view message,
						   uint8_t out[TROTH_ES256_LEN]);

/* TROTH_E_MISMATCH when it is not this key's signature of this message, TROTH_E_UNSUPPORTED for
 * a key that is not of P-256. */
TROTH_NODISCARD enum troth_status troth_es256_verify(struct troth_ctx *ctx,
						     struct troth_key *key,
						     struct troth_view message,
						     const uint8_t signature[TROTH_ES256_LEN]);

#endif
