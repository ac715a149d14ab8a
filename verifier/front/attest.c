/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: authenticate, appraise, have the issuer confirm, commit, release.
 *
 * A failure before the evidence is authenticated is answered and changes nothing (DESIGN
 * section 6, "A bad message is not a bad device"). From the issuer's word on, everything
 * happens in one transaction conditioned on the device row's version: no row, nothing is
 * released. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "ak_cache.h"
#include "appraise.h"
#include "audit.h"
#include "base.h"
#include "binding.h"
#include "clock.h"
#include "evidence.h"
#include "front.h"
#include "quote.h"
#include "reader.h"
#include "svid.h"
#include "wire.h"

#define CERTIFICATE_MAX 2048

struct attestation {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_worker *worker;
	struct troth_exchange *exchange;
	Troth__V1__Attestation *message; /* borrows from the exchange's body */
	uint64_t received_ms;

	struct troth_device_row row; /* as it was */
	struct troth_token token;    /* authenticated by the issuer only */
	struct troth_attest quote;
	struct troth_pcr_values pcrs;
	uint8_t facts_sha256[32];
	struct troth_snapshot *snapshot;
	const struct troth_policy *policy;
	const struct troth_reference_set *reference;
	struct troth_cached_log *log; /* NULL: none was sent */
	bool log_is_new;

	struct troth_verdict verdict;
	uint8_t verdict_digest[32];
	uint8_t certificate[CERTIFICATE_MAX];
	size_t certificate_len;
	uint8_t certificate_sha256[32];
	uint64_t not_after_s;

	enum troth_status status; /* of the commit */
};

static void attestation_free(struct attestation *a)
{
	if (a->message != NULL)
		troth_wire_free(&a->message->base);
	troth_snapshot_release(a->snapshot);
	troth_cached_log_release(a->log);
	free(a);
}

/* Answers with a problem and ends the attestation. */
static void reject(struct attestation *a, int http, const char *code, const char *detail)
{
	uint32_t retry_s = http == 503 ? 1 : 0;
	troth_exchange_problem(a->exchange, http, code, detail, retry_s);
	attestation_free(a);
}

/* The evidence is not authentic: an answer, a log line, and nothing else. */
static void refuse(struct attestation *a, enum troth_finding_code code)
{
	char detail[256];
	snprintf(detail, sizeof detail, "%s: %s", troth_finding_name(code),
		 troth_finding_meaning(code));
	troth_info("attest-refused", "device=%s finding=%s peer=%s", a->row.name,
		   troth_finding_name(code), troth_exchange_peer(a->exchange));
	reject(a, 400, "refused", detail);
}

static void fail(struct attestation *a, enum troth_status status)
{
	troth_error("attest", "device=%s status=%s", a->row.name, troth_status_name(status));
	reject(a, 503, "unavailable", "The verifier cannot answer now; try again.");
}

/* ---- step 1: the message ---- */

static bool read_message(struct attestation *a)
{
	ProtobufCMessage *m;
	if (troth_wire_unpack(&troth__v1__attestation__descriptor,
			      troth_exchange_body(a->exchange), &m) != TROTH_OK)
		return false;
	a->message = (Troth__V1__Attestation *)m;
	return troth_token_read(troth_wire_view(a->message->token), &a->token) == TROTH_OK &&
	       a->token.purpose == TROTH_TOKEN_QUOTE &&
	       troth_evidence_pcrs(a->message->pcrs, a->message->n_pcrs, &a->pcrs) == TROTH_OK;
}

/* A challenge that was overtaken, ran out or is of an earlier row: the device simply asks
 * again. */
static bool challenge_is_stale(const struct attestation *a)
{
	return a->token.row_version != a->row.version ||
	       a->received_ms > a->token.issued_ms + TROTH_TOKEN_LIFE_MS;
}

/* ---- step 2: authenticity ---- */

static enum troth_status credential_key_name(struct attestation *a, struct troth_public *key,
					     struct troth_name *out)
{
	struct troth_view bytes = troth_wire_view(a->message->credential_key);
	*out = (struct troth_name){ 0 };
	if (bytes.n == 0)
		return TROTH_OK;
	TROTH_TRY(troth_public_parse(a->worker->ctx, bytes, key));
	*out = key->name;
	return TROTH_OK;
}

static enum troth_status expected_extra_data(struct attestation *a,
					     const struct troth_name *key, uint8_t out[32])
{
	struct troth_view facts = troth_wire_view(a->message->facts);
	struct troth_binding binding = {
		.label = TROTH_BIND_QUOTE,
		.trust_domain = troth_view_str(a->worker->front->settings->trust_domain),
		.device_id = TROTH_VIEW_OF(a->row.id),
		.token = troth_wire_view(a->message->token),
		.credential_key_name = troth_name_view(key),
	};
	if (facts.n > 0) {
		struct troth_digest digest;
		TROTH_TRY(troth_hash_one(a->worker->ctx, TROTH_HASH_SHA256, facts, &digest));
		memcpy(a->facts_sha256, digest.bytes, sizeof a->facts_sha256);
		binding.facts_digest = TROTH_VIEW_OF(a->facts_sha256);
	}
	return troth_binding_digest(a->worker->ctx, &binding, out);
}

/* Adds findings for whatever keeps the quote from being this device's answer to this challenge.
 */
static enum troth_status authenticate(struct attestation *a, struct troth_findings *findings)
{
	struct troth_public key;
	struct troth_name name;
	struct troth_signature signature;
	const struct troth_ak *ak;
	uint8_t extra[32];
	if (credential_key_name(a, &key, &name) != TROTH_OK) {
		troth_finding_add(findings, TROTH_FINDING_KEY_ATTRIBUTES);
		return TROTH_OK;
	}
	if (troth_signature_parse(troth_wire_view(a->message->signature), &signature) !=
	    TROTH_OK) {
		troth_finding_add(findings, TROTH_FINDING_SIGNATURE_MALFORMED);
		return TROTH_OK;
	}
	struct troth_view ak_public = { a->row.ak_public, a->row.ak_len };
	TROTH_TRY(troth_ak_cache_get(a->worker->aks, a->worker->ctx, ak_public, &ak));
	TROTH_TRY(expected_extra_data(a, &name, extra));
	struct troth_view extra_data = TROTH_VIEW_OF(extra);
	struct troth_quote_case c = {
		.key = ak->key,
		.ak = &ak->public,
		.attest = troth_wire_view(a->message->quote),
		.signature = &signature,
		.extra_data = &extra_data,
		.selection = &a->token.selection,
		.pcrs = &a->pcrs,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	TROTH_TRY(troth_quote_verify(a->worker->ctx, &c, &a->quote, findings));
	if (findings->n == 0)
		troth_order_check(&a->row.order, &a->quote, findings);
	return TROTH_OK;
}

/* ---- the log: sent whole, or named by the digest of one held from this device ---- */

enum log_outcome { LOG_READY, LOG_WANTED, LOG_FAILED };

static enum log_outcome find_log(struct attestation *a)
{
	struct troth_view bytes = troth_wire_view(a->message->log);
	struct troth_view digest = troth_wire_view(a->message->log_digest);
	bool whole = bytes.n > 0 || (a->token.wants & TROTH_WANT_LOG) != 0;
	if (!whole && digest.n == 0)
		return LOG_READY; /* none: the appraisal says so */
	if (!whole) {
		if (!a->row.has_log ||
		    !troth_view_equal(digest, TROTH_VIEW_OF(a->row.log_digest)))
			return LOG_WANTED;
		a->log = troth_log_cache_find(a->worker->front->logs, a->row.log_digest,
					      &a->policy->selection);
		return a->log != NULL ? LOG_READY : LOG_WANTED;
	}
	if (bytes.n == 0 && digest.n == 0)
		return LOG_READY;
	if (troth_cached_log_make(a->worker->ctx, bytes, &a->policy->selection, &a->log) !=
	    TROTH_OK)
		return LOG_FAILED;
	a->log_is_new = bytes.n > 0;
	return LOG_READY;
}

/* ---- steps 3 to 6 ---- */

static enum troth_status appraise(struct attestation *a)
{
	struct troth_case c = {
		.policy = a->policy,
		.reference = a->reference,
		.pcrs = &a->pcrs,
		.log_status = TROTH_E_NOT_FOUND,
	};
	if (a->log != NULL) {
		c.log_bytes = a->log->bytes;
		c.log_status = a->log->status;
		c.log_error_offset = a->log->error_offset;
	}
	if (a->log != NULL && a->log->status == TROTH_OK) {
		c.log = &a->log->log;
		c.replay = &a->log->replay;
	}
	TROTH_TRY(troth_appraise(a->worker->ctx, &c, &a->verdict));
	return troth_verdict_digest(a->worker->ctx, &a->verdict, a->verdict_digest);
}

/* ---- commit ---- */

static struct troth_device_row row_after(const struct attestation *a,
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
	if (a->log_is_new) {
		row.has_log = true;
		memcpy(row.log_digest, a->log->digest, sizeof row.log_digest);
	}
	return row;
}

static enum troth_status write_leaf(const struct attestation *a, uint64_t evidence_ms,
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

static enum troth_status pack_record(const struct attestation *a, uint64_t evidence_ms,
				     uint8_t **out, size_t *out_len)
{
	struct troth_record_case c = {
		.row = &a->row,
		.attestation = a->message,
		.verdict = &a->verdict,
		.verdict_digest = a->verdict_digest,
		.log_digest = a->log != NULL ? a->log->digest : NULL,
		.policy_name = a->policy->name,
		.policy_id = TROTH_VIEW_OF(a->policy->id),
		.reference_name = a->policy->reference,
		.received_ms = a->received_ms,
		.evidence_ms = evidence_ms,
	};
	if (a->reference != NULL)
		c.reference_id = TROTH_VIEW_OF(a->reference->id);
	if (a->certificate_len > 0)
		c.certificate_sha256 = TROTH_VIEW_OF(a->certificate_sha256);
	return troth_record_pack(&c, out, out_len);
}

static void on_commit(struct troth_job *job);

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct attestation *a = arg;
	(void)row;
	a->status = status;
	troth_mailbox_post(a->worker->mailbox, &a->job);
}

static enum troth_status submit(struct attestation *a,
				const struct troth_issuer_attest_reply *confirmed)
{
	uint8_t leaf[TROTH_AUDIT_LEAF_MAX];
	size_t leaf_len, record_len;
	uint8_t *record;
	TROTH_TRY(write_leaf(a, confirmed->token.issued_ms, leaf, &leaf_len));
	TROTH_TRY(pack_record(a, confirmed->token.issued_ms, &record, &record_len));
	struct troth_store_item item = { .kind = TROTH_STORE_VERDICT };
	struct troth_store_verdict *v = &item.u.verdict;
	memcpy(v->device_id, a->row.id, sizeof v->device_id);
	v->version = confirmed->token.row_version;
	v->policy_epoch = a->snapshot->epoch;
	v->row = row_after(a, confirmed);
	v->record = (struct troth_view){ record, record_len };
	if (a->log_is_new)
		v->log = a->log->bytes;
	v->leaf = (struct troth_view){ leaf, leaf_len };
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

/* ---- the issuer's word ---- */

static enum troth_status keep_certificate(struct attestation *a,
					  const struct troth_issuer_attest_reply *confirmed)
{
	struct troth_digest digest;
	if (!confirmed->issued)
		return TROTH_OK;
	if (confirmed->certificate.n > sizeof a->certificate)
		return TROTH_E_LIMIT;
	memcpy(a->certificate, confirmed->certificate.p, confirmed->certificate.n);
	a->certificate_len = confirmed->certificate.n;
	a->not_after_s = confirmed->not_after_s;
	TROTH_TRY(troth_hash_one(a->worker->ctx, TROTH_HASH_SHA256, confirmed->certificate,
				 &digest));
	memcpy(a->certificate_sha256, digest.bytes, sizeof a->certificate_sha256);
	return TROTH_OK;
}

static void on_confirmed(void *arg, const struct troth_issuer_reply *reply)
{
	struct attestation *a = arg;
	if (reply->status == TROTH_E_EXPIRED) {
		reject(a, 409, "stale-challenge",
		       "The challenge has run out; ask for another.");
		return;
	}
	if (reply->status == TROTH_E_DENIED) {
		reject(a, 403, "denied", "This device gets no credentials; ask its operator.");
		return;
	}
	if (reply->finding != TROTH_FINDING_NONE) {
		refuse(a, reply->finding);
		return;
	}
	enum troth_status status = reply->status;
	if (status == TROTH_OK)
		status = keep_certificate(a, &reply->u.attest);
	if (status == TROTH_OK)
		status = submit(a, &reply->u.attest);
	if (status != TROTH_OK)
		fail(a, status);
}

static struct troth_identity identity_of(const struct troth_device_row *row)
{
	struct troth_identity id = {
		.generation = row->generation,
		.name = troth_view_str(row->name),
		.segment = troth_view_str(row->segment),
		.ak_public = { row->ak_public, row->ak_len },
	};
	memcpy(id.id, row->id, sizeof id.id);
	memcpy(id.mac, row->mac, sizeof id.mac);
	return id;
}

static enum troth_status confirm(struct attestation *a)
{
	const Troth__V1__Attestation *m = a->message;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ATTEST };
	struct troth_issuer_attest *q = &request.u.attest;
	*q = (struct troth_issuer_attest){
		.identity = identity_of(&a->row),
		.token = troth_wire_view(m->token),
		.quote = troth_wire_view(m->quote),
		.signature = troth_wire_view(m->signature),
		.credential_key = troth_wire_view(m->credential_key),
		.certification = a->row.certification,
		.has_facts = m->facts.len > 0,
		.issue = a->verdict.tier == TROTH_TIER_AFFIRMING && m->credential_key.len > 0,
		.ttl_s = a->policy->certificate_ttl_s,
	};
	memcpy(q->facts_sha256, a->facts_sha256, sizeof q->facts_sha256);
	if (m->certification != NULL) {
		q->certify_attest = troth_wire_view(m->certification->attest);
		q->certify_signature = troth_wire_view(m->certification->signature);
	}
	return troth_issuer_call(a->worker->issuer, &request, on_confirmed, a);
}

/* ---- the answer ---- */

static void fill_credential(const struct attestation *a, const struct troth_published_set *set,
			    Troth__V1__AttestationResult *m, ProtobufCBinaryData *lists)
{
	m->certificate =
		troth_wire_bytes((struct troth_view){ a->certificate, a->certificate_len });
	m->not_after_ms = a->not_after_s * 1000;
	uint64_t now_s = troth_now_ms() / 1000;
	/* Two thirds of what is left of the certificate's life (DESIGN section 11). */
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

static void answer(struct attestation *a)
{
	Troth__V1__AttestationResult m = TROTH__V1__ATTESTATION_RESULT__INIT;
	struct troth_finding_messages findings;
	ProtobufCBinaryData lists[2 * TROTH_PUBLISHED_CERTS_MAX];
	struct troth_published_set *set = troth_published_take(a->worker->front->published);
	char spiffe_id[TROTH_SPIFFE_ID_MAX + 1];
	troth_finding_messages_fill(&a->verdict.findings, &findings);
	m.verdict = troth_tier_message(a->verdict.tier);
	m.n_findings = findings.n;
	m.findings = findings.list;
	m.verifier_time_ms = troth_now_ms();
	if (a->certificate_len > 0) {
		fill_credential(a, set, &m, lists);
		if (troth_spiffe_id(troth_view_str(a->worker->front->settings->trust_domain),
				    troth_view_str(a->row.segment), troth_view_str(a->row.name),
				    spiffe_id) == TROTH_OK)
			m.spiffe_id = spiffe_id;
	}
	troth_answer_message(a->exchange, &m.base);
	troth_published_release(set);
}

static void on_commit(struct troth_job *job)
{
	struct attestation *a = (struct attestation *)job;
	if (a->status == TROTH_E_CONFLICT) {
		/* Another answer to the same challenge was first, or state or policy changed
		 * meanwhile. */
		reject(a, 409, "stale-challenge",
		       "The challenge was overtaken; ask for another.");
		return;
	}
	if (a->status != TROTH_OK) {
		fail(a, a->status);
		return;
	}
	if (a->log_is_new && a->log->status == TROTH_OK)
		troth_log_cache_put(a->worker->front->logs, a->log);
	if (a->verdict.tier == TROTH_TIER_CONTRAINDICATED)
		troth_admin_refresh_crl(a->worker->front->admin);
	troth_debug("attest", "device=%s verdict=%s findings=%zu", a->row.name,
		    troth_tier_name(a->verdict.tier), a->verdict.findings.n);
	answer(a);
	attestation_free(a);
}

/* ---- the way through ---- */

static bool state_allows(struct attestation *a)
{
	switch (a->row.state) {
	case TROTH_DEVICE_ACTIVE: return true;
	case TROTH_DEVICE_PENDING:
		reject(a, 403, "pending", "An operator must approve this device first.");
		return false;
	case TROTH_DEVICE_QUARANTINED:
		reject(a, 403, "quarantined",
		       "This device is in quarantine; ask its operator.");
		return false;
	case TROTH_DEVICE_RETIRED:
	case TROTH_DEVICE_STATE_N: break;
	}
	reject(a, 403, "retired", "This device was retired; ask its operator.");
	return false;
}

static bool find_policy(struct attestation *a)
{
	a->snapshot = troth_snapshot_take(a->worker->front->snapshots);
	a->policy = troth_snapshot_policy(a->snapshot, a->row.group);
	if (a->policy == NULL) {
		reject(a, 403, "no-policy",
		       "No policy covers this device's group; ask its operator.");
		return false;
	}
	if (a->policy->reference[0] != '\0')
		a->reference = troth_snapshot_reference(a->snapshot, a->policy->reference);
	return true;
}

/* What was asked for is what the policy asks for now: a change since the challenge means
 * another. */
static bool policy_moved_on(const struct attestation *a)
{
	return !troth_pcr_selection_equal(&a->token.selection, &a->policy->selection);
}

/* A certification is of the boot it was made in; a device that slept or rebooted makes another.
 */
static bool certification_is_void(const struct attestation *a)
{
	const struct troth_certification_record *c = &a->row.certification;
	return a->message->credential_key.len > 0 && a->message->certification == NULL &&
	       (!c->present || c->reset_count != a->quote.reset_count ||
		c->restart_count != a->quote.restart_count);
}

static void appraise_and_confirm(struct attestation *a)
{
	if (certification_is_void(a)) {
		reject(a, 409, "certification-wanted",
		       "The credential key's certification is of another boot; send a new "
		       "one.");
		return;
	}
	switch (find_log(a)) {
	case LOG_READY: break;
	case LOG_WANTED:
		reject(a, 409, "log-wanted",
		       "Send the whole event log with the next challenge.");
		return;
	case LOG_FAILED: fail(a, TROTH_E_MEMORY); return;
	}
	enum troth_status status = appraise(a);
	if (status == TROTH_OK)
		status = confirm(a);
	if (status != TROTH_OK)
		fail(a, status);
}

static void attest(struct attestation *a)
{
	struct troth_findings findings = { 0 };
	if (!read_message(a)) {
		reject(a, 400, "malformed", "The message cannot be read as an attestation.");
		return;
	}
	if (!troth_registry_get(a->worker->front->registry, a->token.subject, &a->row)) {
		reject(a, 404, "unknown-device", "No such device is enrolled; enrol first.");
		return;
	}
	if (challenge_is_stale(a)) {
		reject(a, 409, "stale-challenge",
		       "The challenge was overtaken; ask for another.");
		return;
	}
	enum troth_status status = authenticate(a, &findings);
	if (status != TROTH_OK) {
		fail(a, status);
		return;
	}
	if (troth_findings_have(&findings, TROTH_FINDING_COUNTERS_REWOUND)) {
		reject(a, 409, "counters-rewound", "The TPM was cleared; enrol again.");
		return;
	}
	if (findings.n > 0) {
		refuse(a, findings.list[0].code);
		return;
	}
	if (!state_allows(a) || !find_policy(a))
		return;
	if (policy_moved_on(a)) {
		reject(a, 409, "stale-challenge",
		       "The policy has changed; ask for another challenge.");
		return;
	}
	appraise_and_confirm(a);
}

void troth_handle_attest(struct troth_exchange *x, void *worker)
{
	struct attestation *a = calloc(1, sizeof *a);
	if (a == NULL) {
		troth_exchange_problem(x, 503, "unavailable", "Out of memory.", 1);
		return;
	}
	a->worker = worker;
	a->exchange = x;
	a->received_ms = troth_now_ms();
	attest(a);
}
