/* SPDX-License-Identifier: Apache-2.0 */
/* A CA key ready to sign: ECDSA P-256 over SHA-256, one thread at a time. The OpenSSL context
 * is prepared once, not for every certificate. */
#ifndef TROTH_ISSUER_SIGNER_H
#define TROTH_ISSUER_SIGNER_H

#include "hash.h"

/* A DER ECDSA-Sig-Value of P-256, bytes. */
#define TROTH_SIGNER_MAX 72

struct troth_signer;

/* Makes its own copy of the key where the provider can copy one. */
TROTH_NODISCARD enum troth_status troth_signer_new(EVP_PKEY *key, struct troth_signer **out);
void troth_signer_free(struct troth_signer *s);
/* out has room for TROTH_SIGNER_MAX bytes. */
TROTH_NODISCARD enum troth_status troth_signer_sign(struct troth_signer *s,
						    struct troth_ctx *ctx,
						    struct troth_view data, uint8_t *out,
						    size_t *out_len);

#endif
