/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: authenticate, appraise, have the issuer confirm, commit, release.
 *
 * A failure before the evidence is authenticated is answered and changes nothing. From the
 * issuer's word on, everything happens in one transaction conditioned on the device row's
 * version: no row, nothing is released. */
#include "attestation.h"

#include <stdlib.h>

#include "base.h"
#include "clock.h"
#include "ima_judge.h"
#include "problems.h"
#include "rate.h"
#include "reader.h"
#include "wire.h"

void troth_attestation_free(struct troth_attestation *a)
{
	if (a->message != NULL)
		troth_wire_free(&a->message->base);
	troth_snapshot_release(a->snapshot);
	troth_attestation_drop_logs(a);
	troth_buffer_clear(&a->ima_learned_copy);
	free(a->ima);
	free(a->secret);
	free(a);
}

void troth_attestation_reject(struct troth_attestation *a, int http, const char *code,
			      const char *detail)
{
	troth_exchange_problem(a->exchange, http, code, detail, http == 503 ? 1 : 0);
	troth_attestation_free(a);
}

void troth_attestation_refuse(struct troth_attestation *a, enum troth_finding_code code)
{
	troth_info("attest-refused", "device=%s finding=%s peer=%s", a->row.name,
		   troth_finding_name(code), troth_exchange_peer(a->exchange));
	troth_problem_finding(a->exchange, 400, code);
	troth_attestation_free(a);
}

void troth_attestation_fail(struct troth_attestation *a, enum troth_status status)
{
	troth_error("attest", "device=%s status=%s", a->row.name, troth_status_name(status));
	troth_attestation_reject(a, 503, "unavailable",
				 "The verifier cannot answer now; try again.");
}

/* ---- may it be appraised, and against what ---- */

/* A challenge that was overtaken, ran out or is of an earlier row: the device
 * simply asks again. */
static bool challenge_is_stale(const struct troth_attestation *a)
{
	return a->token.row_version != a->row.version ||
	       a->received_ms > a->token.issued_ms + TROTH_TOKEN_LIFE_MS;
}

static bool state_allows(struct troth_attestation *a)
{
	switch (a->row.state) {
	case TROTH_DEVICE_ACTIVE: return true;
	case TROTH_DEVICE_PENDING:
		troth_attestation_reject(a, 403, "pending",
					 "An operator must approve this device first.");
		return false;
	case TROTH_DEVICE_QUARANTINED:
		troth_attestation_reject(a, 403, "quarantined",
					 "This device is in quarantine; ask its operator.");
		return false;
	case TROTH_DEVICE_RETIRED:
	case TROTH_DEVICE_STATE_N: break;
	}
	troth_attestation_reject(a, 403, "retired",
				 "This device was retired; ask its operator.");
	return false;
}

static bool find_policy(struct troth_attestation *a)
{
	a->snapshot = troth_snapshot_take(a->worker->front->snapshots);
	a->policy = troth_snapshot_policy(a->snapshot, a->row.group);
	if (a->policy == NULL) {
		troth_attestation_reject(
			a, 403, "no-policy",
			"No policy covers this device's group; ask its operator.");
		return false;
	}
	if (a->policy->reference[0] != '\0')
		a->reference = troth_snapshot_reference(a->snapshot, a->policy->reference);
	return true;
}

/* A policy may keep its relying parties to one form and profile. */
static bool result_is_allowed(struct troth_attestation *a)
{
	const Troth__V1__Attestation *m = a->message;
	const bool same_form = m->result_form == 0 || m->result_form == a->policy->result;
	const bool same_profile = m->result_profile == 0 ||
				  m->result_profile == a->policy->result_profile + 1U;
	if (!a->policy->result_fixed || (same_form && same_profile))
		return true;
	troth_attestation_reject(a, 403, "form-denied",
				 "The policy gives results in its own form and profile only.");
	return false;
}

static bool secret_is_allowed(struct troth_attestation *a)
{
	if (a->secret == NULL || troth_attestation_secret_allowed(a))
		return true;
	troth_attestation_reject(a, 403, "secret-denied",
				 "The policy names no such secret; ask its operator.");
	return false;
}

/* What was asked for is what the policy asks for now: a change since the
 * challenge means another. */
static bool policy_moved_on(const struct troth_attestation *a)
{
	return !troth_pcr_selection_equal(&a->token.selection, &a->policy->selection);
}

/* A certification is of the boot it was made in; a device that slept or
 * rebooted makes another. */
static bool certification_is_void(const struct troth_attestation *a)
{
	const struct troth_certification_record *c = &a->row.certification;
	return a->message->credential_key.len > 0 && a->message->certification == NULL &&
	       (!c->present || c->reset_count != a->quote.reset_count ||
		c->restart_count != a->quote.restart_count);
}

/* ---- the way through ---- */

static enum troth_status appraise(struct troth_attestation *a)
{
	struct troth_case c = {
		.policy = a->policy,
		.reference = a->reference,
		.pcrs = &a->pcrs,
		.ima = a->ima,
		.recognised = a->row.ek_certificate_trusted || a->row.ek_in_inventory,
		.tpm_maker = a->row.ek_maker,
		.tpm_firmware = a->quote.firmware_version,
	};
	troth_attestation_give_logs(a, &c);
	TROTH_TRY(troth_appraise(a->worker->ctx, &c, &a->verdict));
	return troth_verdict_digest(a->worker->ctx, &a->verdict, a->verdict_digest);
}

/* Its own evidence costs a device most before anything is issued: logs are parsed, lists
 * hashed, signatures of files verified. */
static bool may_be_appraised(struct troth_attestation *a)
{
	if (troth_rate_take(a->worker->front->appraisals, a->row.id, a->received_ms))
		return true;
	troth_attestation_reject(a, 503, "busy",
				 "This device attests too often; wait a minute.");
	return false;
}

static void appraise_and_confirm(struct troth_attestation *a)
{
	if (certification_is_void(a)) {
		troth_attestation_reject(
			a, 409, "certification-wanted",
			"The credential key's certification is of another boot; send a new "
			"one.");
		return;
	}
	enum troth_status status = troth_attestation_find_logs(a);
	if (status == TROTH_E_NOT_FOUND) {
		troth_attestation_reject(a, 409, "log-wanted",
					 "Send the whole event log with the next challenge.");
		return;
	}
	if (status == TROTH_OK)
		status = troth_ima_judge(a, &a->ima);
	if (status == TROTH_OK && a->ima != NULL && a->ima->wants_whole) {
		troth_attestation_reject(a, 409, "ima-wanted",
					 "Send the whole IMA list with the next challenge.");
		return;
	}
	if (status == TROTH_OK)
		status = appraise(a);
	if (status == TROTH_OK)
		status = troth_attestation_confirm(a);
	if (status != TROTH_OK)
		troth_attestation_fail(a, status);
}

static void attest(struct troth_attestation *a)
{
	struct troth_findings findings = { 0 };
	if (!troth_attestation_read(a)) {
		troth_attestation_reject(a, 400, "malformed",
					 "The message cannot be read as an attestation.");
		return;
	}
	if (!troth_registry_get(a->worker->front->registry, a->token.subject, &a->row)) {
		troth_attestation_reject(a, 404, "unknown-device",
					 "No such device is enrolled; enrol first.");
		return;
	}
	if (challenge_is_stale(a)) {
		troth_attestation_reject(a, 409, "stale-challenge",
					 "The challenge was overtaken; ask for another.");
		return;
	}
	enum troth_status status = troth_attestation_authenticate(a, &findings);
	if (status != TROTH_OK) {
		troth_attestation_fail(a, status);
		return;
	}
	if (troth_findings_have(&findings, TROTH_FINDING_COUNTERS_REWOUND)) {
		troth_attestation_reject(a, 409, "counters-rewound",
					 "The TPM was cleared; enrol again.");
		return;
	}
	if (findings.n > 0) {
		troth_attestation_refuse(a, findings.list[0].code);
		return;
	}
	if (!state_allows(a) || !find_policy(a) || !result_is_allowed(a) ||
	    !secret_is_allowed(a))
		return;
	if (policy_moved_on(a)) {
		troth_attestation_reject(a, 409, "stale-challenge",
					 "The policy has changed; ask for another challenge.");
		return;
	}
	if (!may_be_appraised(a))
		return;
	if (a->message->ima_more)
		troth_attestation_take_part(a);
	else
		appraise_and_confirm(a);
}

void troth_handle_attest(struct troth_exchange *x, void *worker)
{
	struct troth_attestation *a = calloc(1, sizeof *a);
	if (a == NULL) {
		troth_problem_memory(x);
		return;
	}
	a->worker = worker;
	a->exchange = x;
	a->received_ms = troth_now_ms();
	attest(a);
}
