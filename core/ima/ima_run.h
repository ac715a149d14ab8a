/* SPDX-License-Identifier: Apache-2.0 */
/* One appraisal of an IMA list under way; for ima_*.c alone. */
#ifndef TROTH_CORE_IMA_RUN_H
#define TROTH_CORE_IMA_RUN_H

#include "ima_appraise.h"
#include "ima_key.h"

/* Whether a rule allows a digest that is in its list many times, by the packages there. */
struct troth_ima_judged {
	size_t rule;
	struct troth_digest_range where; /* n 0: free */
	bool allowed;
};
#define TROTH_IMA_JUDGED_MAX 16

struct troth_ima_run {
	struct troth_ctx *ctx;
	const struct troth_ima_case *c;
	const struct troth_ima_state *from; /* goes on from here; NULL: from a reset */
	struct troth_ima_list list;
	struct troth_ima_prefix prefix;
	struct troth_ima_keys keys; /* of the policy and learned, once one is needed */
	bool has_keys;
	struct troth_ima_learned learned; /* before and in this list */
	struct troth_ima_decoder decoder;
	struct troth_ima_judged judged[TROTH_IMA_JUDGED_MAX];
	size_t n_shown; /* findings about entries in the verdict */
	/* Findings that were there before any entry was looked at. */
	size_t n_before, n_dropped_before;
	struct troth_ima_result *out;
};

/* Whether the list goes on where the state it belongs to ended, which is left in run->from.
 * False: a finding says why, or wants_whole. */
TROTH_NODISCARD enum troth_status troth_ima_goes_on(struct troth_ima_run *run, bool *out);
/* Finds the prefix, looks at its entries, and sets the banks of the state after. False where
 * nothing is proven; a finding says why, or wants_whole. */
TROTH_NODISCARD enum troth_status troth_ima_prove(struct troth_ima_run *run, bool *out_proven);

/* Of the banks quoted, the first that SHA-1 does not vouch for; NONE without one. */
enum troth_hash troth_ima_leading_bank(const struct troth_ima_run *run);

/* A bank's PCR on the way through a list. */
struct troth_ima_track {
	enum troth_hash bank;
	enum troth_ima_way way;
	uint8_t value[TROTH_DIGEST_MAX];
	struct troth_view goal; /* the walk ends where the value is this; empty: passes by */
};
/* Where the tracks of a bank begin; NULL: as after a reset. */
const struct troth_ima_bank *troth_ima_bank_before(const struct troth_ima_run *run,
						   enum troth_hash bank);
struct troth_ima_track troth_ima_track_begin(const struct troth_ima_run *run,
					     enum troth_hash bank, enum troth_ima_way way);
/* From the state before through the list, until a track has its goal. Leaves in run->prefix how
 * far that was and in the result what was found there, which holds only if it is proven. A
 * record that cannot be cut out ends it with its status and offset. */
TROTH_NODISCARD enum troth_status troth_ima_walk(struct troth_ima_run *run,
						 struct troth_ima_track *tracks,
						 size_t n_tracks, size_t *error_offset);
/* Drops the findings about entries: nothing of the list is proven. */
void troth_ima_forget(struct troth_ima_run *run);
/* Findings about entries that the state before has kept. */
void troth_ima_show_kept(struct troth_ima_run *run);

/* A record of the IMA PCR that was not looked at yet. */
struct troth_ima_unseen {
	struct troth_ima_record record;
	size_t end; /* offset behind it */
	struct troth_ima_entry entry;
	bool named; /* the entry could be read, and says what was measured */
};
/* Records that are looked up together. */
#define TROTH_IMA_AHEAD 16
struct troth_ima_batch {
	size_t n;
	struct troth_ima_unseen list[TROTH_IMA_AHEAD];
	/* What the allow-list of each rule has under each digest. */
	struct troth_digest_lookup lookups[TROTH_IMA_RULES_MAX][TROTH_IMA_AHEAD];
};
/* Reads the entries of the records, and says what is to be looked up. */
void troth_ima_read(struct troth_ima_run *run, struct troth_ima_batch *batch);
TROTH_NODISCARD enum troth_status troth_ima_look(struct troth_ima_run *run,
						 const struct troth_ima_batch *batch, size_t i);

/* Compares a boot_aggregate with the quoted PCRs; adds a finding where it is of others. */
TROTH_NODISCARD enum troth_status
troth_ima_check_boot_aggregate(struct troth_ima_run *run, uint64_t index,
			       const struct troth_digest *boot_aggregate);

/* A finding about an entry: shown, and kept until the next boot. text may be foreign. */
struct troth_ima_remark {
	enum troth_finding_code code;
	enum troth_tier severity; /* NONE: the code's own */
	uint64_t index;
	const struct troth_ima_digest *seen; /* NULL: none */
	const char *what;
	struct troth_view text;
};
void troth_ima_remark(struct troth_ima_run *run, const struct troth_ima_remark *remark);

#endif
