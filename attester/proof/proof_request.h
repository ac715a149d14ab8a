/* SPDX-License-Identifier: Apache-2.0 */
/* What local programs ask of the attester, one line of JSON each way (docs/proofs.md).
 *
 *   {"op":"proof","method":"GET","url":"https://...","nonce":"..."}
 *   {"op":"credential"}
 *
 * An answer is an object with what was asked for, or with "error". No answer holds a private
 * key or anything of the state. */
#ifndef TROTH_ATTESTER_PROOF_REQUEST_H
#define TROTH_ATTESTER_PROOF_REQUEST_H

#include "dpop.h"
#include "proof_rules.h"
#include "session.h"

/* One line, bytes: an address, a nonce and their names. */
#define TROTH_PROOF_LINE_MAX 4096
/* One answer, bytes: a result, a proof and their names. */
#define TROTH_PROOF_ANSWER_MAX (2 * TROTH_JWS_MAX + 256)

/* Borrowed, but for the result that is kept. */
struct troth_proof_desk {
	struct troth_ctx *ctx; /* of the thread that answers */
	struct troth_session *session;
	const struct troth_proof_rules *rules;
	const char *run_dir;
	bool bound; /* atomic: the result in force names this session's key */
	/* The result in force, and what its file was when it was read. */
	uint64_t result_inode, result_mtime_ns;
	size_t result_len;
	uint8_t result[TROTH_JWS_MAX];
};

/* Writes the answer, with its newline. TROTH_E_LIMIT when it does not fit. */
TROTH_NODISCARD enum troth_status troth_proof_answer(struct troth_proof_desk *desk, uid_t uid,
						     struct troth_view line,
						     struct troth_writer *out);

#endif
