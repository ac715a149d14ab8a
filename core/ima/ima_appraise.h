/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal of a device's IMA list, or of what was added to it since the last quote.
 *
 * The list is proven first: from a reset, or from the PCR value of the state before, some
 * prefix must lead to the quoted PCR 10 in every bank. Then each proven entry is looked at
 * once. What follows the prefix is neither proven nor looked at. A pure function of its case.
 */
#ifndef TROTH_CORE_IMA_APPRAISE_H
#define TROTH_CORE_IMA_APPRAISE_H

#include "digest_set.h"
#include "ima_learned.h"
#include "ima_policy.h"
#include "ima_state.h"

/* The PCR IMA measures into unless a rule of its own policy names another. */
#define TROTH_IMA_PCR 10

struct troth_ima_case {
	const struct troth_ima_policy *policy;
	/* For each rule of the policy its allow-list; NULL where there is none of that name. */
	const struct troth_digest_set *const *sets;
	uint8_t version[32];			     /* of policy and allow-lists */
	const struct troth_pcr_selection *selection; /* quoted */
	const struct troth_pcr_values *pcrs;
	uint32_t reset_count, restart_count; /* of the quote */
	/* The list from entry first on. An empty one from entry 0 on is none. */
	struct troth_view list;
	uint64_t first;
	const struct troth_ima_state *before; /* of the quote before; NULL: none */
	/* Of the parts before this one, where the list comes in parts (ima_part.h); NULL: none.
	 */
	const struct troth_ima_state *parts;
	/* The certificates learned that the state which the list goes on from names; NULL:
	 * none. */
	const struct troth_ima_learned *learned;
};

struct troth_ima_result {
	/* The list is of another boot than the state before, or judged by another policy: send
	 * it from its first entry on. Nothing else is set then. */
	bool wants_whole;
	bool proven; /* the prefix holds entries, and leads to the quoted values */
	bool open;   /* something that had to be seen could not be */
	bool boot_aggregate_checked;
	uint64_t n_unproven; /* bytes of the list behind the prefix */
	struct troth_findings findings;
	bool has_after;
	struct troth_ima_state after;	  /* what to keep; as before where nothing was proven */
	struct troth_ima_learned learned; /* named by it; borrowed from list and case */
};

/* Never fails on evidence. TROTH_E_CRYPTO or _MEMORY when the question could not be
 * answered. */
TROTH_NODISCARD enum troth_status troth_ima_appraise(struct troth_ctx *ctx,
						     const struct troth_ima_case *c,
						     struct troth_ima_result *out);

#endif
