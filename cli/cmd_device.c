/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "admin.h"
#include "output.h"

#define DEVICES "/v1/admin/devices"

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const KEYS[] = {
		"name",	   "state", "health",	 "verdict.tier",	  "verdict.finding",
		"segment", "group", "last_pass", "certificate_not_after", "id",
		NULL
	};
	static const char *const HEAD[] = { "NAME",    "STATE",	    "HEALTH",
					    "VERDICT", "FINDING",   "SEGMENT",
					    "GROUP",   "LAST PASS", "CERTIFICATE UNTIL",
					    "ID",      NULL };
	static const struct troth_cli_listing LISTING = { DEVICES, "devices", KEYS, HEAD };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	return troth_cli_put_listing(&LISTING, &o);
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	struct troth_cli_online o = { 0 };
	json_t *device = NULL;
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = DEVICES,
					     .item = o.words.list[0] };
	enum troth_cli_exit code = troth_cli_call_json(&call, &device);
	return code == TROTH_CLI_YES ? troth_cli_put_result(device, o.format) : code;
}

static json_t *action_json(const char *action, const char *const *names)
{
	static const char *const KEYS[] = { "name", "segment", "group" };
	json_t *body = json_pack("{s:s}", "action", action);
	for (size_t i = 0; i < TROTH_COUNT(KEYS); i++)
		if (names[i] != NULL)
			json_object_set_new(body, KEYS[i], json_string(names[i]));
	return body;
}

/* approve, quarantine, release, retire: the command's own name is the action. */
static enum troth_cli_exit run_action(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	const char *names[3] = { NULL };
	const struct troth_cli_option further[] = {
		{ "--name", &names[0], NULL },
		{ "--segment", &names[1], NULL },
		{ "--group", &names[2], NULL },
		{ 0 },
	};
	bool approve = strcmp(self->verb, "approve") == 0;
	struct troth_cli_online o = { 0 };
	json_t *device = NULL;
	(void)argc;
	if (!troth_cli_online_args(self, argv, approve ? further : NULL, &o))
		return TROTH_CLI_UNSURE;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = DEVICES,
					     .item = o.words.list[0] };
	enum troth_cli_exit code =
		troth_cli_post_json(call, action_json(self->verb, names), &device);
	return code == TROTH_CLI_YES ? troth_cli_put_result(device, o.format) : code;
}

#define DEVICE_HELP                                                                   \
	"  DEVICE                a name, an id, or the first 8 or more digits of an " \
	"id\n" TROTH_CLI_ONLINE_HELP

const struct troth_cli_command TROTH_CLI_DEVICE[] = {
	{ "device", "list", "[--socket PATH] [--format text|tsv|json]", "List the devices",
	  TROTH_CLI_ONLINE_HELP, 0, 0, run_list },
	{ "device", "show", "DEVICE [--socket PATH] [--format text|tsv|json]",
	  "Show one device", DEVICE_HELP, 1, 1, run_show },
	{ "device", "approve",
	  "DEVICE [--name NAME] [--segment SEGMENT] [--group GROUP] [--socket PATH] "
	  "[--format text|tsv|json]",
	  "Let a pending device in",
	  DEVICE_HELP "  --name NAME           its registry name from now on\n"
		      "  --segment SEGMENT     its segment\n"
		      "  --group GROUP         its group, which is the policy it is held to\n",
	  1, 1, run_action },
	{ "device", "quarantine", "DEVICE [--socket PATH] [--format text|tsv|json]",
	  "Stop a device's credentials at once", DEVICE_HELP, 1, 1, run_action },
	{ "device", "release", "DEVICE [--socket PATH] [--format text|tsv|json]",
	  "Let a quarantined device attest again", DEVICE_HELP, 1, 1, run_action },
	{ "device", "retire", "DEVICE [--socket PATH] [--format text|tsv|json]",
	  "Take a device out of service for good", DEVICE_HELP, 1, 1, run_action },
	{ 0 },
};
