/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

static void release_component(struct troth_component *c)
{
	for (size_t i = 0; i < c->n_alternatives; i++)
		free(c->alternatives[i].events);
	free(c->alternatives);
	*c = (struct troth_component){ 0 };
}

void troth_reference_release(struct troth_reference_set *set)
{
	for (size_t i = 0; i < set->n_components; i++)
		release_component(&set->components[i]);
	free(set->components);
	*set = (struct troth_reference_set){ 0 };
}

static bool same_name(const char *a, const char *b)
{
	return troth_view_equal(troth_view_str(a), troth_view_str(b));
}

/* Same PCR and same digests, in whatever order; an algorithm comes once. */
static bool same_event(const struct troth_reference_event *a,
		       const struct troth_reference_event *b)
{
	if (a->pcr != b->pcr || a->n_digests != b->n_digests)
		return false;
	for (size_t i = 0; i < a->n_digests; i++) {
		size_t j = 0;
		while (j < b->n_digests && !troth_digest_equal(&a->digests[i], &b->digests[j]))
			j++;
		if (j == b->n_digests)
			return false;
	}
	return true;
}

static bool same_events(const struct troth_alternative *a, const struct troth_alternative *b)
{
	if (a->n_events != b->n_events)
		return false;
	for (size_t i = 0; i < a->n_events; i++)
		if (!same_event(&a->events[i], &b->events[i]))
			return false;
	return true;
}

static bool has_name(const struct troth_component *c, const char *name)
{
	for (size_t i = 0; i < c->n_alternatives; i++)
		if (same_name(c->alternatives[i].name, name))
			return true;
	return false;
}

static bool has_events(const struct troth_component *c, const struct troth_alternative *alt)
{
	for (size_t i = 0; i < c->n_alternatives; i++)
		if (same_events(&c->alternatives[i], alt))
			return true;
	return false;
}

/* A name no alternative of the component has: the wanted one, or with a number behind it. There
 * are fewer alternatives than numbers, so one is always free. */
static void free_name(const struct troth_component *c, const char *wanted,
		      char out[TROTH_NAME_LEN_MAX + 1])
{
	(void)snprintf(out, TROTH_NAME_LEN_MAX + 1, "%s", wanted);
	for (unsigned int i = 2; has_name(c, out); i++)
		(void)snprintf(out, TROTH_NAME_LEN_MAX + 1, "%.*s-%u", TROTH_NAME_LEN_MAX - 4,
			       wanted, i);
}

static enum troth_status add_alternative(struct troth_component *c,
					 const struct troth_alternative *alt)
{
	if (c->n_alternatives >= TROTH_ALTERNATIVES_MAX ||
	    alt->n_events > TROTH_REFERENCE_EVENTS_MAX)
		return TROTH_E_LIMIT;
	struct troth_alternative *grown =
		realloc(c->alternatives, (c->n_alternatives + 1) * sizeof *grown);
	if (grown == NULL)
		return TROTH_E_MEMORY;
	c->alternatives = grown;

	struct troth_alternative copy = { .n_events = alt->n_events };
	free_name(c, alt->name, copy.name);
	copy.events = calloc(alt->n_events + 1, sizeof *copy.events);
	if (copy.events == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < alt->n_events; i++)
		copy.events[i] = alt->events[i];
	c->alternatives[c->n_alternatives++] = copy;
	return TROTH_OK;
}

static enum troth_status add_alternatives(struct troth_component *to,
					  const struct troth_component *from)
{
	for (size_t i = 0; i < from->n_alternatives; i++)
		if (!has_events(to, &from->alternatives[i]))
			TROTH_TRY(add_alternative(to, &from->alternatives[i]));
	return TROTH_OK;
}

/* Puts a copy of a component at its place; the set has room for it. */
static enum troth_status insert(struct troth_reference_set *set, size_t at,
				const struct troth_component *from)
{
	if (set->n_components >= TROTH_COMPONENTS_MAX)
		return TROTH_E_LIMIT;
	memmove(&set->components[at + 1], &set->components[at],
		(set->n_components - at) * sizeof *set->components);
	set->n_components++;
	struct troth_component *c = &set->components[at];
	*c = (struct troth_component){ .optional = from->optional, .golden = from->golden };
	memcpy(c->name, from->name, sizeof c->name);
	for (size_t i = 0; i < from->n_alternatives; i++)
		TROTH_TRY(add_alternative(c, &from->alternatives[i]));
	return TROTH_OK;
}

static uint32_t pcrs_of(const struct troth_component *c)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < c->n_alternatives; i++)
		for (size_t j = 0; j < c->alternatives[i].n_events; j++)
			mask |= 1U << (c->alternatives[i].events[j].pcr % 32);
	return mask;
}

static enum troth_status merge_component(struct troth_reference_set *set, uint32_t spoken,
					 const struct troth_component *from, size_t *at)
{
	for (size_t i = 0; i < set->n_components; i++) {
		struct troth_component *c = &set->components[i];
		if (!same_name(c->name, from->name))
			continue;
		if (c->golden != from->golden)
			return TROTH_E_CONFLICT;
		*at = i + 1;
		return add_alternatives(c, from);
	}
	TROTH_TRY(insert(set, *at, from));
	if ((pcrs_of(from) & spoken) != 0)
		set->components[*at].optional = true;
	(*at)++;
	return TROTH_OK;
}

/* Both sets into an empty one, which is left half built after a failure. */
static enum troth_status merge(const struct troth_reference_set *to,
			       const struct troth_reference_set *from,
			       struct troth_reference_set *out)
{
	uint32_t spoken = 0;
	size_t at = 0;

	out->components = calloc(TROTH_COMPONENTS_MAX + 1, sizeof *out->components);
	if (out->components == NULL)
		return TROTH_E_MEMORY;
	memcpy(out->name, to->name, sizeof out->name);
	for (size_t i = 0; i < to->n_components; i++) {
		TROTH_TRY(insert(out, i, &to->components[i]));
		spoken |= pcrs_of(&to->components[i]);
	}
	for (size_t i = 0; i < from->n_components; i++)
		TROTH_TRY(merge_component(out, spoken, &from->components[i], &at));
	return TROTH_OK;
}

enum troth_status troth_reference_merge(struct troth_reference_set *to,
					const struct troth_reference_set *from)
{
	struct troth_reference_set merged = { 0 };
	enum troth_status status = merge(to, from, &merged);
	troth_reference_release(status == TROTH_OK ? to : &merged);
	if (status == TROTH_OK)
		*to = merged;
	return status;
}
