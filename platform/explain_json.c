/* SPDX-License-Identifier: Apache-2.0 */
#include "event_text.h"
#include "proof.h"
#include "verdict_json.h"

#define TEXT_MAX 512

/* What the values are made of. */
struct view {
	struct troth_ctx *ctx;
	const struct troth_explain_case *c;
	const struct troth_explanation *e;
};

/* ---- events ---- */

static json_t *digests_json(const struct troth_log *log, const struct troth_event *ev)
{
	json_t *digests = json_object();
	for (size_t i = 0; i < log->header.n_algs; i++)
		if (log->header.algs[i].hash != TROTH_HASH_NONE && ev->digests[i].n > 0)
			json_object_set_new(digests, troth_hash_name(log->header.algs[i].hash),
					    troth_json_hex(ev->digests[i]));
	return digests;
}

static json_t *event_json(const struct view *v, const struct troth_log *log,
			  const struct troth_event *ev)
{
	char type_text[64], place_text[64], said[TEXT_MAX];
	struct troth_line type = troth_line_make(type_text, sizeof type_text);
	struct troth_line place = troth_line_make(place_text, sizeof place_text);
	struct troth_line line = troth_line_make(said, sizeof said);
	struct troth_event_proof proof = { 0 };
	troth_line_event_type(&type, ev->type);
	troth_line_register(&place, log, ev->pcr);
	troth_event_line(ev, &line);
	if (troth_event_prove(v->ctx, log, ev, troth_log_best_bank(v->ctx, log), &proof) !=
	    TROTH_OK)
		proof = (struct troth_event_proof){ 0 };
	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:o}", "index", (json_int_t)ev->index,
			 "pcr", (json_int_t)ev->pcr, "register", place_text, "type", type_text,
			 "text", said, "proof", troth_proof_name(proof.proof), "digests",
			 digests_json(log, ev));
}

static bool deviates(const struct troth_explanation *e, const struct troth_event *ev)
{
	for (size_t i = 0; i < e->deviations.n; i++)
		if (e->deviations.list[i].event == ev)
			return true;
	return false;
}

static json_t *log_json(const struct view *v)
{
	const struct troth_log *log = v->c->appraised->log;
	json_t *list = json_array();
	for (size_t i = 0; log != NULL && i < log->n_events; i++) {
		json_t *ev = event_json(v, log, &log->events[i]);
		json_object_set_new(ev, "deviates",
				    json_boolean(deviates(v->e, &log->events[i])));
		json_array_append_new(list, ev);
	}
	return list;
}

/* ---- deviations ---- */

static const char *edit_name(enum troth_edit edit)
{
	switch (edit) {
	case TROTH_EDIT_CHANGED: return "changed";
	case TROTH_EDIT_ADDED: return "added";
	case TROTH_EDIT_LACKING: break;
	}
	return "missing";
}

static json_t *expected_json(const struct troth_deviation *d)
{
	json_t *digests = json_object();
	if (!d->has_expected) {
		json_decref(digests);
		return json_null();
	}
	for (size_t i = 0; i < d->expected.n_digests; i++)
		json_object_set_new(digests, troth_hash_name(d->expected.digests[i].alg),
				    troth_json_hex(troth_digest_view(&d->expected.digests[i])));
	return json_pack("{s:I, s:o}", "pcr", (json_int_t)d->expected.pcr, "digests", digests);
}

/* What a boot that passed had there: an earlier one of this device, or one elsewhere. */
static json_t *good_json(const struct view *v, const struct troth_deviation *d, bool elsewhere)
{
	const struct troth_event *before =
		d->has_expected && v->c->good_elsewhere == elsewhere
			? troth_event_before(v->c->good_log, &d->expected)
			: NULL;
	return before != NULL ? event_json(v, v->c->good_log, before) : json_null();
}

/* The alternative as the operator knows it: one that was made here stands for the one it was
 * made of, the nearest. */
static json_t *alternative_json(const struct view *v, const struct troth_deviation *d)
{
	const struct troth_reference_set *set = v->c->appraised->reference;
	if (set == NULL || d->component >= set->n_components ||
	    d->alternative >= set->components[d->component].n_alternatives)
		return json_null();
	return json_string(set->components[d->component].alternatives[d->alternative].name);
}

static json_t *deviation_json(const struct view *v, const struct troth_deviation *d)
{
	const struct troth_reference_set *set = &v->e->deviations.set;
	json_t *event = d->event != NULL ? event_json(v, v->c->appraised->log, d->event)
					 : json_null();
	return json_pack("{s:s, s:b, s:o, s:s, s:o, s:o, s:o, s:o}", "edit", edit_name(d->edit),
			 "final_value", (int)d->golden, "event", event, "component",
			 d->component < set->n_components ? set->components[d->component].name
							  : "",
			 "alternative", alternative_json(v, d), "expected", expected_json(d),
			 "before", good_json(v, d, false), "elsewhere", good_json(v, d, true));
}

static json_t *deviations_json(const struct view *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->e->deviations.n; i++)
		json_array_append_new(list, deviation_json(v, &v->e->deviations.list[i]));
	return list;
}

/* ---- proposals ---- */

/* What of a component is new: alternatives, or that it may be absent. */
static json_t *component_json(const struct troth_reference_set *old,
			      const struct troth_component *k, size_t index)
{
	const struct troth_component *was = index < old->n_components ? &old->components[index]
								      : NULL;
	const size_t n_old = was != NULL ? was->n_alternatives : 0;
	struct troth_component fresh = *k;
	fresh.alternatives += n_old;
	fresh.n_alternatives -= n_old;
	if (was != NULL && fresh.n_alternatives == 0 && was->optional == k->optional)
		return NULL;
	const struct troth_reference_set one = { .n_components = 1, .components = &fresh };
	json_t *set = troth_json_reference(&one);
	json_t *value = json_incref(json_array_get(json_object_get(set, "components"), 0));
	json_object_set_new(value, "new", json_boolean(was == NULL));
	json_decref(set);
	return value;
}

static json_t *accept_json(const struct view *v)
{
	const struct troth_reference_set *set = &v->e->deviations.set;
	if (!v->e->accept_events.present)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < set->n_components; i++) {
		json_t *one =
			component_json(v->c->appraised->reference, &set->components[i], i);
		if (one != NULL)
			json_array_append_new(list, one);
	}
	return json_pack("{s:s, s:b, s:o}", "tier", troth_tier_name(v->e->accept_events.tier),
			 "complete", (int)v->e->deviations.complete, "components", list);
}

static json_t *ignore_json(const struct troth_explanation *e)
{
	if (!e->ignore_events.present)
		return json_null();
	json_t *list = json_array();
	for (size_t i = 0; i < e->n_rules; i++) {
		char text[64];
		struct troth_line type = troth_line_make(text, sizeof text);
		if (e->rules[i].type == UINT32_MAX)
			troth_line_str(&type, "any");
		else if (troth_event_type_name(e->rules[i].type) != NULL)
			troth_line_event_type(&type, e->rules[i].type);
		else
			troth_line_format(&type, "0x%08x", e->rules[i].type);
		json_array_append_new(list,
				      json_pack("{s:I, s:s}", "pcr",
						(json_int_t)e->rules[i].pcr, "event", text));
	}
	return json_pack("{s:s, s:o}", "tier", troth_tier_name(e->ignore_events.tier), "rules",
			 list);
}

static json_t *proposals_json(const struct view *v)
{
	const struct troth_proposal *p = &v->e->without_secure_boot;
	return json_pack("{s:o, s:o, s:o}", "accept", accept_json(v), "ignore",
			 ignore_json(v->e), "without_secure_boot",
			 p->present ? json_pack("{s:s}", "tier", troth_tier_name(p->tier))
				    : json_null());
}

json_t *troth_json_explanation(struct troth_ctx *ctx, const struct troth_explain_case *c,
			       const struct troth_explanation *e)
{
	const struct view v = { ctx, c, e };
	json_t *cause = e->finding == NULL
				? json_null()
				: json_pack("{s:s, s:s}", "name", troth_cause_name(e->cause),
					    "why", e->why);
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "format", 1, "sentence", e->sentence,
			 "cause", cause, "deviations", deviations_json(&v), "proposals",
			 proposals_json(&v), "log", log_json(&v));
}
