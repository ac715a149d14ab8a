/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: row, record, leaf and serial in one transaction; then, and
 * only then, the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "attestation.h"
#include "audit.h"
#include "base.h"
#include "clock.h"
#include "evidence.h"
#include "ima_judge.h"
#include "reader.h"
#include "svid.h"
#include "verdict_wire.h"
#include "wire.h"

/* ---- the answer ---- */

static void fill_credential(const struct troth_attestation *a,
			    const struct troth_published_set *set,
			    Troth__V1__AttestationResult *m, ProtobufCBinaryData *lists)
{
	m->certificate =
		troth_wire_bytes((struct troth_view){ a->certificate, a->certificate_len });
	m->not_after_ms = a->not_after_s * 1000;
	uint64_t now_s = troth_now_ms() / 1000;
	/* Two thirds of what is left of the certificate's life. */
	m->renew_after_s = a->not_after_s > now_s ? (uint32_t)((a->not_after_s - now_s) * 2 / 3)
						  : 0;
	m->n_chain = set->n_chain;
	m->chain = lists;
	for (size_t i = 0; i < set->n_chain; i++)
		lists[i] = troth_wire_bytes(set->chain[i]);
	m->n_bundle = set->n_anchors;
	m->bundle = lists + set->n_chain;
	for (size_t i = 0; i < set->n_anchors; i++)
		m->bundle[i] = troth_wire_bytes(set->anchors[i]);
}

void troth_attestation_answer(struct troth_attestation *a, struct troth_view secret)
{
	Troth__V1__AttestationResult m;
	struct troth_finding_messages findings;
	ProtobufCBinaryData lists[2 * TROTH_PUBLISHED_CERTS_MAX];
	const struct troth_front *front = a->worker->front;
	struct troth_published_set *set = troth_published_take(front->published);
	char spiffe_id[TROTH_SPIFFE_ID_MAX + 1];
	troth_finding_messages_fill(&a->verdict.findings, &findings);
	troth__v1__attestation_result__init(&m);
	m.verdict = troth_tier_message(a->verdict.tier);
	m.n_findings = findings.n;
	m.findings = findings.list;
	m.verifier_time_ms = troth_now_ms();
	m.ear = troth_wire_bytes((struct troth_view){ a->result, a->result_len });
	m.secret = troth_wire_bytes(secret);
	if (a->message->bundle_sequence < front->bundle_sequence)
		m.bundle_update = troth_wire_bytes(front->bundle_update.bytes);
	if (a->certificate_len > 0) {
		fill_credential(a, set, &m, lists);
		if (troth_spiffe_id(troth_view_str(a->worker->front->settings->trust_domain),
				    troth_view_str(a->row.segment), troth_view_str(a->row.name),
				    spiffe_id) == TROTH_OK)
			m.spiffe_id = spiffe_id;
	}
	troth_answer_message(a->exchange, &m.base);
	troth_published_release(set);
	troth_attestation_free(a);
}

/* Their quote was genuine. */
static void keep_logs(const struct troth_attestation *a)
{
	if (a->log_is_new && a->log->status == TROTH_OK)
		troth_log_cache_put(a->worker->front->logs, a->log);
	if (a->systemd_is_new && a->systemd->status == TROTH_OK)
		troth_log_cache_put(a->worker->front->logs, a->systemd);
}

static void on_commit(struct troth_job *job)
{
	struct troth_attestation *a = (struct troth_attestation *)job;
	if (a->status == TROTH_E_CONFLICT) {
		/* Another answer to the same challenge was first, or state or
		 * policy changed meanwhile. */
		troth_attestation_reject(a, 409, "stale-challenge",
					 "The challenge was overtaken; ask for another.");
		return;
	}
	if (a->status == TROTH_E_DENIED) {
		troth_attestation_reject(a, 409, "nonce-reused",
					 "This device had a result for this nonce; the relying "
					 "party must draw another.");
		return;
	}
	if (a->status != TROTH_OK) {
		troth_attestation_fail(a, a->status);
		return;
	}
	keep_logs(a);
	if (a->verdict.tier == TROTH_TIER_CONTRAINDICATED)
		troth_admin_refresh_crl(a->worker->front->admin);
	troth_debug("attest", "device=%s verdict=%s findings=%zu", a->row.name,
		    troth_tier_name(a->verdict.tier), a->verdict.findings.n);
	if (a->secret != NULL && a->certificate_len > 0)
		troth_attestation_release(a);
	else
		troth_attestation_answer(a, (struct troth_view){ 0 });
}

/* ---- the transaction ---- */

static struct troth_device_row row_after(const struct troth_attestation *a,
					 const struct troth_issuer_attest_reply *confirmed)
{
	struct troth_device_row row = a->row;
	row.order = troth_order_of(&a->quote);
	row.certification = confirmed->certification;
	row.tier = a->verdict.tier;
	memset(row.finding, 0, sizeof row.finding);
	if (a->verdict.tier != TROTH_TIER_AFFIRMING && a->verdict.findings.n > 0)
		snprintf(row.finding, sizeof row.finding, "%s",
			 troth_finding_name(a->verdict.findings.list[0].code));
	if (a->verdict.tier == TROTH_TIER_AFFIRMING)
		row.last_pass_ms = confirmed->token.issued_ms;
	else
		row.last_fail_ms = confirmed->token.issued_ms;
	if (confirmed->issued)
		row.certificate_not_after_s = confirmed->not_after_s;
	troth_ima_keep(a->ima, &row);
	if (a->log_is_new) {
		row.has_log = true;
		memcpy(row.log_digest, a->log->digest, sizeof row.log_digest);
	}
	row.has_systemd = a->systemd != NULL;
	if (row.has_systemd)
		memcpy(row.systemd_digest, a->systemd->digest, sizeof row.systemd_digest);
	return row;
}

static enum troth_status write_leaf(const struct troth_attestation *a, uint64_t evidence_ms,
				    uint8_t *buf, size_t *len)
{
	struct troth_audit_leaf leaf = {
		.kind = TROTH_AUDIT_VERDICT,
		.time_ms = evidence_ms,
		.name = troth_view_str(a->row.name),
		.actor = troth_view_str("device"),
		.detail = troth_view_str(troth_tier_name(a->verdict.tier)),
		.digest = TROTH_VIEW_OF(a->verdict_digest),
		.policy = TROTH_VIEW_OF(a->policy->id),
	};
	if (a->reference != NULL)
		leaf.reference = TROTH_VIEW_OF(a->reference->id);
	if (a->certificate_len > 0)
		leaf.certificate = TROTH_VIEW_OF(a->certificate_sha256);
	return troth_audit_leaf_write(&leaf, buf, TROTH_AUDIT_LEAF_MAX, len);
}

/* "release sensor-1": what the leaf of the secret says. */
static enum troth_status write_secret_leaf(const struct troth_attestation *a,
					   uint64_t evidence_ms, uint8_t *buf, size_t *len)
{
	char detail[sizeof "release " + TROTH_NAME_LEN_MAX];
	(void)snprintf(detail, sizeof detail, "release %s", a->row.name);
	const struct troth_audit_leaf leaf = {
		.kind = TROTH_AUDIT_SECRET,
		.time_ms = evidence_ms,
		.name = troth_view_str(a->message->secret_name),
		.actor = troth_view_str("device"),
		.detail = troth_view_str(detail),
		.digest = TROTH_VIEW_OF(a->row.id),
		.policy = TROTH_VIEW_OF(a->policy->id),
		.certificate = TROTH_VIEW_OF(a->certificate_sha256),
	};
	return troth_audit_leaf_write(&leaf, buf, TROTH_AUDIT_LEAF_MAX, len);
}

/* Only with a certificate: a verdict that is less than affirming releases nothing. */
static enum troth_status add_secret(const struct troth_attestation *a, uint64_t evidence_ms,
				    uint8_t *leaf, struct troth_store_verdict *v)
{
	if (a->secret == NULL || a->certificate_len == 0)
		return TROTH_OK;
	TROTH_TRY(write_secret_leaf(a, evidence_ms, leaf, &v->secret_leaf.n));
	v->secret_leaf.p = leaf;
	(void)snprintf(v->secret_name, sizeof v->secret_name, "%s", a->message->secret_name);
	v->secret = &a->secret->sealed;
	return TROTH_OK;
}

static enum troth_status pack_record(const struct troth_attestation *a, uint64_t evidence_ms,
				     uint8_t **out, size_t *out_len)
{
	struct troth_record_case c = {
		.row = &a->row,
		.attestation = a->message,
		.verdict = &a->verdict,
		.verdict_digest = a->verdict_digest,
		.log_digest = a->log != NULL ? a->log->digest : NULL,
		.systemd_digest = a->systemd != NULL ? a->systemd->digest : NULL,
		.policy_name = a->policy->name,
		.policy_id = TROTH_VIEW_OF(a->policy->id),
		.reference_name = a->policy->reference,
		.received_ms = a->received_ms,
		.evidence_ms = evidence_ms,
	};
	if (a->ima != NULL) {
		c.ima_version = TROTH_VIEW_OF(a->ima_version);
		c.ima_parts = a->ima_parts;
		c.ima_learned = a->ima_learned;
	}
	if (a->reference != NULL)
		c.reference_id = TROTH_VIEW_OF(a->reference->id);
	if (a->certificate_len > 0)
		c.certificate_sha256 = TROTH_VIEW_OF(a->certificate_sha256);
	return troth_record_pack(&c, out, out_len);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct troth_attestation *a = arg;
	(void)row;
	a->status = status;
	troth_mailbox_post(a->worker->mailbox, &a->job);
}

enum troth_status troth_attestation_commit(struct troth_attestation *a,
					   const struct troth_issuer_attest_reply *confirmed)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX], secret_leaf[TROTH_AUDIT_LEAF_MAX];
	size_t leaf_len, record_len;
	uint8_t *record;
	struct troth_store_item item = { .kind = TROTH_STORE_VERDICT };
	struct troth_store_verdict *v = &item.u.verdict;
	TROTH_TRY(write_leaf(a, confirmed->token.issued_ms, leaf, &leaf_len));
	TROTH_TRY(add_secret(a, confirmed->token.issued_ms, secret_leaf, v));
	TROTH_TRY(pack_record(a, confirmed->token.issued_ms, &record, &record_len));
	memcpy(v->device_id, a->row.id, sizeof v->device_id);
	v->version = confirmed->token.row_version;
	v->policy_epoch = a->snapshot->epoch;
	v->row = row_after(a, confirmed);
	v->record = (struct troth_view){ record, record_len };
	if (a->log_is_new)
		v->log = a->log->bytes;
	if (a->systemd_is_new)
		v->systemd = a->systemd->bytes;
	v->leaf = (struct troth_view){ leaf, leaf_len };
	v->result_nonce = troth_wire_view(a->message->result_nonce);
	v->issued = confirmed->issued;
	memcpy(v->serial, confirmed->serial, sizeof v->serial);
	memcpy(v->certificate_sha256, a->certificate_sha256, sizeof v->certificate_sha256);
	v->not_after_s = confirmed->not_after_s;
	v->revoke = a->verdict.tier == TROTH_TIER_CONTRAINDICATED;
	v->now_s = a->received_ms / 1000;
	a->job.run = on_commit;
	enum troth_status status =
		troth_store_submit(a->worker->front->store, &item, on_stored, a);
	free(record);
	return status;
}
