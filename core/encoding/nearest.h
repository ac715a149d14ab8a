/* SPDX-License-Identifier: Apache-2.0 */
/* Which known name somebody meant who wrote an unknown one. */
#ifndef TROTH_CORE_NEAREST_H
#define TROTH_CORE_NEAREST_H

#include <troth/status.h>
#include <troth/view.h>

/* Longer words are nobody's slip of another, bytes. */
#define TROTH_NEAREST_MAX 63

/* Zeroed to begin with; name is NULL until a candidate is near enough. */
struct troth_nearest {
	const char *name; /* the nearest so far, of equals the first; borrowed */
	size_t distance;
};

/* Looks at one candidate. Near is one slip in a short word, two from four letters on, three
 * from eight on: a letter too many, too few, another one, or two that changed places. */
void troth_nearest_try(struct troth_nearest *n, struct troth_view word, const char *candidate);

#endif
