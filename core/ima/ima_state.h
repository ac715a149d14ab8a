/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a device's IMA list between two quotes, so that a renewal costs only what is
 * new: how far the list is proven, the PCR there, and what was found on the way.
 *
 * Or between two parts of a list that is longer than a message (open): then nothing is proven
 * yet, and what was found holds only if the rest of the list leads from the values here to a
 * quoted one.
 *
 * It is of one boot and of one version of policy and allow-lists. What was found in a boot
 * lasts until the next: a list only grows, and what ran has run. */
#ifndef TROTH_CORE_IMA_STATE_H
#define TROTH_CORE_IMA_STATE_H

#include "finding.h"
#include "ima_counts.h"
#include "ima_replay.h"
#include "writer.h"

/* A finding about one entry. */
struct troth_ima_kept {
	enum troth_finding_code code;
	enum troth_tier severity;
	uint64_t entry;
	struct troth_digest seen;
	char detail[112]; /* printable; may be shorter than the finding's was */
};

struct troth_ima_bank {
	enum troth_hash bank;
	enum troth_ima_way way; /* the weakest that was proven */
	/* Of the PCR behind the last entry, by the way the kernel may have gone. Proven: the
	 * same value for each. */
	uint8_t value[TROTH_IMA_WAY_N][TROTH_DIGEST_MAX];
};

struct troth_ima_state {
	uint32_t reset_count, restart_count; /* the boot */
	uint8_t version[32];		     /* of policy and allow-lists */
	uint64_t n_entries;		     /* proven, or read where the state is open */
	bool open;
	size_t n_banks;
	struct troth_ima_bank banks[TROTH_BANKS_MAX];
	struct troth_digest boot_aggregate;
	struct troth_ima_counts counts;
	uint32_t expected; /* bit i: the policy's i-th expected path was measured */
	/* Names the certificates that were learned (ima_learned.h); zero: none. */
	uint8_t learned[32];
	size_t n_kept;
	struct troth_ima_kept kept[TROTH_IMA_KEPT_MAX];
	uint32_t n_more; /* findings about entries, past those */
};

/* Canonical bytes, of a proven state at most TROTH_IMA_STATE_MAX: a format version, then the
 * fields above in their order, big-endian; a digest is its TPM_ALG_ID and its bytes, a text a
 * u8 length and its bytes. */
TROTH_NODISCARD enum troth_status troth_ima_state_write(const struct troth_ima_state *s,
							uint8_t out[TROTH_IMA_STATE_MAX],
							size_t *out_len);
/* The same at the end of something larger. */
void troth_ima_state_put(struct troth_writer *w, const struct troth_ima_state *s);
/* TROTH_E_UNSUPPORTED for another format version: the whole list is asked for again. */
TROTH_NODISCARD enum troth_status troth_ima_state_read(struct troth_view bytes,
						       struct troth_ima_state *out);

#endif
