/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <troth/limits.h>
#include <unistd.h>

#include "admin.h"
#include "input.h"
#include "output.h"
#include "reader.h"

#define POLICIES "/v1/admin/policies"

static enum troth_cli_exit run_apply(const struct troth_cli_command *self, int argc,
				     char **argv)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	struct troth_cli_online o = { 0 };
	json_t *result = NULL;
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o) ||
	    !troth_cli_read(o.words.list[0], TROTH_POLICY_MAX, &text))
		return TROTH_CLI_UNSURE;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = POLICIES,
					     .content_type = "application/yaml",
					     .about = o.words.list[0],
					     .body = troth_buffer_view(&text) };
	enum troth_cli_exit code = troth_cli_call_json(&call, &result);
	return code == TROTH_CLI_YES ? troth_cli_put_result(result, o.format) : code;
}

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const KEYS[] = { "name", "id", NULL };
	static const char *const HEAD[] = { "NAME", "ID", NULL };
	static const struct troth_cli_listing LISTING = { POLICIES, "policies", KEYS, HEAD };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	return troth_cli_put_listing(&LISTING, &o);
}

/* The name of the only policy there is. */
static enum troth_cli_exit only_policy(const char *socket, char *out)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL;
	const struct troth_cli_call call = { .socket = socket, .path = POLICIES };
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	json_t *list = json_object_get(answer, "policies");
	const char *name = json_string_value(json_object_get(json_array_get(list, 0), "name"));
	if (json_is_array(list) && json_array_size(list) == 0) {
		troth_cli_error("there is no policy yet (see trothctl policy apply --help)");
		return TROTH_CLI_UNSURE;
	}
	if (json_array_size(list) != 1 || name == NULL || strlen(name) > TROTH_NAME_LEN_MAX) {
		troth_cli_error("there are %zu policies: name one (see trothctl policy list)",
				json_array_size(list));
		return TROTH_CLI_UNSURE;
	}
	snprintf(out, TROTH_NAME_LEN_MAX + 1, "%s", name);
	return TROTH_CLI_YES;
}

/* As it was applied, byte for byte; on a terminal without what could steer it. */
static void put_yaml(struct troth_view text)
{
	struct troth_reader r = { text };
	uint8_t c;
	if (!isatty(STDOUT_FILENO)) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	while (troth_get_u8(&r, &c)) {
		char one[2] = { (char)c, '\0' };
		if (c == '\n' || c == '\t' || c == '\\')
			fputc(c, stdout);
		else
			troth_cli_put(stdout, one);
	}
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	struct troth_cli_online o = { 0 };
	char name[TROTH_NAME_LEN_MAX + 1] = "";
	enum troth_cli_exit code = TROTH_CLI_YES;
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	if (o.words.n == 0)
		code = only_policy(o.socket, name);
	if (code != TROTH_CLI_YES)
		return code;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = POLICIES,
					     .item = o.words.n > 0 ? o.words.list[0] : name };
	code = troth_cli_call(&call, &text);
	if (code != TROTH_CLI_YES)
		return code;
	if (o.format == TROTH_CLI_JSON)
		return troth_cli_put_json(json_pack("{s:s, s:s%}", "name", call.item, "yaml",
						    (const char *)text.p, text.n),
					  TROTH_CLI_YES);
	put_yaml(troth_buffer_view(&text));
	return TROTH_CLI_YES;
}

const struct troth_cli_command TROTH_CLI_POLICY[] = {
	{ "policy", "apply", "FILE [--socket PATH] [--format text|tsv|json]",
	  "Check a policy and put it into force", TROTH_CLI_ONLINE_HELP, 1, 1, run_apply },
	{ "policy", "show", "[NAME] [--socket PATH] [--format text|tsv|json]",
	  "Print a policy as it was applied; without NAME the only one there is",
	  TROTH_CLI_ONLINE_HELP, 0, 1, run_show },
	{ "policy", "list", "[--socket PATH] [--format text|tsv|json]", "List the policies",
	  TROTH_CLI_ONLINE_HELP, 0, 0, run_list },
	{ 0 },
};
