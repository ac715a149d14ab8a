/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent.h"
#include "base.h"
#include "credentials.h"
#include "evidence.h"
#include "log.h"
#include "message_log.h"
#include "reader.h"
#include "wire.h"

/* One challenge and its answer. */
struct exchange {
	struct troth_agent *agent;
	struct troth_client *client;
	const struct troth_challenge *challenge;
	const struct troth_evidence *evidence;
	struct troth_outcome *outcome;
};

/* The banks as the message carries them. */
struct banks {
	Troth__V1__PcrBank bank[TROTH_BANKS_MAX];
	Troth__V1__PcrBank *list[TROTH_BANKS_MAX];
	uint8_t values[TROTH_BANKS_MAX][TROTH_PCR_COUNT * TROTH_DIGEST_MAX];
};

static struct troth_view put_values(const struct troth_pcr_values *values, enum troth_hash bank,
				    uint32_t mask, uint8_t *out)
{
	size_t n = 0;

	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		if ((mask & (1u << pcr)) == 0)
			continue;
		const struct troth_view v = troth_pcr_value(values, bank, pcr);
		memcpy(out + n, v.p, v.n);
		n += v.n;
	}
	return (struct troth_view){ out, n };
}

static void fill_banks(const struct exchange *x, struct banks *out, Troth__V1__Attestation *m)
{
	const struct troth_pcr_selection *selection = &x->challenge->selection;

	for (size_t i = 0; i < selection->n_banks; i++) {
		const struct troth_pcr_bank_selection *s = &selection->banks[i];
		Troth__V1__PcrBank *b = &out->bank[i];
		*b = (Troth__V1__PcrBank)TROTH__V1__PCR_BANK__INIT;
		b->algorithm = troth_hash_to_tpm(s->bank);
		b->mask = s->mask;
		b->values = troth_wire_bytes(
			put_values(&x->evidence->quote.pcrs, s->bank, s->mask, out->values[i]));
		out->list[i] = b;
	}
	m->n_pcrs = selection->n_banks;
	m->pcrs = out->list;
}

static ProtobufCBinaryData bytes(const uint8_t *p, size_t n)
{
	return troth_wire_bytes((struct troth_view){ p, n });
}

/* A log the verifier holds already is named by its digest. */
static enum troth_status fill_log(const struct exchange *x, struct troth_digest *digest,
				  Troth__V1__Attestation *m)
{
	const struct troth_evidence *e = x->evidence;
	const struct troth_view log = troth_buffer_view(&e->log);

	if (!e->has_log)
		return TROTH_OK;
	if (x->challenge->wants_log)
		m->log = troth_wire_bytes(log);
	/* Always: it tells an empty log from none. */
	TROTH_TRY(troth_hash_one(x->agent->ctx, TROTH_HASH_SHA256, log, digest));
	m->log_digest = troth_wire_bytes(troth_digest_view(digest));
	return TROTH_OK;
}

static enum troth_remedy send_evidence(const struct exchange *x, ProtobufCMessage **answer)
{
	const struct troth_evidence *e = x->evidence;
	const struct troth_credential_key *key = &x->agent->key;
	Troth__V1__Attestation m = TROTH__V1__ATTESTATION__INIT;
	Troth__V1__Certification certification = TROTH__V1__CERTIFICATION__INIT;
	struct troth_digest log_digest = { 0 };
	struct banks banks;
	enum troth_remedy remedy = TROTH_REMEDY_NONE;

	m.token = troth_wire_bytes(x->challenge->token);
	m.quote = bytes(e->quote.statement.attest, e->quote.statement.attest_len);
	m.signature = bytes(e->quote.statement.signature, e->quote.statement.signature_len);
	fill_banks(x, &banks, &m);
	m.credential_key = bytes(key->public_area, key->public_len);
	if (e->certified) {
		certification.attest =
			bytes(e->certification.attest, e->certification.attest_len);
		certification.signature =
			bytes(e->certification.signature, e->certification.signature_len);
		m.certification = &certification;
	}
	if (e->has_session) {
		m.session_key = troth_wire_bytes(troth_session_bytes(x->agent->session));
		m.session_signature = bytes(e->session_signature, sizeof e->session_signature);
	}
	m.facts = bytes(e->facts.bytes, e->facts.n);
	m.result_nonce = troth_wire_bytes(x->agent->wish.nonce);
	m.result_form = x->agent->wish.form;
	m.result_profile = x->agent->wish.profile;
	m.bundle_sequence = x->agent->anchors.sequence;
	m.ima = troth_wire_bytes(troth_buffer_view(&e->ima.bytes));
	m.ima_first = e->ima.first;
	if (fill_log(x, &log_digest, &m) != TROTH_OK) {
		troth_outcome_set(x->outcome, TROTH_ENDED_UNREACHED,
				  "the log cannot be hashed");
		return TROTH_REMEDY_NONE;
	}
	const struct troth_call call = { "/v1/attest", &m.base,
					 &troth__v1__attestation_result__descriptor };
	if (troth_client_call(x->client, &call, answer, &remedy, x->outcome) != TROTH_OK)
		*answer = NULL;
	return remedy;
}

static void refused(const Troth__V1__AttestationResult *r, struct troth_outcome *outcome)
{
	const Troth__V1__Finding *first = r->n_findings > 0 ? r->findings[0] : NULL;

	troth_outcome_set(
		outcome, TROTH_ENDED_REFUSED,
		"the verifier does not find this device healthy: %zu finding%s%s%s%s%s",
		r->n_findings, r->n_findings == 1 ? "" : "s",
		first != NULL ? ", the first is " : "", first != NULL ? first->code : "",
		first != NULL && first->detail[0] != '\0' ? ": " : "",
		first != NULL ? first->detail : "");
	troth_outcome_reason(outcome, first != NULL ? first->code : "");
}

/* Whatever the verdict: it is the relying party's to judge. */
static void keep_result(const struct exchange *x, struct troth_view result)
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

/* Whatever the verdict: a sick device must find its verifier tomorrow, too. */
static void take_update(struct troth_agent *a, struct troth_view update)
{
	if (update.n == 0)
		return;
	enum troth_status status = troth_anchors_take(a->settings, a->ctx, update, &a->anchors);
	if (status != TROTH_OK)
		troth_warn("anchors", "update=refused status=%s", troth_status_name(status));
}

static void take_result(const struct exchange *x, const Troth__V1__AttestationResult *r)
{
	take_update(x->agent, troth_wire_view(r->bundle_update));
	troth_log_findings(r->findings, r->n_findings);
	if (x->agent->wish.wanted) {
		keep_result(x, troth_wire_view(r->ear));
		return;
	}
	if (r->verdict != TROTH__V1__TIER__TIER_AFFIRMING || r->certificate.len == 0) {
		refused(r, x->outcome);
		return;
	}
	troth_credentials_take(x->agent, r, x->outcome);
}

static enum troth_remedy answer_challenge(const struct exchange *asked)
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
	struct exchange x = *asked;
	x.evidence = &evidence;
	enum troth_remedy remedy = send_evidence(&x, &answer);
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
	if (troth_challenge_read((const Troth__V1__Challenge *)answer, &challenge) !=
	    TROTH_OK) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier asks for something no TPM can answer");
		return TROTH_REMEDY_NONE;
	}
	if (of_another_domain(a, &challenge)) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "the verifier is of another trust domain than trust_domain, "
				  "which is %s",
				  a->settings->trust_domain);
		return TROTH_REMEDY_NONE;
	}
	memcpy(a->trust_domain, challenge.trust_domain.p, challenge.trust_domain.n);
	a->trust_domain[challenge.trust_domain.n] = '\0';
	if (send_all) {
		challenge.wants_log = challenge.wants_certify = true;
		challenge.ima_first = 0;
	}
	const struct exchange x = {
		.agent = a, .client = client, .challenge = &challenge, .outcome = outcome
	};
	return answer_challenge(&x);
}
