/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that were used, in bounded memory, for as long as they could be used again.
 *
 * Shared by all workers. It never forgets one that still counts: when there is no room left,
 * the answer is no. Each device has a share of it, so that one alone cannot make it full. */
#ifndef TROTH_PROOF_MEMORY_H
#define TROTH_PROOF_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <troth/decision.h>

#include "hash.h"

struct troth_proof_memory;

/* Room for at least max proofs within TROTH_PROOF_NONCE_LIFE_S, and for share of one device. */
TROTH_NODISCARD enum troth_status troth_proof_memory_new(size_t max, uint32_t share,
							 struct troth_proof_memory **out);
void troth_proof_memory_free(struct troth_proof_memory *m);

struct troth_proof_use {
	const uint8_t *id; /* 32 bytes that name the proof */
	struct troth_view device;
	uint64_t now_s; /* of a clock that does not go back */
};
/* From any thread, each with a context of its own. TROTH_ADMITTED for the first that comes with
 * this id, TROTH_DENIED_PROOF_USED for any other, TROTH_DENIED_BUSY when it could not be
 * remembered or the device's share is used up. */
enum troth_decision troth_proof_memory_use(struct troth_proof_memory *m, struct troth_ctx *ctx,
					   const struct troth_proof_use *u);

#endif
