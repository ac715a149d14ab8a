/* SPDX-License-Identifier: Apache-2.0 */
/* The keys results are signed with, as they are published: a JWK Set (RFC 7517, 5) for JWTs and
 * a COSE Key Set (RFC 9052, 7) for CWTs. The key id is the key's RFC 7638 thumbprint: base64url
 * in JSON, its 32 bytes in CBOR. */
#ifndef TROTH_CORE_EAR_KEYS_H
#define TROTH_CORE_EAR_KEYS_H

#include "ear.h"

/* Before, now and next. */
#define TROTH_EAR_KEYS_MAX 3

void troth_ear_keys_put_jwks(struct troth_writer *w, const struct troth_jwk *keys, size_t n,
			     struct troth_ctx *ctx);
void troth_ear_keys_put_cose(struct troth_writer *w, const struct troth_jwk *keys, size_t n,
			     struct troth_ctx *ctx);

/* Takes every P-256 signing key of a JWK Set whose kid is its thumbprint, up to max of them,
 * and passes over others. TROTH_E_MALFORMED for no set, TROTH_E_NOT_FOUND for a set without
 * one, TROTH_E_LIMIT for more. The keys are the caller's. */
TROTH_NODISCARD enum troth_status troth_ear_keys_read_jwks(struct troth_ctx *ctx,
							   struct troth_view json,
							   struct troth_ear_key *keys,
							   size_t max, size_t *out_n);

#endif
