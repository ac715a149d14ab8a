/* SPDX-License-Identifier: Apache-2.0 */
/* The search behind troth_reference_match: which component took which events.
 *
 * Internal to match.c. Components are taken in order; a partial match is how far each PCR's
 * events are consumed. All partial matches that are possible so far are followed, so no product
 * of alternatives is ever expanded. Where nothing fits, the search notes why, takes the
 * component or the PCR out of the question and goes on, so that one difference does not hide
 * the others. */
#ifndef TROTH_CORE_MATCH_SEARCH_H
#define TROTH_CORE_MATCH_SEARCH_H

#include "reference.h"

struct troth_partial {
	uint16_t at[TROTH_PCR_COUNT]; /* events of the PCR consumed or ignored */
	uint16_t n_matched, n_ignored;
	int16_t used[TROTH_COMPONENTS_MAX];
};

/* What was expected where something else was found, or nothing. Zeroed: no difference. */
struct troth_difference {
	bool seen;				      /* a difference was noted */
	const struct troth_event *event;	      /* NULL: no event is left */
	const struct troth_reference_event *expected; /* NULL: no event was expected */
	size_t component, alternative;		      /* of expected */
};

struct troth_search {
	const struct troth_match_case *c;
	uint32_t asked;			   /* selected PCRs whose events must be explained */
	uint32_t diverged;		   /* of them, those that no longer can be */
	const struct troth_event **order;  /* events of the asked PCRs, PCR by PCR */
	size_t begin[TROTH_PCR_COUNT + 1]; /* of each PCR in order */
	bool ambiguous;
	size_t n_now, n_next;
	struct troth_partial now[TROTH_MATCH_STATES_MAX], next[TROTH_MATCH_STATES_MAX];
	struct troth_difference divergence[TROTH_PCR_COUNT];   /* one per PCR */
	struct troth_difference missing[TROTH_COMPONENTS_MAX]; /* one per component */
};

/* Starts a search over the events of asked PCRs. TROTH_E_MEMORY. Ended by troth_search_free. */
TROTH_NODISCARD enum troth_status troth_search_new(const struct troth_match_case *c,
						   uint32_t asked, struct troth_search **out);
void troth_search_free(struct troth_search *s);

/* Runs over all components and notes what is left over in the PCRs of must_end. Returns the
 * partial match that came farthest; borrowed. */
const struct troth_partial *troth_search_run(struct troth_search *s, uint32_t must_end);

/* How many events of an alternative, from the given one on, would have to be changed, added or
 * left out until it fits what the partial match has not consumed. Long ones are measured in
 * their first events. */
size_t troth_search_distance(const struct troth_search *s, const struct troth_partial *p,
			     const struct troth_alternative *alt, size_t from);

/* What happened where an alternative's event (from) was wanted and the event at a place of the
 * search's order was seen, so that the fewest others differ. */
enum troth_edit troth_search_edit(const struct troth_search *s, uint32_t pcr, size_t place,
				  const struct troth_alternative *alt, size_t from);

/* An ignore rule names the event's PCR and type. */
TROTH_NODISCARD bool troth_event_ignorable(const struct troth_match_case *c,
					   const struct troth_event *ev);
/* The digests of a PCR are equal in every selected bank that covers it; value gives ours. */
TROTH_NODISCARD bool troth_event_fits(const struct troth_match_case *c,
				      const struct troth_reference_event *wanted,
				      const struct troth_event *ev);

#endif
