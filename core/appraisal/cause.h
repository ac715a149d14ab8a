/* SPDX-License-Identifier: Apache-2.0 */
/* The probable cause of a verdict that is not affirming.
 *
 * A table over findings, facts and deviations, in order; the first row that holds decides
 * (docs/explain.md shows it). A cause is a hint for a person and changes no verdict, yet it
 * must not be for an attacker to choose: texts count only where the event's digest is of them,
 * and nothing counts from a log that does not lead to the quoted PCRs. What fits no row is
 * unknown, which is an answer, too. */
#ifndef TROTH_CORE_CAUSE_H
#define TROTH_CORE_CAUSE_H

#include "appraise.h"
#include "facts.h"
#include "reconcile.h"

enum troth_cause {
	TROTH_CAUSE_UNKNOWN = 0,
	TROTH_CAUSE_SECURE_BOOT_DISABLED,
	TROTH_CAUSE_DEBUG_BUILD,
	TROTH_CAUSE_DEBUG_SHELL,
	TROTH_CAUSE_ROLL_BACK,
	TROTH_CAUSE_UPDATE,
	TROTH_CAUSE_CONFIGURATION,
	TROTH_CAUSE_N
};

/* "unknown", "secure-boot-disabled", "debug-build", "debug-shell", "roll-back", "update",
 * "configuration-change". */
const char *troth_cause_name(enum troth_cause cause);

struct troth_cause_case {
	struct troth_ctx *ctx;
	const struct troth_case *appraised;
	const struct troth_verdict *verdict;
	const struct troth_reconciliation *deviations;
	/* The log the device last passed with; NULL: not known. */
	const struct troth_log *good_log;
	bool good_elsewhere; /* it is another healthy device's */
};

/* why gets one sentence: what the cause was concluded from. Printable ASCII, foreign bytes
 * escaped. TROTH_E_CRYPTO. */
TROTH_NODISCARD enum troth_status troth_cause_find(const struct troth_cause_case *c,
						   enum troth_cause *out, char why[256]);

/* The event of the good log that is what the reference values want there; NULL when it has
 * none. */
const struct troth_event *troth_event_before(const struct troth_log *good_log,
					     const struct troth_reference_event *expected);

#endif
