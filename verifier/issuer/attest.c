/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer finds out for itself before it confirms a quote: that
 * this device, as the issuer sealed it, has just made this quote, for this challenge and this
 * key. How healthy the quoted PCRs are is the front's to say. */
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "clock.h"
#include "exam.h"
#include "order.h"
#include "reader.h"
#include "text.h"

/* A record may be this far ahead of our clock, milliseconds: replicas agree to about that. */
#define FUTURE_MS 1000

/* The row is as the issuer sealed it, and nobody has forbidden it since. */
static enum troth_status check_row(struct troth_desk *d, const struct troth_identity *id)
{
	TROTH_TRY(troth_row_check(d->ctx, &d->office->keys.mac, id));
	return troth_denied_has(d->office->denied, id->id) ? TROTH_E_DENIED : TROTH_OK;
}

static bool wants_credentials(const struct troth_issuer_attest *q)
{
	return q->issue || q->appraisal.format != TROTH_EAR_NONE;
}

/* What credentials may be asked for with. */
static enum troth_status check_wish(const struct troth_desk *d,
				    const struct troth_issuer_attest *q)
{
	if ((q->certify_attest.n == 0) != (q->certify_signature.n == 0))
		return TROTH_E_MALFORMED;
	if (!wants_credentials(q))
		return TROTH_OK;
	/* The certificate says healthy by being there. */
	if (q->issue && troth_trust_status((enum troth_tier)q->appraisal.tier,
					   &q->appraisal.trust) != TROTH_TIER_AFFIRMING)
		return TROTH_E_MALFORMED;
	if (q->credential_key.n == 0 || !troth_name_valid(q->identity.name) ||
	    !troth_name_valid(q->identity.segment))
		return TROTH_E_MALFORMED;
	if (!troth_name_rules_allow_all(d->office->names, q->names))
		return TROTH_E_MALFORMED;
	if (q->ttl_s < TROTH_CERTIFICATE_LIFE_MIN_S || q->ttl_s > TROTH_CERTIFICATE_LIFE_MAX_S)
		return TROTH_E_LIMIT;
	return TROTH_OK;
}

static enum troth_status open_token(struct troth_exam *e)
{
	TROTH_TRY(
		troth_desk_open(e->desk, e->q->token, TROTH_TOKEN_QUOTE, e->now_ms, &e->token));
	if (!troth_view_equal(TROTH_VIEW_OF(e->token.subject),
			      TROTH_VIEW_OF(e->q->identity.id)))
		return troth_desk_refuse(e->desk, TROTH_E_MISMATCH,
					 TROTH_FINDING_TOKEN_INVALID);
	return TROTH_OK;
}

/* Of the row, never of the message. It was checked when it was sealed; it is checked again,
 * because rules may have become stricter since. */
static enum troth_status find_ak(struct troth_exam *e)
{
	struct troth_desk *d = e->desk;
	enum troth_status got =
		troth_ak_cache_get(d->aks, d->ctx, e->q->identity.ak_public, &e->ak);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_AK_ATTRIBUTES);
	TROTH_TRY(got);
	troth_ak_check(&e->ak->public, &d->findings);
	return troth_desk_judged(d);
}

static enum troth_status read_key(struct troth_exam *e)
{
	struct troth_desk *d = e->desk;
	if (e->q->credential_key.n == 0)
		return TROTH_OK;
	enum troth_status got = troth_public_parse(d->ctx, e->q->credential_key, &e->key);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_KEY_ATTRIBUTES);
	TROTH_TRY(got);
	troth_credential_key_check(&e->key, &d->findings);
	e->has_key = true;
	return troth_desk_judged(d);
}

static enum troth_status read_session(struct troth_exam *e)
{
	const struct troth_issuer_attest *q = e->q;
	if (q->session_key.n == 0 && q->session_signature.n == 0)
		return TROTH_OK;
	enum troth_status got = troth_session_key_thumbprint(e->desk->ctx, q->session_key,
							     e->session_thumbprint);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(e->desk, TROTH_E_MISMATCH, TROTH_FINDING_POSSESSION);
	e->has_session = got == TROTH_OK;
	return got;
}

enum troth_status troth_exam_bind(const struct troth_exam *e, enum troth_binding_label label,
				  uint8_t out[32])
{
	const struct troth_issuer_attest *q = e->q;
	struct troth_binding b = {
		.label = label,
		.trust_domain = e->desk->office->trust_domain,
		.device_id = TROTH_VIEW_OF(q->identity.id),
		.token = q->token,
		.result_nonce = q->result_nonce,
	};
	if (e->has_key)
		b.credential_key_name = troth_name_view(&e->key.name);
	if (e->has_session)
		b.session_key_thumbprint = TROTH_VIEW_OF(e->session_thumbprint);
	if (q->has_facts)
		b.facts_digest = TROTH_VIEW_OF(q->facts_sha256);
	if (e->has_secret) {
		b.secret_key_name = troth_name_view(&e->secret_key.name);
		b.secret_name = q->secret_name;
	}
	return troth_binding_digest(e->desk->ctx, &b, out);
}

static enum troth_status check_quote(struct troth_exam *e)
{
	struct troth_desk *d = e->desk;
	struct troth_signature signature;
	uint8_t extra[32];
	const struct troth_view extra_data = TROTH_VIEW_OF(extra);
	enum troth_status got = troth_signature_parse(e->q->signature, &signature);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH,
					 TROTH_FINDING_SIGNATURE_MALFORMED);
	TROTH_TRY(got);
	TROTH_TRY(troth_exam_bind(e, TROTH_BIND_QUOTE, extra));
	const struct troth_quote_case c = {
		.key = e->ak->key,
		.ak = &e->ak->public,
		.attest = e->q->quote,
		.signature = &signature,
		.extra_data = &extra_data,
		.selection = &e->token.selection,
		.hierarchy = TPM2_RH_ENDORSEMENT,
	};
	TROTH_TRY(troth_quote_verify(d->ctx, &c, &e->quote, &d->findings));
	return troth_desk_judged(d);
}

static enum troth_status not_certified(struct troth_exam *e)
{
	return troth_desk_refuse(e->desk, TROTH_E_MISMATCH, TROTH_FINDING_KEY_CERTIFICATION);
}

static enum troth_status key_name_digest(struct troth_exam *e, uint8_t out[32])
{
	struct troth_digest digest;
	TROTH_TRY(troth_hash_one(e->desk->ctx, TROTH_HASH_SHA256, troth_name_view(&e->key.name),
				 &digest));
	memcpy(out, digest.bytes, 32);
	return TROTH_OK;
}

enum troth_status troth_exam_certified(struct troth_exam *e,
				       const struct troth_exam_certificate *asked)
{
	struct troth_desk *d = e->desk;
	struct troth_signature signature;
	struct troth_attest certify;
	uint8_t extra[32];
	enum troth_status got = troth_signature_parse(asked->signature, &signature);
	if (troth_fault_of_bytes(got))
		return not_certified(e);
	TROTH_TRY(got);
	TROTH_TRY(troth_exam_bind(e, asked->label, extra));
	const struct troth_certify_case c = {
		.key = e->ak->key,
		.ak = &e->ak->public,
		.attest = asked->attest,
		.signature = &signature,
		.extra_data = TROTH_VIEW_OF(extra),
		.name = &asked->key->name,
		.hierarchy = TPM2_RH_ENDORSEMENT,
		.primary = asked->hierarchy != 0 ? asked->key : NULL,
		.primary_hierarchy = asked->hierarchy,
	};
	TROTH_TRY(troth_certify_verify(d->ctx, &c, &d->findings));
	TROTH_TRY(troth_desk_judged(d));
	TROTH_TRY(troth_attest_parse(asked->attest, &certify));
	/* Certified before a reboot and quoted after it is not of this boot. */
	const struct troth_order then = troth_order_of(&certify);
	const struct troth_order now = troth_order_of(&e->quote);
	return troth_order_same_boot(&then, &now) ? TROTH_OK : not_certified(e);
}

/* A new certification, and the record that lets the next renewals do without one. */
static enum troth_status certify_fresh(struct troth_exam *e,
				       struct troth_certification_record *out)
{
	struct troth_desk *d = e->desk;
	struct troth_certification_record record = {
		.present = true,
		.reset_count = e->quote.reset_count,
		.restart_count = e->quote.restart_count,
		.time_ms = e->token.issued_ms,
	};
	const struct troth_exam_certificate certificate = {
		.label = TROTH_BIND_CERTIFY,
		.attest = e->q->certify_attest,
		.signature = e->q->certify_signature,
		.key = &e->key,
	};
	TROTH_TRY(troth_exam_certified(e, &certificate));
	TROTH_TRY(key_name_digest(e, record.key_name_sha256));
	TROTH_TRY(troth_certification_seal(d->ctx, &d->office->keys.mac, &e->ak->public.name,
					   &record, record.mac));
	*out = record;
	return TROTH_OK;
}

/* Void on a new boot, after its life, for another key and for another AK. */
static enum troth_status certify_by_record(struct troth_exam *e,
					   struct troth_certification_record *out)
{
	const struct troth_certification_record *record = &e->q->certification;
	struct troth_desk *d = e->desk;
	uint8_t name[32];
	if (!record->present || record->reset_count != e->quote.reset_count ||
	    record->restart_count != e->quote.restart_count ||
	    record->time_ms > e->now_ms + FUTURE_MS ||
	    record->time_ms + (uint64_t)TROTH_CERTIFICATION_LIFE_MS <= e->now_ms)
		return not_certified(e);
	TROTH_TRY(key_name_digest(e, name));
	if (!troth_view_equal(TROTH_VIEW_OF(name), TROTH_VIEW_OF(record->key_name_sha256)))
		return not_certified(e);
	enum troth_status got = troth_certification_check(d->ctx, &d->office->keys.mac,
							  &e->ak->public.name, record);
	if (got == TROTH_E_MISMATCH)
		return not_certified(e);
	TROTH_TRY(got);
	*out = *record;
	return TROTH_OK;
}

static enum troth_status check_certification(struct troth_exam *e,
					     struct troth_certification_record *out)
{
	if (!e->has_key) {
		*out = e->q->certification; /* its MAC speaks when it is used */
		return TROTH_OK;
	}
	return e->q->certify_attest.n > 0 ? certify_fresh(e, out) : certify_by_record(e, out);
}

static enum troth_status prove_session(struct troth_exam *e)
{
	uint8_t extra[32];
	TROTH_TRY(troth_exam_bind(e, TROTH_BIND_QUOTE, extra));
	enum troth_status got = troth_session_key_prove(
		e->desk->ctx, e->q->session_key, e->q->session_signature, TROTH_VIEW_OF(extra));
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(e->desk, TROTH_E_MISMATCH, TROTH_FINDING_POSSESSION);
	return got;
}

/* The quote names the key in any case; that the device holds it is proven once for a boot, and
 * the record remembers it, so that renewals do not cost another verification. */
static enum troth_status check_session(struct troth_exam *e,
				       struct troth_certification_record *record)
{
	struct troth_desk *d = e->desk;
	if (!e->has_session ||
	    (e->has_key && troth_view_equal(TROTH_VIEW_OF(e->session_thumbprint),
					    TROTH_VIEW_OF(record->session_thumbprint))))
		return TROTH_OK;
	TROTH_TRY(prove_session(e));
	if (!e->has_key)
		return TROTH_OK;
	memcpy(record->session_thumbprint, e->session_thumbprint,
	       sizeof record->session_thumbprint);
	return troth_certification_seal(d->ctx, &d->office->keys.mac, &e->ak->public.name,
					record, record->mac);
}

enum troth_status troth_decide_attest(struct troth_desk *d, const struct troth_issuer_attest *q,
				      struct troth_issuer_attest_reply *out)
{
	struct troth_exam e = { .desk = d, .q = q, .now_ms = troth_now_ms() };
	struct troth_issuer_attest_reply reply = { 0 };
	TROTH_TRY(check_wish(d, q));
	TROTH_TRY(check_row(d, &q->identity));
	TROTH_TRY(open_token(&e));
	TROTH_TRY(find_ak(&e));
	TROTH_TRY(read_key(&e));
	TROTH_TRY(read_session(&e));
	TROTH_TRY(troth_exam_read_secret(&e));
	TROTH_TRY(check_quote(&e));
	TROTH_TRY(check_certification(&e, &reply.certification));
	TROTH_TRY(check_session(&e, &reply.certification));
	TROTH_TRY(troth_exam_admit_secret(&e, &reply));
	/* Counted with or without a certificate: each verdict is kept and logged for ever, so a
	 * device that fails must not be quicker at it than one that passes. */
	if (!troth_rate_take(d->office->rate, q->identity.id, e.now_ms))
		return TROTH_E_BUSY;
	reply.token = e.token;
	if (wants_credentials(q)) {
		struct troth_issuance i = { .request = q, .token = &e.token, .key = &e.key };
		TROTH_TRY(troth_issue(d, &i, &reply));
	}
	*out = reply;
	return TROTH_OK;
}
