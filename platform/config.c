/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <troth/limits.h>
#include <yaml.h>

#include "base.h"
#include "config_scalar.h"
#include "nearest.h"
#include "reader.h"
#include "text.h"

/* Fields of one schema map: a bit each. */
#define FIELDS_MAX 64
/* Keys of one map with free keys, and the bytes of each. */
#define FREE_KEYS_MAX 64
#define FREE_KEY_LEN_MAX 63

/* The cursor. A node is read with the cursor on its first event and left on its last. */
struct troth_config_doc {
	yaml_parser_t parser;
	yaml_event_t event;
	struct troth_view yaml;
	yaml_mark_t item; /* what each() was called for: where its errors belong */
	struct troth_view key;
	struct troth_config_error *error;
};

__attribute__((format(printf, 3, 0))) static void
fail_va(struct troth_config_doc *doc, yaml_mark_t at, const char *format, va_list args)
{
	doc->error->line = (uint32_t)at.line + 1;
	doc->error->column = (uint32_t)at.column + 1;
	vsnprintf(doc->error->text, sizeof doc->error->text, format, args);
}

__attribute__((format(printf, 3, 4))) static enum troth_status
fail_at(struct troth_config_doc *doc, yaml_mark_t at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(doc, at, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

enum troth_status troth_config_fail(struct troth_config_doc *doc, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(doc, doc->item, format, args);
	va_end(args);
	return TROTH_E_CONFIG;
}

static enum troth_status fail_whole(struct troth_config_error *error, enum troth_status status,
				    const char *text)
{
	*error = (struct troth_config_error){ 0 };
	snprintf(error->text, sizeof error->text, "%s", text);
	return status;
}

/* libyaml's reader names a byte, not a line. */
static yaml_mark_t mark_of_offset(struct troth_view yaml, size_t offset)
{
	yaml_mark_t m = { 0 };
	for (size_t i = 0; i < offset && i < yaml.n; i++) {
		m.column++;
		if (yaml.p[i] == '\n') {
			m.line++;
			m.column = 0;
		}
	}
	return m;
}

static enum troth_status syntax_error(struct troth_config_doc *doc)
{
	const yaml_parser_t *p = &doc->parser;
	const char *what = p->problem != NULL ? p->problem : "not readable";
	if (p->error == YAML_MEMORY_ERROR)
		return fail_whole(doc->error, TROTH_E_MEMORY, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return fail_at(doc, mark_of_offset(doc->yaml, p->problem_offset), "%s", what);
	return fail_at(doc, p->problem_mark, "%s", what);
}

/* Names for the same node twice, and types that the schema does not give, are refused. */
static enum troth_status check_properties(struct troth_config_doc *doc)
{
	const yaml_event_t *e = &doc->event;
	bool anchor = false, tag = false;
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor != NULL;
		tag = e->data.scalar.tag != NULL;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor != NULL;
		tag = e->data.sequence_start.tag != NULL;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor != NULL;
		tag = e->data.mapping_start.tag != NULL;
	}
	if (anchor || e->type == YAML_ALIAS_EVENT)
		return fail_at(doc, e->start_mark, "anchors and aliases are not taken");
	if (tag)
		return fail_at(doc, e->start_mark, "tags are not taken");
	return TROTH_OK;
}

static enum troth_status next(struct troth_config_doc *doc)
{
	yaml_event_delete(&doc->event);
	if (!yaml_parser_parse(&doc->parser, &doc->event))
		return syntax_error(doc);
	return check_properties(doc);
}

static struct troth_view scalar_text(const yaml_event_t *e)
{
	size_t n = e->data.scalar.length;
	return (struct troth_view){ n > 0 ? e->data.scalar.value : NULL, n };
}

static bool is_plain(const yaml_event_t *e)
{
	return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static enum troth_status expect_scalar(struct troth_config_doc *doc)
{
	if (doc->event.type != YAML_SCALAR_EVENT)
		return fail_at(doc, doc->event.start_mark,
			       "wanted one value, not a list or map");
	yaml_scalar_style_t style = doc->event.data.scalar.style;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		return fail_at(doc, doc->event.start_mark, "block text is not taken");
	return TROTH_OK;
}

static enum troth_status expect(struct troth_config_doc *doc, yaml_event_type_t type,
				const char *what)
{
	if (doc->event.type != type)
		return fail_at(doc, doc->event.start_mark, "wanted a %s", what);
	return TROTH_OK;
}

static enum troth_status read_scalar(struct troth_config_doc *doc,
				     const struct troth_config_field *f, void *target)
{
	char why[TROTH_CONFIG_WHY_MAX], shown[200];
	TROTH_TRY(expect_scalar(doc));
	struct troth_view text = scalar_text(&doc->event);
	if (troth_config_scalar_set(f, text, is_plain(&doc->event), target, why) == TROTH_OK)
		return TROTH_OK;
	troth_config_show(text, shown);
	return fail_at(doc, doc->event.start_mark, "%s: %s: '%s'", f->key, why, shown);
}

/* Hands one node to the caller's function, which must read all of it. */
static enum troth_status hand_over(struct troth_config_doc *doc,
				   const struct troth_config_field *f, yaml_mark_t at,
				   void *target)
{
	yaml_mark_t outer = doc->item;
	doc->item = at;
	TROTH_TRY(f->each(doc, target));
	assert(doc->event.type != YAML_SEQUENCE_START_EVENT &&
	       doc->event.type != YAML_MAPPING_START_EVENT);
	doc->item = outer;
	return TROTH_OK;
}

static enum troth_status read_list(struct troth_config_doc *doc,
				   const struct troth_config_field *f, void *target)
{
	TROTH_TRY(expect(doc, YAML_SEQUENCE_START_EVENT, "list"));
	for (;;) {
		TROTH_TRY(next(doc));
		if (doc->event.type == YAML_SEQUENCE_END_EVENT)
			return TROTH_OK;
		TROTH_TRY(hand_over(doc, f, doc->event.start_mark, target));
	}
}

struct free_keys {
	size_t n;
	struct {
		uint8_t text[FREE_KEY_LEN_MAX];
		size_t n;
	} list[FREE_KEYS_MAX];
};

static enum troth_status take_key(struct troth_config_doc *doc, struct free_keys *keys)
{
	TROTH_TRY(expect(doc, YAML_SCALAR_EVENT, "key"));
	struct troth_view text = scalar_text(&doc->event);
	if (text.n == 0 || text.n > FREE_KEY_LEN_MAX)
		return fail_at(doc, doc->event.start_mark, "a key has 1 to %d bytes",
			       FREE_KEY_LEN_MAX);
	for (size_t i = 0; i < keys->n; i++)
		if (troth_view_equal(
			    text, (struct troth_view){ keys->list[i].text, keys->list[i].n }))
			return fail_at(doc, doc->event.start_mark, "duplicate key");
	if (keys->n == FREE_KEYS_MAX)
		return fail_at(doc, doc->event.start_mark, "more than %d keys", FREE_KEYS_MAX);
	memcpy(keys->list[keys->n].text, text.p, text.n);
	keys->list[keys->n].n = text.n;
	doc->key = (struct troth_view){ keys->list[keys->n].text, text.n };
	keys->n++;
	return TROTH_OK;
}

/* One key and its value, with the cursor on the key. */
static enum troth_status read_free_pair(struct troth_config_doc *doc,
					const struct troth_config_field *f,
					struct free_keys *keys, void *target)
{
	yaml_mark_t at = doc->event.start_mark;
	TROTH_TRY(take_key(doc, keys));
	TROTH_TRY(next(doc));
	return hand_over(doc, f, at, target);
}

static enum troth_status read_any_map(struct troth_config_doc *doc,
				      const struct troth_config_field *f, void *target)
{
	struct free_keys keys = { .n = 0 };
	struct troth_view outer = doc->key;
	TROTH_TRY(expect(doc, YAML_MAPPING_START_EVENT, "map"));
	TROTH_TRY(next(doc));
	while (doc->event.type != YAML_MAPPING_END_EVENT) {
		TROTH_TRY(read_free_pair(doc, f, &keys, target));
		TROTH_TRY(next(doc));
	}
	doc->key = outer;
	return TROTH_OK;
}

static enum troth_status read_map(struct troth_config_doc *doc,
				  const struct troth_config_field *fields, void *target);

static enum troth_status read_value(struct troth_config_doc *doc,
				    const struct troth_config_field *f, void *target)
{
	switch (f->type) {
	case TROTH_CONFIG_STRING:
	case TROTH_CONFIG_BOOL:
	case TROTH_CONFIG_U32:
	case TROTH_CONFIG_DURATION:
	case TROTH_CONFIG_ENUM: return read_scalar(doc, f, target);
	case TROTH_CONFIG_MAP: return read_map(doc, f->fields, target);
	case TROTH_CONFIG_LIST: return read_list(doc, f, target);
	case TROTH_CONFIG_ANYMAP: return read_any_map(doc, f, target);
	case TROTH_CONFIG_NODE: return hand_over(doc, f, doc->event.start_mark, target);
	}
	return TROTH_E_CONFIG;
}

/* Defaults are read as if they stood in the file; one that does not fit is our own mistake. */
static void set_defaults(const struct troth_config_field *f, void *target)
{
	char why[TROTH_CONFIG_WHY_MAX];
	if (f->type == TROTH_CONFIG_MAP)
		for (const struct troth_config_field *in = f->fields; in->key != NULL; in++)
			set_defaults(in, target);
	if (f->default_text == NULL)
		return;
	bool plain = f->type != TROTH_CONFIG_STRING;
	enum troth_status st =
		troth_config_scalar_set(f, troth_view_str(f->default_text), plain, target, why);
	assert(st == TROTH_OK);
	(void)st;
}

static enum troth_status finish_map(struct troth_config_doc *doc, yaml_mark_t start,
				    const struct troth_config_field *fields, uint64_t seen,
				    void *target)
{
	for (size_t i = 0; fields[i].key != NULL; i++) {
		if ((seen >> i & 1) != 0)
			continue;
		if (fields[i].required)
			return fail_at(doc, start, "missing key: %s", fields[i].key);
		set_defaults(&fields[i], target);
	}
	return TROTH_OK;
}

static enum troth_status unknown_key(struct troth_config_doc *doc,
				     const struct troth_config_field *fields,
				     struct troth_view text)
{
	char shown[200];
	struct troth_nearest meant = { 0 };
	for (size_t i = 0; fields[i].key != NULL; i++)
		troth_nearest_try(&meant, text, fields[i].key);
	troth_config_show(text, shown);
	return fail_at(doc, doc->event.start_mark, "unknown key: %s%s%s%s", shown,
		       meant.name != NULL ? " (did you mean " : "",
		       meant.name != NULL ? meant.name : "", meant.name != NULL ? "?)" : "");
}

/* The field of the key under the cursor, each at most once. */
static enum troth_status find_field(struct troth_config_doc *doc,
				    const struct troth_config_field *fields, uint64_t *seen,
				    const struct troth_config_field **out)
{
	char shown[200];
	TROTH_TRY(expect(doc, YAML_SCALAR_EVENT, "key"));
	struct troth_view text = scalar_text(&doc->event);
	size_t i = 0;
	while (fields[i].key != NULL && !troth_view_equal(text, troth_view_str(fields[i].key)))
		i++;
	assert(i < FIELDS_MAX);
	if (fields[i].key == NULL)
		return unknown_key(doc, fields, text);
	troth_config_show(text, shown);
	if ((*seen >> i & 1) != 0)
		return fail_at(doc, doc->event.start_mark, "duplicate key: %s", shown);
	*seen |= (uint64_t)1 << i;
	*out = &fields[i];
	return TROTH_OK;
}

static enum troth_status read_pair(struct troth_config_doc *doc,
				   const struct troth_config_field *fields, uint64_t *seen,
				   void *target)
{
	const struct troth_config_field *f = NULL;
	TROTH_TRY(find_field(doc, fields, seen, &f));
	TROTH_TRY(next(doc));
	return read_value(doc, f, target);
}

static enum troth_status read_map(struct troth_config_doc *doc,
				  const struct troth_config_field *fields, void *target)
{
	uint64_t seen = 0;
	yaml_mark_t start = doc->event.start_mark;
	TROTH_TRY(expect(doc, YAML_MAPPING_START_EVENT, "map"));
	TROTH_TRY(next(doc));
	while (doc->event.type != YAML_MAPPING_END_EVENT) {
		TROTH_TRY(read_pair(doc, fields, &seen, target));
		TROTH_TRY(next(doc));
	}
	return finish_map(doc, start, fields, seen, target);
}

static enum troth_status open_document(struct troth_config_doc *doc)
{
	TROTH_TRY(next(doc)); /* stream start */
	TROTH_TRY(next(doc));
	if (doc->event.type == YAML_STREAM_END_EVENT)
		return fail_whole(doc->error, TROTH_E_CONFIG, "empty document");
	if (doc->event.data.document_start.version_directive != NULL ||
	    doc->event.data.document_start.tag_directives.start !=
		    doc->event.data.document_start.tag_directives.end)
		return fail_at(doc, doc->event.start_mark, "directives are not taken");
	return next(doc);
}

static enum troth_status read_document(struct troth_config_doc *doc,
				       const struct troth_config_field *fields, void *target)
{
	TROTH_TRY(open_document(doc));
	TROTH_TRY(read_map(doc, fields, target));
	TROTH_TRY(next(doc)); /* document end */
	TROTH_TRY(next(doc));
	if (doc->event.type != YAML_STREAM_END_EVENT)
		return fail_at(doc, doc->event.start_mark, "a second document");
	return TROTH_OK;
}

enum troth_status troth_config_parse(struct troth_view yaml,
				     const struct troth_config_field *fields, void *target,
				     struct troth_config_error *error)
{
	struct troth_config_doc doc = { .yaml = yaml, .error = error };
	if (yaml.n > TROTH_POLICY_MAX)
		return fail_whole(error, TROTH_E_LIMIT, "the document is too large");
	if (!yaml_parser_initialize(&doc.parser))
		return fail_whole(error, TROTH_E_MEMORY, "out of memory");
	/* UTF-8 by decree: guessing would read the same bytes in two ways. */
	yaml_parser_set_encoding(&doc.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&doc.parser, yaml.n > 0 ? yaml.p : (const uint8_t *)"",
				     yaml.n);
	enum troth_status st = read_document(&doc, fields, target);
	yaml_event_delete(&doc.event);
	yaml_parser_delete(&doc.parser);
	return st;
}

struct troth_view troth_config_key(const struct troth_config_doc *doc)
{
	return doc->key;
}

enum troth_status troth_config_scalar(struct troth_config_doc *doc, struct troth_view *out)
{
	TROTH_TRY(expect_scalar(doc));
	struct troth_view text = scalar_text(&doc->event);
	if (text.n == 0)
		return fail_at(doc, doc->event.start_mark, "no value");
	*out = text;
	return TROTH_OK;
}

enum troth_status troth_config_name(struct troth_config_doc *doc, char *out)
{
	struct troth_view text;
	TROTH_TRY(troth_config_scalar(doc, &text));
	if (!troth_name_valid(text))
		return troth_config_fail(
			doc,
			"no name: wanted 1 to %d of a-z 0-9 . _ -, first a letter or digit",
			TROTH_NAME_LEN_MAX);
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return TROTH_OK;
}

static enum troth_status read_number(struct troth_config_doc *doc, uint32_t max, uint32_t *out)
{
	const struct troth_config_field number = { .key = "number",
						   .type = TROTH_CONFIG_U32,
						   .max = max };
	return read_scalar(doc, &number, out);
}

enum troth_status troth_config_numbers(struct troth_config_doc *doc, uint32_t max,
				       uint32_t *out, size_t n_max, size_t *n_out)
{
	size_t n = 0;
	TROTH_TRY(expect(doc, YAML_SEQUENCE_START_EVENT, "list"));
	for (;;) {
		TROTH_TRY(next(doc));
		if (doc->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (n == n_max)
			return fail_at(doc, doc->event.start_mark, "more than %zu numbers",
				       n_max);
		TROTH_TRY(read_number(doc, max, &out[n++]));
	}
	*n_out = n;
	return TROTH_OK;
}

enum troth_status troth_config_map(struct troth_config_doc *doc,
				   const struct troth_config_field *fields, void *target)
{
	return read_map(doc, fields, target);
}
