/* SPDX-License-Identifier: Apache-2.0 */
/* A list that is longer than a message, part by part.
 *
 * PCR 10 proves a list as a whole, so no part of it can be proven when it comes. But the PCR
 * value that a part leads to stands for all that came before it: what was found on the way
 * holds if, and only if, the rest leads from that value to a quoted one. So a part leaves a
 * state that is open, and the next goes on from there; the last is appraised as any list that
 * goes on from a state (ima_appraise.h). Nothing of the parts themselves has to be kept. */
#ifndef TROTH_CORE_IMA_PART_H
#define TROTH_CORE_IMA_PART_H

#include "ima_appraise.h"

/* Goes through one part, in every way a kernel may have extended every bank. It ends early
 * where the list leads to the quoted value: what is behind was measured later.
 *
 * has_after: the open state in out->after and what was learned belong to the next part.
 * wants_whole, or a finding: the part was not taken. Nothing else is set. */
TROTH_NODISCARD enum troth_status troth_ima_take_part(struct troth_ctx *ctx,
						      const struct troth_ima_case *c,
						      struct troth_ima_result *out);

#endif
