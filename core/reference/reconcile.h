/* SPDX-License-Identifier: Apache-2.0 */
/* What a log holds that reference values do not accept, all of it, and reference values that
 * would accept it.
 *
 * A match stops saying anything of a PCR behind the first event that does not fit. Here the
 * match is done again and again, each time with that event accepted, until nothing is left:
 * every deviation comes out, in the order in which it was met, and with it the set that accepts
 * them. Nobody has said that it should: the set is for a person to judge. */
#ifndef TROTH_CORE_RECONCILE_H
#define TROTH_CORE_RECONCILE_H

#include "reference.h"

/* One place where the log leaves the reference values. */
struct troth_deviation {
	enum troth_edit edit;
	/* What was seen; LACKING: what was seen there instead, NULL when a component's events
	 * are missing altogether. Borrows from the log. */
	const struct troth_event *event;
	bool has_expected;		       /* CHANGED and LACKING */
	struct troth_reference_event expected; /* what the nearest alternative wants there */
	/* Index in the set's components, and in the component's alternatives as they were
	 * given; for an event after all that was expected the component that now takes it. */
	size_t component, alternative;
	bool golden; /* a final value differs: no event */
};

/* The name of the alternatives made here. */
#define TROTH_PROPOSED_NAME "proposed"

struct troth_reconciliation {
	size_t n;
	struct troth_deviation list[TROTH_DEVIATIONS_MAX];
	/* The reference values with what the log holds; owned. Components keep their index; new
	 * ones come last. */
	struct troth_reference_set set;
	bool complete; /* the log matches set; false past a limit */
	/* Of each component: the alternative that the proposed one was made of. */
	size_t base[TROTH_COMPONENTS_MAX];
};

/* TROTH_E_MEMORY, or TROTH_E_LIMIT for a set past the limits. */
TROTH_NODISCARD enum troth_status troth_reconcile(const struct troth_match_case *c,
						  struct troth_reconciliation *out);
/* Accepts a zeroed one. */
void troth_reconciliation_release(struct troth_reconciliation *r);

#endif
