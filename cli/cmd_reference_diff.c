/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl reference diff: what one set accepts and the other does not. */
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "reference_sets.h"

/* Finds what has this name in a list of objects. */
static json_t *named(json_t *list, const json_t *name)
{
	json_t *o;
	size_t i;
	json_array_foreach(list, i,
			   o) if (json_equal(json_object_get(o, "name"), name)) return o;
	return NULL;
}

static void add_row(json_t *rows, const char *change, const json_t *component,
		    const char *alternative, const char *what)
{
	json_array_append_new(rows,
			      json_pack("[s, s, s, s]", change,
					json_string_value(json_object_get(component, "name")),
					alternative, what));
}

static const char *name_of(const json_t *o)
{
	return json_string_value(json_object_get(o, "name"));
}

/* Where two lists of records part. */
static void add_changed(json_t *rows, const json_t *component, const json_t *a, const json_t *b)
{
	json_t *x = json_object_get(a, "records"), *y = json_object_get(b, "records");
	const size_t n = json_array_size(x), m = json_array_size(y);
	char what[96];
	size_t i = 0;
	while (i < n && i < m && json_equal(json_array_get(x, i), json_array_get(y, i)))
		i++;
	if (i == n && i == m)
		return;
	const json_t *at = i < n ? json_array_get(x, i) : json_array_get(y, i);
	(void)snprintf(what, sizeof what, "from record %zu on, pcr %d (%zu and %zu records)", i,
		       (int)json_integer_value(json_object_get(at, "pcr")), n, m);
	add_row(rows, "~", component, name_of(a), what);
}

/* Alternatives of one that the other lacks. */
static void add_lacking(json_t *rows, const char *change, const json_t *component,
			const json_t *other)
{
	json_t *alternative;
	size_t i;
	json_array_foreach(json_object_get(component, "alternatives"), i, alternative)
	{
		char what[64];
		if (named(json_object_get(other, "alternatives"),
			  json_object_get(alternative, "name")) != NULL)
			continue;
		(void)snprintf(what, sizeof what, "%zu records",
			       json_array_size(json_object_get(alternative, "records")));
		add_row(rows, change, component, name_of(alternative), what);
	}
}

static void add_flags(json_t *rows, const json_t *a, const json_t *b)
{
	static const char *const FLAGS[] = { "optional", "golden" };
	for (size_t i = 0; i < TROTH_COUNT(FLAGS); i++) {
		const bool was = json_is_true(json_object_get(a, FLAGS[i]));
		const bool is = json_is_true(json_object_get(b, FLAGS[i]));
		char what[64];
		(void)snprintf(what, sizeof what, "%s: %s, %s", FLAGS[i],
			       was ? "true" : "false", is ? "true" : "false");
		if (was != is)
			add_row(rows, "~", a, "-", what);
	}
}

static void compare_components(json_t *rows, json_t *a, json_t *b)
{
	json_t *alternative;
	size_t i;
	add_flags(rows, a, b);
	json_array_foreach(json_object_get(a, "alternatives"), i, alternative)
	{
		const json_t *other = named(json_object_get(b, "alternatives"),
					    json_object_get(alternative, "name"));
		if (other != NULL)
			add_changed(rows, a, alternative, other);
	}
	add_lacking(rows, "-", a, b);
	add_lacking(rows, "+", b, a);
}

static json_t *compare_sets(json_t *a, json_t *b)
{
	json_t *rows = json_array(), *c;
	json_t *from = json_object_get(a, "components"), *to = json_object_get(b, "components");
	size_t i, last = 0;
	json_array_foreach(from, i, c)
	{
		json_t *other = named(to, json_object_get(c, "name"));
		if (other != NULL)
			compare_components(rows, c, other);
		else
			add_lacking(rows, "-", c, NULL);
	}
	json_array_foreach(to, i, c)
	{
		size_t at = 0;
		while (at < json_array_size(from) &&
		       !json_equal(json_object_get(json_array_get(from, at), "name"),
				   json_object_get(c, "name")))
			at++;
		if (at == json_array_size(from))
			add_lacking(rows, "+", c, NULL);
		else if (at < last)
			add_row(rows, "~", c, "-", "comes later in the second set");
		else
			last = at;
	}
	return rows;
}

/* As objects, for programs. */
static json_t *rows_json(const json_t *rows)
{
	static const char *const KEYS[] = { "change", "component", "alternative", "what" };
	json_t *list = json_array(), *row;
	size_t i;
	json_array_foreach(rows, i, row)
	{
		json_t *o = json_object();
		for (size_t k = 0; k < TROTH_COUNT(KEYS); k++)
			json_object_set(o, KEYS[k], json_array_get(row, k));
		json_array_append_new(list, o);
	}
	return json_pack("{s:b, s:o}", "same", json_array_size(rows) == 0, "changes", list);
}

static enum troth_cli_exit find(struct troth_ctx *ctx, const struct troth_cli_online *o,
				size_t i, json_t **out)
{
	TROTH_AUTO(troth_reference_release) struct troth_reference_set set = { 0 };
	enum troth_cli_exit code = troth_cli_find_set(ctx, o->socket, o->words.list[i], &set);
	if (code != TROTH_CLI_YES)
		return TROTH_CLI_UNSURE;
	*out = troth_cli_set_json(ctx, &set);
	return *out != NULL ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_run_diff(const struct troth_cli_command *self, int argc,
				       char **argv)
{
	static const char *const HEAD[] = { "CHANGE", "COMPONENT", "ALTERNATIVE", "WHAT",
					    NULL };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	TROTH_AUTO(json_decref_p) json_t *a = NULL, *b = NULL, *rows = NULL;
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (ctx == NULL || !troth_cli_online_args(self, argv, NULL, &o) ||
	    find(ctx, &o, 0, &a) != TROTH_CLI_YES || find(ctx, &o, 1, &b) != TROTH_CLI_YES)
		return TROTH_CLI_UNSURE;
	rows = compare_sets(a, b);
	const enum troth_cli_exit code = json_array_size(rows) == 0 ? TROTH_CLI_YES
								    : TROTH_CLI_NO;
	if (o.format == TROTH_CLI_JSON)
		return troth_cli_put_json(rows_json(rows), code);
	if (code == TROTH_CLI_NO)
		troth_cli_put_table(HEAD, rows, o.format);
	return code;
}
