/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <stdlib.h>

#include "base.h"
#include "reader.h"
#include "version.h"
#include "wire.h"

static enum troth_status add_bank(const Troth__V1__PcrBank *bank, struct troth_pcr_values *out)
{
	if (bank->algorithm > UINT16_MAX || bank->mask == 0 ||
	    bank->mask >> TROTH_PCR_COUNT != 0)
		return TROTH_E_MALFORMED;
	enum troth_hash hash = troth_hash_from_tpm((uint16_t)bank->algorithm);
	struct troth_reader r = { troth_wire_view(bank->values) };
	if (hash == TROTH_HASH_NONE || troth_pcr_bank_find(out, hash) != NULL)
		return TROTH_E_MALFORMED;
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		struct troth_view value;
		if ((bank->mask & 1U << pcr) == 0)
			continue;
		if (!troth_get_view(&r, troth_hash_size(hash), &value) ||
		    !troth_pcr_set(out, hash, pcr, value))
			return TROTH_E_MALFORMED;
	}
	return troth_at_end(&r) ? TROTH_OK : TROTH_E_MALFORMED;
}

enum troth_status troth_evidence_pcrs(Troth__V1__PcrBank *const *banks, size_t n,
				      struct troth_pcr_values *out)
{
	struct troth_pcr_values values = { 0 };
	if (n > TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	for (size_t i = 0; i < n; i++)
		TROTH_TRY(add_bank(banks[i], &values));
	*out = values;
	return TROTH_OK;
}

Troth__V1__Tier troth_tier_message(enum troth_tier tier)
{
	switch (tier) {
	case TROTH_TIER_AFFIRMING: return TROTH__V1__TIER__TIER_AFFIRMING;
	case TROTH_TIER_WARNING: return TROTH__V1__TIER__TIER_WARNING;
	case TROTH_TIER_CONTRAINDICATED: return TROTH__V1__TIER__TIER_CONTRAINDICATED;
	case TROTH_TIER_NONE: break;
	}
	return TROTH__V1__TIER__TIER_NONE;
}

/* protobuf-c takes strings without const and never writes to them when packing. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void fill_finding(const struct troth_finding *f, Troth__V1__Finding *m)
{
	troth__v1__finding__init(m);
	m->code = text(troth_finding_name(f->code));
	m->severity = troth_tier_message(f->severity);
	m->pcr = f->pcr;
	m->event = f->event;
	enum troth_hash alg = f->seen.alg != TROTH_HASH_NONE ? f->seen.alg : f->expected.alg;
	m->algorithm = troth_hash_to_tpm(alg);
	m->seen = troth_wire_bytes(troth_digest_view(&f->seen));
	m->expected = troth_wire_bytes(troth_digest_view(&f->expected));
	m->detail = text(f->detail);
	m->reference = text(f->reference);
}

void troth_finding_messages_fill(const struct troth_findings *findings,
				 struct troth_finding_messages *out)
{
	out->n = findings->n;
	for (size_t i = 0; i < findings->n; i++) {
		fill_finding(&findings->list[i], &out->items[i]);
		out->list[i] = &out->items[i];
	}
}

static void fill_coverage(const struct troth_coverage *c, Troth__V1__Coverage *m)
{
	troth__v1__coverage__init(m);
	m->n_checks = c->n_checks;
	m->pcrs_quoted = c->pcrs_quoted;
	m->pcrs_replayed = c->pcrs_replayed;
	m->pcrs_matched = c->pcrs_matched;
	m->pcrs_golden = c->pcrs_golden;
	m->pcrs_unchecked = c->pcrs_unchecked;
	m->n_events_matched = c->n_events_matched;
	m->n_events_ignored = c->n_events_ignored;
	m->secure_boot_checked = c->secure_boot_checked;
	m->ima_checked = c->ima_checked;
}

static void fill_device(const struct troth_device_row *row, Troth__V1__RegistrySnapshot *m)
{
	troth__v1__registry_snapshot__init(m);
	m->device_id = troth_wire_bytes(TROTH_VIEW_OF(row->id));
	m->name = text(row->name);
	m->segment = text(row->segment);
	m->group = text(row->group);
	m->version = row->version;
	m->generation = row->generation;
	m->ak_public = troth_wire_bytes((struct troth_view){ row->ak_public, row->ak_len });
	m->order_known = row->order.known;
	m->reset_count = row->order.reset_count;
	m->restart_count = row->order.restart_count;
	m->clock = row->order.clock;
}

struct record_parts {
	Troth__V1__RegistrySnapshot device;
	Troth__V1__Verdict verdict;
	Troth__V1__Coverage coverage;
	struct troth_finding_messages findings;
};

static void fill_verdict(const struct troth_record_case *c, struct record_parts *p)
{
	const struct troth_findings *findings = &c->verdict->findings;
	fill_coverage(&c->verdict->coverage, &p->coverage);
	troth_finding_messages_fill(findings, &p->findings);
	troth__v1__verdict__init(&p->verdict);
	p->verdict.tier = troth_tier_message(c->verdict->tier);
	p->verdict.n_findings = p->findings.n;
	p->verdict.findings = p->findings.list;
	p->verdict.n_dropped = (uint32_t)findings->n_dropped;
	p->verdict.coverage = &p->coverage;
	p->verdict.digest = troth_wire_bytes((struct troth_view){ c->verdict_digest, 32 });
}

static void fill_message(const Troth__V1__Attestation *a, Troth__V1__AppraisalRecord *m)
{
	m->token = a->token;
	m->quote = a->quote;
	m->signature = a->signature;
	m->n_pcrs = a->n_pcrs;
	m->pcrs = a->pcrs;
	m->credential_key = a->credential_key;
	m->certification = a->certification;
	m->facts = a->facts;
}

enum troth_status troth_record_pack(const struct troth_record_case *c, uint8_t **out,
				    size_t *out_len)
{
	struct record_parts parts;
	Troth__V1__AppraisalRecord m;
	fill_device(c->row, &parts.device);
	fill_verdict(c, &parts);
	troth__v1__appraisal_record__init(&m);
	fill_message(c->attestation, &m);
	m.format = 1;
	m.engine_version = text(TROTH_VERSION);
	m.device = &parts.device;
	m.verdict = &parts.verdict;
	if (c->log_digest != NULL)
		m.log_digest = troth_wire_bytes((struct troth_view){ c->log_digest, 32 });
	m.policy_name = text(c->policy_name);
	m.policy_id = troth_wire_bytes(c->policy_id);
	m.reference_name = text(c->reference_name);
	m.reference_id = troth_wire_bytes(c->reference_id);
	m.received_ms = c->received_ms;
	m.evidence_ms = c->evidence_ms;
	m.certificate_sha256 = troth_wire_bytes(c->certificate_sha256);
	return troth_wire_pack(&m.base, out, out_len);
}
