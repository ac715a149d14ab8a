/* SPDX-License-Identifier: Apache-2.0 */
/* What of the allow-lists a verdict on an IMA list rests on.
 *
 * An allow-list may have millions of entries, a list thousands: one entry of an allow-list for
 * each file that it allows says all that an appraisal asks. Appraised with these alone, a list
 * comes out as with the whole of them; so they are what a verdict needs to be made again
 * elsewhere. */
#ifndef TROTH_CORE_IMA_GROUNDS_H
#define TROTH_CORE_IMA_GROUNDS_H

#include "ima_appraise.h"

/* An entry of the allow-list of a rule; borrows from it. */
struct troth_ima_ground {
	size_t rule;
	struct troth_view sha256, path, source;
};

/* Goes through all of the list, whether it is proven or not, and calls for each file that a
 * rule allows, in its order; a file that is measured again is told again. Ends at the first
 * status that is not TROTH_OK, and returns it; a record that cannot be read ends it well, as
 * nothing behind it is appraised. */
TROTH_NODISCARD enum troth_status
troth_ima_grounds_each(struct troth_ctx *ctx, const struct troth_ima_case *c,
		       enum troth_status (*each)(void *arg, const struct troth_ima_ground *g),
		       void *arg);

#endif
