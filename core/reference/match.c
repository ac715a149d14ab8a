/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "event_text.h"
#include "eventlog.h"
#include "match_search.h"
#include "reader.h"
#include "reference.h"

static uint32_t selected_pcrs(const struct troth_pcr_selection *s)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < s->n_banks; i++)
		mask |= s->banks[i].mask;
	return mask;
}

/* PCRs of ignore rules for any type, or of the rules for one. */
static uint32_t ignored_pcrs(const struct troth_match_case *c, bool wholly)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < c->n_ignore; i++)
		if ((c->ignore[i].type == UINT32_MAX) == wholly &&
		    c->ignore[i].pcr < TROTH_PCR_COUNT)
			mask |= 1U << c->ignore[i].pcr;
	return mask;
}

static uint32_t pcrs_of(const struct troth_component *c)
{
	uint32_t mask = 0;
	for (size_t a = 0; a < c->n_alternatives; a++)
		for (size_t i = 0; i < c->alternatives[a].n_events; i++)
			if (c->alternatives[a].events[i].pcr < TROTH_PCR_COUNT)
				mask |= 1U << c->alternatives[a].events[i].pcr;
	return mask;
}

/* PCRs that components of events speak of. */
static uint32_t spoken_pcrs(const struct troth_reference_set *set)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < set->n_components; k++)
		if (!set->components[k].golden)
			mask |= pcrs_of(&set->components[k]);
	return mask;
}

/* PCRs whose required golden value differs, which is reported. One that fits speaks of
 * the PCRs of the alternative that fitted and of no other's; an optional one that
 * differs has said nothing. */
static uint32_t differing_pcrs(const struct troth_reference_set *set, const int16_t *used)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < set->n_components; k++)
		if (set->components[k].golden && !set->components[k].optional && used[k] < 0)
			mask |= pcrs_of(&set->components[k]);
	return mask;
}

/* Compares a golden value in every selected bank; a value or digest that is not there is not
 * equal. The first bank's digests are kept for the finding. */
static bool value_fits(const struct troth_match_case *c,
		       const struct troth_reference_event *wanted, struct troth_digest *seen,
		       struct troth_digest *expected)
{
	bool fits = true;
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const enum troth_hash bank = c->selection->banks[i].bank;
		if ((c->selection->banks[i].mask & 1U << wanted->pcr) == 0)
			continue;
		struct troth_digest quoted = { 0 }, golden = { 0 };
		const bool known = troth_digest_set(
			&quoted, bank, troth_pcr_value(c->pcrs, bank, wanted->pcr));
		for (size_t j = 0; j < wanted->n_digests; j++)
			if (wanted->digests[j].alg == bank)
				golden = wanted->digests[j];
		if (known && troth_digest_equal(&quoted, &golden))
			continue;
		if (fits) {
			*seen = quoted;
			*expected = golden;
		}
		fits = false;
	}
	return fits;
}

static void name_reference(struct troth_finding *f, const struct troth_match_case *c,
			   size_t component, size_t alternative)
{
	const struct troth_component *k = &c->set->components[component];
	(void)snprintf(f->reference, sizeof f->reference, "%s/%s", k->name,
		       alternative < k->n_alternatives ? k->alternatives[alternative].name
						       : "");
}

static size_t count_misfits(const struct troth_match_case *c, uint32_t asked,
			    const struct troth_alternative *alt)
{
	struct troth_digest seen, expected;
	size_t n = 0;
	for (size_t i = 0; i < alt->n_events; i++)
		if (alt->events[i].pcr < TROTH_PCR_COUNT &&
		    (asked & 1U << alt->events[i].pcr) != 0 &&
		    !value_fits(c, &alt->events[i], &seen, &expected))
			n++;
	return n;
}

static void report_misfits(const struct troth_match_case *c, uint32_t asked, size_t k, size_t a,
			   struct troth_findings *findings)
{
	const struct troth_alternative *alt = &c->set->components[k].alternatives[a];
	for (size_t i = 0; i < alt->n_events; i++) {
		struct troth_digest seen = { 0 }, expected = { 0 };
		const uint32_t pcr = alt->events[i].pcr;
		if (pcr >= TROTH_PCR_COUNT || (asked & 1U << pcr) == 0 ||
		    value_fits(c, &alt->events[i], &seen, &expected))
			continue;
		struct troth_finding *f =
			troth_finding_add(findings, TROTH_FINDING_PCR_MISMATCH);
		f->pcr = (int32_t)pcr;
		f->seen = seen;
		f->expected = expected;
		name_reference(f, c, k, a);
	}
}

/* Takes the golden alternative that fits, or reports the one that misfits least. Returns the
 * PCRs it vouches for. */
static uint32_t match_values(const struct troth_match_case *c, uint32_t asked, size_t k,
			     int16_t *used, struct troth_findings *findings)
{
	const struct troth_component *component = &c->set->components[k];
	size_t best = 0, least = SIZE_MAX;
	for (size_t a = 0; a < component->n_alternatives; a++) {
		size_t n = count_misfits(c, asked, &component->alternatives[a]);
		if (n < least) {
			best = a;
			least = n;
		}
	}
	if (least == 0) {
		*used = (int16_t)best;
		return asked & pcrs_of(&(struct troth_component){
				       .n_alternatives = 1,
				       .alternatives = &component->alternatives[best] });
	}
	if (component->n_alternatives == 0 && !component->optional) {
		struct troth_finding *f =
			troth_finding_add(findings, TROTH_FINDING_MISSING_COMPONENT);
		troth_finding_detail(f, "%s", component->name);
	} else if (!component->optional) {
		report_misfits(c, asked, k, best, findings);
	}
	return 0;
}

/* True for a PCR that neither the log nor the TPM says was ever extended. */
static bool holds_nothing(const struct troth_match_case *c, const struct troth_search *s,
			  uint32_t pcr)
{
	uint8_t initial[TROTH_DIGEST_MAX];
	if (s->begin[pcr] != s->begin[pcr + 1])
		return false;
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &c->selection->banks[i];
		if ((bank->mask & 1U << pcr) == 0)
			continue;
		troth_pcr_initial(bank->bank, pcr, initial);
		if (!troth_view_equal(
			    troth_pcr_value(c->pcrs, bank->bank, pcr),
			    (struct troth_view){ initial, troth_hash_size(bank->bank) }))
			return false;
	}
	return true;
}

/* The digest shown in a finding: that of the first selected bank of the PCR. */
static enum troth_hash shown_bank(const struct troth_match_case *c, uint32_t pcr)
{
	for (size_t i = 0; i < c->selection->n_banks; i++)
		if ((c->selection->banks[i].mask & 1U << pcr) != 0)
			return c->selection->banks[i].bank;
	return TROTH_HASH_NONE;
}

static void show_expected(struct troth_finding *f, const struct troth_match_case *c,
			  const struct troth_difference *d)
{
	name_reference(f, c, d->component, d->alternative);
	if (d->expected == NULL)
		return;
	f->pcr = (int32_t)d->expected->pcr;
	for (size_t i = 0; i < d->expected->n_digests; i++)
		if (d->expected->digests[i].alg == shown_bank(c, d->expected->pcr))
			f->expected = d->expected->digests[i];
}

static void report_divergence(const struct troth_match_case *c,
			      const struct troth_difference *d, struct troth_findings *findings)
{
	struct troth_finding *f = troth_finding_add(findings, TROTH_FINDING_UNEXPECTED_EVENT);
	const enum troth_hash bank = shown_bank(c, d->event->pcr);
	char says[112], type[48];
	struct troth_line said = troth_line_make(says, sizeof says);
	struct troth_line named = troth_line_make(type, sizeof type);

	if (d->expected != NULL)
		show_expected(f, c, d);
	f->pcr = (int32_t)d->event->pcr;
	f->event = (int32_t)d->event->index;
	if (!troth_digest_set(&f->seen, bank, troth_event_digest(c->log, d->event, bank)))
		f->seen = (struct troth_digest){ 0 };
	troth_event_line(d->event, &said);
	troth_line_event_type(&named, d->event->type);
	troth_finding_detail(f, "%s%s%s%s%s", type, says[0] != '\0' ? " '" : "", says,
			     says[0] != '\0' ? "'" : "",
			     d->expected == NULL ? " after all that was expected" : "");
}

/* Divergences in the order of the log, then what is missing in the order of the set. */
static void report(const struct troth_search *s, struct troth_findings *findings)
{
	uint32_t told = 0;
	for (;;) {
		const struct troth_difference *first = NULL;
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
			const struct troth_difference *d = &s->divergence[pcr];
			if (d->seen && (told & 1U << pcr) == 0 &&
			    (first == NULL || d->event->index < first->event->index))
				first = d;
		}
		if (first == NULL)
			break;
		told |= 1U << first->event->pcr;
		report_divergence(s->c, first, findings);
	}
	for (size_t k = 0; k < s->c->set->n_components; k++) {
		if (!s->missing[k].seen)
			continue;
		struct troth_finding *f =
			troth_finding_add(findings, TROTH_FINDING_MISSING_COMPONENT);
		show_expected(f, s->c, &s->missing[k]);
		troth_finding_detail(f, "%s", s->c->set->components[k].name);
	}
	if (s->ambiguous)
		troth_finding_add(findings, TROTH_FINDING_REFERENCE_AMBIGUOUS);
}

/* PCRs of which something was expected that did not come. */
static uint32_t lacking_pcrs(const struct troth_search *s)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < s->c->set->n_components; k++)
		if (s->missing[k].expected != NULL)
			mask |= 1U << s->missing[k].expected->pcr;
	return mask;
}

static uint32_t count_ignored(const struct troth_match_case *c, uint32_t wholly)
{
	uint32_t n = 0;
	for (size_t i = 0; c->log != NULL && i < c->log->n_events; i++)
		if (troth_event_extends(&c->log->events[i]) &&
		    (wholly & 1U << c->log->events[i].pcr) != 0)
			n++;
	return n;
}

static void match(struct troth_search *s, uint32_t wholly, struct troth_match *m,
		  struct troth_findings *findings)
{
	const struct troth_match_case *c = s->c;
	const uint32_t spoken = s->asked & (spoken_pcrs(c->set) | ignored_pcrs(c, false));
	const struct troth_partial *p = troth_search_run(s, spoken);

	report(s, findings);
	memcpy(m->used, p->used, sizeof m->used);
	for (size_t k = 0; k < c->set->n_components; k++)
		if (c->set->components[k].golden)
			m->golden |= match_values(c, s->asked, k, &m->used[k], findings);
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((s->asked & 1U << pcr) != 0 && holds_nothing(c, s, pcr))
			m->empty |= 1U << pcr;
	m->covered = m->empty & ~spoken;
	m->uncovered = s->asked &
		       ~(spoken | differing_pcrs(c->set, m->used) | m->golden | m->covered);
	if (!s->ambiguous)
		m->covered |= spoken & ~s->diverged & ~lacking_pcrs(s);
	m->golden &= ~m->covered;
	m->empty &= m->covered;
	m->n_matched = p->n_matched;
	m->n_ignored = (size_t)p->n_ignored + count_ignored(c, wholly);
	m->n_components = c->set->n_components;
}

enum troth_status troth_reference_match(const struct troth_match_case *c,
					struct troth_match *out,
					struct troth_findings *findings)
{
	const uint32_t selected = selected_pcrs(c->selection);
	const uint32_t wholly = selected & ignored_pcrs(c, true);
	struct troth_match m = { 0 };
	struct troth_search *s = NULL;

	if (c->set->n_components > TROTH_COMPONENTS_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_search_new(c, selected & ~wholly, &s));
	match(s, wholly, &m, findings);
	troth_search_free(s);
	*out = m;
	return TROTH_OK;
}
