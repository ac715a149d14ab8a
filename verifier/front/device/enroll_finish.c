/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/enroll/complete: the issuer checks the activation and seals the row;
 * stored, it is answered. */
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base.h"
#include "enrolment.h"
#include "reader.h"
#include "verdict_wire.h"
#include "wire.h"

static void answer(struct troth_enrolment *e)
{
	Troth__V1__EnrollResult m;
	struct troth_finding_messages findings;
	bool active = e->row.state == TROTH_DEVICE_ACTIVE;
	troth__v1__enroll_result__init(&m);
	m.device_id = troth_wire_bytes(TROTH_VIEW_OF(e->device_id));
	m.state = active ? TROTH__V1__DEVICE_STATE__DEVICE_STATE_ACTIVE
			 : TROTH__V1__DEVICE_STATE__DEVICE_STATE_PENDING;
	if (active) {
		m.name = e->row.name;
	} else {
		troth_finding_messages_fill(&e->findings, &findings);
		m.n_findings = findings.n;
		m.findings = findings.list;
	}
	troth_answer_message(e->exchange, &m.base);
}

static void on_commit(struct troth_job *job)
{
	struct troth_enrolment *e = (struct troth_enrolment *)job;
	if (e->status == TROTH_E_CONFLICT) {
		troth_enrolment_reject(e, 409, "stale-challenge",
				       "The device changed meanwhile; enrol again.");
		return;
	}
	if (e->status == TROTH_E_DENIED) {
		troth_enrolment_refuse(e, TROTH_FINDING_AK_TAKEN);
		return;
	}
	if (e->status != TROTH_OK) {
		troth_enrolment_fail(e, e->status);
		return;
	}
	troth_info("enrolled", "device=%s state=%s peer=%s", e->row.name,
		   troth_device_state_name(e->row.state), troth_exchange_peer(e->exchange));
	if (e->row.generation > 1) /* enrolled again: what lived was revoked with it */
		troth_admin_refresh_crl(e->worker->front->admin);
	answer(e);
	troth_enrolment_free(e);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct troth_enrolment *e = arg;
	e->status = status;
	if (row != NULL)
		e->row = *row;
	troth_mailbox_post(e->worker->mailbox, &e->job);
}

static enum troth_status submit(struct troth_enrolment *e)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX];
	size_t leaf_len;
	struct troth_audit_leaf l = {
		.kind = TROTH_AUDIT_ENROL,
		.time_ms = e->row.enrolled_ms,
		.name = troth_view_str(e->row.name),
		.actor = troth_view_str("device"),
		.detail = troth_view_str(troth_device_state_name(e->row.state)),
		.digest = TROTH_VIEW_OF(e->device_id),
	};
	TROTH_TRY(troth_audit_leaf_write(&l, leaf, sizeof leaf, &leaf_len));
	struct troth_store_item item = {
		.kind = TROTH_STORE_ENROL,
		.u.enrol = {
			.row = e->row,
			.ek_key = troth_wire_view(e->request->ek_key),
			.ek_certificate = troth_wire_view(e->request->ek_certificate),
			.facts = troth_wire_view(e->request->facts),
			.leaf = { leaf, leaf_len },
			.now_s = e->row.enrolled_ms / 1000,
		},
	};
	e->job.run = on_commit;
	return troth_store_submit(e->worker->front->store, &item, on_stored, e);
}

static void on_finished(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_enrolment *e = arg;
	if (reply->status == TROTH_E_EXPIRED) {
		troth_enrolment_reject(e, 409, "stale-challenge",
				       "The enrolment has run out; begin again.");
		return;
	}
	if (reply->status == TROTH_E_CONFLICT) {
		troth_enrolment_reject(
			e, 409, "stale-challenge",
			"The device was enrolled or changed meanwhile; begin again.");
		return;
	}
	if (reply->finding != TROTH_FINDING_NONE || reply->status == TROTH_E_MISMATCH) {
		troth_enrolment_refuse(e, reply->finding != TROTH_FINDING_NONE
						  ? reply->finding
						  : TROTH_FINDING_TOKEN_INVALID);
		return;
	}
	enum troth_status status = reply->status;
	if (status == TROTH_OK) {
		memcpy(e->row.mac, reply->u.enroll_finish.mac, sizeof e->row.mac);
		status = submit(e);
	}
	if (status != TROTH_OK)
		troth_enrolment_fail(e, status);
}

enum troth_status troth_enrolment_finish(struct troth_enrolment *e)
{
	const Troth__V1__EnrollProof *proof = (const Troth__V1__EnrollProof *)e->message;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ENROLL_FINISH };
	struct troth_issuer_enroll_finish *q = &request.u.enroll_finish;
	TROTH_TRY(troth_enrolment_fill_begin(e, &q->begin));
	q->token = troth_wire_view(proof->token);
	q->activated = troth_wire_view(proof->activated);
	q->name = troth_view_str(e->row.name);
	q->segment = troth_view_str(e->row.segment);
	q->generation = e->row.generation;
	return troth_issuer_call(e->worker->issuer, &request, on_finished, e);
}
