/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "base.h"
#include "device.pb-c.h"
#include "log.h"
#include "message_log.h"
#include "reader.h"
#include "text.h"
#include "tpm_work.h"
#include "wire.h"

/* What the device sends twice, and what it learns about itself while gathering it. */
struct enrolment {
	const struct troth_settings *settings;
	struct troth_ctx *ctx;
	struct troth_tpm_ek ek;
	struct troth_tpm_key ak; /* its object is gone, its public area stays */
	struct troth_name ak_name;
	struct troth_device_facts facts;
	const Troth__V1__EnrollChallenge *challenge;
	size_t secret_len;
	uint8_t secret[64];
};

static void enrolment_cleanse(struct enrolment *e)
{
	OPENSSL_cleanse(e->secret, sizeof e->secret);
}

static enum troth_status gather(struct troth_tpm *tpm, void *arg, struct troth_outcome *outcome)
{
	struct enrolment *e = arg;
	enum troth_ek_template t = e->settings->ek;
	struct troth_public ak;

	(void)outcome;
	if (t == TROTH_EK_NONE)
		TROTH_TRY(troth_tpm_ek_choose(tpm, &t));
	TROTH_TRY(troth_tpm_ek_read(tpm, t, &e->ek));
	TROTH_TRY(troth_tpm_ak_load(tpm, e->settings->ak_algorithm, e->settings->ak_handle,
				    &e->ak));
	troth_tpm_key_drop(&e->ak);
	TROTH_TRY(troth_public_parse(
		e->ctx, (struct troth_view){ e->ak.public_area, e->ak.public_len }, &ak));
	e->ak_name = ak.name;
	if (e->ek.cert_len == 0)
		troth_info("ek",
			   "template=%s certificate=none; without one a verifier needs its "
			   "inventory or an operator to know this TPM",
			   troth_ek_template_info(t)->name);
	return TROTH_OK;
}

static enum troth_status activate(struct troth_tpm *tpm, void *arg,
				  struct troth_outcome *outcome)
{
	struct enrolment *e = arg;
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key ak = { 0 };

	TROTH_TRY(
		troth_tpm_ak_load(tpm, e->settings->ak_algorithm, e->settings->ak_handle, &ak));
	const struct troth_activation a = {
		.tmpl = e->ek.ek.tmpl,
		.ak = &ak,
		.blob = troth_wire_view(e->challenge->credential_blob),
		.secret = troth_wire_view(e->challenge->secret),
	};
	enum troth_status status = troth_tpm_activate(tpm, &a, e->secret, &e->secret_len);
	if (status == TROTH_E_MALFORMED || status == TROTH_E_LIMIT)
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier's enrolment challenge cannot be read");
	return status;
}

static void fill_request(const struct enrolment *e, Troth__V1__EnrollRequest *out)
{
	*out = (Troth__V1__EnrollRequest)TROTH__V1__ENROLL_REQUEST__INIT;
	out->ek_template = e->ek.ek.tmpl;
	out->ek_key = troth_wire_bytes((struct troth_view){ e->ek.ek.key, e->ek.ek.key_len });
	out->ek_certificate =
		troth_wire_bytes((struct troth_view){ e->ek.cert, e->ek.cert_len });
	out->ak_public =
		troth_wire_bytes((struct troth_view){ e->ak.public_area, e->ak.public_len });
	out->facts = troth_wire_bytes((struct troth_view){ e->facts.bytes, e->facts.n });
}

/* A name is kept for people to read, so only a registry name is. */
static void keep_name(const char *name, char *out, size_t room)
{
	const bool valid = strlen(name) < room && troth_name_valid(troth_view_str(name));
	(void)snprintf(out, room, "%s", valid ? name : "");
}

static enum troth_status take_result(struct troth_agent *a, const struct enrolment *e,
				     const Troth__V1__EnrollResult *r,
				     struct troth_outcome *outcome)
{
	struct troth_state s = { .enrolled = true,
				 .ek = e->ek.ek.tmpl,
				 .ak_name = e->ak_name,
				 .time_floor_s = a->state.time_floor_s };

	TROTH_TRY(troth_ek_device_id(a->ctx, &e->ek.ek, s.device_id));
	if (!troth_view_equal(TROTH_VIEW_OF(s.device_id), troth_wire_view(r->device_id))) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier answers for another device's key");
		return TROTH_E_MISMATCH;
	}
	(void)snprintf(s.verifier, sizeof s.verifier, "%s", a->settings->verifier);
	keep_name(r->name, s.name, sizeof s.name);
	troth_log_findings(r->findings, r->n_findings);
	a->state = s;
	troth_state_save(a->settings, &s);
	if (r->state == TROTH__V1__DEVICE_STATE__DEVICE_STATE_ACTIVE) {
		troth_info("enrolled", "name=%s", s.name);
		return TROTH_OK;
	}
	troth_outcome_set(outcome, TROTH_ENDED_PENDING,
			  "enrolled; an operator must approve this device");
	return TROTH_E_DENIED;
}

static enum troth_status complete(struct troth_agent *a, struct troth_client *client,
				  const struct enrolment *e, enum troth_remedy *remedy,
				  struct troth_outcome *outcome)
{
	TROTH_AUTO(troth_answer_free) ProtobufCMessage *answer = NULL;
	Troth__V1__EnrollProof proof = TROTH__V1__ENROLL_PROOF__INIT;
	Troth__V1__EnrollRequest request;

	fill_request(e, &request);
	proof.request = &request;
	proof.token = e->challenge->token;
	proof.activated = troth_wire_bytes((struct troth_view){ e->secret, e->secret_len });
	const struct troth_call call = { "/v1/enroll/complete", &proof.base,
					 &troth__v1__enroll_result__descriptor };
	TROTH_TRY(troth_client_call(client, &call, &answer, remedy, outcome));
	return take_result(a, e, (const Troth__V1__EnrollResult *)answer, outcome);
}

static enum troth_status enroll_once(struct troth_agent *a, struct troth_client *client,
				     enum troth_remedy *remedy, struct troth_outcome *outcome)
{
	TROTH_AUTO(troth_answer_free) ProtobufCMessage *answer = NULL;
	TROTH_AUTO(enrolment_cleanse)
	struct enrolment e = { .settings = a->settings, .ctx = a->ctx };
	Troth__V1__EnrollRequest request;

	*remedy = TROTH_REMEDY_NONE;
	outcome->text[0] = '\0';
	TROTH_TRY(troth_device_facts(&e.facts));
	TROTH_TRY(troth_tpm_do(a->settings, gather, &e, outcome));
	troth_steps_mark(&outcome->steps, TROTH_STEP_IDENTIFY);
	fill_request(&e, &request);
	const struct troth_call call = { "/v1/enroll", &request.base,
					 &troth__v1__enroll_challenge__descriptor };
	TROTH_TRY(troth_client_call(client, &call, &answer, remedy, outcome));
	troth_steps_mark(&outcome->steps, TROTH_STEP_ENROL);
	e.challenge = (const Troth__V1__EnrollChallenge *)answer;
	TROTH_TRY(troth_tpm_do(a->settings, activate, &e, outcome));
	troth_steps_mark(&outcome->steps, TROTH_STEP_ACTIVATE);
	TROTH_TRY(complete(a, client, &e, remedy, outcome));
	troth_steps_mark(&outcome->steps, TROTH_STEP_COMPLETE);
	return TROTH_OK;
}

enum troth_status troth_agent_enroll(struct troth_agent *a, struct troth_client *client,
				     struct troth_outcome *outcome)
{
	enum troth_remedy remedy;
	enum troth_status status = enroll_once(a, client, &remedy, outcome);
	/* An enrolment of before, of a process that was killed, was written in between. */
	if (status != TROTH_OK && remedy == TROTH_REMEDY_AGAIN)
		status = enroll_once(a, client, &remedy, outcome);
	return status;
}
