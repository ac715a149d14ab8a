/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl reference put and promote: what the verifier accepts from now on. What is changed
 * is put only over what was read: of two who change a set at once, the second is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "reference_sets.h"
#include "text.h"

static enum troth_cli_exit send_text(const struct troth_cli_online *o, const char *path,
				     struct troth_view text)
{
	json_t *result = NULL;
	const struct troth_cli_call call = { .socket = o->socket,
					     .path = path,
					     .content_type = "application/json",
					     .body = text };
	enum troth_cli_exit code = troth_cli_call_json(&call, &result);
	return code == TROTH_CLI_YES ? troth_cli_put_result(result, o->format) : code;
}

/* over: the id of the set that this one was made of. */
static enum troth_cli_exit send_set(struct troth_ctx *ctx, const struct troth_cli_online *o,
				    struct troth_reference_set *set, const uint8_t over[32])
{
	char path[128], id[65];
	TROTH_AUTO(json_decref_p) json_t *root = troth_cli_set_json(ctx, set);
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text == NULL)
		return TROTH_CLI_UNSURE;
	troth_format_hex((struct troth_view){ over, 32 }, id);
	(void)snprintf(path, sizeof path, "%s?over=%s", TROTH_CLI_REFERENCES, id);
	enum troth_cli_exit code = send_text(o, path, troth_view_str(text));
	free(text);
	return code;
}

static uint32_t banks_of(const struct troth_reference_set *set)
{
	uint32_t banks = 0;
	for (size_t i = 0; i < set->n_components; i++) {
		const struct troth_alternative *a = set->components[i].alternatives;
		for (size_t k = 0; a->n_events > 0 && k < a->events->n_digests; k++)
			banks |= 1U << a->events->digests[k].alg;
	}
	return banks;
}

/* An alternative without a bank that the others have would never fit where that bank is quoted.
 */
static bool check_banks(const struct troth_reference_set *to,
			const struct troth_reference_set *from)
{
	const uint32_t lacking = banks_of(to) & ~banks_of(from);
	for (enum troth_hash h = TROTH_HASH_SHA1; h < TROTH_HASH_N; h++)
		if ((lacking >> h & 1) != 0) {
			troth_cli_error(
				"%s has digests of %s, which what is to be added lacks: "
				"build it with --bank",
				to->name, troth_hash_name(h));
			return false;
		}
	return true;
}

/* Adds what a file has to the verifier's set of the same name. */
static enum troth_cli_exit merge(const struct troth_cli_online *o, struct troth_view text)
{
	TROTH_AUTO(troth_reference_release) struct troth_reference_set from = { 0 }, to = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	if (ctx == NULL || !troth_cli_parse_set(ctx, o->words.list[0], text, &from))
		return TROTH_CLI_UNSURE;
	enum troth_cli_exit code = troth_cli_fetch_set(ctx, o->socket, from.name, &to);
	if (code != TROTH_CLI_YES)
		return code;
	if (!check_banks(&to, &from))
		return TROTH_CLI_NO;
	uint8_t over[32];
	memcpy(over, to.id, sizeof over);
	enum troth_status status = troth_reference_merge(&to, &from);
	if (status == TROTH_OK)
		return send_set(ctx, o, &to, over);
	troth_cli_error("%s: %s", o->words.list[0],
			status == TROTH_E_CONFLICT
				? "a component holds a final value in one of the sets and "
				  "events in the other"
				: "merged, the set would pass a limit");
	return TROTH_CLI_NO;
}

enum troth_cli_exit troth_cli_run_put(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	bool add = false;
	const struct troth_cli_option further[] = {
		{ .name = "--merge", .flag = &add },
		{ 0 },
	};
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o) ||
	    !troth_cli_read(o.words.list[0], TROTH_REFERENCE_JSON_MAX, &text))
		return TROTH_CLI_UNSURE;
	return add ? merge(&o, troth_buffer_view(&text))
		   : send_text(&o, TROTH_CLI_REFERENCES, troth_buffer_view(&text));
}

/* Leaves one alternative of a component; false when it has none of that name. */
static bool keep_only(struct troth_component *c, const char *alternative)
{
	size_t i = 0;
	while (i < c->n_alternatives && strcmp(c->alternatives[i].name, alternative) != 0)
		i++;
	if (i == c->n_alternatives)
		return false;
	const struct troth_alternative kept = c->alternatives[i];
	for (size_t k = 0; k < c->n_alternatives; k++)
		if (k != i)
			free(c->alternatives[k].events);
	c->alternatives[0] = kept;
	c->n_alternatives = 1;
	return true;
}

enum troth_cli_exit troth_cli_run_promote(const struct troth_cli_command *self, int argc,
					  char **argv)
{
	TROTH_AUTO(troth_reference_release) struct troth_reference_set set = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	struct troth_cli_online o = { 0 };
	size_t n = 0;
	(void)argc;
	if (ctx == NULL || !troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	const char *name = o.words.list[0], *alternative = o.words.list[1];
	enum troth_cli_exit code = troth_cli_fetch_set(ctx, o.socket, name, &set);
	if (code != TROTH_CLI_YES)
		return code;
	uint8_t over[32];
	memcpy(over, set.id, sizeof over);
	for (size_t i = 0; i < set.n_components; i++)
		n += keep_only(&set.components[i], alternative);
	if (n == 0) {
		troth_cli_error("%s: no component has an alternative %s", name, alternative);
		return TROTH_CLI_NO;
	}
	return send_set(ctx, &o, &set, over);
}
