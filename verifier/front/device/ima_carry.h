/* SPDX-License-Identifier: Apache-2.0 */
/* What a device carries from one part of a long IMA list to the next (core/ima/ima_part.h).
 *
 * The verifier keeps nothing between two parts: what it knows after one goes to the device
 * under a MAC of this front's own and comes back with the next. So abandoned lists cost no
 * memory, and any worker takes any part. A carry is of one device, and good for
 * TROTH_IMA_CARRY_LIFE_MS after the first part, whatever quote comes with it: a list only
 * grows, so what was read of it stays its beginning. After a restart of the front a device
 * begins anew. */
#ifndef TROTH_IMA_CARRY_H
#define TROTH_IMA_CARRY_H

#include "ima_part.h"

/* Bytes of one at most. */
#define TROTH_IMA_CARRY_MAX (2 * TROTH_IMA_STATE_MAX + 64 + TROTH_IMA_LEARNED_BYTES_MAX)

struct troth_ima_carry {
	uint64_t begun_ms; /* when the first part came */
	uint32_t n_parts;
	struct troth_view state;   /* core/ima/ima_state.h, open */
	struct troth_view learned; /* core/ima/ima_learned.h */
};

struct troth_ima_carry_key {
	uint8_t bytes[32];
};
TROTH_NODISCARD enum troth_status troth_ima_carry_key_make(struct troth_ima_carry_key *out);

/* Into a new buffer, freed with free(). TROTH_E_MEMORY, _CRYPTO. */
TROTH_NODISCARD enum troth_status troth_ima_carry_seal(struct troth_ctx *ctx,
						       const struct troth_ima_carry_key *key,
						       const uint8_t device_id[32],
						       const struct troth_ima_carry *carry,
						       struct troth_view *out);
/* Borrows. False for what this front did not give this device, or too long ago. */
TROTH_NODISCARD bool troth_ima_carry_open(struct troth_ctx *ctx,
					  const struct troth_ima_carry_key *key,
					  const uint8_t device_id[32], struct troth_view sealed,
					  struct troth_ima_carry *out);
TROTH_NODISCARD bool troth_ima_carry_is_late(const struct troth_ima_carry *carry,
					     uint64_t now_ms);

#endif
