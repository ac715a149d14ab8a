/* SPDX-License-Identifier: Apache-2.0 */
/* Logs and references written as short scripts, and their match. Each event is a PCR digit and
 * a letter; the letter is what was measured. A reference is components separated by spaces, "?"
 * for an optional one, alternatives by "|". Letters a-z are EV_IPL, A-Z EV_EFI_ACTION with the
 * same digest. Include after check.h. */
#ifndef TROTH_TESTS_MATCH_SCRIPT_H
#define TROTH_TESTS_MATCH_SCRIPT_H

#include "reference.h"

void digest_of(char letter, enum troth_hash bank, struct troth_digest *out);

/* A match of the log in b against a set; quoted values are zeros where not given. */
struct trial {
	struct troth_reference_set set;
	struct troth_log log;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_ignore_rule ignore[4];
	size_t n_ignore;
	struct troth_match match;
	struct troth_findings findings;
};

/* Of these PCRs. Quoted values may be changed before it is run. */
struct trial *trial_new(const char *log, const char *reference, uint32_t mask);
void trial_run(struct trial *t);
void trial_free(struct trial *t);

/* Findings as text: "U4@5 c2/v1" is an unexpected event in PCR 4 at 5 where c2/v1 was expected,
 * "U4@5" one where nothing was, "M4 c2/v1" a missing component, "P4 c2/v1" a wrong final value,
 * "A" ambiguity. */
void describe(const struct troth_findings *f, char *out, size_t size);

#endif
