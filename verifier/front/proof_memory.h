/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that were used, in bounded memory, for as long as they could be used again.
 *
 * Shared by all workers. It never forgets one that still counts: when there is no room left,
 * the answer is no. */
#ifndef TROTH_PROOF_MEMORY_H
#define TROTH_PROOF_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <troth/decision.h>

struct troth_proof_memory;

/* Room for at least max proofs within TROTH_PROOF_NONCE_LIFE_S. */
TROTH_NODISCARD enum troth_status troth_proof_memory_new(size_t max,
							 struct troth_proof_memory **out);
void troth_proof_memory_free(struct troth_proof_memory *m);
/* From any thread. TROTH_ADMITTED for the first that comes with this id,
 * TROTH_DENIED_PROOF_USED for any other, TROTH_DENIED_BUSY when it could not be remembered.
 * now_s of a clock that does not go back. */
enum troth_decision troth_proof_memory_use(struct troth_proof_memory *m, const uint8_t id[32],
					   uint64_t now_s);

#endif
