/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict looked at, and, as important, what it did not. */
#ifndef TROTH_CORE_COVERAGE_H
#define TROTH_CORE_COVERAGE_H

#include <troth/limits.h>

#include "hash.h"
#include "ima_counts.h"

/* Events that a rule of the policy lets pass unexplained: the rule, and how many such events
 * the log has. */
struct troth_ignored_class {
	uint32_t pcr;
	uint32_t type; /* event type, UINT32_MAX for any */
	uint32_t n_events;
};

struct troth_coverage {
	uint32_t n_checks;	 /* checks that ran */
	uint32_t pcrs_quoted;	 /* bit masks over PCRs */
	uint32_t pcrs_replayed;	 /* reproduced by the log in every quoted bank */
	uint32_t pcrs_matched;	 /* every event explained by reference values */
	uint32_t pcrs_golden;	 /* final value only */
	uint32_t pcrs_empty;	 /* of those matched, the ones that were never extended */
	uint32_t pcrs_unchecked; /* not quoted, or quoted and explained by nothing */
	uint32_t n_events_matched, n_events_ignored;
	bool secure_boot_checked;
	bool ima_checked; /* a list was proven, and each of its entries looked at */
	bool boot_aggregate_checked;
	struct troth_ima_counts ima;
	uint32_t n_ignored;
	struct troth_ignored_class ignored[TROTH_IGNORE_RULES_MAX];
};

/* Room for one line of troth_coverage_gap, with its NUL. */
#define TROTH_COVERAGE_LINE_MAX 220

/* Writes the i-th plain sentence about what was not checked; false past the last. Printable
 * ASCII of our own words only. */
TROTH_NODISCARD bool troth_coverage_gap(const struct troth_coverage *c, size_t i,
					char out[TROTH_COVERAGE_LINE_MAX]);

/* "0 to 4, 7 and 14" of a mask of PCRs; empty for none. */
void troth_pcrs_text(uint32_t mask, char *out, size_t size);

#endif
