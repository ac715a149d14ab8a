/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const KEYS[] = { "name",	"waiting",    "last_success",
					    "failures", "last_error", "url",
					    NULL };
	static const char *const HEAD[] = { "NAME",	"WAITING",    "LAST SUCCESS",
					    "FAILURES", "LAST ERROR", "URL",
					    NULL };
	static const struct troth_cli_listing LISTING = { "/v1/admin/webhooks", "webhooks",
							  KEYS, HEAD };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	return troth_cli_put_listing(&LISTING, &o);
}

const struct troth_cli_command TROTH_CLI_WEBHOOK[] = {
	{ "webhook", "list", "[--socket PATH] [--format text|tsv|json]",
	  "List webhooks: what waits for each, when it was last taken, what went wrong",
	  TROTH_CLI_ONLINE_HELP, 0, 0, run_list },
	{ 0 },
};
