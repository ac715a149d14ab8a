/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator does next about a finding: the command, file or key that helps.
 *
 * A table of words and nothing else, beside those of finding.h; docs/findings.md shows it as
 * its column "what to do". Commands stand between backticks, as they are typed. */
#ifndef TROTH_CORE_NEXT_STEP_H
#define TROTH_CORE_NEXT_STEP_H

#include "finding.h"

/* With names put in, bytes. */
#define TROTH_NEXT_STEP_MAX 1024

/* What is put in the place of DEVICE, POLICY and REFERENCE. NULL, empty or no registry name:
 * not known, and the word stays. */
struct troth_next_step_names {
	const char *device, *policy, *reference;
};

/* One to three sentences; empty for a code out of range. */
const char *troth_next_step(enum troth_finding_code code);
/* The same for a device by name. A name that is none (a stored case may hold anything) never
 * gets into a command that somebody may copy. */
void troth_next_step_for(enum troth_finding_code code,
			 const struct troth_next_step_names *names,
			 char out[TROTH_NEXT_STEP_MAX]);

#endif
