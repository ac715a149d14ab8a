/* SPDX-License-Identifier: Apache-2.0 */
/* Hybrid public key encryption, RFC 9180: base mode of one suite, DHKEM(P-256, HKDF-SHA256),
 * HKDF-SHA256, AES-128-GCM; one message to a key agreement (6.1). P-256 because TPMs agree on
 * it, AES-128 because it is as strong as that.
 *
 * A sealed message is the ephemeral point (65 bytes, uncompressed) and the ciphertext with its
 * tag. Whoever has the public key can make one: where it came from is for others to prove. */
#ifndef TROTH_CORE_HPKE_H
#define TROTH_CORE_HPKE_H

#include "agree.h"
#include "jwk.h"

#define TROTH_HPKE_POINT 65
#define TROTH_HPKE_TAG 16
/* Bytes a sealed message is longer than what is in it. */
#define TROTH_HPKE_OVERHEAD (TROTH_HPKE_POINT + TROTH_HPKE_TAG)

/* What the message is about: it opens under the same words only. Borrowed. */
struct troth_hpke_about {
	const struct troth_jwk *to; /* the receiver's key */
	struct troth_view info, aad;
};

/* Appends plain.n + TROTH_HPKE_OVERHEAD bytes. random is for this message alone. TROTH_E_LIMIT
 * past TROTH_SECRET_MAX or without room, TROTH_E_MALFORMED for a key off the curve. */
TROTH_NODISCARD enum troth_status troth_hpke_seal(struct troth_ctx *ctx,
						  const struct troth_hpke_about *about,
						  const uint8_t random[TROTH_AGREE_RANDOM],
						  struct troth_view plain,
						  struct troth_writer *out);

/* The ephemeral point x || y of a sealed message, for the receiver's half of the agreement.
 * TROTH_E_TRUNCATED, TROTH_E_LIMIT or TROTH_E_MALFORMED for what cannot be a sealed message. */
TROTH_NODISCARD enum troth_status troth_hpke_point(struct troth_view sealed, uint8_t out[64]);
/* Opens with what the receiver's key made of that point: x of the shared point. Appends the
 * plain bytes, which the caller cleanses; TROTH_E_MISMATCH for another key, another about or a
 * changed byte: nothing is written then. */
TROTH_NODISCARD enum troth_status
troth_hpke_open(struct troth_ctx *ctx, const struct troth_hpke_about *about,
		const uint8_t shared_x[32], struct troth_view sealed, struct troth_writer *out);

#endif
