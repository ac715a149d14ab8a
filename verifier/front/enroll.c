/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/enroll and /v1/enroll/complete.
 *
 * Nothing is stored before activation has proven that AK and EK live in one TPM. The device
 * says who it is with its EK; its name, group and segment come from inventory and policy
 * (DESIGN section 5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "audit.h"
#include "base.h"
#include "clock.h"
#include "enrol_budget.h"
#include "evidence.h"
#include "problems.h"
#include "quote.h"
#include "random.h"
#include "reader.h"
#include "text.h"
#include "wire.h"
#include "worker.h"

#define FACTS_MAX 4096

struct enrolment {
	struct troth_job job; /* how the store's answer comes back */
	struct troth_worker *worker;
	struct troth_exchange *exchange;
	ProtobufCMessage *message;	   /* EnrollRequest or EnrollProof */
	Troth__V1__EnrollRequest *request; /* inside message */
	struct troth_ek ek;
	uint8_t device_id[32];
	struct troth_device_row row; /* as it shall be */
	struct troth_findings findings;
	bool holds_place; /* among those who wait for approval */
	enum troth_status status;
};

/* The place is counted from the decision on, so that many at once cannot take more than there
 * are; once stored, the row itself is counted (front.c). */
static bool take_place(struct enrolment *e)
{
	struct troth_front *f = e->worker->front;
	e->holds_place = __atomic_fetch_add(&f->n_pending, 1, __ATOMIC_RELAXED) <
			 f->settings->pending_max;
	if (!e->holds_place)
		__atomic_sub_fetch(&f->n_pending, 1, __ATOMIC_RELAXED);
	return e->holds_place;
}

static void enrolment_free(struct enrolment *e)
{
	if (e->holds_place)
		__atomic_sub_fetch(&e->worker->front->n_pending, 1, __ATOMIC_RELAXED);
	troth_wire_free(e->message);
	free(e);
}

static void reject(struct enrolment *e, int http, const char *code, const char *detail)
{
	troth_exchange_problem(e->exchange, http, code, detail, http == 503 ? 1 : 0);
	enrolment_free(e);
}

static void fail(struct enrolment *e, enum troth_status status)
{
	troth_error("enrol", "status=%s", troth_status_name(status));
	reject(e, 503, "unavailable", "The verifier cannot enrol now; try again.");
}

static void refuse(struct enrolment *e, enum troth_finding_code code)
{
	troth_info("enrol-refused", "finding=%s peer=%s", troth_finding_name(code),
		   troth_exchange_peer(e->exchange));
	troth_problem_finding(e->exchange, 403, code);
	enrolment_free(e);
}

/* ---- the request ---- */

/* A point off its curve would be stored, and then fail at every quote. */
static bool is_a_key(const struct troth_public *ak)
{
	struct troth_key *key = NULL;
	bool sound = troth_key_from_public(ak, &key) == TROTH_OK;
	troth_key_free(key);
	return sound;
}

static enum troth_finding_code check_request(struct enrolment *e)
{
	struct troth_findings findings = { 0 };
	struct troth_public ak;
	const Troth__V1__EnrollRequest *q = e->request;
	if (q->ek_template == TROTH_EK_NONE || q->ek_template >= TROTH_EK_TEMPLATE_N ||
	    q->facts.len > FACTS_MAX || q->ek_certificate.len > TROTH_CERT_MAX ||
	    q->ak_public.len > TROTH_PUBLIC_MAX)
		return TROTH_FINDING_MESSAGE_MALFORMED;
	if (troth_ek_make((enum troth_ek_template)q->ek_template, troth_wire_view(q->ek_key),
			  &e->ek) != TROTH_OK ||
	    troth_ek_device_id(e->worker->ctx, &e->ek, e->device_id) != TROTH_OK)
		return TROTH_FINDING_EK_KEY_SIZE;
	if (troth_public_parse(e->worker->ctx, troth_wire_view(q->ak_public), &ak) !=
		    TROTH_OK ||
	    !is_a_key(&ak))
		return TROTH_FINDING_AK_ATTRIBUTES;
	troth_ak_check(&ak, &findings);
	return findings.n > 0 ? findings.list[0].code : TROTH_FINDING_NONE;
}

static enum troth_status facts_digest(struct enrolment *e, uint8_t out[32])
{
	struct troth_digest digest;
	TROTH_TRY(troth_hash_one(e->worker->ctx, TROTH_HASH_SHA256,
				 troth_wire_view(e->request->facts), &digest));
	memcpy(out, digest.bytes, 32);
	return TROTH_OK;
}

static enum troth_status fill_begin(struct enrolment *e, struct troth_issuer_enroll_begin *out)
{
	*out = (struct troth_issuer_enroll_begin){
		.ek_template = e->request->ek_template,
		.ek_key = troth_wire_view(e->request->ek_key),
		.ak_public = troth_wire_view(e->request->ak_public),
		.row_version = e->row.version,
	};
	return facts_digest(e, out->facts_sha256);
}

/* ---- POST /v1/enroll ---- */

static void on_begun(void *arg, const struct troth_issuer_reply *reply)
{
	struct enrolment *e = arg;
	if (reply->finding != TROTH_FINDING_NONE) {
		refuse(e, reply->finding);
		return;
	}
	if (reply->status != TROTH_OK) {
		fail(e, reply->status);
		return;
	}
	Troth__V1__EnrollChallenge m;
	troth__v1__enroll_challenge__init(&m);
	m.credential_blob = troth_wire_bytes(reply->u.enroll_begin.credential_blob);
	m.secret = troth_wire_bytes(reply->u.enroll_begin.secret);
	m.token = troth_wire_bytes(reply->u.enroll_begin.token);
	troth_answer_message(e->exchange, &m.base);
	enrolment_free(e);
}

static enum troth_status begin(struct enrolment *e)
{
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ENROLL_BEGIN };
	if (!troth_registry_get(e->worker->front->registry, e->device_id, &e->row))
		e->row.version = 0;
	TROTH_TRY(fill_begin(e, &request.u.enroll_begin));
	return troth_issuer_call(e->worker->issuer, &request, on_begun, e);
}

/* ---- POST /v1/enroll/complete: may it come in, and as what ---- */

static void judge_certificate(struct enrolment *e)
{
	struct troth_view cert = troth_wire_view(e->request->ek_certificate);
	struct troth_ek_cert_facts facts;
	struct troth_key *key = NULL;
	uint8_t spki[TROTH_RSA_BYTES_MAX + 128];
	size_t spki_len;
	if (cert.n == 0) {
		troth_finding_add(&e->findings, TROTH_FINDING_EK_CERT_MISSING);
		return;
	}
	enum troth_status status = troth_ek_key(&e->ek, &key);
	if (status == TROTH_OK)
		status = troth_key_spki(key, spki, sizeof spki, &spki_len);
	if (status == TROTH_OK) {
		struct troth_view expected = { spki, spki_len };
		status = troth_ek_cert_verify(e->worker->ctx, e->worker->front->ek_trust, cert,
					      troth_now_ms() / 1000, &expected, &facts,
					      &e->findings);
	}
	if (status != TROTH_OK)
		troth_finding_add(&e->findings, TROTH_FINDING_EK_CERT_MALFORMED);
	troth_key_free(key);
}

/* What the policy's enrolment mode makes of certificate and inventory. */
static enum troth_device_state admit(const struct enrolment *e,
				     const struct troth_policy *policy, bool *refused)
{
	bool certificate = e->row.ek_certificate_trusted, listed = e->row.ek_in_inventory;
	enum troth_device_state trusted = policy->auto_approve ? TROTH_DEVICE_ACTIVE
							       : TROTH_DEVICE_PENDING;
	*refused = false;
	switch (policy->enrolment) {
	case TROTH_ENROL_APPROVAL: return TROTH_DEVICE_PENDING;
	case TROTH_ENROL_INVENTORY: *refused = !listed; return trusted;
	case TROTH_ENROL_CERTIFICATE: *refused = !certificate; return trusted;
	case TROTH_ENROL_CERTIFICATE_AND_INVENTORY:
		/* A genuine TPM that is not on the list waits for an operator. */
		*refused = !certificate;
		return listed ? trusted : TROTH_DEVICE_PENDING;
	}
	*refused = true;
	return TROTH_DEVICE_PENDING;
}

static enum troth_status random_name(char out[TROTH_NAME_LEN_MAX + 1])
{
	uint8_t bytes[8];
	TROTH_TRY(troth_random(bytes, sizeof bytes));
	memcpy(out, "d-", 2);
	troth_format_hex(TROTH_VIEW_OF(bytes), out + 2);
	return TROTH_OK;
}

/* A row that is known keeps its name, segment, group and administrative state: re-enrolment
 * never inherits more than it had, and quarantine outlives it (FIELD row 11). */
static enum troth_status new_row(struct enrolment *e,
				 const struct troth_inventory_entry *listed,
				 const struct troth_policy *policy)
{
	memcpy(e->row.id, e->device_id, sizeof e->row.id);
	snprintf(e->row.segment, sizeof e->row.segment, "%s", policy->segment);
	if (listed != NULL && listed->name[0] != '\0')
		memcpy(e->row.name, listed->name, sizeof e->row.name);
	else
		TROTH_TRY(random_name(e->row.name));
	return TROTH_OK;
}

static bool same_ak(const struct troth_device_row *row, struct troth_view ak)
{
	return troth_view_equal((struct troth_view){ row->ak_public, row->ak_len }, ak);
}

static void renew_row(struct enrolment *e, enum troth_device_state admitted)
{
	struct troth_view ak = troth_wire_view(e->request->ak_public);
	if (e->row.state == TROTH_DEVICE_ACTIVE && !same_ak(&e->row, ak))
		e->row.state = admitted; /* a new AK passes the gate of a new device */
	e->row.ak_len = (uint16_t)ak.n;
	memcpy(e->row.ak_public, ak.p, ak.n);
	e->row.order = (struct troth_order){ 0 };
	e->row.certification = (struct troth_certification_record){ 0 };
	e->row.generation++;
	e->row.enrolled_ms = troth_now_ms();
}

enum outcome { GO_ON, ANSWERED };

static enum outcome place(struct enrolment *e, const struct troth_policy *policy,
			  const struct troth_inventory_entry *listed, bool known)
{
	bool refused;
	enum troth_device_state state = admit(e, policy, &refused);
	if (refused) {
		refuse(e, e->findings.n > 0 ? e->findings.list[0].code
					    : TROTH_FINDING_EK_NOT_IN_INVENTORY);
		return ANSWERED;
	}
	if (!known) {
		if (state == TROTH_DEVICE_PENDING && !take_place(e)) {
			reject(e, 503, "pending-full", "Too many devices wait for approval.");
			return ANSWERED;
		}
		enum troth_status status = new_row(e, listed, policy);
		if (status != TROTH_OK) {
			fail(e, status);
			return ANSWERED;
		}
		e->row.state = state;
	}
	renew_row(e, state);
	return GO_ON;
}

/* Inventory before any chain is checked: a lookup costs nothing (DESIGN section 6, Herds). */
static enum outcome decide(struct enrolment *e)
{
	struct troth_front *f = e->worker->front;
	const struct troth_inventory_entry *listed =
		troth_inventory_find(&f->inventory, e->device_id);
	bool known = troth_registry_get(f->registry, e->device_id, &e->row);
	if (!known)
		snprintf(e->row.group, sizeof e->row.group, "%s",
			 listed != NULL && listed->group[0] != '\0' ? listed->group
								    : TROTH_DEFAULT_GROUP);
	struct troth_snapshot *s = troth_snapshot_take(f->snapshots);
	const struct troth_policy *policy = troth_snapshot_policy(s, e->row.group);
	enum outcome outcome = ANSWERED;
	if (policy == NULL) {
		reject(e, 403, "no-policy",
		       "No policy covers this device's group; ask its operator.");
	} else {
		/* What the certificate lacks comes first: a mode that looks at it refuses for
		 * it. */
		bool looked = listed != NULL || policy->enrolment != TROTH_ENROL_INVENTORY;
		if (looked)
			judge_certificate(e);
		e->row.ek_certificate_trusted = looked && e->findings.n == 0;
		e->row.ek_in_inventory = listed != NULL;
		if (listed == NULL)
			troth_finding_add(&e->findings, TROTH_FINDING_EK_NOT_IN_INVENTORY);
		outcome = place(e, policy, listed, known);
	}
	troth_snapshot_release(s);
	return outcome;
}

/* ---- commit ---- */

static void answer(struct enrolment *e)
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
	struct enrolment *e = (struct enrolment *)job;
	if (e->status == TROTH_E_CONFLICT) {
		reject(e, 409, "stale-challenge", "The device changed meanwhile; enrol again.");
		return;
	}
	if (e->status != TROTH_OK) {
		fail(e, e->status);
		return;
	}
	troth_info("enrolled", "device=%s state=%s peer=%s", e->row.name,
		   troth_device_state_name(e->row.state), troth_exchange_peer(e->exchange));
	if (e->row.generation > 1) /* enrolled again: what lived was revoked with it */
		troth_admin_refresh_crl(e->worker->front->admin);
	answer(e);
	enrolment_free(e);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct enrolment *e = arg;
	e->status = status;
	if (row != NULL)
		e->row = *row;
	troth_mailbox_post(e->worker->mailbox, &e->job);
}

static enum troth_status submit(struct enrolment *e)
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
	struct enrolment *e = arg;
	if (reply->status == TROTH_E_EXPIRED) {
		reject(e, 409, "stale-challenge", "The enrolment has run out; begin again.");
		return;
	}
	if (reply->status == TROTH_E_CONFLICT) {
		reject(e, 409, "stale-challenge",
		       "The device was enrolled or changed meanwhile; begin again.");
		return;
	}
	if (reply->finding != TROTH_FINDING_NONE || reply->status == TROTH_E_MISMATCH) {
		refuse(e, reply->finding != TROTH_FINDING_NONE ? reply->finding
							       : TROTH_FINDING_TOKEN_INVALID);
		return;
	}
	enum troth_status status = reply->status;
	if (status == TROTH_OK) {
		memcpy(e->row.mac, reply->u.enroll_finish.mac, sizeof e->row.mac);
		status = submit(e);
	}
	if (status != TROTH_OK)
		fail(e, status);
}

static enum troth_status finish(struct enrolment *e)
{
	const Troth__V1__EnrollProof *proof = (const Troth__V1__EnrollProof *)e->message;
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ENROLL_FINISH };
	struct troth_issuer_enroll_finish *q = &request.u.enroll_finish;
	TROTH_TRY(fill_begin(e, &q->begin));
	q->token = troth_wire_view(proof->token);
	q->activated = troth_wire_view(proof->activated);
	q->name = troth_view_str(e->row.name);
	q->segment = troth_view_str(e->row.segment);
	q->generation = e->row.generation;
	return troth_issuer_call(e->worker->issuer, &request, on_finished, e);
}

/* ---- entry ---- */

static struct enrolment *start(struct troth_exchange *x, struct troth_worker *w,
			       const ProtobufCMessageDescriptor *type)
{
	if (!troth_enrol_budget_take(w->budget, troth_exchange_peer(x), troth_mono_ms())) {
		troth_exchange_problem(x, 429, "too-many-enrolments",
				       "Too many enrolments from this address; wait.", 30);
		return NULL;
	}
	struct enrolment *e = calloc(1, sizeof *e);
	if (e == NULL) {
		troth_problem_memory(x);
		return NULL;
	}
	e->worker = w;
	e->exchange = x;
	if (troth_wire_unpack(type, troth_exchange_body(x), &e->message) == TROTH_OK)
		return e;
	e->message = NULL;
	reject(e, 400, "malformed", "The message cannot be read as an enrolment.");
	return NULL;
}

void troth_handle_enroll(struct troth_exchange *x, void *worker)
{
	struct enrolment *e = start(x, worker, &troth__v1__enroll_request__descriptor);
	if (e == NULL)
		return;
	e->request = (Troth__V1__EnrollRequest *)e->message;
	enum troth_finding_code code = check_request(e);
	if (code != TROTH_FINDING_NONE) {
		refuse(e, code);
		return;
	}
	enum troth_status status = begin(e);
	if (status != TROTH_OK)
		fail(e, status);
}

void troth_handle_enroll_complete(struct troth_exchange *x, void *worker)
{
	struct enrolment *e = start(x, worker, &troth__v1__enroll_proof__descriptor);
	if (e == NULL)
		return;
	e->request = ((Troth__V1__EnrollProof *)e->message)->request;
	if (e->request == NULL) {
		reject(e, 400, "malformed", "The proof lacks its request.");
		return;
	}
	enum troth_finding_code code = check_request(e);
	if (code != TROTH_FINDING_NONE) {
		refuse(e, code);
		return;
	}
	if (decide(e) == ANSWERED)
		return;
	enum troth_status status = finish(e);
	if (status != TROTH_OK)
		fail(e, status);
}
