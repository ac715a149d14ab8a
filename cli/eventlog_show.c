/* SPDX-License-Identifier: Apache-2.0 */
/* eventlog show: the merged log, an event a line or an object. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event_text.h"
#include "fields_json.h"
#include "logs.h"
#include "output.h"
#include "text.h"
#include "verdict_json.h"

/* What is shown, counted. */
struct tally {
	uint64_t n[TROTH_PROOF_DATA + 1];
	uint32_t quirks;
};

static void count(struct tally *t, const struct troth_merged_entry *e)
{
	t->n[e->proof.proof]++;
	t->quirks |= e->proof.quirks;
}

static void put_register(struct troth_line *l, const struct troth_cli_logs *logs,
			 const struct troth_merged_entry *e)
{
	if (e->source == TROTH_SOURCE_FIRMWARE)
		troth_line_register(l, &logs->log, e->pcr);
	else if (e->has_pcr)
		troth_line_format(l, "PCR %" PRIu32, e->pcr);
	else
		troth_line_str(l, "NV");
}

/* ---- JSON ---- */

static json_t *entry_json(const struct troth_cli_logs *logs, const struct troth_merged_entry *e)
{
	char text[TROTH_EVENT_LINE_MAX], name[32], type[96];
	struct troth_line line = troth_line_make(text, sizeof text);
	struct troth_line named = troth_line_make(name, sizeof name);
	struct troth_line typed = troth_line_make(type, sizeof type);
	json_t *fields = json_object();
	const struct troth_fields sink = troth_cli_fields_to(fields);
	troth_merged_line(&line, e);
	troth_merged_type(&typed, e);
	put_register(&named, logs, e);
	troth_merged_fields(&sink, e);
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "source",
			 troth_source_name(e->source), "index", (json_int_t)e->index, "pcr",
			 e->has_pcr ? json_integer(e->pcr) : json_null(), "register",
			 troth_cli_line_json(&named), "type", troth_cli_line_json(&typed),
			 "proof", troth_proof_name(e->proof.proof), "digest",
			 troth_json_hex(e->proof.digest), "quirks",
			 troth_cli_quirks_json(e->proof.quirks), "text",
			 troth_cli_line_json(&line), "fields", fields);
}

static json_t *tally_json(const struct tally *t)
{
	return json_pack("{s:I, s:I, s:I}", "proven", (json_int_t)t->n[TROTH_PROOF_DATA],
			 "digest_only", (json_int_t)t->n[TROTH_PROOF_DIGEST], "unauthenticated",
			 (json_int_t)t->n[TROTH_PROOF_NONE]);
}

/* One event after the other: an IMA list may be larger than its JSON should be in memory. */
static enum troth_cli_exit put_json(struct troth_cli_logs *logs, struct troth_merged_log *m)
{
	struct tally t = { .quirks = logs->log.quirks };
	struct troth_merged_entry e;
	fputs("{\"events\":[\n", stdout);
	for (;;) {
		if (troth_merged_next(m, &e) != TROTH_OK)
			return TROTH_CLI_UNSURE;
		if (e.source == TROTH_SOURCE_NONE)
			break;
		if (e.position > 0)
			putchar(',');
		count(&t, &e);
		if (troth_cli_put_json(entry_json(logs, &e), TROTH_CLI_YES) != TROTH_CLI_YES)
			return TROTH_CLI_UNSURE;
	}
	fputs("],\"log\":", stdout);
	json_t *head = json_object();
	troth_cli_put_log_head(head, logs, t.quirks);
	json_object_set_new(head, "counts", tally_json(&t));
	const enum troth_cli_exit code = troth_cli_put_json(head, TROTH_CLI_YES);
	puts("}");
	return code;
}

/* ---- text ---- */

static const char *mark(enum troth_proof proof)
{
	switch (proof) {
	case TROTH_PROOF_NONE: break;
	case TROTH_PROOF_DIGEST: return "digest";
	case TROTH_PROOF_DATA: return "proven";
	}
	return "-";
}

/* The first bytes are enough to find a digest by. */
static void put_short_digest(struct troth_view digest)
{
	char hex[17] = "-";
	if (digest.n >= 8)
		troth_format_hex((struct troth_view){ digest.p, 8 }, hex);
	printf("%-16s  ", hex);
}

static void put_quirks(uint32_t quirks)
{
	for (unsigned i = 0; i < TROTH_QUIRK_N; i++)
		if ((quirks >> i & 1) != 0)
			printf("  [%s]", troth_quirk_name((enum troth_quirk)(1U << i)));
}

/* The longest names of types would push everything else off the screen. */
static const char *short_type(const char *type)
{
	return strncmp(type, "EV_EFI_", 7) == 0 ? type + 7
	       : strncmp(type, "EV_", 3) == 0	? type + 3
						: type;
}

static void put_entry(const struct troth_cli_logs *logs, const struct troth_merged_entry *e)
{
	char text[TROTH_EVENT_LINE_MAX], name[32], type[96];
	struct troth_line line = troth_line_make(text, sizeof text);
	struct troth_line named = troth_line_make(name, sizeof name);
	struct troth_line typed = troth_line_make(type, sizeof type);
	troth_merged_line(&line, e);
	troth_merged_type(&typed, e);
	put_register(&named, logs, e);
	if (logs->has_systemd || logs->has_ima)
		printf("%-8s ", troth_source_name(e->source));
	printf("%5" PRIu64 "  %-6s  %-7s  ", e->index, mark(e->proof.proof), name);
	put_short_digest(e->proof.digest);
	printf("%-25s  %s", short_type(type), text);
	put_quirks(e->proof.quirks);
	putchar('\n');
}

static void put_head(const struct troth_cli_logs *logs)
{
	printf("%s, %zu firmware events", troth_cli_log_format(&logs->log), logs->log.n_events);
	if (logs->has_systemd)
		printf(", %zu of systemd", logs->systemd.n_events);
	if (logs->has_ima)
		fputs(", and an IMA list", stdout);
	printf("; bank %s\n", troth_hash_name(logs->bank));
	if (!troth_log_has_pcrs(&logs->log))
		puts("A log of a confidential virtual machine: its registers are not PCRs.");
	puts("proven: the digest is of what is shown; digest: it is of something else; -: "
	     "nothing "
	     "vouches for it\n");
}

static enum troth_cli_exit put_text(struct troth_cli_logs *logs, struct troth_merged_log *m)
{
	struct tally t = { .quirks = logs->log.quirks };
	struct troth_merged_entry e;
	put_head(logs);
	for (;;) {
		if (troth_merged_next(m, &e) != TROTH_OK)
			return TROTH_CLI_UNSURE;
		if (e.source == TROTH_SOURCE_NONE)
			break;
		count(&t, &e);
		put_entry(logs, &e);
	}
	printf("\n%" PRIu64 " proven, %" PRIu64 " digest only, %" PRIu64 " unauthenticated\n",
	       t.n[TROTH_PROOF_DATA], t.n[TROTH_PROOF_DIGEST], t.n[TROTH_PROOF_NONE]);
	for (unsigned i = 0; i < TROTH_QUIRK_N; i++)
		if ((t.quirks >> i & 1) != 0)
			printf("%s: %s\n", troth_quirk_name((enum troth_quirk)(1U << i)),
			       troth_quirk_meaning((enum troth_quirk)(1U << i)));
	return TROTH_CLI_YES;
}

enum troth_cli_exit troth_cli_eventlog_show(struct troth_cli_logs *logs,
					    enum troth_cli_format format)
{
	struct troth_merged_log m = troth_merged_begin(
		logs->ctx, logs->bank, &logs->log, logs->has_systemd ? &logs->systemd : NULL,
		logs->has_ima ? &logs->ima : NULL);
	return format == TROTH_CLI_JSON ? put_json(logs, &m) : put_text(logs, &m);
}
