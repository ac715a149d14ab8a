/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "admin.h"
#include "case.h"
#include "next_step.h"
#include "output.h"
#include "reader.h"
#include "trust_vector.h"

static const char *text_at(json_t *object, const char *key, char *buf, size_t size)
{
	return troth_cli_text_of(json_object_get(object, key), buf, size);
}

static void put_line(const char *label, const char *text)
{
	printf("%-23s", label);
	troth_cli_put(stdout, text);
	fputc('\n', stdout);
}

/* A name and its digest, or the name alone. */
static void put_named(const char *label, json_t *value)
{
	char buf[64], text[256];
	if (json_is_object(value)) {
		snprintf(text, sizeof text, "%s %s", text_at(value, "name", buf, sizeof buf),
			 text_at(value, "id", buf, sizeof buf));
		put_line(label, text);
		return;
	}
	put_line(label, troth_cli_text_of(value, buf, sizeof buf));
}

/* What helps against it. A code that a later verifier has is none here: then nothing. */
static void put_next_step(const json_t *finding, const struct troth_next_step_names *names)
{
	const char *code = json_string_value(json_object_get(finding, "code"));
	const enum troth_finding_code known =
		code != NULL ? troth_finding_from_name(troth_view_str(code))
			     : TROTH_FINDING_NONE;
	char next[TROTH_NEXT_STEP_MAX];
	if (known == TROTH_FINDING_NONE)
		return;
	troth_next_step_for(known, names, next);
	put_line("    what to do", next);
}

static void put_finding(json_t *f, const struct troth_next_step_names *names)
{
	static const char *const MORE[] = { "seen", "expected", "reference" };
	static const char *const LABELS[] = { "    seen", "    expected", "    nearest" };
	char buf[64], place[64] = "";
	json_t *pcr = json_object_get(f, "pcr"), *event = json_object_get(f, "event");
	if (json_is_integer(pcr))
		snprintf(place, sizeof place, ", PCR %" JSON_INTEGER_FORMAT,
			 json_integer_value(pcr));
	size_t n = strlen(place);
	if (json_is_integer(event))
		snprintf(place + n, sizeof place - n, ", event %" JSON_INTEGER_FORMAT,
			 json_integer_value(event));
	printf("\n  ");
	troth_cli_put(stdout, text_at(f, "code", buf, sizeof buf));
	printf(" (");
	troth_cli_put(stdout, text_at(f, "severity", buf, sizeof buf));
	printf(")%s: ", place);
	troth_cli_put(stdout, text_at(f, "detail", buf, sizeof buf));
	fputc('\n', stdout);
	for (size_t i = 0; i < TROTH_COUNT(MORE); i++)
		if (json_is_string(json_object_get(f, MORE[i])))
			put_line(LABELS[i], text_at(f, MORE[i], buf, sizeof buf));
	put_next_step(f, names);
}

static void put_coverage(json_t *coverage)
{
	const char *key;
	json_t *value;
	char buf[256];
	if (json_object_size(coverage) > 0)
		puts("\ncoverage");
	json_object_foreach(coverage, key, value)
	{
		char label[64];
		if (strcmp(key, "not_checked") == 0)
			continue;
		snprintf(label, sizeof label, "  %s", key);
		for (char *c = label; *c != '\0'; c++)
			if (*c == '_')
				*c = ' ';
		put_line(label, troth_cli_text_of(value, buf, sizeof buf));
	}
}

static void put_gaps(json_t *gaps)
{
	size_t i;
	json_t *gap;
	if (json_array_size(gaps) > 0)
		puts("\nnot checked");
	json_array_foreach(gaps, i, gap)
	{
		char buf[64];
		fputs("  - ", stdout);
		troth_cli_put(stdout, troth_cli_text_of(gap, buf, sizeof buf));
		fputc('\n', stdout);
	}
}

/* One line a claim: its tier, the draft's number, and what that says. */
static void put_trust(json_t *trust)
{
	if (json_object_size(trust) > 0)
		puts("\ntrustworthiness (AR4SI)");
	for (enum troth_claim k = 0; k < TROTH_CLAIM_N; k++) {
		const json_t *value = json_object_get(trust, troth_claim_name(k));
		const json_int_t n = json_integer_value(value);
		if (!json_is_integer(value) || n < INT8_MIN || n > INT8_MAX)
			continue;
		printf("  %-20s %-15s %4d  %s\n", troth_claim_name(k),
		       n == 0 ? "-" : troth_tier_name(troth_claim_tier((int8_t)n)), (int)n,
		       troth_claim_words(k, (int8_t)n));
	}
}

/* NULL: there is none. */
static const char *name_in(const json_t *named)
{
	return json_string_value(json_object_get(named, "name"));
}

static void put_text(json_t *o)
{
	static const char *const KEYS[] = { "name", "device", "time", "evidence_time" };
	static const char *const LABELS[] = { "name", "device", "appraised", "evidence of" };
	json_t *verdict = json_object_get(o, "verdict");
	json_t *findings = json_object_get(verdict, "findings"), *finding;
	size_t i;
	char buf[64];
	put_line("verdict", text_at(verdict, "tier", buf, sizeof buf));
	for (i = 0; i < TROTH_COUNT(KEYS); i++)
		put_line(LABELS[i], text_at(o, KEYS[i], buf, sizeof buf));
	put_named("policy", json_object_get(o, "policy"));
	put_named("reference", json_object_get(o, "reference"));
	put_line("digest", text_at(verdict, "digest", buf, sizeof buf));
	printf("%-23s%zu\n", "findings", json_array_size(findings));
	const struct troth_next_step_names names = {
		.device = json_string_value(json_object_get(o, "name")),
		.policy = name_in(json_object_get(o, "policy")),
		.reference = name_in(json_object_get(o, "reference")),
	};
	json_array_foreach(findings, i, finding) put_finding(finding, &names);
	put_trust(json_object_get(verdict, "trust"));
	put_coverage(json_object_get(verdict, "coverage"));
	put_gaps(json_object_get(json_object_get(verdict, "coverage"), "not_checked"));
}

static void put_tsv(json_t *o)
{
	static const char *const KEYS[] = { "severity", "code",	  "pcr",       "event", "seen",
					    "expected", "detail", "reference", NULL };
	TROTH_AUTO(json_decref_p) json_t *rows = json_array();
	json_t *finding;
	size_t i;
	json_array_foreach(json_object_get(json_object_get(o, "verdict"), "findings"), i,
			   finding) json_array_append_new(rows, troth_cli_row(finding, KEYS));
	troth_cli_put_table(KEYS, rows, TROTH_CLI_TSV);
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(json_decref_p) json_t *answer = NULL;
	struct troth_cli_online o = { 0 };
	(void)argc;
	if (!troth_cli_online_args(self, argv, NULL, &o))
		return TROTH_CLI_UNSURE;
	const struct troth_cli_call call = { .socket = o.socket,
					     .path = "/v1/admin/verdicts",
					     .item = o.words.list[0] };
	enum troth_cli_exit code = troth_cli_call_json(&call, &answer);
	if (code != TROTH_CLI_YES)
		return code;
	if (o.format == TROTH_CLI_JSON)
		return troth_cli_put_json(json_incref(answer), TROTH_CLI_YES);
	if (o.format == TROTH_CLI_TSV)
		put_tsv(answer);
	else
		put_text(answer);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit run_export(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	const char *output = NULL, *socket = NULL;
	struct troth_cli_words words = { 0 };
	const struct troth_cli_option options[] = { { "--output", &output, NULL },
						    { "--socket", &socket, NULL },
						    { 0 } };
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (output == NULL) {
		troth_cli_usage(self, "--output FILE is wanted");
		return TROTH_CLI_UNSURE;
	}
	enum troth_cli_exit code = troth_cli_case_fetch(words.list[0], socket, &bytes);
	if (code != TROTH_CLI_YES)
		return code;
	/* Evidence names a machine's software: nobody else's to read. */
	enum troth_status st = troth_file_write(output, troth_buffer_view(&bytes), 0600);
	if (st != TROTH_OK)
		troth_cli_file_failed(output, st);
	return st == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

const struct troth_cli_command TROTH_CLI_VERDICT[] = {
	{ "verdict", "show", "DEVICE [--socket PATH] [--format text|tsv|json]",
	  "Show a device's last verdict, what it rests on and what was not looked at",
	  "  DEVICE                a name, an id, or the first 8 or more digits of an "
	  "id\n" TROTH_CLI_ONLINE_HELP,
	  1, 1, run_show },
	{ "verdict", "export", "DEVICE --output FILE [--socket PATH]",
	  "Write a device's last verdict with all its evidence, for explain and replay",
	  "  DEVICE         a name, an id, or the first 8 or more digits of an id\n"
	  "  --output FILE  what is written; readable by you alone\n"
	  "  --socket PATH  the verifier's local socket, " TROTH_CLI_SOCKET "\n",
	  1, 1, run_export },
	{ 0 },
};
