/* SPDX-License-Identifier: Apache-2.0 */
#include "admin_json.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "problems.h"
#include "reader.h"
#include "record.pb-c.h"
#include "text.h"
#include "verdict_json.h"
#include "verdict_wire.h"
#include "wire.h"

json_t *troth_hex_json(struct troth_view bytes)
{
	return troth_json_hex(bytes);
}

json_t *troth_time_json(uint64_t unix_ms)
{
	char text[32];
	if (unix_ms == 0)
		return json_null();
	troth_format_time(unix_ms / 1000, text);
	return json_string(text);
}

static json_t *health_json(struct troth_admin *admin, const struct troth_device_row *row)
{
	struct troth_snapshot *s = troth_snapshot_take(admin->front->snapshots);
	const struct troth_policy *policy = troth_snapshot_policy(s, row->group);
	struct troth_health_case c = {
		.state = row->state,
		.last_pass_ms = row->last_pass_ms,
		.last_fail_ms = row->last_fail_ms,
		.stale_after_s = policy != NULL ? policy->stale_after_s : 0,
		.unreachable_after_s = policy != NULL ? policy->unreachable_after_s : 0,
	};
	json_t *health = json_string(troth_health_name(troth_health_at(&c, troth_now_ms())));
	troth_snapshot_release(s);
	return health;
}

static json_t *text_or_null(const char *s)
{
	return s[0] != '\0' ? json_string(s) : json_null();
}

json_t *troth_device_json(struct troth_admin *admin, const struct troth_device_row *row)
{
	return json_pack(
		"{s:o, s:s, s:s, s:s, s:s, s:o, s:I, s:{s:s, s:o}, s:o, s:o, s:o, s:o, "
		"s:{s:b, s:b}}",
		"id", troth_hex_json(TROTH_VIEW_OF(row->id)), "name", row->name, "segment",
		row->segment, "group", row->group, "state", troth_device_state_name(row->state),
		"health", health_json(admin, row), "version", (json_int_t)row->version,
		"verdict", "tier", troth_tier_name(row->tier), "finding",
		text_or_null(row->finding), "enrolled", troth_time_json(row->enrolled_ms),
		"last_pass", troth_time_json(row->last_pass_ms), "last_fail",
		troth_time_json(row->last_fail_ms), "certificate_not_after",
		troth_time_json(row->certificate_not_after_s * 1000), "ek",
		"certificate_trusted", (int)row->ek_certificate_trusted, "in_inventory",
		(int)row->ek_in_inventory);
}

static const char *tier_text(Troth__V1__Tier tier)
{
	return troth_tier_name(troth_tier_from_message(tier));
}

static json_t *number_or_null(int32_t v)
{
	return v >= 0 ? json_integer(v) : json_null();
}

static json_t *finding_json(const Troth__V1__Finding *f)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "code", f->code,
			 "severity", tier_text(f->severity), "pcr", number_or_null(f->pcr),
			 "event", number_or_null(f->event), "seen",
			 troth_hex_json(troth_wire_view(f->seen)), "expected",
			 troth_hex_json(troth_wire_view(f->expected)), "detail",
			 text_or_null(f->detail), "reference", text_or_null(f->reference));
}

static json_t *coverage_json(const Troth__V1__Coverage *m)
{
	struct troth_coverage c;
	return troth_coverage_from_message(m, &c) == TROTH_OK ? troth_json_coverage(&c) : NULL;
}

static json_t *trust_json(const Troth__V1__TrustVector *m)
{
	const struct troth_trust_vector v = troth_trust_from_message(m);
	return troth_json_trust(&v);
}

static json_t *verdict_json(const Troth__V1__Verdict *v)
{
	json_t *findings = json_array();
	for (size_t i = 0; i < v->n_findings; i++)
		json_array_append_new(findings, finding_json(v->findings[i]));
	return json_pack("{s:s, s:o, s:o, s:I, s:o, s:o}", "tier", tier_text(v->tier), "digest",
			 troth_hex_json(troth_wire_view(v->digest)), "findings", findings,
			 "findings_dropped", (json_int_t)v->n_dropped, "trust",
			 trust_json(v->trust), "coverage", coverage_json(v->coverage));
}

static json_t *record_json(const Troth__V1__AppraisalRecord *r)
{
	if (r->device == NULL || r->verdict == NULL || r->verdict->coverage == NULL)
		return NULL;
	return json_pack("{s:o, s:s, s:o, s:o, s:{s:s, s:o}, s:{s:o, s:o}, s:o, s:o}", "device",
			 troth_hex_json(troth_wire_view(r->device->device_id)), "name",
			 r->device->name, "time", troth_time_json(r->received_ms),
			 "evidence_time", troth_time_json(r->evidence_ms), "policy", "name",
			 r->policy_name, "id", troth_hex_json(troth_wire_view(r->policy_id)),
			 "reference", "name", text_or_null(r->reference_name), "id",
			 troth_hex_json(troth_wire_view(r->reference_id)), "certificate_sha256",
			 troth_hex_json(troth_wire_view(r->certificate_sha256)), "verdict",
			 verdict_json(r->verdict));
}

json_t *troth_verdict_json(struct troth_view record)
{
	ProtobufCMessage *m;
	if (troth_wire_unpack(&troth__v1__appraisal_record__descriptor, record, &m) != TROTH_OK)
		return NULL;
	json_t *value = record_json((const Troth__V1__AppraisalRecord *)m);
	troth_wire_free(m);
	return value;
}

void troth_admin_answer(struct troth_exchange *x, json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	if (text == NULL) {
		troth_problem_memory(x);
		return;
	}
	troth_exchange_answer(x, 200, "application/json", troth_view_str(text));
	free(text);
}
