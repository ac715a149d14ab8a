/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <string.h>

#include "base.h"
#include "json_string.h"
#include "reader.h"
#include "text.h"
#include "utf8.h"

struct parser {
	struct troth_reader in;
	struct troth_json json;
	size_t depth;
};

static enum troth_status parse_value(struct parser *p, struct troth_view name);

static bool peek(const struct parser *p, uint8_t *out)
{
	struct troth_reader ahead = p->in;
	return troth_get_u8(&ahead, out);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next byte that is not blank, not taken. */
static bool peek_token(struct parser *p, uint8_t *out)
{
	uint8_t c;
	while (peek(p, &c) && is_blank(c))
		if (!troth_get_u8(&p->in, &c))
			return false;
	return peek(p, out);
}

/* Takes c if it is what comes next. */
static bool accept(struct parser *p, char c)
{
	uint8_t got;
	return peek_token(p, &got) && got == (uint8_t)c && troth_get_u8(&p->in, &got);
}

static enum troth_status parse_string(struct parser *p, struct troth_json_value *v)
{
	if (!accept(p, '"'))
		return TROTH_E_MALFORMED;
	if (!troth_json_string_take(&p->in, &v->text, &v->escaped) ||
	    !troth_utf8_valid(v->text))
		return TROTH_E_MALFORMED;
	v->type = TROTH_JSON_STRING;
	return TROTH_OK;
}

static size_t skip_digits(struct troth_reader *r)
{
	size_t n = 0;
	uint8_t c;
	for (struct troth_reader ahead = *r; troth_get_u8(&ahead, &c) && c >= '0' && c <= '9';
	     *r = ahead)
		n++;
	return n;
}

static bool skip_one_of(struct troth_reader *r, const char *set)
{
	struct troth_reader ahead = *r;
	uint8_t c;
	if (!troth_get_u8(&ahead, &c) || c == 0 || strchr(set, c) == NULL)
		return false;
	*r = ahead;
	return true;
}

/* RFC 8259, 6: [-] int [frac] [exp], where int has no leading zero. */
static bool skip_number(struct troth_reader *r)
{
	(void)skip_one_of(r, "-");
	const bool zero = skip_one_of(r, "0");
	const size_t n_digits = skip_digits(r);
	if (zero == (n_digits > 0))
		return false;
	if (skip_one_of(r, ".") && skip_digits(r) == 0)
		return false;
	if (!skip_one_of(r, "eE"))
		return true;
	(void)skip_one_of(r, "+-");
	return skip_digits(r) > 0;
}

static enum troth_status parse_number(struct parser *p, struct troth_json_value *v)
{
	struct troth_reader rest = p->in;
	if (!skip_number(&rest))
		return TROTH_E_MALFORMED;
	if (!troth_get_view(&p->in, p->in.left.n - rest.left.n, &v->text))
		return TROTH_E_MALFORMED;
	v->type = TROTH_JSON_NUMBER;
	return TROTH_OK;
}

static enum troth_status parse_word(struct parser *p, struct troth_json_value *v)
{
	static const struct {
		const char *word;
		enum troth_json_type type;
	} WORDS[] = { { "true", TROTH_JSON_TRUE },
		      { "false", TROTH_JSON_FALSE },
		      { "null", TROTH_JSON_NULL } };
	for (size_t i = 0; i < TROTH_COUNT(WORDS); i++) {
		const struct troth_view word = troth_view_str(WORDS[i].word);
		struct troth_reader ahead = p->in;
		struct troth_view got;
		if (!troth_get_view(&ahead, word.n, &got) || !troth_view_equal(got, word))
			continue;
		p->in = ahead;
		v->type = WORDS[i].type;
		return TROTH_OK;
	}
	return TROTH_E_MALFORMED;
}

/* Members before the one at the end of the storage have other names: which of two would count
 * differs from one reader to the next. */
static bool name_is_new(const struct parser *p, size_t object, struct troth_view name)
{
	for (size_t i = object + 1; i < p->json.n; i += 1 + p->json.values[i].n_inside)
		if (troth_view_equal(p->json.values[i].name, name))
			return false;
	return true;
}

static enum troth_status parse_member(struct parser *p, size_t object)
{
	struct troth_json_value name = { 0 };
	TROTH_TRY(parse_string(p, &name));
	if (name.escaped || !name_is_new(p, object, name.text) || !accept(p, ':'))
		return TROTH_E_MALFORMED;
	return parse_value(p, name.text);
}

static enum troth_status parse_inside(struct parser *p, size_t at, bool object)
{
	const char end = object ? '}' : ']';
	if (accept(p, end))
		return TROTH_OK;
	do
		TROTH_TRY(object ? parse_member(p, at)
				 : parse_value(p, (struct troth_view){ 0 }));
	while (accept(p, ','));
	return accept(p, end) ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status parse_container(struct parser *p, size_t at)
{
	const bool object = accept(p, '{');
	if (!object && !accept(p, '['))
		return TROTH_E_MALFORMED;
	if (p->depth == TROTH_JSON_DEPTH_MAX)
		return TROTH_E_LIMIT;
	p->depth++;
	p->json.values[at].type = object ? TROTH_JSON_OBJECT : TROTH_JSON_ARRAY;
	TROTH_TRY(parse_inside(p, at, object));
	p->json.values[at].n_inside = p->json.n - at - 1;
	p->depth--;
	return TROTH_OK;
}

static enum troth_status parse_value(struct parser *p, struct troth_view name)
{
	uint8_t c;
	if (!peek_token(p, &c))
		return TROTH_E_MALFORMED;
	if (p->json.n == p->json.max)
		return TROTH_E_LIMIT;
	const size_t at = p->json.n++;
	struct troth_json_value *v = &p->json.values[at];
	*v = (struct troth_json_value){ .name = name };
	switch (c) {
	case '{':
	case '[': return parse_container(p, at);
	case '"': return parse_string(p, v);
	case 't':
	case 'f':
	case 'n': return parse_word(p, v);
	default: return parse_number(p, v);
	}
}

enum troth_status troth_json_parse(struct troth_view text, struct troth_json_value *values,
				   size_t max, struct troth_json *out)
{
	struct parser p = { .in = { text }, .json = { .values = values, .max = max } };
	uint8_t c;
	if (!peek_token(&p, &c) || c != '{')
		return TROTH_E_MALFORMED;
	TROTH_TRY(parse_value(&p, (struct troth_view){ 0 }));
	if (peek_token(&p, &c))
		return TROTH_E_MALFORMED;
	*out = p.json;
	return TROTH_OK;
}

const struct troth_json_value *troth_json_root(const struct troth_json *json)
{
	return json->n > 0 ? &json->values[0] : NULL;
}

const struct troth_json_value *troth_json_first(const struct troth_json_value *value)
{
	return value != NULL && value->n_inside > 0 ? value + 1 : NULL;
}

const struct troth_json_value *troth_json_next(const struct troth_json_value *container,
					       const struct troth_json_value *value)
{
	const struct troth_json_value *end = container + 1 + container->n_inside;
	const struct troth_json_value *next = value + 1 + value->n_inside;
	return next < end ? next : NULL;
}

const struct troth_json_value *troth_json_member(const struct troth_json_value *value,
						 const char *name)
{
	if (value == NULL || value->type != TROTH_JSON_OBJECT)
		return NULL;
	const struct troth_json_value *v = troth_json_first(value);
	while (v != NULL && !troth_view_equal(v->name, troth_view_str(name)))
		v = troth_json_next(value, v);
	return v;
}

bool troth_json_plain(const struct troth_json_value *value, struct troth_view *out)
{
	if (value == NULL || value->type != TROTH_JSON_STRING || value->escaped)
		return false;
	*out = value->text;
	return true;
}

bool troth_json_string(const struct troth_json_value *value, struct troth_writer *scratch,
		       struct troth_view *out)
{
	if (value == NULL || value->type != TROTH_JSON_STRING)
		return false;
	if (!value->escaped) {
		*out = value->text;
		return true;
	}
	const size_t before = scratch->n;
	troth_json_string_write_out(value->text, scratch);
	if (!troth_writer_ok(scratch))
		return false;
	*out = (struct troth_view){ scratch->p + before, scratch->n - before };
	return true;
}

bool troth_json_is(const struct troth_json_value *value, const char *text)
{
	struct troth_view got;
	return troth_json_plain(value, &got) && troth_view_equal(got, troth_view_str(text));
}

bool troth_json_u63(const struct troth_json_value *value, uint64_t *out)
{
	return value != NULL && value->type == TROTH_JSON_NUMBER &&
	       troth_parse_u64(value->text, INT64_MAX, out);
}
