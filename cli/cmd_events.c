/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed, and what changes (docs/events.md). */
#include <inttypes.h>
#include <string.h>

#include "admin.h"
#include "output.h"
#include "reader.h"
#include "text.h"

#define EVENTS "/v1/admin/events"
/* A line of a stream, bytes: the longest event has less than 700. */
#define LINE_MAX_LEN 4096

static const char *text_at(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "-";
}

/* Columns of a fixed width: a stream has no end at which they could be measured. */
static void put_event(json_t *event, enum troth_cli_format format)
{
	json_t *data = json_object_get(event, "data");
	char seq[32], device[160];
	if (format == TROTH_CLI_JSON) {
		(void)troth_cli_put_json(json_incref(event), TROTH_CLI_YES);
		return;
	}
	const bool placed = json_object_get(data, "segment") != NULL;
	snprintf(device, sizeof device, "%s%s%s", placed ? text_at(data, "segment") : "",
		 placed ? "/" : "", text_at(data, "name"));
	const char *const cells[] = { troth_cli_text_of(json_object_get(data, "seq"), seq,
							sizeof seq),
				      text_at(event, "timestamp"), text_at(event, "type"),
				      device, text_at(data, "reason") };
	static const int WIDTHS[] = { 7, 20, 18, 24, 0 };
	for (size_t i = 0; i < TROTH_COUNT(cells); i++) {
		const int missing = WIDTHS[i] - (int)strlen(cells[i]);
		if (i > 0)
			fputs(format == TROTH_CLI_TSV ? "\t" : "  ", stdout);
		troth_cli_put(stdout, cells[i]);
		if (format == TROTH_CLI_TEXT && missing > 0)
			printf("%*s", missing, "");
	}
	fputc('\n', stdout);
}

/* ---- what has been ---- */

static enum troth_cli_exit put_page(const struct troth_cli_online *o, uint64_t *from,
				    bool *whole)
{
	TROTH_AUTO(json_decref_p) json_t *page = NULL;
	json_t *event;
	size_t i;
	char path[64];
	snprintf(path, sizeof path, EVENTS "?from=%" PRIu64, *from);
	const struct troth_cli_call call = { .socket = o->socket, .path = path };
	enum troth_cli_exit code = troth_cli_call_json(&call, &page);
	if (code != TROTH_CLI_YES)
		return code;
	json_array_foreach(json_object_get(page, "events"), i, event)
		put_event(event, o->format);
	const json_int_t next = json_integer_value(json_object_get(page, "next"));
	*whole = !json_is_false(json_object_get(page, "whole")) || next < 0 ||
		 (uint64_t)next <= *from;
	*from = next > 0 ? (uint64_t)next : *from;
	return TROTH_CLI_YES;
}

static enum troth_cli_exit put_past(const struct troth_cli_online *o, uint64_t from)
{
	for (bool whole = false; !whole;) {
		enum troth_cli_exit code = put_page(o, &from, &whole);
		if (code != TROTH_CLI_YES)
			return code;
	}
	return TROTH_CLI_YES;
}

/* ---- what comes ---- */

struct stream {
	enum troth_cli_format format;
	char line[LINE_MAX_LEN];
	size_t n;
};

static void take_line(struct stream *s)
{
	static const char DATA[] = "data: ";
	const size_t skip = sizeof DATA - 1;
	if (s->n < skip || strncmp(s->line, DATA, skip) != 0)
		return;
	TROTH_AUTO(json_decref_p)
	json_t *event = json_loadb(s->line + skip, s->n - skip, JSON_REJECT_DUPLICATES, NULL);
	if (json_object_get(event, "type") != NULL) /* the last one says why it ends */
		put_event(event, s->format);
}

/* A line that is too long is none of the verifier's: it is passed over. */
static bool take(void *arg, struct troth_view bytes)
{
	struct stream *s = arg;
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] != '\n') {
			if (s->n < sizeof s->line)
				s->line[s->n++] = (char)bytes.p[i];
			continue;
		}
		take_line(s);
		s->n = 0;
	}
	return fflush(stdout) == 0;
}

static enum troth_cli_exit follow(const struct troth_cli_online *o, const char *since)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer rest = { 0 };
	struct stream s = { .format = o->format };
	char path[96];
	snprintf(path, sizeof path, EVENTS "/stream%s%s", since != NULL ? "?from=" : "",
		 since != NULL ? since : "");
	const struct troth_cli_call call = {
		.socket = o->socket, .path = path, .take = take, .take_arg = &s
	};
	enum troth_cli_exit code = troth_cli_call(&call, &rest);
	if (code == TROTH_CLI_YES)
		troth_cli_error("the verifier has ended the stream, as at every restart "
				"and reload; --follow --since SEQ goes on from there");
	return code == TROTH_CLI_YES ? TROTH_CLI_UNSURE : code;
}

static enum troth_cli_exit run_events(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	const char *since = NULL;
	bool following = false;
	const struct troth_cli_option further[] = { { "--since", &since, NULL },
						    { "--follow", NULL, &following },
						    { 0 } };
	struct troth_cli_online o = { 0 };
	uint64_t from = 0;
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	if (since != NULL && !troth_parse_u64(troth_view_str(since), INT64_MAX, &from)) {
		troth_cli_usage(self, "--since is the number of an event");
		return TROTH_CLI_UNSURE;
	}
	return following ? follow(&o, since) : put_past(&o, from);
}

const struct troth_cli_command TROTH_CLI_EVENTS[] = {
	{ "events", "", "[--follow] [--since SEQ] [--socket PATH] [--format text|tsv|json]",
	  "Show what has changed, or follow what changes",
	  "  --follow              go on as events come, from now or from SEQ\n"
	  "  --since SEQ           begin with this event instead of the first\n"
	  "JSON is one event a line.\n" TROTH_CLI_ONLINE_HELP,
	  0, 0, run_events },
	{ 0 },
};
