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
	struct troth_ima_keys keys; /* learned; and those of the policy once one is needed */
	bool has_policy_keys;
	struct troth_ima_decoder decoder;
	struct troth_ima_judged judged[TROTH_IMA_JUDGED_MAX];
	size_t n_shown; /* findings about entries in the verdict */
	struct troth_ima_result *out;
};

/* Finds the prefix, and sets the banks of the state after. False where nothing is proven; a
 * finding says why, or wants_whole. */
TROTH_NODISCARD enum troth_status troth_ima_prove(struct troth_ima_run *run, bool *out_proven);

/* A proven record of the IMA PCR that was not looked at yet. */
struct troth_ima_unseen {
	struct troth_ima_record record;
	struct troth_ima_entry entry;
	bool named; /* the entry could be read, and says what was measured */
};
/* Reads the record's entry, and has memory fetch what the allow-lists say of it. */
void troth_ima_read(struct troth_ima_run *run, struct troth_ima_unseen *unseen);
TROTH_NODISCARD enum troth_status troth_ima_look(struct troth_ima_run *run,
						 const struct troth_ima_unseen *unseen);

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
