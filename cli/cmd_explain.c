/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "case.h"
#include "clock.h"
#include "documents.h"
#include "explain_view.h"
#include "output.h"
#include "reader.h"
#include "verdict_json.h"
#include "wire.h"

enum view { VIEW_TEXT, VIEW_JSON, VIEW_HTML };

struct options {
	struct troth_cli_case_source source;
	const char *format_text, *write_reference;
	enum view view;
};

static bool take_view(const struct troth_cli_command *self, struct options *o)
{
	static const char *const NAMES[] = { "text", "json", "html" };
	const char *text = o->format_text != NULL ? o->format_text : "text";
	for (enum view v = VIEW_TEXT; v <= VIEW_HTML; v++)
		if (strcmp(text, NAMES[v]) == 0) {
			o->view = v;
			return true;
		}
	troth_cli_usage(self, "--format is text, json or html");
	return false;
}

/* One source: an exported case, a device, or loose files with at least a policy and PCRs. */
static bool check_source(const struct troth_cli_command *self,
			 const struct troth_cli_case_source *s)
{
	const bool files = s->log != NULL || s->policy != NULL || s->reference != NULL ||
			   s->pcrs != NULL || s->good_log != NULL;
	if ((s->file != NULL) + (s->device != NULL) + files != 1) {
		troth_cli_usage(self, "one of FILE, --device or files is wanted");
		return false;
	}
	if (files && (s->policy == NULL || s->pcrs == NULL)) {
		troth_cli_usage(self, "files need at least --policy and --pcrs");
		return false;
	}
	return true;
}

static bool take_options(const struct troth_cli_command *self, char **argv, struct options *o)
{
	struct troth_cli_words words = { 0 };
	struct troth_cli_case_source *s = &o->source;
	const struct troth_cli_option options[] = {
		{ "--device", &s->device, NULL },
		{ "--socket", &s->socket, NULL },
		{ "--log", &s->log, NULL },
		{ "--systemd", &s->systemd, NULL },
		{ "--policy", &s->policy, NULL },
		{ "--reference", &s->reference, NULL },
		{ "--pcrs", &s->pcrs, NULL },
		{ "--good-log", &s->good_log, NULL },
		{ "--trust-domain", &s->trust_domain, NULL },
		{ "--ima-lists", &s->ima_lists, NULL },
		{ "--format", &o->format_text, NULL },
		{ "--write-reference", &o->write_reference, NULL },
		{ 0 },
	};
	if (!troth_cli_args(self, argv, options, &words))
		return false;
	if (words.n > 0)
		s->file = words.list[0];
	return take_view(self, o) && check_source(self, s);
}

/* What only the record knows: whose verdict, and when. */
static void add_record(json_t *o, const struct troth_cli_case *c)
{
	const Troth__V1__AppraisalRecord *r = c->record;
	char time[32] = "";
	if (r == NULL) {
		json_object_set_new(o, "device", json_null());
		return;
	}
	troth_format_time(r->received_ms / 1000, time);
	json_object_set_new(o, "device",
			    json_pack("{s:s, s:o}", "name", r->device->name, "id",
				      troth_json_hex(troth_wire_view(r->device->device_id))));
	json_object_set_new(o, "time", json_string(time));
	json_object_set_new(o, "as_stored",
			    json_boolean(troth_view_equal(troth_wire_view(r->verdict->digest),
							  TROTH_VIEW_OF(c->digest))));
}

static json_t *explanation_json(const struct troth_cli_case *c,
				const struct troth_explain_case *ec,
				const struct troth_explanation *e)
{
	const struct troth_next_step_names names = {
		.device = c->record != NULL ? c->record->device->name : NULL,
		.policy = c->policy.name,
		.reference = c->policy.reference,
	};
	char next[TROTH_NEXT_STEP_MAX];
	json_t *o = troth_json_explanation(c->ctx, ec, e);
	if (e->finding != NULL) {
		troth_next_step_for(e->finding->code, &names, next);
		json_object_set_new(o, "next", json_string(next));
	}
	json_object_set_new(o, "verdict", troth_json_verdict(&c->verdict, c->digest, &names));
	json_object_set_new(o, "policy",
			    json_pack("{s:s, s:o}", "name", c->policy.name, "id",
				      troth_json_hex(TROTH_VIEW_OF(c->policy.id))));
	json_object_set_new(o, "reference",
			    c->has_reference
				    ? json_pack("{s:s, s:o}", "name", c->reference.name, "id",
						troth_json_hex(TROTH_VIEW_OF(c->reference.id)))
				    : json_null());
	add_record(o, c);
	return o;
}

static enum troth_cli_exit write_reference(const struct troth_cli_case *c,
					   struct troth_explanation *e, const char *file)
{
	char *json = NULL;
	size_t n = 0;
	if (!e->accept_events.present) {
		troth_cli_error("there is nothing to add to the reference values");
		return TROTH_CLI_NO;
	}
	enum troth_status st = troth_reference_format(c->ctx, &e->deviations.set, &json, &n);
	if (st == TROTH_OK)
		st = troth_file_write(file, (struct troth_view){ (const uint8_t *)json, n },
				      0644);
	free(json);
	if (st != TROTH_OK)
		troth_cli_file_failed(file, st);
	return st == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

static enum troth_cli_exit show(const struct troth_cli_case *c, enum view view, json_t *o)
{
	switch (view) {
	case VIEW_JSON: return troth_cli_put_json(json_incref(o), TROTH_CLI_YES);
	case VIEW_HTML:
		return troth_cli_explain_html(c->ctx, stdout, o) ? TROTH_CLI_YES
								 : TROTH_CLI_UNSURE;
	case VIEW_TEXT: break;
	}
	troth_cli_explain_text(stdout, o);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit explain(const struct troth_cli_case *c, const struct options *o)
{
	const struct troth_explain_case ec = { &c->appraised, &c->verdict,
					       c->has_good_log ? &c->good_log : NULL,
					       c->good_elsewhere };
	struct troth_explanation *e = calloc(1, sizeof *e);
	enum troth_cli_exit code = TROTH_CLI_UNSURE;
	enum troth_status st = e != NULL ? troth_explain(c->ctx, &ec, e) : TROTH_E_MEMORY;
	if (st == TROTH_OK) {
		TROTH_AUTO(json_decref_p) json_t *json = explanation_json(c, &ec, e);
		code = show(c, o->view, json);
		if (code == TROTH_CLI_YES && o->write_reference != NULL)
			code = write_reference(c, e, o->write_reference);
		troth_explanation_release(e);
	} else {
		troth_cli_error("the verdict cannot be explained: %s", troth_status_name(st));
	}
	free(e);
	return code;
}

static enum troth_cli_exit run_explain(const struct troth_cli_command *self, int argc,
				       char **argv)
{
	struct options o = { 0 };
	(void)argc;
	if (!take_options(self, argv, &o))
		return TROTH_CLI_UNSURE;
	struct troth_cli_case *c = calloc(1, sizeof *c);
	if (c == NULL) {
		troth_cli_error("out of memory");
		return TROTH_CLI_UNSURE;
	}
	enum troth_cli_exit code = troth_cli_case_load(&o.source, c);
	if (code == TROTH_CLI_YES)
		code = explain(c, &o);
	troth_cli_case_clear(c);
	free(c);
	return code;
}

const struct troth_cli_command TROTH_CLI_EXPLAIN[] = {
	{ "explain", "",
	  "(FILE | --device NAME [--socket PATH] | --policy FILE --pcrs FILE [--log FILE] "
	  "[--systemd FILE] [--reference FILE] [--good-log FILE] [--trust-domain NAME]) "
	  "[--ima-lists DIR] "
	  "[--write-reference FILE] [--format text|json|html]",
	  "Say why a verdict is what it is, and what would accept the device",
	  "  FILE                    what 'trothctl verdict export' wrote\n"
	  "  --device NAME           the device's last verdict, asked of a running verifier\n"
	  "  --socket PATH           the verifier's local socket, " TROTH_CLI_SOCKET "\n"
	  "  --log FILE              a TCG event log; none was sent without it\n"
	  "  --systemd FILE          systemd's log of its own measurements; likewise\n"
	  "  --policy FILE           a policy (YAML)\n"
	  "  --reference FILE        a reference set (JSON)\n"
	  "  --pcrs FILE             PCR values: lines of bank, PCR and hex, or tpm2_quote's\n"
	  "  --good-log FILE         the log of a boot that passed, to say what was before\n"
	  "  --trust-domain NAME     for a policy that names one\n"
	  "  --ima-lists DIR         the allow-lists for IMA (NAME.digests) it was made with,\n"
	  "                          instead of what the case has of them\n"
	  "  --format FORMAT         text, json, or html: a page by itself\n"
	  "  --write-reference FILE  write reference values that would accept the log\n"
	  "\n"
	  "Nothing is changed on the verifier: what would accept a device is for you to "
	  "judge.\n",
	  0, 1, run_explain },
	{ 0 },
};
