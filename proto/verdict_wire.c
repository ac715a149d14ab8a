/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_wire.h"

#include "base.h"
#include "reader.h"
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

enum troth_status troth_wire_pcrs(Troth__V1__PcrBank *const *banks, size_t n,
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

enum troth_tier troth_tier_from_message(Troth__V1__Tier tier)
{
	switch (tier) {
	case TROTH__V1__TIER__TIER_AFFIRMING: return TROTH_TIER_AFFIRMING;
	case TROTH__V1__TIER__TIER_WARNING: return TROTH_TIER_WARNING;
	case TROTH__V1__TIER__TIER_CONTRAINDICATED: return TROTH_TIER_CONTRAINDICATED;
	case TROTH__V1__TIER__TIER_NONE:
	case _TROTH__V1__TIER_IS_INT_SIZE: break;
	}
	return TROTH_TIER_NONE;
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

static void fill_ima(const struct troth_ima_counts *c, Troth__V1__ImaCounts *m)
{
	troth__v1__ima_counts__init(m);
	m->allowed = c->allowed;
	m->signed_ = c->signed_;
	m->ignored = c->ignored;
	m->events = c->events;
	m->violations = c->violations;
	m->kexecs = c->kexecs;
	m->elsewhere = c->elsewhere;
}

static void fill_coverage(const struct troth_coverage *c, struct troth_coverage_message *out)
{
	Troth__V1__Coverage *m = &out->coverage;
	troth__v1__coverage__init(m);
	m->n_checks = c->n_checks;
	m->pcrs_quoted = c->pcrs_quoted;
	m->pcrs_replayed = c->pcrs_replayed;
	m->pcrs_matched = c->pcrs_matched;
	m->pcrs_golden = c->pcrs_golden;
	m->pcrs_empty = c->pcrs_empty;
	m->pcrs_unchecked = c->pcrs_unchecked;
	m->n_events_matched = c->n_events_matched;
	m->n_events_ignored = c->n_events_ignored;
	m->secure_boot_checked = c->secure_boot_checked;
	m->ima_checked = c->ima_checked;
	m->boot_aggregate_checked = c->boot_aggregate_checked;
	fill_ima(&c->ima, &out->ima);
	m->ima = c->ima_checked ? &out->ima : NULL;
	m->n_ignored = c->n_ignored;
	m->ignored = out->list;
	for (size_t i = 0; i < c->n_ignored; i++) {
		troth__v1__ignored_class__init(&out->items[i]);
		out->items[i].pcr = c->ignored[i].pcr;
		out->items[i].type = c->ignored[i].type;
		out->items[i].n_events = c->ignored[i].n_events;
		out->list[i] = &out->items[i];
	}
}

enum troth_status troth_coverage_from_message(const Troth__V1__Coverage *m,
					      struct troth_coverage *out)
{
	struct troth_coverage c = {
		.n_checks = m->n_checks,
		.pcrs_quoted = m->pcrs_quoted,
		.pcrs_replayed = m->pcrs_replayed,
		.pcrs_matched = m->pcrs_matched,
		.pcrs_golden = m->pcrs_golden,
		.pcrs_empty = m->pcrs_empty,
		.pcrs_unchecked = m->pcrs_unchecked,
		.n_events_matched = m->n_events_matched,
		.n_events_ignored = m->n_events_ignored,
		.secure_boot_checked = m->secure_boot_checked,
		.ima_checked = m->ima_checked,
		.boot_aggregate_checked = m->boot_aggregate_checked,
	};
	if (m->ima != NULL)
		c.ima = (struct troth_ima_counts){ m->ima->allowed,    m->ima->signed_,
						   m->ima->ignored,    m->ima->events,
						   m->ima->violations, m->ima->kexecs,
						   m->ima->elsewhere };
	if (m->n_ignored > TROTH_COUNT(c.ignored))
		return TROTH_E_LIMIT;
	for (; c.n_ignored < m->n_ignored; c.n_ignored++) {
		const Troth__V1__IgnoredClass *k = m->ignored[c.n_ignored];
		c.ignored[c.n_ignored] =
			(struct troth_ignored_class){ k->pcr, k->type, k->n_events };
	}
	*out = c;
	return TROTH_OK;
}

static void fill_trust(const struct troth_trust_vector *v, Troth__V1__TrustVector *m)
{
	troth__v1__trust_vector__init(m);
	m->instance_identity = v->claim[TROTH_CLAIM_INSTANCE_IDENTITY];
	m->configuration = v->claim[TROTH_CLAIM_CONFIGURATION];
	m->executables = v->claim[TROTH_CLAIM_EXECUTABLES];
	m->file_system = v->claim[TROTH_CLAIM_FILE_SYSTEM];
	m->hardware = v->claim[TROTH_CLAIM_HARDWARE];
	m->runtime_opaque = v->claim[TROTH_CLAIM_RUNTIME_OPAQUE];
	m->storage_opaque = v->claim[TROTH_CLAIM_STORAGE_OPAQUE];
	m->sourced_data = v->claim[TROTH_CLAIM_SOURCED_DATA];
}

void troth_verdict_message_fill(const struct troth_verdict *v, const uint8_t digest[32],
				struct troth_verdict_message *out)
{
	Troth__V1__Verdict *m = &out->verdict;
	fill_coverage(&v->coverage, &out->coverage);
	fill_trust(&v->trust, &out->trust);
	troth_finding_messages_fill(&v->findings, &out->findings);
	troth__v1__verdict__init(m);
	m->tier = troth_tier_message(v->tier);
	m->n_findings = out->findings.n;
	m->findings = out->findings.list;
	m->n_dropped = (uint32_t)v->findings.n_dropped;
	m->coverage = &out->coverage.coverage;
	m->trust = &out->trust;
	m->digest = troth_wire_bytes((struct troth_view){ digest, 32 });
}

static int8_t claim(int32_t value)
{
	return value >= INT8_MIN && value <= INT8_MAX ? (int8_t)value : -1;
}

struct troth_trust_vector troth_trust_from_message(const Troth__V1__TrustVector *m)
{
	struct troth_trust_vector v = { 0 };
	if (m == NULL)
		return v;
	v.claim[TROTH_CLAIM_INSTANCE_IDENTITY] = claim(m->instance_identity);
	v.claim[TROTH_CLAIM_CONFIGURATION] = claim(m->configuration);
	v.claim[TROTH_CLAIM_EXECUTABLES] = claim(m->executables);
	v.claim[TROTH_CLAIM_FILE_SYSTEM] = claim(m->file_system);
	v.claim[TROTH_CLAIM_HARDWARE] = claim(m->hardware);
	v.claim[TROTH_CLAIM_RUNTIME_OPAQUE] = claim(m->runtime_opaque);
	v.claim[TROTH_CLAIM_STORAGE_OPAQUE] = claim(m->storage_opaque);
	v.claim[TROTH_CLAIM_SOURCED_DATA] = claim(m->sourced_data);
	return v;
}
