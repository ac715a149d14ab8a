/* SPDX-License-Identifier: Apache-2.0 */
/* Public P-256 keys as JSON Web Keys (RFC 7517; RFC 7518, 6.2). */
#ifndef TROTH_CORE_JWK_H
#define TROTH_CORE_JWK_H

#include "json.h"
#include "key.h"

#define TROTH_P256_BYTES 32
/* Characters of a thumbprint: SHA-256 as base64url. */
#define TROTH_THUMBPRINT_LEN 43

struct troth_jwk {
	uint8_t x[TROTH_P256_BYTES], y[TROTH_P256_BYTES];
};

/* Reads kty EC and crv P-256 with both coordinates in full width; what else is there does not
 * matter, but a private part is TROTH_E_MALFORMED (RFC 9449, 4.2): its sender lost it.
 * TROTH_E_UNSUPPORTED for another type or curve. Whether the point is on the curve shows in
 * troth_jwk_key. */
TROTH_NODISCARD enum troth_status troth_jwk_read(const struct troth_json_value *value,
						 struct troth_jwk *out);
/* {"crv":"P-256","kty":"EC","x":...,"y":...}: the members a thumbprint is made of, in its order
 * and spelling. */
void troth_jwk_put(struct troth_writer *w, const struct troth_jwk *jwk);
/* RFC 7638: SHA-256 over that text. */
TROTH_NODISCARD enum troth_status
troth_jwk_thumbprint(struct troth_ctx *ctx, const struct troth_jwk *jwk, uint8_t out[32]);

/* The key; owned. TROTH_E_MALFORMED for a point off the curve. */
TROTH_NODISCARD enum troth_status troth_jwk_key(const struct troth_jwk *jwk,
						struct troth_key **out);
/* From any P-256 key of OpenSSL's, private or public. TROTH_E_UNSUPPORTED for another. */
TROTH_NODISCARD enum troth_status troth_jwk_of(const EVP_PKEY *pkey, struct troth_jwk *out);

#endif
