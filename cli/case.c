/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "case_ima.h"
#include "case_logs.h"
#include "documents.h"
#include "input.h"
#include "output.h"
#include "reader.h"
#include "tpm.h"
#include "verdict_wire.h"
#include "wire.h"

/* SHA-256 of nothing: a log was sent, and it was empty. */
static const uint8_t EMPTY_SHA256[32] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

/* ---- bytes ---- */

enum troth_cli_exit troth_cli_case_fetch(const char *device, const char *socket,
					 struct troth_buffer *out)
{
	const struct troth_cli_call call = { .socket = socket,
					     .path = "/v1/admin/cases",
					     .item = device };
	return troth_cli_call(&call, out);
}

/* Reads a file that was named into the next free place; an unnamed one is no bytes. */
static bool read_part(const char *file, size_t max, struct troth_buffer *place,
		      struct troth_view *out)
{
	if (file == NULL)
		return true;
	if (!troth_cli_read(file, max, place))
		return false;
	*out = troth_buffer_view(place);
	return true;
}

static enum troth_cli_exit read_files(const struct troth_cli_case_source *s,
				      struct troth_cli_case *c)
{
	if (!read_part(s->log, TROTH_LOG_MAX, &c->owned[0], &c->log_bytes) ||
	    !read_part(s->systemd, TROTH_SYSTEMD_LOG_MAX, &c->owned[6], &c->systemd_bytes) ||
	    !read_part(s->policy, TROTH_POLICY_MAX, &c->owned[1], &c->policy_bytes) ||
	    !read_part(s->reference, TROTH_REFERENCE_JSON_MAX, &c->owned[2],
		       &c->reference_bytes) ||
	    !read_part(s->record, TROTH_BODY_MAX, &c->owned[3], &c->record_bytes) ||
	    !read_part(s->good_log, TROTH_LOG_MAX, &c->owned[4], &c->good_log_bytes))
		return TROTH_CLI_UNSURE;
	c->log_sent = s->log != NULL;
	if (s->trust_domain != NULL)
		c->trust_domain = troth_view_str(s->trust_domain);
	return TROTH_CLI_YES;
}

static enum troth_cli_exit open_exported(const struct troth_cli_case_source *s,
					 struct troth_cli_case *c)
{
	const char *name = s->file != NULL ? s->file : s->device;
	if (s->device != NULL) {
		enum troth_cli_exit code =
			troth_cli_case_fetch(s->device, s->socket, &c->owned[5]);
		if (code != TROTH_CLI_YES)
			return code;
	} else if (!troth_cli_read(s->file, TROTH_CASE_MAX, &c->owned[5])) {
		return TROTH_CLI_UNSURE;
	}
	enum troth_status st = troth_wire_unpack_within(&troth__v1__appraisal_case__descriptor,
							troth_buffer_view(&c->owned[5]),
							TROTH_CASE_MAX, &c->exported);
	const Troth__V1__AppraisalCase *m = (const Troth__V1__AppraisalCase *)c->exported;
	if (st != TROTH_OK || m->format != 1) {
		troth_cli_error("%s: no exported appraisal, as trothctl verdict export writes "
				"one (%s)",
				name,
				st != TROTH_OK ? troth_status_name(st) : "unknown format");
		return TROTH_CLI_NO;
	}
	c->record_bytes = troth_wire_view(m->record);
	c->log_bytes = troth_wire_view(m->log);
	c->systemd_bytes = troth_wire_view(m->systemd_log);
	c->policy_bytes = troth_wire_view(m->policy);
	c->reference_bytes = troth_wire_view(m->reference);
	c->good_log_bytes = troth_wire_view(m->good_log);
	c->good_log_digest = troth_wire_view(m->good_log_digest);
	c->good_elsewhere = m->good_log_elsewhere != 0;
	c->trust_domain = troth_view_str(m->trust_domain);
	return TROTH_CLI_YES;
}

/* ---- the record, and whether the parts are those it names ---- */

static enum troth_cli_exit open_record(struct troth_cli_case *c)
{
	enum troth_status st = troth_wire_unpack(&troth__v1__appraisal_record__descriptor,
						 c->record_bytes, &c->unpacked);
	const Troth__V1__AppraisalRecord *r = (const Troth__V1__AppraisalRecord *)c->unpacked;
	if (st != TROTH_OK || r->format != 1 || r->device == NULL || r->verdict == NULL) {
		troth_cli_error("the record cannot be read (%s)",
				st != TROTH_OK ? troth_status_name(st) : "parts are missing");
		return TROTH_CLI_NO;
	}
	c->record = r;
	return TROTH_CLI_YES;
}

/* One part against the digest that the record, or the case, has of it. */
static enum troth_cli_exit check_part(struct troth_cli_case *c, const char *what,
				      struct troth_view bytes, struct troth_view digest)
{
	struct troth_digest made;
	if (digest.n == 0 && bytes.n == 0)
		return TROTH_CLI_YES;
	if (bytes.n == 0 && troth_view_equal(digest, TROTH_VIEW_OF(EMPTY_SHA256)))
		return TROTH_CLI_YES;
	if (bytes.n == 0) {
		troth_cli_error("the evidence has expired: the %s that the record names is no "
				"longer kept",
				what);
		return TROTH_CLI_UNSURE;
	}
	if (troth_hash_one(c->ctx, TROTH_HASH_SHA256, bytes, &made) != TROTH_OK ||
	    !troth_view_equal(troth_digest_view(&made), digest)) {
		troth_cli_error("this %s is not the one that the %s names", what,
				digest.p == c->good_log_digest.p ? "case" : "record");
		return TROTH_CLI_NO;
	}
	return TROTH_CLI_YES;
}

static enum troth_cli_exit check_parts(struct troth_cli_case *c)
{
	const Troth__V1__AppraisalRecord *r = c->record;
	enum troth_cli_exit code =
		check_part(c, "event log", c->log_bytes, troth_wire_view(r->log_digest));
	if (code == TROTH_CLI_YES)
		code = check_part(c, "log of systemd's", c->systemd_bytes,
				  troth_wire_view(r->systemd_digest));
	if (code == TROTH_CLI_YES)
		code = check_part(c, "policy", c->policy_bytes, troth_wire_view(r->policy_id));
	if (code == TROTH_CLI_YES)
		code = check_part(c, "reference set", c->reference_bytes,
				  troth_wire_view(r->reference_id));
	/* One from --good-log is whatever the caller gave. */
	if (code == TROTH_CLI_YES && c->exported != NULL)
		code = check_part(c, "log of a boot that passed", c->good_log_bytes,
				  c->good_log_digest);
	c->log_sent = r->log_digest.len > 0;
	return code;
}

/* ---- parsing ---- */

static enum troth_cli_exit parse_documents(struct troth_cli_case *c)
{
	struct troth_config_error error = { 0 };
	if (troth_policy_parse(c->ctx, c->policy_bytes, c->trust_domain, &c->policy, &error) !=
	    TROTH_OK) {
		troth_cli_error("policy: line %u, column %u: %s", error.line, error.column,
				error.text);
		return TROTH_CLI_UNSURE;
	}
	if (c->reference_bytes.n == 0)
		return TROTH_CLI_YES;
	if (troth_reference_parse(c->ctx, c->reference_bytes, &c->reference, &error) !=
	    TROTH_OK) {
		troth_cli_error("reference set: %s", error.text);
		return TROTH_CLI_UNSURE;
	}
	c->has_reference = true;
	return TROTH_CLI_YES;
}

/* Exactly the values the policy asks for: a file may hold more. */
static enum troth_cli_exit take_selected(struct troth_cli_case *c,
					 const struct troth_pcr_values *all)
{
	const struct troth_pcr_selection *s = &c->policy.selection;
	for (size_t i = 0; i < s->n_banks; i++)
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
			const enum troth_hash bank = s->banks[i].bank;
			if ((s->banks[i].mask & 1U << pcr) != 0 &&
			    !troth_pcr_set(&c->pcrs, bank, pcr,
					   troth_pcr_value(all, bank, pcr))) {
				troth_cli_error("the policy asks for PCR %u of bank %s, which "
						"--pcrs does not have",
						pcr, troth_hash_name(bank));
				return TROTH_CLI_UNSURE;
			}
		}
	return TROTH_CLI_YES;
}

static enum troth_cli_exit take_pcrs(const char *file, struct troth_cli_case *c)
{
	struct troth_pcr_values all = { 0 };
	if (c->record != NULL) {
		if (troth_wire_pcrs(c->record->pcrs, c->record->n_pcrs, &c->pcrs) == TROTH_OK)
			return TROTH_CLI_YES;
		troth_cli_error("the record's PCR values cannot be read");
		return TROTH_CLI_NO;
	}
	if (!troth_cli_pcrs_read(file, &all))
		return TROTH_CLI_UNSURE;
	return take_selected(c, &all);
}

/* What the record has of the TPM: who made it, and what its quote says of its firmware. */
static enum troth_status take_tpm(struct troth_cli_case *c)
{
	struct troth_attest attest;
	if (c->record == NULL)
		return TROTH_OK;
	TROTH_TRY(troth_attest_parse(troth_wire_view(c->record->quote), &attest));
	c->appraised.tpm_maker = c->record->device->ek_maker;
	c->appraised.tpm_firmware = attest.firmware_version;
	return TROTH_OK;
}

static enum troth_status appraise(struct troth_cli_case *c)
{
	TROTH_TRY(troth_cli_case_read_logs(c));
	c->appraised = (struct troth_case){
		.policy = &c->policy,
		.reference = c->has_reference ? &c->reference : NULL,
		.pcrs = &c->pcrs,
		.ima = c->ima,
		.recognised = c->record != NULL && (c->record->device->ek_certificate_trusted ||
						    c->record->device->ek_in_inventory),
	};
	troth_cli_case_give_logs(c, &c->appraised);
	TROTH_TRY(take_tpm(c));
	TROTH_TRY(troth_appraise(c->ctx, &c->appraised, &c->verdict));
	return troth_verdict_digest(c->ctx, &c->verdict, c->digest);
}

enum troth_cli_exit troth_cli_case_load(const struct troth_cli_case_source *s,
					struct troth_cli_case *out)
{
	const bool exported = s->device != NULL || s->file != NULL;
	out->ctx = troth_cli_context();
	if (out->ctx == NULL)
		return TROTH_CLI_UNSURE;
	enum troth_cli_exit code = exported ? open_exported(s, out) : read_files(s, out);
	if (code == TROTH_CLI_YES && out->record_bytes.n > 0)
		code = open_record(out);
	if (code == TROTH_CLI_YES && out->record != NULL)
		code = check_parts(out);
	if (code == TROTH_CLI_YES)
		code = parse_documents(out);
	if (code == TROTH_CLI_YES)
		code = take_pcrs(s->pcrs, out);
	out->ima_lists = s->ima_lists;
	if (code == TROTH_CLI_YES)
		code = troth_cli_case_appraise_ima(out);
	if (code != TROTH_CLI_YES)
		return code;
	enum troth_status st = appraise(out);
	if (st != TROTH_OK)
		troth_cli_error("the evidence cannot be appraised: %s", troth_status_name(st));
	return st == TROTH_OK ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

void troth_cli_case_clear(struct troth_cli_case *c)
{
	troth_cli_case_drop_logs(c);
	troth_reference_release(&c->reference);
	free(c->ima);
	troth_wire_free(c->exported);
	troth_wire_free(c->unpacked);
	for (size_t i = 0; i < TROTH_COUNT(c->owned); i++)
		troth_buffer_clear(&c->owned[i]);
	troth_ctx_free(c->ctx);
	*c = (struct troth_cli_case){ 0 };
}
