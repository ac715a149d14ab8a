/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "attest_exchange.h"
#include "base.h"
#include "log.h"
#include "wire.h"

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

static void fill_banks(const struct troth_attest_exchange *x, struct banks *out,
		       Troth__V1__Attestation *m)
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

/* What the message's digests borrow. */
struct log_digests {
	struct troth_digest firmware, systemd;
};

/* A log the verifier holds already is named by its digest. */
static enum troth_status fill_log(const struct troth_attest_exchange *x,
				  struct troth_digest *digest, Troth__V1__Attestation *m)
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

/* systemd's log grows while the machine comes up, and is small: whole when it has changed. */
static enum troth_status fill_systemd(const struct troth_attest_exchange *x,
				      struct troth_digest *digest, Troth__V1__Attestation *m)
{
	const struct troth_view log = troth_buffer_view(&x->evidence->systemd);

	if (log.n == 0)
		return TROTH_OK;
	TROTH_TRY(troth_hash_one(x->agent->ctx, TROTH_HASH_SHA256, log, digest));
	m->systemd_digest = troth_wire_bytes(troth_digest_view(digest));
	if (x->challenge->wants_log || !troth_digest_equal(digest, &x->agent->systemd_sent))
		m->systemd_log = troth_wire_bytes(log);
	return TROTH_OK;
}

static enum troth_status fill_logs(const struct troth_attest_exchange *x,
				   struct log_digests *digests, Troth__V1__Attestation *m)
{
	TROTH_TRY(fill_log(x, &digests->firmware, m));
	return fill_systemd(x, &digests->systemd, m);
}

static void fill_statement(const struct troth_tpm_statement *s, Troth__V1__Certification *m)
{
	m->attest = bytes(s->attest, s->attest_len);
	m->signature = bytes(s->signature, s->signature_len);
}

static void fill_secret(const struct troth_attest_exchange *x,
			Troth__V1__Certification *certification, Troth__V1__Attestation *m)
{
	struct troth_secret_wish *w = x->agent->secret;

	if (!x->evidence->has_secret)
		return;
	fill_statement(&x->evidence->secret_certification, certification);
	m->secret_name = w->name;
	m->secret_key = bytes(w->public_area, w->public_len);
	m->secret_certification = certification;
}

static enum troth_remedy send(const struct troth_attest_exchange *x, ProtobufCMessage **answer)
{
	const struct troth_evidence *e = x->evidence;
	const struct troth_credential_key *key = &x->agent->key;
	Troth__V1__Attestation m;
	Troth__V1__Certification certification = TROTH__V1__CERTIFICATION__INIT;
	Troth__V1__Certification secret_certification = TROTH__V1__CERTIFICATION__INIT;
	struct log_digests digests = { 0 };
	struct banks banks;
	enum troth_remedy remedy = TROTH_REMEDY_NONE;

	troth__v1__attestation__init(&m);
	m.token = troth_wire_bytes(x->challenge->token);
	m.quote = bytes(e->quote.statement.attest, e->quote.statement.attest_len);
	m.signature = bytes(e->quote.statement.signature, e->quote.statement.signature_len);
	fill_banks(x, &banks, &m);
	m.credential_key = bytes(key->public_area, key->public_len);
	if (e->certified) {
		fill_statement(&e->certification, &certification);
		m.certification = &certification;
	}
	fill_secret(x, &secret_certification, &m);
	if (e->has_session) {
		m.session_key = troth_wire_bytes(troth_session_bytes(x->agent->session));
		m.session_signature = bytes(e->session_signature, sizeof e->session_signature);
	}
	m.facts = bytes(e->facts.bytes, e->facts.n);
	m.result_nonce = troth_wire_bytes(x->agent->wish.nonce);
	m.result_form = x->agent->wish.form;
	m.result_profile = x->agent->wish.profile;
	m.bundle_sequence = x->agent->anchors.sequence;
	m.ima = troth_wire_bytes(e->ima.bytes);
	m.ima_first = e->ima.first;
	m.ima_more = e->ima.more;
	m.ima_carry = troth_wire_bytes(troth_buffer_view(&x->agent->ima.carry));
	if (!e->ima.more && fill_logs(x, &digests, &m) != TROTH_OK) {
		troth_outcome_set(x->outcome, TROTH_ENDED_UNREACHED,
				  "the log cannot be hashed");
		return TROTH_REMEDY_NONE;
	}
	const struct troth_call call = { "/v1/attest", &m.base,
					 &troth__v1__attestation_result__descriptor };
	if (troth_client_call(x->client, &call, answer, &remedy, x->outcome) != TROTH_OK)
		*answer = NULL;
	else if (m.systemd_digest.len > 0)
		x->agent->systemd_sent = digests.systemd;
	return remedy;
}

/* ---- parts ---- */

/* Keeps what the next part is to bring along. */
static enum troth_status keep_carry(struct troth_agent *a,
				    const Troth__V1__AttestationResult *r)
{
	uint8_t *copy = malloc(r->ima_carry.len + 1);
	if (copy == NULL)
		return TROTH_E_MEMORY;
	memcpy(copy, r->ima_carry.data, r->ima_carry.len);
	troth_ima_progress_clear(&a->ima);
	a->ima.carry = (struct troth_buffer){ copy, r->ima_carry.len };
	a->ima.next = r->ima_next;
	return TROTH_OK;
}

/* What the quote proves may end inside this part: the list grows while it is read. */
static enum troth_status next_part(const struct troth_attest_exchange *x,
				   const Troth__V1__AttestationResult *r)
{
	struct troth_ima_part *part = &x->evidence->ima;
	const uint64_t end = part->first + part->n_entries;
	if (r->ima_carry.len == 0 || r->ima_next < part->first || r->ima_next > end)
		return TROTH_E_MALFORMED;
	TROTH_TRY(keep_carry(x->agent, r));
	if (r->ima_next == end)
		return troth_ima_reader_next(x->evidence->reader, part);
	*part = (struct troth_ima_part){ .first = r->ima_next };
	return TROTH_OK;
}

static enum troth_remedy send_part(const struct troth_attest_exchange *x, bool *ended)
{
	TROTH_AUTO(troth_answer_free) ProtobufCMessage *answer = NULL;
	const enum troth_remedy remedy = send(x, &answer);
	*ended = answer == NULL;
	if (*ended)
		return remedy;
	const enum troth_status status =
		next_part(x, (const Troth__V1__AttestationResult *)answer);
	*ended = status != TROTH_OK;
	if (*ended)
		troth_outcome_set(x->outcome, TROTH_ENDED_UNREACHED,
				  "the IMA list cannot be sent on from entry %llu: %s",
				  (unsigned long long)x->agent->ima.next,
				  troth_status_name(status));
	return TROTH_REMEDY_NONE;
}

enum troth_remedy troth_attest_send(const struct troth_attest_exchange *x,
				    ProtobufCMessage **answer)
{
	enum troth_remedy remedy = TROTH_REMEDY_NONE;
	bool ended = false;

	while (x->evidence->ima.more && !ended)
		remedy = send_part(x, &ended);
	if (!ended)
		remedy = send(x, answer);
	/* A challenge that ran out meanwhile changes nothing of what was read before. */
	if (remedy != TROTH_REMEDY_AGAIN)
		troth_ima_progress_clear(&x->agent->ima);
	return remedy;
}
