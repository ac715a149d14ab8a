/* SPDX-License-Identifier: Apache-2.0 */
/* Status documents, verified off line: which device is how. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "args.h"
#include "clock.h"
#include "ear_keys.h"
#include "input.h"
#include "output.h"
#include "reader.h"
#include "status_feed.h"
#include "status_list.h"
#include "text.h"

/* A million devices with the longest names. */
#define DOCUMENT_MAX ((size_t)150 * 1024 * 1024)
#define KEYS_FILE_MAX (64 * 1024)
/* The document and the deltas that follow it. */
#define DOCUMENTS_MAX (1 + TROTH_CLI_LIST_MAX)

/* What was asked for, and what was read for it. */
struct feed {
	const char *keys_file, *domain, *not_below, *segment, *status, *format_text;
	struct troth_cli_list deltas;
	enum troth_cli_format format;
	uint64_t lowest;

	struct troth_ctx *ctx;
	struct troth_ear_key keys[TROTH_EAR_KEYS_MAX];
	size_t n_keys;
	struct troth_buffer files[DOCUMENTS_MAX];
	size_t n_files;
	struct troth_status_head head; /* of the newest */
	struct troth_cli_status_list list;
};

static void feed_clear(struct feed *f)
{
	for (size_t i = 0; i < f->n_keys; i++)
		troth_key_free(f->keys[i].key);
	for (size_t i = 0; i < f->n_files; i++)
		troth_buffer_clear(&f->files[i]);
	troth_cli_status_list_clear(&f->list);
	troth_ctx_free(f->ctx);
}

/* ---- reading ---- */

static bool read_keys(struct feed *f)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer json = { 0 };
	f->ctx = troth_cli_context();
	if (f->ctx == NULL || !troth_cli_read(f->keys_file, KEYS_FILE_MAX, &json))
		return false;
	enum troth_status status = troth_ear_keys_read_jwks(
		f->ctx, troth_buffer_view(&json), f->keys, TROTH_COUNT(f->keys), &f->n_keys);
	if (status != TROTH_OK)
		troth_cli_error("%s: no JWK Set with a key that signs status documents",
				f->keys_file);
	return status == TROTH_OK;
}

static const char *why(enum troth_status status)
{
	switch ((int)status) {
	case TROTH_E_NOT_FOUND: return "signed by a key that is not among these";
	case TROTH_E_MISMATCH:
		return "its signature, its list or its trust domain is not what it says";
	default: return "no status document";
	}
}

/* The newest so far has sequence f->head.sequence; 0: there is none yet. */
static enum troth_cli_exit judge_order(const struct feed *f, const char *file,
				       const struct troth_status_head *h)
{
	const bool first = f->head.sequence == 0;
	const char *fault = NULL;
	if (first && h->since != 0)
		fault = "a delta, without the document it follows";
	else if (!first && h->since != f->head.sequence)
		fault = "does not follow the one before";
	if (fault == NULL)
		return TROTH_CLI_YES;
	troth_cli_unsound(file, "order", 0, fault);
	return TROTH_CLI_NO;
}

static enum troth_cli_exit add_document(struct feed *f, const char *file)
{
	struct troth_status_document d;
	const struct troth_ear_keys keys = { f->keys, f->n_keys };
	if (!troth_cli_read(file, DOCUMENT_MAX, &f->files[f->n_files]))
		return TROTH_CLI_UNSURE;
	const struct troth_view bytes = troth_buffer_view(&f->files[f->n_files++]);
	enum troth_status status =
		troth_status_open(f->ctx, bytes, &keys, troth_view_str(f->domain), &d);
	if (status == TROTH_E_MEMORY || status == TROTH_E_CRYPTO) {
		troth_cli_error("%s: %s", file, troth_status_name(status));
		return TROTH_CLI_UNSURE;
	}
	if (status != TROTH_OK) {
		troth_cli_unsound(file, troth_status_name(status), 0, why(status));
		return TROTH_CLI_NO;
	}
	enum troth_cli_exit code = judge_order(f, file, &d.head);
	if (code != TROTH_CLI_YES)
		return code;
	f->head = d.head;
	status = troth_cli_status_merge(&f->list, d.list);
	if (status != TROTH_OK)
		troth_cli_error("%s: %s", file, troth_status_name(status));
	return status == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

/* Refused as relying parties refuse it: an older one than was seen, and past its end any. */
static enum troth_cli_exit judge_newest(const struct feed *f, const char *file)
{
	if (f->head.sequence < f->lowest) {
		troth_cli_unsound(file, "sequence", 0, "older than one that was seen");
		return TROTH_CLI_NO;
	}
	if (troth_now_ms() / 1000 >= f->head.expires_s) {
		troth_cli_unsound(file, "expired", 0, "its time is over");
		return TROTH_CLI_NO;
	}
	return TROTH_CLI_YES;
}

static enum troth_cli_exit read_feed(struct feed *f, const char *file)
{
	if (!read_keys(f))
		return TROTH_CLI_UNSURE;
	enum troth_cli_exit code = add_document(f, file);
	for (size_t i = 0; i < f->deltas.n && code == TROTH_CLI_YES; i++)
		code = add_document(f, f->deltas.values[i]);
	return code == TROTH_CLI_YES ? judge_newest(f, file) : code;
}

/* ---- showing ---- */

/* "segment/name", of which neither has a slash. */
static void split(struct troth_view device, struct troth_view *segment, struct troth_view *name)
{
	size_t n = 0;
	while (n < device.n && device.p[n] != '/')
		n++;
	struct troth_reader r = { device };
	struct troth_view slash;
	*segment = *name = (struct troth_view){ 0 };
	if (troth_get_view(&r, n, segment) && troth_get_view(&r, 1, &slash))
		*name = r.left;
}

static bool wanted(const struct feed *f, struct troth_view segment, struct troth_view status)
{
	return (f->segment == NULL || troth_view_equal(segment, troth_view_str(f->segment))) &&
	       (f->status == NULL || troth_view_equal(status, troth_view_str(f->status)));
}

static json_t *text_json(struct troth_view v)
{
	return json_stringn((const char *)v.p, v.n);
}

static json_t *rows(const struct feed *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->list.n; i++) {
		struct troth_view segment, name;
		const struct troth_cli_status *s = &f->list.list[i];
		split(s->device, &segment, &name);
		if (wanted(f, segment, s->status))
			json_array_append_new(list,
					      json_pack("[o, o, o]", text_json(segment),
							text_json(name), text_json(s->status)));
	}
	return list;
}

static json_t *objects(const json_t *list)
{
	json_t *all = json_array(), *row;
	size_t i;
	json_array_foreach(list, i, row) json_array_append_new(
		all, json_pack("{s:O, s:O, s:O}", "segment", json_array_get(row, 0), "name",
			       json_array_get(row, 1), "status", json_array_get(row, 2)));
	return all;
}

static json_t *head_json(const struct feed *f)
{
	char issued[32], expires[32];
	troth_format_time(f->head.issued_s, issued);
	troth_format_time(f->head.expires_s, expires);
	return json_pack("{s:I, s:s, s:s}", "sequence", (json_int_t)f->head.sequence, "issued",
			 issued, "expires", expires);
}

static enum troth_cli_exit put_devices(const struct feed *f)
{
	static const char *const HEAD[] = { "SEGMENT", "NAME", "STATUS", NULL };
	TROTH_AUTO(json_decref_p) json_t *list = rows(f);
	if (f->format == TROTH_CLI_JSON) {
		json_t *all = head_json(f);
		json_object_set_new(all, "devices", objects(list));
		return troth_cli_put_json(all, TROTH_CLI_YES);
	}
	troth_cli_put_table(HEAD, list, f->format);
	return TROTH_CLI_YES;
}

/* ---- commands ---- */

/* Which devices is asked of the command that shows them: the table ends before for others. */
static bool read_arguments(const struct troth_cli_command *self, char **argv, struct feed *f,
			   struct troth_cli_words *words)
{
	const bool devices = strcmp(self->verb, "show") == 0;
	const struct troth_cli_option options[] = { { "--keys", &f->keys_file, NULL },
						    { "--trust-domain", &f->domain, NULL },
						    { "--not-below", &f->not_below, NULL },
						    { "--format", &f->format_text, NULL },
						    { devices ? "--segment" : NULL, &f->segment,
						      NULL },
						    { "--status", &f->status, NULL },
						    { 0 } };
	const struct troth_cli_list_option lists[] = { { "--delta", &f->deltas }, { 0 } };
	if (!troth_cli_args_with_lists(self, argv, options, lists, words))
		return false;
	if (f->keys_file == NULL || f->domain == NULL) {
		troth_cli_usage(self, "wanted --keys FILE and --trust-domain NAME");
		return false;
	}
	if (f->not_below != NULL &&
	    !troth_parse_u64(troth_view_str(f->not_below), INT64_MAX, &f->lowest)) {
		troth_cli_usage(self, "--not-below is a sequence number");
		return false;
	}
	return troth_cli_format(self, f->format_text, true, &f->format);
}

static enum troth_cli_exit run(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(feed_clear) struct feed f = { 0 };
	struct troth_cli_words words;
	(void)argc;
	if (!read_arguments(self, argv, &f, &words))
		return TROTH_CLI_UNSURE;
	enum troth_cli_exit code = read_feed(&f, words.list[0]);
	if (code != TROTH_CLI_YES)
		return code;
	return strcmp(self->verb, "show") == 0 ? put_devices(&f)
					       : troth_cli_put_result(head_json(&f), f.format);
}

#define READING                                                                        \
	"  --keys FILE           keys.json of the verifier\n"                          \
	"  --trust-domain NAME   whose devices it speaks of\n"                         \
	"  --delta FILE          a delta that follows, may be given again, in order\n" \
	"  --not-below SEQ       refuse what is older than this\n"                     \
	"  --format FORMAT       text, tsv or json\n"

const struct troth_cli_command TROTH_CLI_STATUS[] = {
	{ "status", "show",
	  "FILE --keys FILE --trust-domain NAME [--delta FILE]... [--not-below SEQ] "
	  "[--segment NAME] [--status STATUS] [--format text|tsv|json]",
	  "Verify a status document off line and list the devices in it",
	  READING "  --segment NAME        only devices of this segment\n"
		  "  --status STATUS       only these: healthy, stale, quarantined, ...\n",
	  1, 1, run },
	{ "status", "verify",
	  "FILE --keys FILE --trust-domain NAME [--delta FILE]... [--not-below SEQ] "
	  "[--format text|tsv|json]",
	  "Verify a status document off line and say how long it is good", READING, 1, 1, run },
	{ 0 },
};
