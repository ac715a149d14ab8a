/* SPDX-License-Identifier: Apache-2.0 */
#include "match_search.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

static struct troth_view wanted_digest(const struct troth_reference_event *wanted,
				       enum troth_hash bank)
{
	for (size_t i = 0; i < wanted->n_digests; i++)
		if (wanted->digests[i].alg == bank)
			return troth_digest_view(&wanted->digests[i]);
	return (struct troth_view){ 0 };
}

bool troth_event_fits(const struct troth_match_case *c,
		      const struct troth_reference_event *wanted, const struct troth_event *ev)
{
	bool compared = false;
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &c->selection->banks[i];
		if ((bank->mask & 1U << ev->pcr) == 0)
			continue;
		struct troth_view seen = troth_event_digest(c->log, ev, bank->bank);
		if (seen.n == 0 || !troth_view_equal(seen, wanted_digest(wanted, bank->bank)))
			return false;
		compared = true;
	}
	return compared;
}

bool troth_event_ignorable(const struct troth_match_case *c, const struct troth_event *ev)
{
	for (size_t i = 0; i < c->n_ignore; i++)
		if (c->ignore[i].pcr == ev->pcr && c->ignore[i].type == ev->type)
			return true;
	return false;
}

static bool is_asked(const struct troth_search *s, uint32_t pcr)
{
	return pcr < TROTH_PCR_COUNT && (s->asked & ~s->diverged & 1U << pcr) != 0;
}

/* The next event of a PCR that a component must explain; NULL at the end. Ignorable events that
 * do not fit what is wanted are passed over. */
static const struct troth_event *next_event(const struct troth_search *s,
					    struct troth_partial *p, uint32_t pcr,
					    const struct troth_reference_event *wanted)
{
	while (s->begin[pcr] + p->at[pcr] < s->begin[pcr + 1]) {
		const struct troth_event *ev = s->order[s->begin[pcr] + p->at[pcr]];
		if (wanted != NULL && troth_event_fits(s->c, wanted, ev))
			return ev;
		if (!troth_event_ignorable(s->c, ev))
			return ev;
		p->at[pcr]++;
		p->n_ignored++;
	}
	return NULL;
}

/* Consumes the events of an alternative; returns how many fitted before the first that did not.
 * Events of PCRs that are not asked about fit always. */
static size_t consume(const struct troth_search *s, const struct troth_alternative *alt,
		      struct troth_partial *p)
{
	for (size_t i = 0; i < alt->n_events; i++) {
		const struct troth_reference_event *wanted = &alt->events[i];
		if (!is_asked(s, wanted->pcr))
			continue;
		const struct troth_event *ev = next_event(s, p, wanted->pcr, wanted);
		if (ev == NULL || !troth_event_fits(s->c, wanted, ev))
			return i;
		p->at[wanted->pcr]++;
		p->n_matched++;
	}
	return alt->n_events;
}

/* Adds a partial match unless one with the same positions is there: what follows depends on
 * nothing else. */
static void follow(struct troth_search *s, const struct troth_partial *p)
{
	for (size_t i = 0; i < s->n_next; i++)
		if (troth_view_equal(TROTH_VIEW_OF(s->next[i].at), TROTH_VIEW_OF(p->at)))
			return;
	if (s->n_next == TROTH_MATCH_STATES_MAX) {
		s->ambiguous = true;
		return;
	}
	s->next[s->n_next++] = *p;
}

/* True when a component further on could begin with the event. */
static bool fits_later(const struct troth_search *s, size_t k, const struct troth_event *ev)
{
	for (size_t i = k + 1; i < s->c->set->n_components; i++) {
		const struct troth_component *component = &s->c->set->components[i];
		for (size_t a = 0; a < component->n_alternatives && !component->golden; a++) {
			const struct troth_alternative *alt = &component->alternatives[a];
			size_t j = 0;
			while (j < alt->n_events && alt->events[j].pcr != ev->pcr)
				j++;
			if (j < alt->n_events && troth_event_fits(s->c, &alt->events[j], ev))
				return true;
		}
	}
	return false;
}

/* An optional component of one event that fits, where nothing further on could begin with that
 * event: leaving it out leads nowhere. Without this, what comes one by one (boot phases, file
 * systems) would double the partial matches each time. */
static bool is_settled(struct troth_search *s, size_t k, const struct troth_partial *from,
		       const struct troth_alternative *alt)
{
	struct troth_partial p = *from;
	if (alt->n_events != 1 || !is_asked(s, alt->events[0].pcr))
		return false;
	const struct troth_event *ev = next_event(s, &p, alt->events[0].pcr, &alt->events[0]);
	return ev != NULL && !fits_later(s, k, ev);
}

static void advance(struct troth_search *s, size_t k)
{
	const struct troth_component *component = &s->c->set->components[k];
	s->n_next = 0;
	for (size_t i = 0; i < s->n_now; i++) {
		bool settled = false;
		for (size_t a = 0; a < component->n_alternatives; a++) {
			const struct troth_alternative *alt = &component->alternatives[a];
			struct troth_partial p = s->now[i];
			if (consume(s, alt, &p) < alt->n_events)
				continue;
			p.used[k] = (int16_t)a;
			follow(s, &p);
			settled |= is_settled(s, k, &s->now[i], alt);
		}
		if (component->optional && !settled)
			follow(s, &s->now[i]);
	}
}

static const struct troth_partial *farthest(const struct troth_search *s)
{
	const struct troth_partial *best = &s->now[0];
	for (size_t i = 1; i < s->n_now; i++)
		if (s->now[i].n_matched + s->now[i].n_ignored >
		    best->n_matched + best->n_ignored)
			best = &s->now[i];
	return best;
}

/* The alternative nearest to what was seen: the one that the fewest changes would make fit; of
 * those the one that fits longest, then the first. */
static size_t nearest(const struct troth_search *s, const struct troth_component *component,
		      struct troth_partial *p, size_t *n_fitted)
{
	const struct troth_partial from = *p;
	size_t best = 0, least = SIZE_MAX;
	*n_fitted = 0;
	for (size_t a = 0; a < component->n_alternatives; a++) {
		const struct troth_alternative *alt = &component->alternatives[a];
		struct troth_partial tried = from;
		const size_t n = consume(s, alt, &tried);
		const size_t far = troth_search_distance(s, &tried, alt, n);
		if (far > least || (far == least && n <= *n_fitted))
			continue;
		best = a;
		least = far;
		*n_fitted = n;
		*p = tried;
	}
	return best;
}

/* Notes why a required component fits nowhere. Returns true when the component is given up,
 * false when it should be tried again without the PCR that diverged. */
static bool explain(struct troth_search *s, size_t k)
{
	const struct troth_component *component = &s->c->set->components[k];
	struct troth_difference d = { .seen = true, .component = k };
	const struct troth_partial from = *farthest(s);
	struct troth_partial p = from;
	size_t n_fitted;

	if (component->n_alternatives == 0) {
		s->missing[k] = d;
		return true;
	}
	d.alternative = nearest(s, component, &p, &n_fitted);
	d.expected = &component->alternatives[d.alternative].events[n_fitted];
	d.event = next_event(s, &p, d.expected->pcr, d.expected);
	const bool begun = p.n_matched > from.n_matched;
	if (d.event == NULL || (!begun && fits_later(s, k, d.event))) {
		s->missing[k] = d;
		if (begun) { /* then cut off: what it took stays taken */
			s->now[0] = p;
			s->n_now = 1;
		}
		return true;
	}
	s->divergence[d.expected->pcr] = d;
	s->diverged |= 1U << d.expected->pcr;
	return false;
}

static void take_component(struct troth_search *s, size_t k)
{
	advance(s, k);
	while (s->n_next == 0) {
		if (explain(s, k))
			return; /* given up: the partial matches stay where they are */
		advance(s, k);
	}
	memcpy(s->now, s->next, s->n_next * sizeof s->now[0]);
	s->n_now = s->n_next;
}

/* Events that nothing explains, passing over what may be ignored. */
static size_t left_over(const struct troth_search *s, uint32_t must_end,
			struct troth_partial *p)
{
	size_t n = 0;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((must_end & 1U << pcr) != 0 && is_asked(s, pcr) &&
		    next_event(s, p, pcr, NULL) != NULL)
			n += s->begin[pcr + 1] - s->begin[pcr] - p->at[pcr];
	return n;
}

static void note_left_over(struct troth_search *s, uint32_t must_end, struct troth_partial *p)
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		if ((must_end & 1U << pcr) == 0 || !is_asked(s, pcr))
			continue;
		const struct troth_event *ev = next_event(s, p, pcr, NULL);
		if (ev == NULL)
			continue;
		s->divergence[pcr] = (struct troth_difference){ .seen = true, .event = ev };
		s->diverged |= 1U << pcr;
	}
}

const struct troth_partial *troth_search_run(struct troth_search *s, uint32_t must_end)
{
	for (size_t k = 0; k < s->c->set->n_components && !s->ambiguous; k++)
		if (!s->c->set->components[k].golden)
			take_component(s, k);

	size_t best = 0, least = SIZE_MAX;
	for (size_t i = 0; i < s->n_now && least > 0; i++) {
		size_t n = left_over(s, must_end, &s->now[i]);
		if (n < least) {
			best = i;
			least = n;
		}
	}
	if (!s->ambiguous)
		note_left_over(s, must_end, &s->now[best]);
	return &s->now[best];
}

static bool is_listed(const struct troth_search *s, const struct troth_event *ev)
{
	return troth_event_extends(ev) && (s->asked & 1U << ev->pcr) != 0;
}

/* Sorts the events by PCR, keeping their order: counts, sums up, then places. */
static void sort_events(struct troth_search *s)
{
	const struct troth_log *log = s->c->log;
	size_t at[TROTH_PCR_COUNT] = { 0 };
	for (size_t i = 0; log != NULL && i < log->n_events; i++)
		if (is_listed(s, &log->events[i]))
			s->begin[log->events[i].pcr + 1]++;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		s->begin[pcr + 1] += s->begin[pcr];
		at[pcr] = s->begin[pcr];
	}
	for (size_t i = 0; log != NULL && i < log->n_events; i++)
		if (is_listed(s, &log->events[i]))
			s->order[at[log->events[i].pcr]++] = &log->events[i];
}

enum troth_status troth_search_new(const struct troth_match_case *c, uint32_t asked,
				   struct troth_search **out)
{
	struct troth_search *s = calloc(1, sizeof *s);
	if (s == NULL)
		return TROTH_E_MEMORY;
	s->order = calloc(c->log != NULL ? c->log->n_events + 1 : 1,
			  sizeof(const struct troth_event *));
	if (s->order == NULL) {
		troth_search_free(s);
		return TROTH_E_MEMORY;
	}
	s->c = c;
	s->asked = asked;
	s->n_now = 1;
	for (size_t k = 0; k < TROTH_COMPONENTS_MAX; k++)
		s->now[0].used[k] = -1;
	sort_events(s);
	*out = s;
	return TROTH_OK;
}

void troth_search_free(struct troth_search *s)
{
	if (s == NULL)
		return;
	free(s->order);
	free(s);
}
