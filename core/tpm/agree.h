/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement with somebody's public key by an ephemeral key of our own (SP 800-56A, C(1e,
 * 1s, ECC CDH)): for what only the holder of that key may read. */
#ifndef TROTH_CORE_AGREE_H
#define TROTH_CORE_AGREE_H

#include "tpm.h"

/* Random bytes one agreement takes: FIPS 186-4, B.4.1 wants 8 more than the curve's order. */
#define TROTH_AGREE_RANDOM 64

/* Both points as x || y in full width. Secret: forget it. */
struct troth_agreement {
	size_t width; /* bytes of a coordinate */
	uint8_t ephemeral[2 * TROTH_ECC_BYTES_MAX];
	uint8_t shared[2 * TROTH_ECC_BYTES_MAX];
};
/* Cleanses; for TROTH_AUTO. */
void troth_agreement_forget(struct troth_agreement *a);

/* peer: x || y on P-256 or P-384; random is used up by one agreement. TROTH_E_MALFORMED for a
 * point off the curve or of another width. */
TROTH_NODISCARD enum troth_status troth_agree(enum troth_curve curve, struct troth_view peer,
					      const uint8_t random[TROTH_AGREE_RANDOM],
					      struct troth_agreement *out);
/* What the holder of a P-256 key gets from an ephemeral point: x of the shared point.
 * TROTH_E_MALFORMED for a point off the curve. */
TROTH_NODISCARD enum troth_status troth_agree_held(EVP_PKEY *held, const uint8_t point[64],
						   uint8_t out[32]);

#endif
