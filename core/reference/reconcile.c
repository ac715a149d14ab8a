/* SPDX-License-Identifier: Apache-2.0 */
#include "reconcile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "match_search.h"

/* Each round accepts one deviation or more; the last finds that nothing is left. */
#define ROUNDS_MAX (TROTH_DEVIATIONS_MAX + 1)

struct round {
	const struct troth_match_case *c; /* over the set as it is in this round */
	const struct troth_search *search;
	const struct troth_reference_set *original;
	struct troth_reconciliation *r;
};

/* An alternative being written. */
struct draft {
	size_t n;
	struct troth_reference_event *events;
};

static enum troth_status add(struct draft *d, const struct troth_reference_event *ev)
{
	struct troth_reference_event *grown;
	if (d->n >= TROTH_REFERENCE_EVENTS_MAX)
		return TROTH_E_LIMIT;
	grown = realloc(d->events, (d->n + 1) * sizeof *grown);
	if (grown == NULL)
		return TROTH_E_MEMORY;
	d->events = grown;
	d->events[d->n++] = *ev;
	return TROTH_OK;
}

/* Digests of the selected banks only: nothing vouches for others. */
static struct troth_reference_event from_log(const struct troth_match_case *c,
					     const struct troth_event *ev)
{
	struct troth_reference_event made = { .pcr = ev->pcr };
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const enum troth_hash bank = c->selection->banks[i].bank;
		if ((c->selection->banks[i].mask & 1U << ev->pcr) != 0 &&
		    troth_digest_set(&made.digests[made.n_digests], bank,
				     troth_event_digest(c->log, ev, bank)))
			made.n_digests++;
	}
	return made;
}

static size_t place_of(const struct troth_search *s, const struct troth_event *ev)
{
	size_t at = s->begin[ev->pcr];
	while (at < s->begin[ev->pcr + 1] && s->order[at] != ev)
		at++;
	return at;
}

static enum troth_status add_seen(const struct round *x, const struct troth_event *ev,
				  struct draft *d)
{
	const struct troth_reference_event made = from_log(x->c, ev);
	return add(d, &made);
}

/* The nearest alternative with the one event changed, added or left out. */
static enum troth_status rewrite(const struct round *x, const struct troth_alternative *alt,
				 const struct troth_difference *difference,
				 enum troth_edit edit, struct draft *d)
{
	const size_t from = (size_t)(difference->expected - alt->events);
	for (size_t i = 0; i < alt->n_events; i++) {
		if (i == from && edit != TROTH_EDIT_LACKING)
			TROTH_TRY(add_seen(x, difference->event, d));
		if (i != from || edit == TROTH_EDIT_ADDED)
			TROTH_TRY(add(d, &alt->events[i]));
	}
	return TROTH_OK;
}

/* Puts an alternative into the set: over one that was made here, else beside the others. */
static enum troth_status put(const struct round *x, size_t component, size_t base,
			     struct draft *d)
{
	struct troth_component *k = &x->r->set.components[component];
	const bool made_here = component >= x->original->n_components ||
			       base >= x->original->components[component].n_alternatives;
	if (made_here && base < k->n_alternatives) {
		free(k->alternatives[base].events);
		k->alternatives[base].events = d->events;
		k->alternatives[base].n_events = d->n;
		*d = (struct draft){ 0 };
		return TROTH_OK;
	}
	struct troth_alternative alt = { TROTH_PROPOSED_NAME, d->n, d->events };
	struct troth_component only = { .golden = k->golden,
					.n_alternatives = 1,
					.alternatives = &alt };
	memcpy(only.name, k->name, sizeof only.name);
	x->r->base[component] = base;
	const struct troth_reference_set more = { .n_components = 1, .components = &only };
	return troth_reference_merge(&x->r->set, &more);
}

static struct troth_deviation *note(struct troth_reconciliation *r)
{
	r->list[r->n] = (struct troth_deviation){ 0 };
	return &r->list[r->n++];
}

/* An alternative made here stands for the one it was made of. */
static size_t given_alternative(const struct round *x, const struct troth_difference *d)
{
	if (d->component < x->original->n_components &&
	    d->alternative >= x->original->components[d->component].n_alternatives)
		return x->r->base[d->component];
	return d->alternative;
}

static void note_difference(const struct round *x, const struct troth_difference *d,
			    enum troth_edit edit)
{
	struct troth_deviation *deviation = note(x->r);
	deviation->edit = edit;
	deviation->event = d->event;
	deviation->component = d->component;
	deviation->alternative = given_alternative(x, d);
	deviation->has_expected = d->expected != NULL && edit != TROTH_EDIT_ADDED;
	if (deviation->has_expected)
		deviation->expected = *d->expected;
}

static enum troth_status accept_event(const struct round *x, const struct troth_difference *d)
{
	struct troth_component *k = &x->r->set.components[d->component];
	const struct troth_alternative *alt = &k->alternatives[d->alternative];
	const enum troth_edit edit = troth_search_edit(x->search, d->event->pcr,
						       place_of(x->search, d->event), alt,
						       (size_t)(d->expected - alt->events));
	struct draft draft = { 0 };
	note_difference(x, d, edit);
	enum troth_status status = rewrite(x, alt, d, edit, &draft);
	if (status == TROTH_OK && draft.n == 0)
		k->optional = true; /* nothing is left of it */
	else if (status == TROTH_OK)
		status = put(x, d->component, d->alternative, &draft);
	free(draft.events);
	return status;
}

/* All from the event on, without those a rule ignores. */
static enum troth_status add_rest(const struct round *x, const struct troth_event *from,
				  struct draft *d)
{
	const struct troth_search *s = x->search;
	for (size_t at = place_of(s, from); at < s->begin[from->pcr + 1]; at++)
		if (!troth_event_ignorable(x->c, s->order[at]))
			TROTH_TRY(add_seen(x, s->order[at], d));
	return TROTH_OK;
}

/* Events after all that was expected become a component of their own, the last. */
static enum troth_status accept_rest(const struct round *x, const struct troth_difference *d)
{
	struct troth_reference_set *set = &x->r->set;
	struct draft draft = { 0 };
	struct troth_component two[2] = { 0 };
	struct troth_deviation *deviation = note(x->r);
	deviation->edit = TROTH_EDIT_ADDED;
	deviation->event = d->event;
	deviation->component = set->n_components;
	enum troth_status status = add_rest(x, d->event, &draft);
	struct troth_alternative alt = { TROTH_PROPOSED_NAME, draft.n, draft.events };
	if (set->n_components > 0) { /* an empty namesake says where the new one goes */
		two[0].golden = set->components[set->n_components - 1].golden;
		memcpy(two[0].name, set->components[set->n_components - 1].name,
		       sizeof two[0].name);
	}
	(void)snprintf(two[1].name, sizeof two[1].name, "extra-pcr-%" PRIu32, d->event->pcr);
	two[1].n_alternatives = 1;
	two[1].alternatives = &alt;
	const struct troth_reference_set more = {
		.n_components = set->n_components > 0 ? 2 : 1,
		.components = set->n_components > 0 ? two : two + 1,
	};
	if (status == TROTH_OK)
		status = troth_reference_merge(set, &more);
	free(draft.events);
	return status;
}

static bool room(const struct troth_reconciliation *r)
{
	return r->n < TROTH_COUNT(r->list);
}

static const struct troth_difference *first_divergence(const struct troth_search *s)
{
	const struct troth_difference *first = NULL;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if (s->divergence[pcr].seen &&
		    (first == NULL || s->divergence[pcr].event->index < first->event->index))
			first = &s->divergence[pcr];
	return first;
}

/* The same event where the same was expected. */
static bool repeats(const struct troth_reconciliation *r, const struct troth_difference *d)
{
	const struct troth_deviation *last = r->n > 0 ? &r->list[r->n - 1] : NULL;
	return last != NULL && last->event == d->event && last->edit != TROTH_EDIT_LACKING;
}

/* Accepts the first divergence, or what is missing once nothing diverges. *out_left tells
 * whether there was any. */
static enum troth_status accept(const struct round *x, bool *out_left)
{
	const struct troth_difference *d = first_divergence(x->search);
	*out_left = d != NULL;
	if (d != NULL && (repeats(x->r, d) || !room(x->r)))
		return TROTH_E_LIMIT; /* accepting it did not help, or it is one too many */
	if (d != NULL)
		return d->expected != NULL ? accept_event(x, d) : accept_rest(x, d);
	for (size_t k = 0; k < x->r->set.n_components; k++) {
		if (!x->search->missing[k].seen)
			continue;
		if (!room(x->r))
			return TROTH_E_LIMIT;
		note_difference(x, &x->search->missing[k], TROTH_EDIT_LACKING);
		x->r->set.components[k].optional = true;
		*out_left = true;
	}
	return TROTH_OK;
}

/* Selected PCRs that no rule passes over as a whole. */
static uint32_t asked_pcrs(const struct troth_match_case *c)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < c->selection->n_banks; i++)
		mask |= c->selection->banks[i].mask;
	for (size_t i = 0; i < c->n_ignore; i++)
		if (c->ignore[i].type == UINT32_MAX)
			mask &= ~(1U << c->ignore[i].pcr % 32);
	return mask;
}

/* PCRs that a final value speaks of: their events need no explanation. */
static uint32_t golden_pcrs(const struct troth_reference_set *set)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < set->n_components; k++) {
		const struct troth_component *component = &set->components[k];
		for (size_t a = 0; component->golden && a < component->n_alternatives; a++)
			for (size_t i = 0; i < component->alternatives[a].n_events; i++)
				mask |= 1U << component->alternatives[a].events[i].pcr % 32;
	}
	return mask;
}

static enum troth_status run_round(const struct troth_match_case *c,
				   struct troth_reconciliation *r, bool *out_left)
{
	const uint32_t asked = asked_pcrs(c);
	struct troth_match_case now = *c;
	struct troth_search *s = NULL;
	now.set = &r->set;
	TROTH_TRY(troth_search_new(&now, asked, &s));
	(void)troth_search_run(s, asked & ~golden_pcrs(c->set));
	const struct round x = { &now, s, c->set, r };
	enum troth_status status = s->ambiguous ? TROTH_E_LIMIT : accept(&x, out_left);
	troth_search_free(s);
	return status;
}

/* The quoted value in place of a golden one; a value that was not quoted stays. */
static struct troth_reference_event quoted(const struct troth_match_case *c,
					   const struct troth_reference_event *golden)
{
	struct troth_reference_event ev = *golden;
	for (size_t i = 0; i < ev.n_digests; i++) {
		const enum troth_hash bank = ev.digests[i].alg;
		if (!troth_digest_set(&ev.digests[i], bank,
				      troth_pcr_value(c->pcrs, bank, ev.pcr)))
			ev.digests[i] = golden->digests[i];
	}
	return ev;
}

/* Final values that differ: an alternative of what was quoted. */
static enum troth_status accept_values(const struct troth_match_case *c,
				       const struct troth_match *m, size_t k,
				       struct troth_reconciliation *r)
{
	const struct troth_component *component = &r->set.components[k];
	struct draft d = { 0 };
	enum troth_status status = TROTH_OK;
	if (!component->golden || m->used[k] >= 0 || component->n_alternatives == 0 || !room(r))
		return TROTH_OK;
	const struct troth_alternative *alt = &component->alternatives[0];
	struct troth_deviation *deviation = note(r);
	deviation->golden = true;
	deviation->component = k;
	deviation->has_expected = alt->n_events > 0;
	if (alt->n_events > 0)
		deviation->expected = alt->events[0];
	for (size_t i = 0; i < alt->n_events && status == TROTH_OK; i++) {
		const struct troth_reference_event ev = quoted(c, &alt->events[i]);
		status = add(&d, &ev);
	}
	const struct round x = { c, NULL, c->set, r };
	if (status == TROTH_OK)
		status = put(&x, k, 0, &d);
	free(d.events);
	return status;
}

static enum troth_status reconcile_values(const struct troth_match_case *c,
					  struct troth_reconciliation *r)
{
	struct troth_findings findings = { 0 };
	struct troth_match_case now = *c;
	struct troth_match m;
	now.set = &r->set;
	TROTH_TRY(troth_reference_match(&now, &m, &findings));
	for (size_t k = 0; k < c->set->n_components; k++)
		TROTH_TRY(accept_values(c, &m, k, r));
	return TROTH_OK;
}

static enum troth_status reconcile(const struct troth_match_case *c,
				   struct troth_reconciliation *r)
{
	bool left = true;
	(void)snprintf(r->set.name, sizeof r->set.name, "%s", c->set->name);
	TROTH_TRY(troth_reference_merge(&r->set, c->set));
	for (size_t i = 0; i < ROUNDS_MAX && left; i++)
		TROTH_TRY(run_round(c, r, &left));
	r->complete = !left;
	return reconcile_values(c, r);
}

enum troth_status troth_reconcile(const struct troth_match_case *c,
				  struct troth_reconciliation *out)
{
	struct troth_reconciliation *r = calloc(1, sizeof *r);
	if (r == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = reconcile(c, r);
	/* Past a limit what was found so far still stands. */
	if (status != TROTH_OK && status != TROTH_E_LIMIT) {
		troth_reconciliation_release(r);
		free(r);
		return status;
	}
	*out = *r;
	free(r);
	return TROTH_OK;
}

void troth_reconciliation_release(struct troth_reconciliation *r)
{
	troth_reference_release(&r->set);
	*r = (struct troth_reconciliation){ 0 };
}
