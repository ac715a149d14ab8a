/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an event's data is what was measured.
 *
 * A log is written by whoever holds the disk; only the digests that were extended are the
 * TPM's. Data is proven when hashing it, by a rule known for its type, gives the event's
 * digest. That holds of a machine only where the log replays to its quoted PCRs: the caller
 * checks. */
#ifndef TROTH_CORE_PROOF_H
#define TROTH_CORE_PROOF_H

#include "eventlog.h"

enum troth_proof {
	TROTH_PROOF_NONE = 0, /* unauthenticated: it extended nothing, anybody could write it */
	TROTH_PROOF_DIGEST,   /* the digest was extended; what the data says is not proven */
	TROTH_PROOF_DATA      /* the digest is of the data */
};

struct troth_event_proof {
	enum troth_proof proof;
	struct troth_view digest; /* in the bank; empty for NONE */
	struct troth_view data; /* the part that is proven; all of it unless a quirk applied */
	uint32_t quirks;	/* what was allowed for */
};

/* "unauthenticated", "digest-only", "proven". */
const char *troth_proof_name(enum troth_proof proof);

/* Judges one event in one bank. TROTH_E_UNSUPPORTED when the bank cannot be hashed; an event
 * without a digest in the bank proves nothing. */
TROTH_NODISCARD enum troth_status troth_event_prove(struct troth_ctx *ctx,
						    const struct troth_log *log,
						    const struct troth_event *ev,
						    enum troth_hash bank,
						    struct troth_event_proof *out);
/* The strongest bank of the log that can be hashed, SHA-256 before longer ones because every
 * TPM has it; NONE when there is none. */
enum troth_hash troth_log_best_bank(const struct troth_ctx *ctx, const struct troth_log *log);

#endif
