/* SPDX-License-Identifier: Apache-2.0 */
/* DPoP-Nonce values: what makes a proof one of this replica's, since it started.
 *
 * Used proofs are remembered in this process only. A proof that carries another replica's
 * nonce, or one of before a restart, may have been used without anybody here knowing: it is
 * refused, and the client told to come again with a nonce from here. Nothing is stored for a
 * nonce: it is start id, time and MAC under a key that this start drew. */
#ifndef TROTH_PROOF_NONCE_H
#define TROTH_PROOF_NONCE_H

#include "hash.h"

/* Characters: 8 bytes of start id, 8 of time and 16 of MAC in base64url. */
#define TROTH_PROOF_NONCE_LEN 43

struct troth_proof_nonces {
	uint8_t start_id[8];
	uint8_t key[32];
};

/* Draws id and key. */
TROTH_NODISCARD enum troth_status troth_proof_nonces_init(struct troth_proof_nonces *out);
/* Times are of a clock that nobody sets. out is not NUL-terminated. */
TROTH_NODISCARD enum troth_status troth_proof_nonce_make(struct troth_ctx *ctx,
							 const struct troth_proof_nonces *n,
							 uint64_t mono_s,
							 char out[TROTH_PROOF_NONCE_LEN]);
/* One of ours, at most TROTH_PROOF_NONCE_LIFE_S old. */
TROTH_NODISCARD bool troth_proof_nonce_good(struct troth_ctx *ctx,
					    const struct troth_proof_nonces *n,
					    struct troth_view nonce, uint64_t mono_s);

#endif
