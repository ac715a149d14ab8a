/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent.h"
#include "attest_exchange.h"
#include "base.h"
#include "credentials.h"
#include "log.h"
#include "message_log.h"
#include "reader.h"
#include "text.h"
#include "wire.h"

static ProtobufCBinaryData bytes(const uint8_t *p, size_t n)
{
	return troth_wire_bytes((struct troth_view){ p, n });
}

/* The verifier takes the first digits of an id for a device. */
#define ID_DIGITS 16

static void refused(const struct troth_agent *a, const Troth__V1__AttestationResult *r,
		    struct troth_outcome *outcome)
{
	const Troth__V1__Finding *first = r->n_findings > 0 ? r->findings[0] : NULL;
	char id[ID_DIGITS + 1];

	troth_format_hex((struct troth_view){ a->state.device_id, ID_DIGITS / 2 }, id);

	troth_outcome_set(
		outcome, TROTH_ENDED_REFUSED,
		"the verifier does not find this device healthy: %zu finding%s%s%s%s%s; on the "
		"verifier's host, trothctl explain --device %s says what to do",
		r->n_findings, r->n_findings == 1 ? "" : "s",
		first != NULL ? ", the first is " : "", first != NULL ? first->code : "",
		first != NULL && first->detail[0] != '\0' ? ": " : "",
		first != NULL ? first->detail : "", id);
	troth_outcome_reason(outcome, first != NULL ? first->code : "");
}

/* Whatever the verdict: it is the relying party's to judge. */
static void keep_result(const struct troth_attest_exchange *x, struct troth_view result)
{
	struct troth_agent *a = x->agent;

	if (result.n == 0 || result.n > sizeof a->result) {
		troth_outcome_set(x->outcome, TROTH_ENDED_UNREACHED,
				  "the verifier sends no attestation result");
		return;
	}
	memcpy(a->result, result.p, result.n);
	a->result_len = result.n;
	troth_outcome_set(x->outcome, TROTH_ENDED_WELL, "a result of %zu bytes", result.n);
}

/* Sealed as it came: it is opened when the exchange is over. */
static void keep_secret(const struct troth_attest_exchange *x, struct troth_view sealed)
{
	struct troth_secret_wish *w = x->agent->secret;

	if (sealed.n == 0 || sealed.n > sizeof w->sealed) {
		troth_outcome_set(x->outcome, TROTH_ENDED_UNREACHED,
				  "the verifier sends no secret");
		return;
	}
	memcpy(w->sealed, sealed.p, sealed.n);
	w->sealed_len = sealed.n;
	troth_outcome_set(x->outcome, TROTH_ENDED_WELL, "the secret %s", w->name);
}

/* Whatever the verdict: a sick device must find its verifier tomorrow, too. */
static void take_update(struct troth_agent *a, struct troth_view update)
{
	if (update.n == 0)
		return;
	enum troth_status status = troth_anchors_take(a->settings, a->ctx, update, &a->anchors);
	if (status != TROTH_OK)
		troth_warn("anchors", "update=refused status=%s", troth_status_name(status));
}

static void take_result(const struct troth_attest_exchange *x,
			const Troth__V1__AttestationResult *r)
{
	take_update(x->agent, troth_wire_view(r->bundle_update));
	troth_log_findings(r->findings, r->n_findings);
	if (x->agent->wish.wanted) {
		keep_result(x, troth_wire_view(r->ear));
		return;
	}
	if (r->verdict != TROTH__V1__TIER__TIER_AFFIRMING || r->certificate.len == 0) {
		refused(x->agent, r, x->outcome);
		return;
	}
	if (x->agent->secret != NULL)
		keep_secret(x, troth_wire_view(r->secret));
	else
		troth_credentials_take(x->agent, r, x->outcome);
}

static enum troth_remedy answer_challenge(const struct troth_attest_exchange *asked)
{
	TROTH_AUTO(troth_evidence_clear) struct troth_evidence evidence = { 0 };
	TROTH_AUTO(troth_answer_free) ProtobufCMessage *answer = NULL;

	enum troth_status status = troth_evidence_collect(asked->agent, asked->challenge,
							  &evidence, asked->outcome);
	troth_steps_mark(&asked->outcome->steps, TROTH_STEP_EVIDENCE);
	if (status == TROTH_E_CONFLICT) {
		/* Another attestation key than the one enrolled: other
		 * settings, another TPM. */
		troth_info("ak", "changed=true; enrolling anew");
		return TROTH_REMEDY_ENROLL;
	}
	if (status != TROTH_OK)
		return TROTH_REMEDY_NONE;
	struct troth_attest_exchange x = *asked;
	x.evidence = &evidence;
	enum troth_remedy remedy = troth_attest_send(&x, &answer);
	troth_steps_mark(&x.outcome->steps, TROTH_STEP_ATTEST);
	if (answer != NULL)
		take_result(&x, (const Troth__V1__AttestationResult *)answer);
	troth_steps_mark(&x.outcome->steps, TROTH_STEP_STORE);
	return remedy;
}

static bool of_another_domain(const struct troth_agent *a, const struct troth_challenge *c)
{
	const struct troth_view wanted = troth_view_str(a->settings->trust_domain);

	return wanted.n > 0 && !troth_view_equal(wanted, c->trust_domain);
}

/* Whether it is a challenge that this device answers; says why not. *out borrows from it. */
static bool acceptable(const struct troth_agent *a, const Troth__V1__Challenge *message,
		       struct troth_challenge *out, struct troth_outcome *outcome)
{
	if (troth_challenge_read(message, out) != TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier asks for something no TPM can answer");
		return false;
	}
	if (of_another_domain(a, out)) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier is of another trust domain than trust_domain, "
				  "which is %s",
				  a->settings->trust_domain);
		return false;
	}
	return true;
}

enum troth_remedy troth_agent_attest(struct troth_agent *a, struct troth_client *client,
				     bool send_all, struct troth_outcome *outcome)
{
	TROTH_AUTO(troth_answer_free) ProtobufCMessage *answer = NULL;
	Troth__V1__ChallengeRequest request = TROTH__V1__CHALLENGE_REQUEST__INIT;
	struct troth_challenge challenge;
	enum troth_remedy remedy = TROTH_REMEDY_NONE;

	outcome->text[0] = '\0';
	request.device_id = bytes(a->state.device_id, sizeof a->state.device_id);
	const struct troth_call call = { "/v1/challenge", &request.base,
					 &troth__v1__challenge__descriptor };
	if (troth_client_call(client, &call, &answer, &remedy, outcome) != TROTH_OK)
		return remedy;
	troth_steps_mark(&outcome->steps, TROTH_STEP_CHALLENGE);
	if (!acceptable(a, (const Troth__V1__Challenge *)answer, &challenge, outcome))
		return TROTH_REMEDY_NONE;
	memcpy(a->trust_domain, challenge.trust_domain.p, challenge.trust_domain.n);
	a->trust_domain[challenge.trust_domain.n] = '\0';
	if (send_all) {
		challenge.wants_log = challenge.wants_certify = true;
		challenge.ima_first = 0;
	}
	const struct troth_attest_exchange x = {
		.agent = a, .client = client, .challenge = &challenge, .outcome = outcome
	};
	return answer_challenge(&x);
}
