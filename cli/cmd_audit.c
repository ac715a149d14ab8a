/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "admin.h"
#include "clock.h"
#include "output.h"
#include "reader.h"
#include "text.h"

/* One page, appended to leaves; out_next is where the next one begins, or from itself when
 * this was the last. */
static enum troth_cli_exit add_page(const char *socket, uint64_t from, json_t *leaves,
				    uint64_t *out_next)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL;
	char path[64];
	snprintf(path, sizeof path, "/v1/admin/audit?from=%" PRIu64, from);
	const struct troth_cli_call call = { .socket = socket, .path = path };
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	json_t *page = json_object_get(answer, "leaves");
	json_t *last = json_array_get(page, json_array_size(page) - 1);
	json_int_t index = json_integer_value(json_object_get(last, "index"));
	*out_next = last != NULL && index >= 0 && (uint64_t)index >= from ? (uint64_t)index + 1
									  : from;
	json_array_extend(leaves, page);
	return TROTH_CLI_YES;
}

/* The value of the line of a leaf that begins with a key (docs/audit.md). */
static struct troth_view value_of(const char *leaf, const char *key)
{
	const size_t n = strlen(key);
	while (*leaf != '\0') {
		const size_t length = strcspn(leaf, "\n");
		if (length > n && strncmp(leaf, key, n) == 0 && leaf[n] == ' ')
			return (struct troth_view){ (const uint8_t *)leaf + n + 1,
						    length - n - 1 };
		leaf += length + (leaf[length] != '\0');
	}
	return troth_view_str("-");
}

/* What people ask about a leaf; scripts take all of it. */
static json_t *words_of(json_t *leaf)
{
	static const char *const KEYS[] = { "kind", "name", "actor", "detail" };
	const char *text = json_string_value(json_object_get(leaf, "leaf"));
	const char *all = text != NULL ? text : "";
	const struct troth_view certificate = value_of(all, "certificate");
	char index[32], at[32] = "-";
	uint64_t time_ms;
	if (troth_parse_u64(value_of(all, "time"), INT64_MAX, &time_ms))
		troth_format_time(time_ms / 1000, at);
	json_t *row = json_pack(
		"[s, s]",
		troth_cli_text_of(json_object_get(leaf, "index"), index, sizeof index), at);
	for (size_t i = 0; i < TROTH_COUNT(KEYS); i++) {
		const struct troth_view v = value_of(all, KEYS[i]);
		json_array_append_new(row, json_stringn((const char *)v.p, v.n));
	}
	json_array_append_new(row, json_stringn((const char *)certificate.p,
						certificate.n < 16 ? certificate.n : 16));
	return row;
}

/* A leaf is lines; a table has room for one. */
static json_t *row_of(json_t *leaf)
{
	char line[2048] = "", index[32];
	const char *text = json_string_value(json_object_get(leaf, "leaf"));
	size_t n = 0;
	for (; text != NULL && text[n] != '\0' && n < sizeof line - 1; n++)
		line[n] = text[n];
	while (n > 0 && line[n - 1] == '\n')
		line[--n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	return json_pack("[s, s]",
			 troth_cli_text_of(json_object_get(leaf, "index"), index, sizeof index),
			 line);
}

static enum troth_cli_exit put_leaves(json_t *leaves, enum troth_cli_format format)
{
	static const char *const WHOLE[] = { "INDEX", "LEAF", NULL };
	static const char *const WORDS[] = { "INDEX", "TIME",	"KIND",	       "NAME",
					     "ACTOR", "DETAIL", "CERTIFICATE", NULL };
	const bool text = format == TROTH_CLI_TEXT;
	TROTH_AUTO(json_decref_p) json_t *rows = json_array();
	json_t *leaf;
	size_t i;
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(json_pack("{s:O}", "leaves", leaves), TROTH_CLI_YES);
	json_array_foreach(leaves, i, leaf)
		json_array_append_new(rows, text ? words_of(leaf) : row_of(leaf));
	troth_cli_put_table(text ? WORDS : WHOLE, rows, format);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	const char *from_text = NULL;
	const struct troth_cli_option further[] = { { "--from", &from_text, NULL }, { 0 } };
	TROTH_AUTO(json_decref_p) json_t *leaves = json_array();
	struct troth_cli_online o = { 0 };
	uint64_t from = 0, next = 0;
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	if (from_text != NULL &&
	    !troth_parse_u64(troth_view_str(from_text), INT64_MAX, &from)) {
		troth_cli_usage(self, "--from is the index of a leaf");
		return TROTH_CLI_UNSURE;
	}
	for (;;) {
		enum troth_cli_exit code = add_page(o.socket, from, leaves, &next);
		if (code != TROTH_CLI_YES)
			return code;
		if (next == from)
			return put_leaves(leaves, o.format);
		from = next;
	}
}

const struct troth_cli_command TROTH_CLI_AUDIT[] = {
	{ "audit", "list", "[--from INDEX] [--socket PATH] [--format text|tsv|json]",
	  "List the leaves of the audit log",
	  "  --from INDEX          begin at this leaf instead of the "
	  "first\n" TROTH_CLI_ONLINE_HELP,
	  0, 0, run_list },
	{ 0 },
};
