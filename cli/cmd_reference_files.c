/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl reference import and export: systemd's .pcrlock files. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "pcrlock.h"
#include "reference_sets.h"

/* What import and export have in common. */
struct call {
	const char *name, *socket, *format, *out;
	struct troth_cli_words words;
	struct troth_ctx *ctx;
	struct troth_reference_set set;
};

static void call_clear(struct call *c)
{
	troth_reference_release(&c->set);
	troth_ctx_free(c->ctx);
}

static bool take_call(const struct troth_cli_command *self, char **argv,
		      const struct troth_cli_option *options, struct call *c)
{
	if (!troth_cli_args(self, argv, options, &c->words))
		return false;
	if (c->format == NULL || strcmp(c->format, "pcrlock") != 0) {
		troth_cli_usage(self, "--format pcrlock is needed: it is the one there is");
		return false;
	}
	c->ctx = troth_cli_context();
	return c->ctx != NULL;
}

static bool import_set(struct troth_ctx *ctx, const char *name,
		       const struct troth_cli_words *words, struct troth_reference_set *out)
{
	TROTH_AUTO(json_decref_p)
	json_t *root = troth_pcrlock_read(name, words->list, words->n);
	char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text == NULL)
		return false;
	bool fine = troth_cli_parse_set(
		ctx, words->list[0], (struct troth_view){ (const uint8_t *)text, strlen(text) },
		out);
	free(text);
	return fine;
}

enum troth_cli_exit troth_cli_run_import(const struct troth_cli_command *self, int argc,
					 char **argv)
{
	TROTH_AUTO(call_clear) struct call c = { 0 };
	const struct troth_cli_option options[] = {
		{ .name = "--name", .text = &c.name },
		{ .name = "--format", .text = &c.format },
		{ .name = "--out", .text = &c.out },
		{ 0 },
	};
	(void)argc;
	if (!take_call(self, argv, options, &c))
		return TROTH_CLI_UNSURE;
	if (c.name == NULL) {
		troth_cli_usage(self, "--name is needed");
		return TROTH_CLI_UNSURE;
	}
	return import_set(c.ctx, c.name, &c.words, &c.set)
		       ? troth_cli_write_set(c.ctx, &c.set, c.out)
		       : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_run_export(const struct troth_cli_command *self, int argc,
					 char **argv)
{
	TROTH_AUTO(call_clear) struct call c = { 0 };
	const struct troth_cli_option options[] = {
		{ .name = "--socket", .text = &c.socket },
		{ .name = "--format", .text = &c.format },
		{ .name = "--out", .text = &c.out },
		{ 0 },
	};
	(void)argc;
	if (!take_call(self, argv, options, &c))
		return TROTH_CLI_UNSURE;
	if (c.out == NULL) {
		troth_cli_usage(self, "--out DIRECTORY is needed");
		return TROTH_CLI_UNSURE;
	}
	const enum troth_cli_exit code =
		troth_cli_find_set(c.ctx, c.socket, c.words.list[0], &c.set);
	return code == TROTH_CLI_YES ? troth_cli_write_pcrlock(c.ctx, &c.set, c.out) : code;
}
