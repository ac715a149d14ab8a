/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <troth/limits.h>

#include "output.h"
#include "reference_sets.h"

static enum troth_cli_exit run_learn(const struct troth_cli_command *self, int argc,
				     char **argv)
{
	const char *device = NULL, *name = NULL, *alternative = NULL;
	bool merge = false;
	const struct troth_cli_option further[] = {
		{ "--device", &device, NULL },
		{ "--name", &name, NULL },
		{ "--alternative", &alternative, NULL },
		{ "--merge", NULL, &merge },
		{ 0 },
	};
	struct troth_cli_online o = { 0 };
	json_t *result = NULL;
	(void)argc;
	if (!troth_cli_online_args(self, argv, further, &o))
		return TROTH_CLI_UNSURE;
	if (device == NULL || name == NULL) {
		troth_cli_usage(self, "--device and --name are needed");
		return TROTH_CLI_UNSURE;
	}
	json_t *body =
		json_pack("{s:s, s:s, s:b}", "device", device, "name", name, "merge", merge);
	if (body != NULL && alternative != NULL)
		json_object_set_new(body, "alternative", json_string(alternative));
	const struct troth_cli_call call = { .socket = o.socket, .path = "/v1/admin/learn" };
	enum troth_cli_exit code = troth_cli_post_json(call, body, &result);
	return code == TROTH_CLI_YES ? troth_cli_put_result(result, o.format) : code;
}

static enum troth_cli_exit run_list(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const KEYS[] = { "name", "components", "id", NULL };
	static const char *const HEAD[] = { "NAME", "COMPONENTS", "ID", NULL };
	static const struct troth_cli_listing LISTING = { TROTH_CLI_REFERENCES, "references",
							  KEYS, HEAD };
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	return troth_cli_put_listing(&LISTING, &o);
}

/* The PCRs an alternative measures into, ascending. */
static json_t *pcrs_of(json_t *records)
{
	json_t *list = json_array(), *record;
	bool seen[TROTH_PCR_COUNT] = { false };
	size_t i;
	json_array_foreach(records, i, record)
	{
		json_int_t pcr = json_integer_value(json_object_get(record, "pcr"));
		if (pcr >= 0 && pcr < TROTH_PCR_COUNT)
			seen[pcr] = true;
	}
	for (i = 0; i < TROTH_PCR_COUNT; i++)
		if (seen[i])
			json_array_append_new(list, json_integer((json_int_t)i));
	return list;
}

static void add_rows(json_t *component, json_t *rows)
{
	static const char *const KEYS[] = { "component", "alternative", "kind",
					    "pcrs",	 "records",	NULL };
	bool golden = json_is_true(json_object_get(component, "golden"));
	bool optional = json_is_true(json_object_get(component, "optional"));
	json_t *alternative;
	size_t i;
	json_array_foreach(json_object_get(component, "alternatives"), i, alternative)
	{
		json_t *records = json_object_get(alternative, "records");
		TROTH_AUTO(json_decref_p)
		json_t *o = json_pack("{s:O, s:O, s:s, s:o, s:I}", "component",
				      json_object_get(component, "name"), "alternative",
				      json_object_get(alternative, "name"), "kind",
				      golden	 ? "golden"
				      : optional ? "optional"
						 : "required",
				      "pcrs", pcrs_of(records), "records",
				      (json_int_t)json_array_size(records));
		json_array_append_new(rows, troth_cli_row(o, KEYS));
	}
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	static const char *const HEAD[] = { "COMPONENT", "ALTERNATIVE", "KIND",
					    "PCRS",	 "RECORDS",	NULL };
	TROTH_AUTO(json_decref_p) json_t *set = NULL, *rows = json_array();
	struct troth_cli_online o = { 0 };
	json_t *component;
	size_t i;
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = TROTH_CLI_REFERENCES,
					     .item = o.words.list[0] };
	enum troth_cli_exit code = troth_cli_call_json(&call, &set);
	if (code != TROTH_CLI_YES)
		return code;
	if (o.format == TROTH_CLI_JSON)
		return troth_cli_put_json(json_incref(set), TROTH_CLI_YES);
	json_array_foreach(json_object_get(set, "components"), i, component)
		add_rows(component, rows);
	troth_cli_put_table(HEAD, rows, o.format);
	return TROTH_CLI_YES;
}

const struct troth_cli_command TROTH_CLI_REFERENCE[] = {
	{ "reference", "learn",
	  "--device DEVICE --name NAME [--alternative NAME] [--merge] [--socket PATH] "
	  "[--format text|tsv|json]",
	  "Make a reference set of what a good device last booted",
	  "  --device DEVICE       a name, an id, or the first 8 or more digits of an id\n"
	  "  --name NAME           of the set\n"
	  "  --alternative NAME    of the version learned, in every component: learned\n"
	  "  --merge               add to the set of this name what it "
	  "lacks\n" TROTH_CLI_ONLINE_HELP,
	  0, 0, run_learn },
	{ "reference", "list", "[--socket PATH] [--format text|tsv|json]",
	  "List the reference sets", TROTH_CLI_ONLINE_HELP, 0, 0, run_list },
	{ "reference", "show", "NAME [--socket PATH] [--format text|tsv|json]",
	  "Show a reference set; as json it is the document itself", TROTH_CLI_ONLINE_HELP, 1,
	  1, run_show },
	{ "reference", "put", "FILE [--merge] [--socket PATH] [--format text|tsv|json]",
	  "Check a reference set and put it into force",
	  "  --merge               add what it has to the set of this "
	  "name\n" TROTH_CLI_ONLINE_HELP,
	  1, 1, troth_cli_run_put },
	{ "reference", "promote", "NAME ALTERNATIVE [--socket PATH] [--format text|tsv|json]",
	  "Accept one alternative only, in each component that has it", TROTH_CLI_ONLINE_HELP,
	  2, 2, troth_cli_run_promote },
	{ "reference", "build", "--name NAME --alternative VERSION [OPTIONS]",
	  "Predict from files what an update will measure", TROTH_CLI_BUILD_HELP, 0, 0,
	  troth_cli_run_build },
	{ "reference", "diff", "SET SET [--socket PATH] [--format text|tsv|json]",
	  "Tell what differs between two sets, files or the verifier's; exit code 1 if "
	  "anything",
	  TROTH_CLI_ONLINE_HELP, 2, 2, troth_cli_run_diff },
	{ "reference", "import", "--format pcrlock --name NAME [--out FILE] DIRECTORY...",
	  "Make a reference set of systemd's .pcrlock files",
	  "  --format pcrlock      what the files are: the one kind there is\n"
	  "  --name NAME           of the set\n"
	  "  --out FILE            without it to standard output\n"
	  "Of files with one name in several directories the first counts.\n",
	  1, TROTH_CLI_WORDS_MAX, troth_cli_run_import },
	{ "reference", "export", "--format pcrlock --out DIRECTORY SET [--socket PATH]",
	  "Write a reference set, a file or the verifier's, as .pcrlock files",
	  "  --format pcrlock      what is written: the one kind there is\n"
	  "  --out DIRECTORY       empty, or made\n"
	  "  --socket PATH         the verifier's local socket, " TROTH_CLI_SOCKET "\n",
	  1, 1, troth_cli_run_export },
	{ "reference", "ima",
	  "build DIR --output FILE [--source NAME] [--add LIST] | import SUMS --output FILE "
	  "...",
	  "Make an allow-list of files for IMA",
	  "  build DIR        every file of a root file system\n"
	  "  import SUMS      what sha256sum printed, with absolute paths or ./\n"
	  "  --output FILE    NAME.digests, for the directory ima.lists of the verifier\n"
	  "  --source NAME    what the files came in (default: of a directory with a dpkg\n"
	  "                   database, the package of each)\n"
	  "  --add LIST       with all of another allow-list\n"
	  "\n"
	  "Needs no server. SHA-256 of the files' bytes; packages' md5sums are not enough.\n",
	  2, 2, troth_cli_run_reference_ima },
	{ 0 },
};
