/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "args.h"
#include "fields_json.h"
#include "logs.h"
#include "output.h"
#include "text.h"

static json_t *bank_json(const struct troth_pcr_bank *bank)
{
	json_t *values = json_object();
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		char index[8], hex[2 * TROTH_DIGEST_MAX + 1];
		if ((bank->have >> pcr & 1) == 0)
			continue;
		snprintf(index, sizeof index, "%u", pcr);
		troth_format_hex(
			(struct troth_view){ bank->value[pcr], troth_hash_size(bank->bank) },
			hex);
		json_object_set_new(values, index, json_string(hex));
	}
	return values;
}

static json_t *replay_json(const struct troth_log *log, const struct troth_replay *replay)
{
	json_t *banks = json_object();
	for (size_t i = 0; i < replay->values.n_banks; i++)
		json_object_set_new(banks, troth_hash_name(replay->values.banks[i].bank),
				    bank_json(&replay->values.banks[i]));
	return json_pack("{s:s, s:I, s:o, s:o}", "format", troth_cli_log_format(log), "events",
			 (json_int_t)log->n_events, "banks", banks, "quirks",
			 troth_cli_quirks_json(replay->quirks));
}

static void put_text(const json_t *o)
{
	const char *bank, *pcr;
	json_t *values, *value;
	char quirks[256];
	printf("format\t%s\n", json_string_value(json_object_get(o, "format")));
	printf("events\t%" JSON_INTEGER_FORMAT "\n",
	       json_integer_value(json_object_get(o, "events")));
	printf("quirks\t%s\n",
	       troth_cli_text_of(json_object_get(o, "quirks"), quirks, sizeof quirks));
	json_object_foreach(json_object_get(o, "banks"), bank, values)
		json_object_foreach(values, pcr, value)
			printf("%s\t%s\t%s\n", bank, pcr, json_string_value(value));
}

/* ---- commands ---- */

static enum troth_cli_exit replay_log(struct troth_cli_logs *logs, enum troth_cli_format format)
{
	struct troth_replay replay;
	if (troth_log_replay(logs->ctx, &logs->log, &replay) != TROTH_OK) {
		troth_cli_error("%s", troth_status_name(TROTH_E_CRYPTO));
		return TROTH_CLI_UNSURE;
	}
	json_t *result = replay_json(&logs->log, &replay);
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, TROTH_CLI_YES);
	put_text(result);
	json_decref(result);
	return TROTH_CLI_YES;
}

struct options {
	const char *format_text, *bank_text, *ima, *systemd;
	enum troth_cli_format format;
	enum troth_hash bank;
};

static bool take_options(const struct troth_cli_command *self, struct options *o)
{
	if (!troth_cli_format(self, o->format_text, false, &o->format))
		return false;
	if (o->bank_text == NULL)
		return true;
	o->bank = troth_hash_from_name(troth_view_str(o->bank_text));
	if (o->bank == TROTH_HASH_NONE)
		troth_cli_usage(self, "--bank is sha1, sha256, sha384, sha512 or sm3_256");
	return o->bank != TROTH_HASH_NONE;
}

typedef enum troth_cli_exit use_logs(struct troth_cli_logs *logs, enum troth_cli_format format);

static enum troth_cli_exit with_logs(const char *file, const struct options *o, use_logs *use)
{
	TROTH_AUTO(troth_cli_logs_clear) struct troth_cli_logs logs = { 0 };
	const enum troth_cli_exit code =
		troth_cli_logs_read(file, o->systemd, o->ima, o->bank, &logs);
	return code == TROTH_CLI_YES ? use(&logs, o->format) : code;
}

static enum troth_cli_exit run_replay(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--format", &o.format_text, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words) || !take_options(self, &o))
		return TROTH_CLI_UNSURE;
	return with_logs(words.list[0], &o, replay_log);
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--format", &o.format_text, NULL },
						    { "--bank", &o.bank_text, NULL },
						    { "--systemd", &o.systemd, NULL },
						    { "--ima", &o.ima, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words) || !take_options(self, &o))
		return TROTH_CLI_UNSURE;
	return with_logs(words.list[0], &o, troth_cli_eventlog_show);
}

static enum troth_cli_exit run_facts(const struct troth_cli_command *self, int argc,
				     char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--format", &o.format_text, NULL },
						    { "--bank", &o.bank_text, NULL },
						    { "--systemd", &o.systemd, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words) || !take_options(self, &o))
		return TROTH_CLI_UNSURE;
	return with_logs(words.list[0], &o, troth_cli_eventlog_facts);
}

const struct troth_cli_command TROTH_CLI_EVENTLOG[] = {
	{ "eventlog", "replay", "[--format text|json] FILE",
	  "Replay a TCG event log and print the PCRs it leads to",
	  "  --format text|json  text: tab-separated lines; json: one object\n"
	  "\n"
	  "Only PCRs that an event extends are listed. Exit code 1 when the log breaks\n"
	  "its format.\n",
	  1, 1, run_replay },
	{ "eventlog", "show",
	  "[--bank NAME] [--systemd FILE] [--ima FILE] [--format text|json] FILE",
	  "Decode a TCG event log, and what was measured after it, as one log",
	  "  --bank NAME         digests of this bank (default: sha256, or the log's best)\n"
	  "  --systemd FILE      systemd's log: /run/log/systemd/tpm2-measure.log\n"
	  "  --ima FILE          the kernel's IMA list, binary\n"
	  "  --format text|json  text: a line per event; json: one object\n"
	  "\n"
	  "Each event is proven (its digest is of what it says), digest-only, or\n"
	  "unauthenticated. Proof is worth what the log is: replay it to a quote. Exit code 1\n"
	  "when a log breaks its format.\n",
	  1, 1, run_show },
	{ "eventlog", "facts", "[--bank NAME] [--systemd FILE] [--format text|json] FILE",
	  "Print what a TCG event log proves about the boot",
	  "  --bank NAME         proof by digests of this bank (default: sha256, or the best)\n"
	  "  --systemd FILE      systemd's log: /run/log/systemd/tpm2-measure.log\n"
	  "  --format text|json  text: by subject; json: one object\n"
	  "\n"
	  "Exit code 1 when the log breaks its format.\n",
	  1, 1, run_facts },
	{ 0 },
};
