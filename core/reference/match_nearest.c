/* SPDX-License-Identifier: Apache-2.0 */
/* How near an alternative is to what was seen: an edit distance, event by event. */
#include "base.h"
#include "match_search.h"

/* Events looked at in one PCR; what comes later is as far as it is long. Bounds the work a long
 * log and a large set can cause: only what does not fit is measured. */
#define WANTED_MAX 24
#define SEEN_MAX 40

struct window {
	size_t n_wanted, n_beyond; /* beyond: wanted events past the window */
	const struct troth_reference_event *wanted[WANTED_MAX];
	size_t n_seen;
	const struct troth_event *seen[SEEN_MAX];
};

static void look(const struct troth_search *s, uint32_t pcr, size_t place,
		 const struct troth_alternative *alt, size_t from, struct window *w)
{
	*w = (struct window){ 0 };
	for (size_t i = from; i < alt->n_events; i++) {
		if (alt->events[i].pcr != pcr)
			continue;
		if (w->n_wanted < WANTED_MAX)
			w->wanted[w->n_wanted++] = &alt->events[i];
		else
			w->n_beyond++;
	}
	for (size_t at = place; at < s->begin[pcr + 1] && w->n_seen < SEEN_MAX; at++)
		w->seen[w->n_seen++] = s->order[at];
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* row[j] becomes the fewest events to change, add or leave out until all that is wanted is the
 * first j events seen. One row of the usual table at a time; what a rule ignores is left out
 * for nothing. */
static void measure(const struct troth_search *s, const struct window *w,
		    size_t row[SEEN_MAX + 1])
{
	row[0] = 0;
	for (size_t j = 1; j <= w->n_seen; j++)
		row[j] = row[j - 1] + !troth_event_ignorable(s->c, w->seen[j - 1]);
	for (size_t i = 1; i <= w->n_wanted; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= w->n_seen; j++) {
			const struct troth_event *ev = w->seen[j - 1];
			const size_t changed = diagonal +
					       !troth_event_fits(s->c, w->wanted[i - 1], ev);
			const size_t extra = row[j - 1] + !troth_event_ignorable(s->c, ev);
			diagonal = row[j];
			row[j] = least(changed, least(extra, row[j] + 1));
		}
	}
}

/* Of one PCR, from a place in the order and an event of the alternative on. The events behind a
 * good end belong to the components that follow. */
static size_t distance_at(const struct troth_search *s, uint32_t pcr, size_t place,
			  const struct troth_alternative *alt, size_t from)
{
	size_t row[SEEN_MAX + 1];
	struct window w;
	look(s, pcr, place, alt, from, &w);
	if (w.n_wanted == 0)
		return 0;
	measure(s, &w, row);
	size_t best = row[0];
	for (size_t j = 1; j <= w.n_seen; j++)
		best = least(best, row[j]);
	return best + w.n_beyond;
}

size_t troth_search_distance(const struct troth_search *s, const struct troth_partial *p,
			     const struct troth_alternative *alt, size_t from)
{
	size_t sum = 0;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((s->asked & ~s->diverged & 1U << pcr) != 0)
			sum += distance_at(s, pcr, s->begin[pcr] + p->at[pcr], alt, from);
	return sum;
}

enum troth_edit troth_search_edit(const struct troth_search *s, uint32_t pcr, size_t place,
				  const struct troth_alternative *alt, size_t from)
{
	const size_t changed = distance_at(s, pcr, place + 1, alt, from + 1);
	const size_t added = distance_at(s, pcr, place + 1, alt, from);
	const size_t lacking = distance_at(s, pcr, place, alt, from + 1);
	if (changed <= added && changed <= lacking)
		return TROTH_EDIT_CHANGED;
	return added <= lacking ? TROTH_EDIT_ADDED : TROTH_EDIT_LACKING;
}
