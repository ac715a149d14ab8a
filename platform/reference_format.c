/* SPDX-License-Identifier: Apache-2.0 */
/* A reference set as canonical JSON: one set has one text, and its digest is its name. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "documents.h"
#include "text.h"
#include "verdict_json.h"

TROTH_DEFINE_AUTO(json_t, json_decref)

/* The order of digests means nothing, so it is fixed: by algorithm. */
static json_t *format_digests(const struct troth_reference_event *ev)
{
	json_t *list = json_array();
	for (enum troth_hash alg = TROTH_HASH_NONE; alg < TROTH_HASH_N; alg++)
		for (size_t i = 0; i < ev->n_digests; i++) {
			char hex[2 * TROTH_DIGEST_MAX + 1];
			if (ev->digests[i].alg != alg || alg == TROTH_HASH_NONE)
				continue;
			troth_format_hex(troth_digest_view(&ev->digests[i]), hex);
			if (json_array_append_new(list, json_pack("{s:s, s:s}", "hashAlg",
								  troth_hash_name(alg),
								  "digest", hex)) != 0) {
				json_decref(list);
				return NULL;
			}
		}
	return list;
}

/* json_pack takes over what "o" gets, and fails on NULL: one check at the end is enough. */
static json_t *format_alternative(const struct troth_alternative *a)
{
	json_t *records = json_array();
	for (size_t i = 0; i < a->n_events; i++) {
		json_t *record = json_pack("{s:I, s:o}", "pcr", (json_int_t)a->events[i].pcr,
					   "digests", format_digests(&a->events[i]));
		if (json_array_append_new(records, record) != 0) {
			json_decref(records);
			return NULL;
		}
	}
	return json_pack("{s:s, s:o}", "name", a->name, "records", records);
}

static json_t *format_component(const struct troth_component *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->n_alternatives; i++)
		if (json_array_append_new(list, format_alternative(&c->alternatives[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{s:s, s:b, s:b, s:o}", "name", c->name, "optional", c->optional,
			 "golden", c->golden, "alternatives", list);
}

json_t *troth_json_reference(const struct troth_reference_set *set)
{
	json_t *list = json_array();
	for (size_t i = 0; i < set->n_components; i++)
		if (json_array_append_new(list, format_component(&set->components[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{s:i, s:s, s:o}", "format", 1, "name", set->name, "components", list);
}

enum troth_status troth_reference_format(struct troth_ctx *ctx, struct troth_reference_set *set,
					 char **out_json, size_t *out_len)
{
	struct troth_digest id;
	TROTH_AUTO(json_decref_p) json_t *root = troth_json_reference(set);
	char *text = root == NULL ? NULL : json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
	if (text == NULL)
		return TROTH_E_MEMORY;
	size_t n = strlen(text);
	enum troth_status st =
		n > TROTH_REFERENCE_JSON_MAX
			? TROTH_E_LIMIT
			: troth_hash_one(ctx, TROTH_HASH_SHA256,
					 (struct troth_view){ (uint8_t *)text, n }, &id);
	if (st != TROTH_OK) {
		free(text);
		return st;
	}
	memcpy(set->id, id.bytes, sizeof set->id);
	*out_json = text;
	*out_len = n;
	return TROTH_OK;
}
