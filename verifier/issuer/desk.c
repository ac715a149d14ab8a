/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base.h"
#include "clock.h"
#include "reader.h"

#define DAY_MS (24 * 3600 * UINT64_C(1000))

static enum troth_status furnish(struct troth_desk *d)
{
	TROTH_TRY(troth_ctx_new(&d->ctx));
	TROTH_TRY(troth_signer_new(d->office->keys.ca, &d->signer));
	TROTH_TRY(troth_es256_key_new(d->office->keys.result, &d->result_signer));
	if (d->administration && d->office->keys.former != NULL)
		TROTH_TRY(troth_signer_new(d->office->keys.former, &d->former_signer));
	return troth_ak_cache_new(&d->aks);
}

enum troth_status troth_desk_new(struct troth_office *office, bool administration,
				 struct troth_desk **out)
{
	struct troth_desk *d = calloc(1, sizeof *d);
	if (d == NULL)
		return TROTH_E_MEMORY;
	d->office = office;
	d->administration = administration;
	enum troth_status got = furnish(d);
	if (got != TROTH_OK) {
		troth_desk_free(d);
		return got;
	}
	*out = d;
	return TROTH_OK;
}

void troth_desk_free(struct troth_desk *d)
{
	if (d == NULL)
		return;
	troth_ctx_free(d->ctx);
	troth_signer_free(d->signer);
	troth_es256_key_free(d->result_signer);
	troth_signer_free(d->former_signer);
	troth_ak_cache_free(d->aks);
	free(d->crl);
	OPENSSL_cleanse(d, sizeof *d);
	free(d);
}

enum troth_status troth_desk_refuse(struct troth_desk *d, enum troth_status status,
				    enum troth_finding_code code)
{
	d->refusal = code;
	return status;
}

enum troth_status troth_desk_judged(struct troth_desk *d)
{
	if (d->findings.n == 0 && d->findings.n_dropped == 0)
		return TROTH_OK;
	return troth_desk_refuse(d, TROTH_E_MISMATCH,
				 d->findings.n > 0 ? d->findings.list[0].code
						   : TROTH_FINDING_MESSAGE_MALFORMED);
}

enum troth_status troth_desk_token_keys(struct troth_desk *d, uint64_t now_ms,
					const struct troth_token_keys **out)
{
	uint64_t day = now_ms / DAY_MS;
	if (d->token_day != day || day == 0) {
		TROTH_TRY(troth_token_keys_at(d->ctx, &d->office->keys.mac, now_ms,
					      &d->token_keys));
		d->token_keys.trust_domain = d->office->trust_domain;
		d->token_day = day;
	}
	*out = &d->token_keys;
	return TROTH_OK;
}

bool troth_fault_of_bytes(enum troth_status status)
{
	return status == TROTH_E_TRUNCATED || status == TROTH_E_MALFORMED ||
	       status == TROTH_E_LIMIT || status == TROTH_E_UNSUPPORTED ||
	       status == TROTH_E_MISMATCH;
}

enum troth_status troth_desk_open(struct troth_desk *d, struct troth_view bytes,
				  enum troth_token_purpose purpose, uint64_t now_ms,
				  struct troth_token *out)
{
	const struct troth_token_keys *keys;
	TROTH_TRY(troth_desk_token_keys(d, now_ms, &keys));
	const struct troth_token_use use = { purpose, now_ms };
	enum troth_status got = troth_token_open(d->ctx, keys, &use, bytes, out);
	if (got == TROTH_E_EXPIRED)
		return troth_desk_refuse(d, got, TROTH_FINDING_TOKEN_EXPIRED);
	if (troth_fault_of_bytes(got))
		return troth_desk_refuse(d, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID);
	return got;
}

static bool of_administration(enum troth_issuer_kind kind)
{
	switch (kind) {
	case TROTH_ISSUER_CHALLENGE:
	case TROTH_ISSUER_ENROLL_BEGIN:
	case TROTH_ISSUER_ENROLL_FINISH:
	case TROTH_ISSUER_ATTEST:
	case TROTH_ISSUER_RELEASE: return false;
	case TROTH_ISSUER_SEAL:
	case TROTH_ISSUER_DENY:
	case TROTH_ISSUER_ALLOW:
	case TROTH_ISSUER_CRL:
	case TROTH_ISSUER_BUNDLE:
	case TROTH_ISSUER_STATUS:
	case TROTH_ISSUER_SECRETS_KEY: break;
	}
	return true;
}

static enum troth_status decide(struct troth_desk *d, const struct troth_issuer_request *q,
				struct troth_issuer_reply *out)
{
	switch (q->kind) {
	case TROTH_ISSUER_CHALLENGE:
		return troth_decide_challenge(d, &q->u.challenge, &out->u.challenge);
	case TROTH_ISSUER_ENROLL_BEGIN:
		return troth_decide_enroll_begin(d, &q->u.enroll_begin, &out->u.enroll_begin);
	case TROTH_ISSUER_ENROLL_FINISH:
		return troth_decide_enroll_finish(d, &q->u.enroll_finish,
						  &out->u.enroll_finish);
	case TROTH_ISSUER_ATTEST: return troth_decide_attest(d, &q->u.attest, &out->u.attest);
	case TROTH_ISSUER_RELEASE: return troth_decide_release(d, &q->u.release, &out->u.der);
	case TROTH_ISSUER_SEAL: return troth_decide_seal(d, &q->u.seal, &out->u.seal);
	case TROTH_ISSUER_DENY: return troth_denied_add(d->office->denied, q->u.deny.device_id);
	case TROTH_ISSUER_ALLOW:
		troth_denied_remove(d->office->denied, q->u.deny.device_id);
		return TROTH_OK;
	case TROTH_ISSUER_CRL: return troth_decide_crl(d, &q->u.crl, &out->u.der);
	case TROTH_ISSUER_BUNDLE: return troth_decide_bundle(d, &out->u.der);
	case TROTH_ISSUER_STATUS: return troth_decide_status(d, &q->u.status, &out->u.der);
	case TROTH_ISSUER_SECRETS_KEY: return troth_decide_secrets_key(d, &out->u.der);
	}
	return TROTH_E_UNSUPPORTED;
}

void troth_desk_answer(struct troth_desk *d, const struct troth_issuer_request *q,
		       struct troth_issuer_reply *out)
{
	*out = (struct troth_issuer_reply){ 0 };
	d->refusal = TROTH_FINDING_NONE;
	d->findings.n = 0;
	d->findings.n_dropped = 0;
	if (of_administration(q->kind) != d->administration)
		out->status = TROTH_E_DENIED;
	else if (!d->administration && troth_clock_jump_now_ms(d->office->clock) != 0)
		out->status = TROTH_E_IO; /* each token and each credential has a time in it */
	else
		out->status = decide(d, q, out);
	if (out->status != TROTH_OK)
		out->finding = d->refusal;
}
