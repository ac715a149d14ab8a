/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "ima_json.h"
#include "ima_replay.h"
#include "input.h"
#include "output.h"
#include "text.h"

/* The PCR a kernel measures into unless a rule names another. */
static const uint32_t IMA_PCR = 10;

struct options {
	const char *pcr10_text, *bank_text, *hash_text, *format_text;
	enum troth_cli_format format;
	enum troth_hash hash;	   /* of the template digests; NONE: to be found out */
	struct troth_digest pcr10; /* the value to explain; alg NONE: none */
	enum troth_hash bank;	   /* shown; NONE: all */
};

/* ---- options ---- */

static bool take_hash(const struct troth_cli_command *self, const char *name, const char *text,
		      enum troth_hash *out)
{
	if (text == NULL)
		return true;
	*out = troth_hash_from_name(troth_view_str(text));
	if (*out == TROTH_HASH_NONE)
		troth_cli_usage(self, "%s is sha1, sha256, sha384, sha512 or sm3_256", name);
	return *out != TROTH_HASH_NONE;
}

/* The bank of a value is named, or follows from its length. */
static enum troth_hash bank_of(const struct options *o)
{
	const size_t digits = strlen(o->pcr10_text);
	if (o->bank != TROTH_HASH_NONE)
		return o->bank;
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++)
		if (digits == 2 * troth_hash_size(h))
			return h;
	return TROTH_HASH_NONE;
}

static bool take_pcr10(const struct troth_cli_command *self, struct options *o)
{
	if (o->pcr10_text == NULL)
		return true;
	o->pcr10.alg = bank_of(o);
	const size_t size = troth_hash_size(o->pcr10.alg);
	if (size != 0 && troth_parse_hex(troth_view_str(o->pcr10_text), o->pcr10.bytes, size))
		return true;
	troth_cli_usage(self, "--pcr10 is the value of a bank in hexadecimal");
	return false;
}

static bool take_options(const struct troth_cli_command *self, struct options *o)
{
	if (!troth_cli_format(self, o->format_text, false, &o->format))
		return false;
	return take_hash(self, "--template-hash", o->hash_text, &o->hash) &&
	       take_hash(self, "--bank", o->bank_text, &o->bank) && take_pcr10(self, o);
}

/* ---- replay ---- */

/* What the format forbids makes a list unsound; what failed for want of memory says nothing. */
/* The kernel shows its list as text, too, and a line of that begins with the number of a PCR.
 */
static bool is_text(struct troth_view bytes)
{
	return bytes.n > 3 && bytes.p[0] == '1' && bytes.p[1] == '0' && bytes.p[2] == ' ';
}

static enum troth_cli_exit refuse(const char *file, struct troth_view bytes,
				  enum troth_status st, size_t offset)
{
	if (st == TROTH_E_MEMORY || st == TROTH_E_CRYPTO) {
		troth_cli_error("%s: %s", file, troth_status_name(st));
		return TROTH_CLI_UNSURE;
	}
	troth_cli_unsound(file, "ima-malformed", offset,
			  is_text(bytes)
				  ? "this is the list as text, binary_runtime_measurements "
				    "is wanted"
				  : troth_status_name(st));
	return TROTH_CLI_NO;
}

static void put_banks(const char *head, const json_t *banks)
{
	const char *bank, *pcr;
	json_t *values, *value;
	json_object_foreach((json_t *)(uintptr_t)banks, bank, values)
		json_object_foreach(values, pcr, value)
			printf("%s%s\t%s\t%s\n", head, bank, pcr, json_string_value(value));
}

static void put_replay(const json_t *o)
{
	static const char *const NUMBERS[] = { "entries", "violations" };
	const json_t *prefix = json_object_get(o, "prefix");
	printf("template_hash\t%s\n", json_string_value(json_object_get(o, "template_hash")));
	for (size_t i = 0; i < TROTH_COUNT(NUMBERS); i++)
		printf("%s\t%" JSON_INTEGER_FORMAT "\n", NUMBERS[i],
		       json_integer_value(json_object_get(o, NUMBERS[i])));
	put_banks("", json_object_get(o, "banks"));
	put_banks("padded-sha1:", json_object_get(o, "padded_sha1"));
	if (json_is_object(prefix))
		printf("prefix\t%" JSON_INTEGER_FORMAT "\t%s\t%s\n",
		       json_integer_value(json_object_get(prefix, "entries")),
		       json_string_value(json_object_get(prefix, "bank")),
		       json_string_value(json_object_get(prefix, "way")));
}

static enum troth_status find_prefix(struct troth_ctx *ctx, struct troth_view bytes,
				     const struct options *o, struct troth_ima_prefix *out)
{
	struct troth_ima_list list;
	size_t offset;
	const struct troth_ima_goal goal = { .bank = o->pcr10.alg,
					     .pcr = IMA_PCR,
					     .value = troth_digest_view(&o->pcr10) };
	TROTH_TRY(troth_ima_open(ctx, bytes, o->hash, &list));
	return troth_ima_find_prefix(ctx, &list, &goal, out, &offset);
}

static enum troth_cli_exit replay(struct troth_ctx *ctx, const char *file,
				  struct troth_view bytes, const struct options *o)
{
	struct troth_ima_replay r;
	struct troth_ima_prefix prefix = { 0 };
	const bool asked = o->pcr10.alg != TROTH_HASH_NONE;
	size_t offset;
	enum troth_status st = troth_ima_replay(ctx, bytes, o->hash, &r, &offset);
	if (st == TROTH_OK && asked)
		st = find_prefix(ctx, bytes, o, &prefix);
	if (st != TROTH_OK)
		return refuse(file, bytes, st, offset);
	if (asked && !prefix.found)
		troth_cli_unsound(file, "ima-replay-mismatch", bytes.n,
				  "no prefix of the list gives this PCR 10");
	const enum troth_cli_exit code = asked && !prefix.found ? TROTH_CLI_NO : TROTH_CLI_YES;
	json_t *result =
		troth_cli_ima_replay_json(&r, o->bank, asked ? &prefix : NULL, o->pcr10.alg);
	if (o->format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, code);
	put_replay(result);
	json_decref(result);
	return code;
}

/* ---- show ---- */

static enum troth_cli_exit put_entry(const struct troth_ima_record *r,
				     enum troth_cli_format format)
{
	struct troth_ima_entry e;
	if (troth_ima_decode(r, &e) != TROTH_OK)
		return TROTH_CLI_UNSURE;
	if (format != TROTH_CLI_JSON) {
		troth_cli_ima_put_line(r, &e);
		return TROTH_CLI_YES;
	}
	if (r->index > 0)
		putchar(',');
	return troth_cli_put_json(troth_cli_ima_entry_json(r, &e), TROTH_CLI_YES);
}

/* One entry after the other: a list may be larger than its JSON should be in memory. */
static enum troth_cli_exit put_entries(struct troth_ima_list list, enum troth_cli_format format)
{
	enum troth_cli_exit code = TROTH_CLI_YES;
	if (format == TROTH_CLI_JSON)
		printf("{\"template_hash\":\"%s\",\"entries\":[\n", troth_hash_name(list.hash));
	while (code == TROTH_CLI_YES && !troth_ima_at_end(&list)) {
		struct troth_ima_record r;
		if (troth_ima_next(&list, &r) != TROTH_OK)
			return TROTH_CLI_UNSURE;
		code = put_entry(&r, format);
	}
	if (format == TROTH_CLI_JSON)
		puts("]}");
	return code;
}

/* Only a list that is sound to its end is shown: half a result would look like a whole one. */
static enum troth_cli_exit show(struct troth_ctx *ctx, const char *file,
				struct troth_view bytes, const struct options *o)
{
	struct troth_ima_list list;
	size_t offset = 0;
	enum troth_status st = troth_ima_open(ctx, bytes, o->hash, &list);
	if (st == TROTH_OK)
		st = troth_ima_check(ctx, list, &offset);
	return st == TROTH_OK ? put_entries(list, o->format) : refuse(file, bytes, st, offset);
}

/* ---- commands ---- */

typedef enum troth_cli_exit read_list(struct troth_ctx *, const char *, struct troth_view,
				      const struct options *);

static enum troth_cli_exit with_file(const char *file, const struct options *o, read_list *read)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = troth_cli_context();
	if (ctx == NULL || !troth_cli_read(file, TROTH_IMA_FILE_MAX, &bytes))
		return TROTH_CLI_UNSURE;
	return read(ctx, file, troth_buffer_view(&bytes), o);
}

static enum troth_cli_exit run_replay(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--pcr10", &o.pcr10_text, NULL },
						    { "--bank", &o.bank_text, NULL },
						    { "--template-hash", &o.hash_text, NULL },
						    { "--format", &o.format_text, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words) || !take_options(self, &o))
		return TROTH_CLI_UNSURE;
	return with_file(words.list[0], &o, replay);
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	struct options o = { 0 };
	const struct troth_cli_option options[] = { { "--template-hash", &o.hash_text, NULL },
						    { "--format", &o.format_text, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words) || !take_options(self, &o))
		return TROTH_CLI_UNSURE;
	return with_file(words.list[0], &o, show);
}

const struct troth_cli_command TROTH_CLI_IMA[] = {
	{ "ima", "replay",
	  "[--pcr10 HEX] [--bank NAME] [--template-hash NAME] [--format text|json] FILE",
	  "Replay an IMA list and print the PCRs it leads to",
	  "  --pcr10 HEX           a value of PCR 10: how much of the list leads to it\n"
	  "  --bank NAME           only this bank; --pcr10 is of it (default: by its length)\n"
	  "  --template-hash NAME  hash of the template digests (default: found out)\n"
	  "  --format text|json    text: tab-separated lines; json: one object\n"
	  "\n"
	  "Exit code 1 when the list breaks its format, a template digest is not of its data,\n"
	  "or no prefix of the list leads to the value given.\n",
	  1, 1, run_replay },
	{ "ima", "show", "[--template-hash NAME] [--format text|json] FILE",
	  "Decode an IMA list",
	  "  --template-hash NAME  hash of the template digests (default: found out)\n"
	  "  --format text|json    text: a line per entry; json: one object\n"
	  "\n"
	  "Exit code 1 when the list breaks its format.\n",
	  1, 1, run_show },
	{ 0 },
};
