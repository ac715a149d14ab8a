/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "documents.h"
#include "input.h"
#include "output.h"
#include "pcrlock.h"

bool troth_cli_parse_set(struct troth_ctx *ctx, const char *where, struct troth_view text,
			 struct troth_reference_set *out)
{
	struct troth_config_error error = { 0 };
	if (troth_reference_parse(ctx, text, out, &error) == TROTH_OK)
		return true;
	if (error.line > 0)
		troth_cli_error("%s:%u:%u: %s", where, error.line, error.column, error.text);
	else
		troth_cli_error("%s: %s", where, error.text);
	return false;
}

json_t *troth_cli_set_json(struct troth_ctx *ctx, struct troth_reference_set *set)
{
	char *text = NULL;
	size_t n = 0;
	json_t *root = NULL;
	if (troth_reference_format(ctx, set, &text, &n) == TROTH_OK)
		root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	else
		troth_cli_error("the set is larger than %d bytes, or there is no memory",
				TROTH_REFERENCE_JSON_MAX);
	free(text);
	return root;
}

enum troth_cli_exit troth_cli_write_set(struct troth_ctx *ctx, struct troth_reference_set *set,
					const char *out)
{
	TROTH_AUTO(json_decref_p) json_t *root = troth_cli_set_json(ctx, set);
	if (root == NULL)
		return TROTH_CLI_UNSURE;
	if (out == NULL)
		return troth_cli_put_json(json_incref(root), TROTH_CLI_YES);
	char *text = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(2));
	enum troth_status status = TROTH_E_MEMORY;
	if (text != NULL)
		status = troth_file_write(
			out, (struct troth_view){ (const uint8_t *)text, strlen(text) }, 0644);
	free(text);
	if (status != TROTH_OK)
		troth_cli_error("%s: cannot be written", out);
	return status == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_write_pcrlock(struct troth_ctx *ctx,
					    struct troth_reference_set *set,
					    const char *directory)
{
	TROTH_AUTO(json_decref_p) json_t *root = troth_cli_set_json(ctx, set);
	return root != NULL && troth_pcrlock_write(root, directory) ? TROTH_CLI_YES
								    : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_fetch_set(struct troth_ctx *ctx, const char *socket,
					const char *name, struct troth_reference_set *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer body = { 0 };
	const struct troth_cli_call call = { .socket = socket,
					     .path = TROTH_CLI_REFERENCES,
					     .item = name };
	enum troth_cli_exit code = troth_cli_call(&call, &body);
	if (code != TROTH_CLI_YES)
		return code;
	return troth_cli_parse_set(ctx, name, troth_buffer_view(&body), out) ? TROTH_CLI_YES
									     : TROTH_CLI_UNSURE;
}

enum troth_cli_exit troth_cli_find_set(struct troth_ctx *ctx, const char *socket,
				       const char *where, struct troth_reference_set *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	if (strchr(where, '/') == NULL && access(where, F_OK) != 0)
		return troth_cli_fetch_set(ctx, socket, where, out);
	return troth_cli_read(where, TROTH_REFERENCE_JSON_MAX, &text) &&
			       troth_cli_parse_set(ctx, where, troth_buffer_view(&text), out)
		       ? TROTH_CLI_YES
		       : TROTH_CLI_UNSURE;
}
