/* SPDX-License-Identifier: Apache-2.0 */
/* Why a verdict is what it is, and what would have to be accepted to make it another.
 *
 * Everything here is derived from a case and its verdict, changes neither, and is the same for
 * the same case. What it proposes is for a person to judge: it is never applied. */
#ifndef TROTH_CORE_EXPLAIN_H
#define TROTH_CORE_EXPLAIN_H

#include "cause.h"

struct troth_explain_case {
	const struct troth_case *appraised;
	const struct troth_verdict *verdict; /* of it */
	const struct troth_log *good_log;    /* the device last passed with; NULL: not known */
	bool good_elsewhere;		     /* it is another healthy device's */
};

/* What would be accepted, and what the verdict would be then. */
struct troth_proposal {
	bool present;
	enum troth_tier tier;
};

/* Owned parts; released by troth_explanation_release. Pointers borrow from the case. */
struct troth_explanation {
	/* The finding that decides; NULL when nothing speaks against the device. */
	const struct troth_finding *finding;
	char sentence[640]; /* the whole in one sentence, printable ASCII */
	/* Every place where the log leaves the reference values, in the order in which they
	 * were met; the first is where to look. With reference values and a readable log. */
	struct troth_reconciliation deviations;
	enum troth_cause cause; /* unknown where no finding decides */
	char why[256];		/* what the cause was concluded from */
	/* Accepting deviations.set in place of the reference set. */
	struct troth_proposal accept_events;
	/* Rules of the policy that let all deviating events pass; none for PCRs that say which
	 * code ran, and none where the verdict would be contraindicated all the same. */
	size_t n_rules;
	struct troth_ignore_rule rules[TROTH_DEVIATIONS_MAX];
	struct troth_proposal ignore_events;
	/* Not requiring secure boot, beside accepting the events. */
	struct troth_proposal without_secure_boot;
};

TROTH_NODISCARD enum troth_status troth_explain(struct troth_ctx *ctx,
						const struct troth_explain_case *c,
						struct troth_explanation *out);
/* Accepts a zeroed one. */
void troth_explanation_release(struct troth_explanation *e);

/* PCRs in which a policy may have no ignore rule: they say which code ran (docs/policy.md). */
#define TROTH_CODE_PCRS (1U << 0 | 1U << 2 | 1U << 4 | 1U << 7)

#endif
