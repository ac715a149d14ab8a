/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_json.h"

#include "reader.h"
#include "text.h"

json_t *troth_json_hex(struct troth_view bytes)
{
	char text[2 * TROTH_DIGEST_MAX + 1];
	if (bytes.n == 0 || bytes.n > TROTH_DIGEST_MAX)
		return json_null();
	troth_format_hex(bytes, text);
	return json_string(text);
}

json_t *troth_json_pcrs(uint32_t mask)
{
	json_t *list = json_array();
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++)
		if ((mask & 1U << pcr) != 0)
			json_array_append_new(list, json_integer((json_int_t)pcr));
	return list;
}

/* What was not looked at, in words. */
static json_t *gaps_json(const struct troth_coverage *c)
{
	json_t *list = json_array();
	char line[TROTH_COVERAGE_LINE_MAX];
	for (size_t i = 0; troth_coverage_gap(c, i, line); i++)
		json_array_append_new(list, json_string(line));
	return list;
}

json_t *troth_json_coverage(const struct troth_coverage *c)
{
	return json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:b, s:o}", "checks",
		(json_int_t)c->n_checks, "pcrs_quoted", troth_json_pcrs(c->pcrs_quoted),
		"pcrs_replayed", troth_json_pcrs(c->pcrs_replayed), "pcrs_matched",
		troth_json_pcrs(c->pcrs_matched), "pcrs_golden",
		troth_json_pcrs(c->pcrs_golden), "pcrs_empty", troth_json_pcrs(c->pcrs_empty),
		"pcrs_unchecked", troth_json_pcrs(c->pcrs_unchecked), "events_matched",
		(json_int_t)c->n_events_matched, "events_ignored",
		(json_int_t)c->n_events_ignored, "secure_boot_checked",
		(int)c->secure_boot_checked, "ima_checked", (int)c->ima_checked, "not_checked",
		gaps_json(c));
}

json_t *troth_json_trust(const struct troth_trust_vector *v)
{
	json_t *claims = json_object();
	for (enum troth_claim k = 0; k < TROTH_CLAIM_N; k++)
		json_object_set_new(claims, troth_claim_name(k), json_integer(v->claim[k]));
	return claims;
}

static json_t *number_or_null(int32_t v)
{
	return v >= 0 ? json_integer(v) : json_null();
}

static json_t *text_or_null(const char *s)
{
	return s[0] != '\0' ? json_string(s) : json_null();
}

static json_t *finding_json(const struct troth_finding *f,
			    const struct troth_next_step_names *names)
{
	char next[TROTH_NEXT_STEP_MAX];
	troth_next_step_for(f->code, names, next);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "code",
			 troth_finding_name(f->code), "severity", troth_tier_name(f->severity),
			 "meaning", troth_finding_meaning(f->code), "next", next, "pcr",
			 number_or_null(f->pcr), "event", number_or_null(f->event), "seen",
			 troth_json_hex(troth_digest_view(&f->seen)), "expected",
			 troth_json_hex(troth_digest_view(&f->expected)), "detail",
			 text_or_null(f->detail), "reference", text_or_null(f->reference));
}

json_t *troth_json_verdict(const struct troth_verdict *v, const uint8_t digest[32],
			   const struct troth_next_step_names *names)
{
	json_t *findings = json_array();
	for (size_t i = 0; i < v->findings.n; i++)
		json_array_append_new(findings, finding_json(&v->findings.list[i], names));
	return json_pack(
		"{s:s, s:o, s:o, s:I, s:o, s:o}", "tier", troth_tier_name(v->tier), "digest",
		troth_json_hex((struct troth_view){ digest, 32 }), "findings", findings,
		"findings_dropped", (json_int_t)v->findings.n_dropped, "trust",
		troth_json_trust(&v->trust), "coverage", troth_json_coverage(&v->coverage));
}
