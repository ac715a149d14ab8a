/* SPDX-License-Identifier: Apache-2.0 */
/* trothctl reference import and export: systemd's .pcrlock files. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "pcrlock.h"
#include "reference_sets.h"

static bool is_pcrlock(const struct troth_cli_command *self, const char *format)
{
	if (format != NULL && strcmp(format, "pcrlock") == 0)
		return true;
	troth_cli_usage(self, "--format pcrlock is needed: it is the one there is");
	return false;
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
	const char *name = NULL, *format = NULL, *out = NULL;
	const struct troth_cli_option options[] = {
		{ .name = "--name", .text = &name },
		{ .name = "--format", .text = &format },
		{ .name = "--out", .text = &out },
		{ 0 },
	};
	TROTH_AUTO(troth_reference_release) struct troth_reference_set set = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	struct troth_cli_words words;
	(void)argc;
	if (ctx == NULL || !troth_cli_args(self, argv, options, &words) ||
	    !is_pcrlock(self, format))
		return TROTH_CLI_UNSURE;
	if (name == NULL) {
		troth_cli_usage(self, "--name is needed");
		return TROTH_CLI_UNSURE;
	}
	return import_set(ctx, name, &words, &set) ? troth_cli_write_set(ctx, &set, out)
						   : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_run_export(const struct troth_cli_command *self, int argc,
					 char **argv)
{
	const char *socket = NULL, *format = NULL, *out = NULL;
	const struct troth_cli_option options[] = {
		{ .name = "--socket", .text = &socket },
		{ .name = "--format", .text = &format },
		{ .name = "--out", .text = &out },
		{ 0 },
	};
	TROTH_AUTO(troth_reference_release) struct troth_reference_set set = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	struct troth_cli_words words;
	(void)argc;
	if (ctx == NULL || !troth_cli_args(self, argv, options, &words) ||
	    !is_pcrlock(self, format))
		return TROTH_CLI_UNSURE;
	if (out == NULL) {
		troth_cli_usage(self, "--out DIRECTORY is needed");
		return TROTH_CLI_UNSURE;
	}
	enum troth_cli_exit code = troth_cli_find_set(ctx, socket, words.list[0], &set);
	return code == TROTH_CLI_YES ? troth_cli_write_pcrlock(ctx, &set, out) : code;
}
