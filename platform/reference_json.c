/* SPDX-License-Identifier: Apache-2.0 */
/* A reference set from JSON. The parser's limits are the format's: what it has room for. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "documents.h"
#include "reader.h"
#include "text.h"

TROTH_DEFINE_AUTO(json_t, json_decref)

/* Where in the document we are: jansson keeps no positions. */
struct place {
	struct troth_config_error *error;
	int component, alternative, record; /* -1: not inside one */
};

__attribute__((format(printf, 2, 3))) static enum troth_status refuse(const struct place *at,
								      const char *format, ...)
{
	static const char *const NAMES[] = { "components", ".alternatives", ".records" };
	const int index[] = { at->component, at->alternative, at->record };
	struct troth_config_error *e = at->error;
	size_t n = 0;
	*e = (struct troth_config_error){ 0 };
	for (size_t i = 0; i < TROTH_COUNT(index) && index[i] >= 0; i++)
		n += (size_t)snprintf(e->text + n, sizeof e->text - n, "%s[%d]", NAMES[i],
				      index[i]);
	n += (size_t)snprintf(e->text + n, sizeof e->text - n, "%s", n > 0 ? ": " : "");
	va_list args;
	va_start(args, format);
	vsnprintf(e->text + n, sizeof e->text - n, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

/* An object with no key but those listed. */
static enum troth_status check_object(const struct place *at, json_t *o,
				      const char *const *known)
{
	const char *key;
	json_t *value;
	if (!json_is_object(o))
		return refuse(at, "wanted an object");
	json_object_foreach(o, key, value)
	{
		size_t i = 0;
		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			return refuse(at, "a key the format does not have");
	}
	return TROTH_OK;
}

static enum troth_status get_name(const struct place *at, json_t *o, char *out)
{
	json_t *v = json_object_get(o, "name");
	if (!json_is_string(v))
		return refuse(at, "name: missing or no text");
	struct troth_view text = troth_view_str(json_string_value(v));
	if (!troth_name_valid(text))
		return refuse(at, "name: not 1 to %d of a-z 0-9 . _ -", TROTH_NAME_LEN_MAX);
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status get_bool(const struct place *at, json_t *o, const char *key, bool *out)
{
	json_t *v = json_object_get(o, key);
	if (v != NULL && !json_is_boolean(v))
		return refuse(at, "%s: wanted true or false", key);
	*out = json_is_true(v);
	return TROTH_OK;
}

static enum troth_status get_array(const struct place *at, json_t *o, const char *key,
				   size_t max, json_t **out)
{
	json_t *v = json_object_get(o, key);
	if (!json_is_array(v) || json_array_size(v) == 0)
		return refuse(at, "%s: wanted a list that is not empty", key);
	if (json_array_size(v) > max)
		return refuse(at, "%s: more than %zu", key, max);
	*out = v;
	return TROTH_OK;
}

static enum troth_status get_digest(const struct place *at, json_t *o,
				    struct troth_reference_event *ev)
{
	static const char *const KEYS[] = { "hashAlg", "digest", NULL };
	uint8_t bytes[TROTH_DIGEST_MAX];
	TROTH_TRY(check_object(at, o, KEYS));
	json_t *alg = json_object_get(o, "hashAlg"), *hex = json_object_get(o, "digest");
	if (!json_is_string(alg) || !json_is_string(hex))
		return refuse(at, "digests: wanted hashAlg and digest as text");
	enum troth_hash hash = troth_hash_from_name(troth_view_str(json_string_value(alg)));
	if (hash == TROTH_HASH_NONE)
		return refuse(at, "hashAlg: no such algorithm");
	for (size_t i = 0; i < ev->n_digests; i++)
		if (ev->digests[i].alg == hash)
			return refuse(at, "digests: one algorithm twice");
	size_t size = troth_hash_size(hash);
	if (!troth_parse_hex(troth_view_str(json_string_value(hex)), bytes, size) ||
	    !troth_digest_set(&ev->digests[ev->n_digests], hash,
			      (struct troth_view){ bytes, size }))
		return refuse(at, "digest: not %zu bytes in hexadecimal", size);
	ev->n_digests++;
	return TROTH_OK;
}

static enum troth_status get_record(const struct place *at, json_t *o,
				    struct troth_reference_event *ev)
{
	static const char *const KEYS[] = { "pcr", "digests", NULL };
	json_t *list = NULL;
	TROTH_TRY(check_object(at, o, KEYS));
	json_t *pcr = json_object_get(o, "pcr");
	json_int_t v = json_integer_value(pcr);
	if (!json_is_integer(pcr) || v < 0 || v >= TROTH_PCR_COUNT)
		return refuse(at, "pcr: wanted 0 to %d", TROTH_PCR_COUNT - 1);
	ev->pcr = (uint32_t)v;
	TROTH_TRY(get_array(at, o, "digests", TROTH_BANKS_MAX, &list));
	for (size_t i = 0; i < json_array_size(list); i++)
		TROTH_TRY(get_digest(at, json_array_get(list, i), ev));
	return TROTH_OK;
}

/* A golden value is a final one: a PCR has no second. */
static enum troth_status check_golden(const struct place *at, const struct troth_alternative *a)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < a->n_events; i++) {
		uint32_t bit = (uint32_t)1 << a->events[i].pcr;
		if ((seen & bit) != 0)
			return refuse(at, "records: two golden values for one PCR");
		seen |= bit;
	}
	return TROTH_OK;
}

static enum troth_status get_alternative(struct place *at, json_t *o, bool golden,
					 struct troth_alternative *a)
{
	static const char *const KEYS[] = { "name", "records", NULL };
	json_t *list = NULL;
	TROTH_TRY(check_object(at, o, KEYS));
	TROTH_TRY(get_name(at, o, a->name));
	TROTH_TRY(get_array(at, o, "records", TROTH_REFERENCE_EVENTS_MAX, &list));
	a->events = calloc(json_array_size(list), sizeof *a->events);
	if (a->events == NULL)
		return TROTH_E_MEMORY;
	a->n_events = json_array_size(list);
	for (size_t i = 0; i < a->n_events; i++) {
		at->record = (int)i;
		TROTH_TRY(get_record(at, json_array_get(list, i), &a->events[i]));
	}
	at->record = -1;
	return golden ? check_golden(at, a) : TROTH_OK;
}

static enum troth_status get_alternatives(struct place *at, json_t *list,
					  struct troth_component *c)
{
	c->alternatives = calloc(json_array_size(list), sizeof *c->alternatives);
	if (c->alternatives == NULL)
		return TROTH_E_MEMORY;
	c->n_alternatives = json_array_size(list);
	for (size_t i = 0; i < c->n_alternatives; i++) {
		at->alternative = (int)i;
		TROTH_TRY(get_alternative(at, json_array_get(list, i), c->golden,
					  &c->alternatives[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->alternatives[k].name, c->alternatives[i].name) == 0)
				return refuse(at, "name: used before");
	}
	at->alternative = -1;
	return TROTH_OK;
}

static enum troth_status get_component(struct place *at, json_t *o, struct troth_component *c)
{
	static const char *const KEYS[] = { "name", "optional", "golden", "alternatives",
					    NULL };
	json_t *list = NULL;
	TROTH_TRY(check_object(at, o, KEYS));
	TROTH_TRY(get_name(at, o, c->name));
	TROTH_TRY(get_bool(at, o, "optional", &c->optional));
	TROTH_TRY(get_bool(at, o, "golden", &c->golden));
	TROTH_TRY(get_array(at, o, "alternatives", TROTH_ALTERNATIVES_MAX, &list));
	return get_alternatives(at, list, c);
}

static enum troth_status get_components(struct place *at, json_t *list,
					struct troth_reference_set *set)
{
	set->components = calloc(json_array_size(list), sizeof *set->components);
	if (set->components == NULL)
		return TROTH_E_MEMORY;
	set->n_components = json_array_size(list);
	for (size_t i = 0; i < set->n_components; i++) {
		at->component = (int)i;
		TROTH_TRY(get_component(at, json_array_get(list, i), &set->components[i]));
		for (size_t k = 0; k < i; k++)
			if (strcmp(set->components[k].name, set->components[i].name) == 0)
				return refuse(at, "name: used before");
	}
	return TROTH_OK;
}

static enum troth_status get_set(struct place *at, json_t *root,
				 struct troth_reference_set *set)
{
	static const char *const KEYS[] = { "format", "name", "components", NULL };
	json_t *list = NULL;
	TROTH_TRY(check_object(at, root, KEYS));
	json_t *format = json_object_get(root, "format");
	if (!json_is_integer(format) || json_integer_value(format) != 1)
		return refuse(at, "format: wanted 1");
	TROTH_TRY(get_name(at, root, set->name));
	TROTH_TRY(get_array(at, root, "components", TROTH_COMPONENTS_MAX, &list));
	return get_components(at, list, set);
}

static enum troth_status load(struct troth_view json, struct troth_config_error *error,
			      json_t **out)
{
	json_error_t e = { 0 };
	if (json.n > TROTH_REFERENCE_JSON_MAX) {
		*error = (struct troth_config_error){ .text = "the document is too large" };
		return TROTH_E_LIMIT;
	}
	/* Nesting is bounded by the library (2048) and then by the format itself. */
	json_t *root = json_loadb(json.n > 0 ? (const char *)json.p : "", json.n,
				  JSON_REJECT_DUPLICATES, &e);
	if (root == NULL) {
		error->line = e.line > 0 ? (uint32_t)e.line : 0;
		error->column = e.column > 0 ? (uint32_t)e.column : 0;
		snprintf(error->text, sizeof error->text, "%.180s", e.text);
		return TROTH_E_CONFIG;
	}
	*out = root;
	return TROTH_OK;
}

enum troth_status troth_reference_parse(struct troth_ctx *ctx, struct troth_view json,
					struct troth_reference_set *out,
					struct troth_config_error *error)
{
	TROTH_AUTO(json_decref_p) json_t *root = NULL;
	TROTH_AUTO(troth_reference_release) struct troth_reference_set set = { 0 };
	struct place at = { error, -1, -1, -1 };
	char *canonical = NULL;
	size_t n;
	*error = (struct troth_config_error){ .text = "out of memory" };
	TROTH_TRY(load(json, error, &root));
	TROTH_TRY(get_set(&at, root, &set));
	TROTH_TRY(troth_reference_format(ctx, &set, &canonical, &n)); /* for the id */
	free(canonical);
	*out = set;
	set = (struct troth_reference_set){ 0 };
	return TROTH_OK;
}
