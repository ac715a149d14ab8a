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

static void look(const struct troth_search *s, const struct troth_partial *p, uint32_t pcr,
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
	for (size_t at = s->begin[pcr] + p->at[pcr];
	     at < s->begin[pcr + 1] && w->n_seen < SEEN_MAX; at++)
		w->seen[w->n_seen++] = s->order[at];
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The fewest events to change, add or leave out until all that is wanted is a beginning of what
 * was seen: the events behind it belong to the components that follow. One row of the usual
 * table at a time; what a rule ignores is left out for nothing. */
static size_t distance(const struct troth_search *s, const struct window *w)
{
	size_t row[SEEN_MAX + 1], best;
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
	best = row[0];
	for (size_t j = 1; j <= w->n_seen; j++)
		best = least(best, row[j]);
	return best + w->n_beyond;
}

size_t troth_search_distance(const struct troth_search *s, const struct troth_partial *p,
			     const struct troth_alternative *alt, size_t from)
{
	size_t sum = 0;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		struct window w;
		if ((s->asked & ~s->diverged & 1U << pcr) == 0)
			continue;
		look(s, p, pcr, alt, from, &w);
		if (w.n_wanted > 0)
			sum += distance(s, &w);
	}
	return sum;
}
