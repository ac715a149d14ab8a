/* SPDX-License-Identifier: Apache-2.0 */
/* A stored verdict, made again from what it was made of: the same bytes, or a reason. */
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "admin.h"
#include "binding.h"
#include "case.h"
#include "key.h"
#include "order.h"
#include "output.h"
#include "quote.h"
#include "reader.h"
#include "token.h"
#include "verdict_json.h"
#include "verdict_wire.h"
#include "version.h"
#include "wire.h"

TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

/* ---- is the evidence genuine ---- */

/* What the quote must bind (core/tpm/binding.h), from the record's own parts. */
static enum troth_status expected_binding(const struct troth_cli_case *c, uint8_t out[32])
{
	const Troth__V1__AppraisalRecord *r = c->record;
	const struct troth_bound bound = {
		.label = TROTH_BIND_QUOTE,
		.trust_domain = c->trust_domain,
		.device_id = troth_wire_view(r->device->device_id),
		.token = troth_wire_view(r->token),
		.credential_key = troth_wire_view(r->credential_key),
		.session_key = troth_wire_view(r->session_key),
		.facts = troth_wire_view(r->facts),
		.result_nonce = troth_wire_view(r->result_nonce),
		.secret_key = troth_wire_view(r->secret_key),
		.secret_name = r->secret_key.len > 0 ? troth_view_str(r->secret_name)
						     : (struct troth_view){ 0 },
	};
	return troth_binding_of(c->ctx, &bound, out);
}

static struct troth_order last_order(const Troth__V1__RegistrySnapshot *device)
{
	return (struct troth_order){ .known = device->order_known,
				     .reset_count = device->reset_count,
				     .restart_count = device->restart_count,
				     .clock = device->clock };
}

/* Findings for whatever keeps the quote from being this device's answer to the challenge. */
static enum troth_status authenticate(const struct troth_cli_case *c,
				      struct troth_findings *findings)
{
	const Troth__V1__AppraisalRecord *r = c->record;
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	struct troth_public ak;
	struct troth_signature signature;
	struct troth_token token;
	struct troth_attest attest;
	uint8_t extra[32];
	TROTH_TRY(troth_public_parse(c->ctx, troth_wire_view(r->device->ak_public), &ak));
	TROTH_TRY(troth_key_from_public(&ak, &key));
	TROTH_TRY(troth_signature_parse(troth_wire_view(r->signature), &signature));
	TROTH_TRY(troth_token_read(troth_wire_view(r->token), &token));
	TROTH_TRY(expected_binding(c, extra));
	const struct troth_view extra_data = TROTH_VIEW_OF(extra);
	const struct troth_quote_case q = {
		.key = key,
		.ak = &ak,
		.attest = troth_wire_view(r->quote),
		.signature = &signature,
		.extra_data = c->trust_domain.n > 0 ? &extra_data : NULL,
		.selection = &token.selection,
		.pcrs = &c->pcrs,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	const struct troth_order last = last_order(r->device);
	TROTH_TRY(troth_quote_verify(c->ctx, &q, &attest, findings));
	if (findings->n == 0)
		troth_order_check(&last, &attest, findings);
	return TROTH_OK;
}

static enum troth_cli_exit check_evidence(const struct troth_cli_case *c)
{
	struct troth_findings findings = { 0 };
	enum troth_status st = authenticate(c, &findings);
	if (st != TROTH_OK)
		troth_cli_error("the record's quote cannot be read: %s", troth_status_name(st));
	else if (findings.n > 0)
		troth_cli_error("the record's quote is not genuine: %s",
				troth_finding_name(findings.list[0].code));
	return st == TROTH_OK && findings.n == 0 ? TROTH_CLI_YES : TROTH_CLI_NO;
}

/* ---- is the verdict the same ---- */

/* The verdict as it would be stored is the one that was: not its digest alone, for the record
 * shows findings beside it. */
static bool as_stored(const struct troth_cli_case *c)
{
	struct troth_verdict_message *made = malloc(sizeof *made);
	uint8_t *now = NULL, *then = NULL;
	size_t n_now = 0, n_then = 0;
	bool same = false;
	if (made != NULL) {
		troth_verdict_message_fill(&c->verdict, c->digest, made);
		same = troth_wire_pack(&made->verdict.base, &now, &n_now) == TROTH_OK &&
		       troth_wire_pack(&c->record->verdict->base, &then, &n_then) == TROTH_OK &&
		       troth_view_equal((struct troth_view){ now, n_now },
					(struct troth_view){ then, n_then });
	}
	free(now);
	free(then);
	free(made);
	return same;
}

/* "as-stored", "other-engine", "differs". */
static const char *outcome(const struct troth_cli_case *c, enum troth_cli_exit *out_code)
{
	if (as_stored(c)) {
		*out_code = TROTH_CLI_YES;
		return "as-stored";
	}
	if (strcmp(c->record->engine_version, TROTH_VERSION) != 0) {
		*out_code = TROTH_CLI_UNSURE;
		return "other-engine";
	}
	*out_code = TROTH_CLI_NO;
	return "differs";
}

/* Whose word stands for the allow-lists; NULL where none were needed. */
static const char *lists_word(const struct troth_cli_case *c)
{
	if (c->ima == NULL)
		return NULL;
	return c->ima_in_part ? "of the case" : "whole";
}

static json_t *result_json(const struct troth_cli_case *c, const char *word)
{
	const Troth__V1__AppraisalRecord *r = c->record;
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:b, s:s?}", "result", word,
			 "device", r->device->name, "stored_digest",
			 troth_json_hex(troth_wire_view(r->verdict->digest)), "digest",
			 troth_json_hex(TROTH_VIEW_OF(c->digest)), "tier",
			 troth_tier_name(c->verdict.tier), "engine", TROTH_VERSION,
			 "stored_engine", r->engine_version, "binding_checked",
			 (int)(c->trust_domain.n > 0), "allow_lists", lists_word(c));
}

static enum troth_cli_exit compare(const struct troth_cli_case *c, enum troth_cli_format format)
{
	enum troth_cli_exit code = TROTH_CLI_UNSURE;
	const char *word = outcome(c, &code);
	json_t *result = result_json(c, word);
	if (code == TROTH_CLI_UNSURE)
		troth_cli_error("the verdict was made by version %s, this is %s: that they "
				"differ proves nothing",
				c->record->engine_version, TROTH_VERSION);
	else if (code == TROTH_CLI_NO)
		troth_cli_error("the verdict comes out differently: the record was changed, or "
				"made by another build");
	if (format == TROTH_CLI_JSON)
		return troth_cli_put_json(result, code);
	return code == TROTH_CLI_YES
		       ? troth_cli_put_result(result, format)
		       : (troth_cli_put_fields(result, ""), json_decref(result), code);
}

static enum troth_cli_exit replay(const struct troth_cli_case_source *source,
				  enum troth_cli_format format)
{
	struct troth_cli_case *c = calloc(1, sizeof *c);
	if (c == NULL) {
		troth_cli_error("out of memory");
		return TROTH_CLI_UNSURE;
	}
	enum troth_cli_exit code = troth_cli_case_load(source, c);
	if (code == TROTH_CLI_YES && c->record == NULL) {
		troth_cli_error("there is no record to compare with");
		code = TROTH_CLI_UNSURE;
	}
	if (code == TROTH_CLI_YES)
		code = check_evidence(c);
	if (code == TROTH_CLI_YES)
		code = compare(c, format);
	troth_cli_case_clear(c);
	free(c);
	return code;
}

static enum troth_cli_exit run_replay(const struct troth_cli_command *self, int argc,
				      char **argv)
{
	struct troth_cli_case_source s = { 0 };
	struct troth_cli_words words = { 0 };
	const char *format_text = NULL;
	enum troth_cli_format format;
	const struct troth_cli_option options[] = {
		{ "--device", &s.device, NULL },
		{ "--socket", &s.socket, NULL },
		{ "--record", &s.record, NULL },
		{ "--log", &s.log, NULL },
		{ "--systemd", &s.systemd, NULL },
		{ "--policy", &s.policy, NULL },
		{ "--reference", &s.reference, NULL },
		{ "--trust-domain", &s.trust_domain, NULL },
		{ "--ima-lists", &s.ima_lists, NULL },
		{ "--format", &format_text, NULL },
		{ 0 },
	};
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (!troth_cli_format(self, format_text, false, &format))
		return TROTH_CLI_UNSURE;
	if (words.n > 0)
		s.file = words.list[0];
	const bool files = s.record != NULL && s.policy != NULL;
	if ((s.file != NULL) + (s.device != NULL) + files != 1) {
		troth_cli_usage(self,
				"one of FILE, --device or --record with --policy is wanted");
		return TROTH_CLI_UNSURE;
	}
	return replay(&s, format);
}

const struct troth_cli_command TROTH_CLI_REPLAY[] = {
	{ "replay", "",
	  "(FILE | --device NAME [--socket PATH] | --record FILE --policy FILE [--log FILE] "
	  "[--systemd FILE] [--reference FILE] [--trust-domain NAME]) [--ima-lists DIR] "
	  "[--format text|json]",
	  "Make a stored verdict again from its evidence, byte for byte",
	  "  FILE                 what 'trothctl verdict export' wrote\n"
	  "  --device NAME        the device's last verdict, asked of a running verifier\n"
	  "  --socket PATH        the verifier's local socket, " TROTH_CLI_SOCKET "\n"
	  "  --record FILE        a stored AppraisalRecord, with the parts it names:\n"
	  "  --log FILE           the event log\n"
	  "  --systemd FILE       systemd's log of its own measurements\n"
	  "  --policy FILE        the policy\n"
	  "  --reference FILE     the reference set\n"
	  "  --ima-lists DIR      the allow-lists for IMA (NAME.digests) it was made with,\n"
	  "                       instead of what the case has of them\n"
	  "  --trust-domain NAME  with --record: also check what the quote binds\n"
	  "  --format FORMAT      text or json\n"
	  "\n"
	  "The quote is verified, the parts are compared with the digests in the record, and\n"
	  "the verdict must have the digest that was stored. Exit code 0: it has. 1: it has\n"
	  "not, or the record is not sound. 2: the evidence has expired, or another version\n"
	  "made the verdict.\n",
	  0, 1, run_replay },
	{ 0 },
};
