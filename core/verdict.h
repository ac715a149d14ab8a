/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: findings folded into a tier, with a statement of what was not looked at. */
#ifndef TROTH_CORE_VERDICT_H
#define TROTH_CORE_VERDICT_H

#include "finding.h"
#include "reference.h"

/* What was checked, and, as important, what was not. */
struct troth_coverage {
	uint32_t n_checks;	 /* checks that ran */
	uint32_t pcrs_quoted;	 /* bit masks over PCRs */
	uint32_t pcrs_replayed;	 /* reproduced by the log in every quoted bank */
	uint32_t pcrs_matched;	 /* every event explained by reference values */
	uint32_t pcrs_golden;	 /* final value only */
	uint32_t pcrs_unchecked; /* not quoted, or quoted and explained by nothing */
	uint32_t n_events_matched, n_events_ignored;
	bool secure_boot_checked;
	bool ima_checked;
};

struct troth_verdict {
	enum troth_tier tier;
	struct troth_findings findings;
	struct troth_coverage coverage;
};

/* SHA-256 of the verdict's canonical bytes (tier, findings, coverage, in order): equal verdicts
 * have equal digests. */
TROTH_NODISCARD enum troth_status
troth_verdict_digest(struct troth_ctx *ctx, const struct troth_verdict *v, uint8_t out[32]);

#endif
