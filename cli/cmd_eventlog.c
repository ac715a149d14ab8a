/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "args.h"
#include "eventlog.h"
#include "input.h"
#include "output.h"
#include "text.h"

static const char *format_name(const struct troth_log *log)
{
	return log->header.format == TROTH_LOG_SHA1 ? "sha1" : "crypto-agile";
}

static json_t *quirks_json(uint32_t quirks)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < TROTH_QUIRK_N; i++)
		if ((quirks >> i & 1) != 0)
			json_array_append_new(list, json_string(troth_quirk_name(
							    (enum troth_quirk)(1U << i))));
	return list;
}

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
	return json_pack("{s:s, s:I, s:o, s:o}", "format", format_name(log), "events",
			 (json_int_t)log->n_events, "banks", banks, "quirks",
			 quirks_json(replay->quirks));
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

/* What the format forbids makes a log unsound; what failed for want of memory says nothing. */
static enum troth_cli_exit refuse(const char *file, const struct troth_log *log,
				  enum troth_status st)
{
	if (st == TROTH_E_MEMORY || st == TROTH_E_CRYPTO) {
		troth_cli_error("%s: %s", file, troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	troth_cli_unsound(file, troth_finding_name(TROTH_FINDING_LOG_MALFORMED),
			  log->error_offset, troth_status_name(st));
	return TROTH_CLI_NO;
}

static enum troth_cli_exit replay_file(const char *file, enum troth_cli_format format)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	TROTH_AUTO(troth_log_release) struct troth_log log = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	struct troth_replay replay;
	if (ctx == NULL || !troth_cli_read(file, TROTH_LOG_MAX, &bytes))
		return TROTH_CLI_UNSURE;
	enum troth_status st = troth_log_parse(troth_buffer_view(&bytes), &log);
	if (st == TROTH_OK)
		st = troth_log_replay(ctx, &log, &replay);
	if (st != TROTH_OK)
		return refuse(file, &log, st);
	json_t *result = replay_json(&log, &replay);
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, TROTH_CLI_YES);
	put_text(result);
	json_decref(result);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit run_replay(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	const char *format_text = NULL;
	const struct troth_cli_option options[] = { { "--format", &format_text, NULL }, { 0 } };
	struct troth_cli_words words;
	enum troth_cli_format format;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (!troth_cli_format_from(format_text, false, &format)) {
		troth_cli_usage(self, "--format is text or json");
		return TROTH_CLI_UNSURE;
	}
	return replay_file(words.list[0], format);
}

const struct troth_cli_command TROTH_CLI_EVENTLOG[] = {
	{ "eventlog", "replay", "[--format text|json] FILE",
	  "Replay a TCG event log and print the PCRs it leads to",
	  "  --format text|json  text: tab-separated lines; json: one object\n"
	  "\n"
	  "Only PCRs that an event extends are listed. Exit code 1 when the log breaks\n"
	  "its format.\n",
	  1, 1, run_replay },
	{ 0 },
};
