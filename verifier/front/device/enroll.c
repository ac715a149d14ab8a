/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/enroll and /v1/enroll/complete.
 *
 * Nothing is stored before activation has proven that AK and EK live in one TPM. The device
 * says who it is with its EK; its name, group and segment come from inventory and policy. */
#include "enrolment.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "enrol_budget.h"
#include "problems.h"
#include "quote.h"
#include "reader.h"
#include "wire.h"

void troth_enrolment_free(struct troth_enrolment *e)
{
	if (e->holds_place)
		__atomic_sub_fetch(&e->worker->front->n_pending, 1, __ATOMIC_RELAXED);
	troth_wire_free(e->message);
	free(e);
}

void troth_enrolment_reject(struct troth_enrolment *e, int http, const char *code,
			    const char *detail)
{
	troth_exchange_problem(e->exchange, http, code, detail, http == 503 ? 1 : 0);
	troth_enrolment_free(e);
}

void troth_enrolment_fail(struct troth_enrolment *e, enum troth_status status)
{
	troth_error("enrol", "status=%s", troth_status_name(status));
	troth_enrolment_reject(e, 503, "unavailable",
			       "The verifier cannot enrol now; try again.");
}

void troth_enrolment_refuse(struct troth_enrolment *e, enum troth_finding_code code)
{
	troth_info("enrol-refused", "finding=%s peer=%s", troth_finding_name(code),
		   troth_exchange_peer(e->exchange));
	troth_problem_finding(e->exchange, 403, code);
	troth_enrolment_free(e);
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

static enum troth_finding_code check_request(struct troth_enrolment *e)
{
	struct troth_findings findings = { 0 };
	struct troth_public ak;
	const Troth__V1__EnrollRequest *q = e->request;
	if (q->ek_template == TROTH_EK_NONE || q->ek_template >= TROTH_EK_TEMPLATE_N ||
	    q->facts.len > TROTH_FACTS_MAX || q->ek_certificate.len > TROTH_CERT_MAX ||
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

static enum troth_status facts_digest(struct troth_enrolment *e, uint8_t out[32])
{
	struct troth_digest digest;
	TROTH_TRY(troth_hash_one(e->worker->ctx, TROTH_HASH_SHA256,
				 troth_wire_view(e->request->facts), &digest));
	memcpy(out, digest.bytes, 32);
	return TROTH_OK;
}

enum troth_status troth_enrolment_fill_begin(struct troth_enrolment *e,
					     struct troth_issuer_enroll_begin *out)
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
	struct troth_enrolment *e = arg;
	if (reply->finding != TROTH_FINDING_NONE) {
		troth_enrolment_refuse(e, reply->finding);
		return;
	}
	if (reply->status != TROTH_OK) {
		troth_enrolment_fail(e, reply->status);
		return;
	}
	Troth__V1__EnrollChallenge m;
	troth__v1__enroll_challenge__init(&m);
	m.credential_blob = troth_wire_bytes(reply->u.enroll_begin.credential_blob);
	m.secret = troth_wire_bytes(reply->u.enroll_begin.secret);
	m.token = troth_wire_bytes(reply->u.enroll_begin.token);
	troth_answer_message(e->exchange, &m.base);
	troth_enrolment_free(e);
}

static enum troth_status begin(struct troth_enrolment *e)
{
	struct troth_issuer_request request = { .kind = TROTH_ISSUER_ENROLL_BEGIN };
	if (!troth_registry_get(e->worker->front->registry, e->device_id, &e->row))
		e->row.version = 0;
	TROTH_TRY(troth_enrolment_fill_begin(e, &request.u.enroll_begin));
	return troth_issuer_call(e->worker->issuer, &request, on_begun, e);
}

/* ---- entry ---- */

static struct troth_enrolment *start(struct troth_exchange *x, struct troth_worker *w,
				     const ProtobufCMessageDescriptor *type)
{
	if (!troth_enrol_budget_take(w->budget, troth_exchange_peer(x), troth_mono_ms())) {
		troth_exchange_problem(x, 429, "too-many-enrolments",
				       "Too many enrolments from this address; wait.", 30);
		return NULL;
	}
	struct troth_enrolment *e = calloc(1, sizeof *e);
	if (e == NULL) {
		troth_problem_memory(x);
		return NULL;
	}
	e->worker = w;
	e->exchange = x;
	if (troth_wire_unpack(type, troth_exchange_body(x), &e->message) == TROTH_OK)
		return e;
	e->message = NULL;
	troth_enrolment_reject(e, 400, "malformed",
			       "The message cannot be read as an enrolment.");
	return NULL;
}

void troth_handle_enroll(struct troth_exchange *x, void *worker)
{
	if (troth_problem_clock(x, ((struct troth_worker *)worker)->front->clock))
		return;
	struct troth_enrolment *e = start(x, worker, &troth__v1__enroll_request__descriptor);
	if (e == NULL)
		return;
	e->request = (Troth__V1__EnrollRequest *)e->message;
	enum troth_finding_code code = check_request(e);
	if (code != TROTH_FINDING_NONE) {
		troth_enrolment_refuse(e, code);
		return;
	}
	enum troth_status status = begin(e);
	if (status != TROTH_OK)
		troth_enrolment_fail(e, status);
}

void troth_handle_enroll_complete(struct troth_exchange *x, void *worker)
{
	struct troth_enrolment *e = start(x, worker, &troth__v1__enroll_proof__descriptor);
	if (e == NULL)
		return;
	e->request = ((Troth__V1__EnrollProof *)e->message)->request;
	if (e->request == NULL) {
		troth_enrolment_reject(e, 400, "malformed", "The proof lacks its request.");
		return;
	}
	enum troth_finding_code code = check_request(e);
	if (code != TROTH_FINDING_NONE) {
		troth_enrolment_refuse(e, code);
		return;
	}
	if (!troth_enrolment_admit(e))
		return;
	enum troth_status status = troth_enrolment_finish(e);
	if (status != TROTH_OK)
		troth_enrolment_fail(e, status);
}
