/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <string.h>

#include "base.h"
#include "binding.h"
#include "credential_store.h"
#include "log.h"
#include "random.h"
#include "reader.h"
#include "systemd_log.h"
#include "text.h"
#include "token.h"
#include "tpm_work.h"
#include "wire.h"

enum troth_status troth_challenge_read(const Troth__V1__Challenge *message,
				       struct troth_challenge *out)
{
	struct troth_challenge c = { .token = troth_wire_view(message->token),
				     .trust_domain = troth_view_str(message->trust_domain) };

	if (c.token.n == 0 || c.token.n > TROTH_TOKEN_MAX ||
	    !troth_trust_domain_valid(c.trust_domain) || message->n_selection == 0)
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < message->n_selection; i++) {
		const Troth__V1__PcrSelection *s = message->selection[i];
		if (s->algorithm > UINT16_MAX ||
		    !troth_pcr_selection_add(
			    &c.selection, troth_hash_from_tpm((uint16_t)s->algorithm), s->mask))
			return TROTH_E_MALFORMED;
	}
	c.wants_log = (message->wants & TROTH_WANT_LOG) != 0;
	c.wants_certify = (message->wants & TROTH_WANT_CERTIFY) != 0;
	c.wants_ima = (message->wants & TROTH_WANT_IMA) != 0;
	c.wants_systemd = (message->wants & TROTH_WANT_SYSTEMD) != 0;
	c.ima_first = message->ima_first;
	*out = c;
	return TROTH_OK;
}

void troth_evidence_clear(struct troth_evidence *e)
{
	troth_buffer_clear(&e->log);
	troth_buffer_clear(&e->systemd);
	troth_ima_reader_free(e->reader);
}

/* One signing with the TPM open. */
struct signing {
	struct troth_agent *agent;
	const struct troth_challenge *challenge;
	struct troth_evidence *evidence;
};

/* Trouble that another key would have too. */
static bool not_of_the_key(const struct troth_tpm *tpm)
{
	const enum troth_tpm_fault fault = troth_tpm_fault_of(tpm);
	return fault == TROTH_TPM_VANISHED || fault == TROTH_TPM_FULL ||
	       fault == TROTH_TPM_BUSY || fault == TROTH_TPM_LOCKED_OUT;
}

/* Leaves a credential key in the agent that this TPM takes; *loaded gets it where it had to be
 * loaded. The key of an earlier run is used again; one that the TPM no longer takes (it was
 * cleared) is replaced. */
static enum troth_status ready_key(struct troth_tpm *tpm, struct troth_agent *a,
				   struct troth_tpm_object *loaded, bool *made)
{
	*made = false;
	if (a->key.public_len == 0 &&
	    troth_store_read_key(a->settings->run_dir, &a->key) != TROTH_OK)
		a->key.public_len = 0;
	if (a->key.public_len > 0) {
		enum troth_status status = troth_tpm_credential_key_load(tpm, &a->key, loaded);
		if (status == TROTH_OK || (status == TROTH_E_TPM && not_of_the_key(tpm)))
			return status;
	}
	a->key.public_len = 0;
	TROTH_TRY(troth_tpm_credential_key_make(tpm, &a->key));
	*made = true;
	if (a->key.parent == TPM2_RH_OWNER)
		troth_info("srk",
			   "kept=false; the TPM has no room for the storage root key, or "
			   "another key in its place: it is derived for each use");
	return troth_tpm_credential_key_load(tpm, &a->key, loaded);
}

static enum troth_status bind(const struct signing *s, enum troth_binding_label label,
			      uint8_t out[32])
{
	const struct troth_agent *a = s->agent;
	struct troth_bound bound = {
		.label = label,
		.trust_domain = s->challenge->trust_domain,
		.device_id = TROTH_VIEW_OF(a->state.device_id),
		.token = s->challenge->token,
		.credential_key = { a->key.public_area, a->key.public_len },
		.facts = { s->evidence->facts.bytes, s->evidence->facts.n },
		.result_nonce = a->wish.nonce,
	};
	if (a->session != NULL)
		bound.session_key = troth_session_bytes(a->session);
	if (a->secret != NULL) {
		bound.secret_key =
			(struct troth_view){ a->secret->public_area, a->secret->public_len };
		bound.secret_name = troth_view_str(a->secret->name);
	}
	return troth_binding_of(a->ctx, &bound, out);
}

static enum troth_status certify(struct troth_tpm *tpm, const struct signing *s,
				 const struct troth_tpm_key *ak)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object key = { 0 };
	struct troth_agent *a = s->agent;
	uint8_t extra[32];
	bool made = false;

	if (a->key_loads && !s->challenge->wants_certify)
		return TROTH_OK;
	TROTH_TRY(ready_key(tpm, a, &key, &made));
	a->key_loads = true;
	/* A verifier's record, if it has one, is of another key. */
	if (!made && !s->challenge->wants_certify)
		return TROTH_OK;
	TROTH_TRY(bind(s, TROTH_BIND_CERTIFY, extra));
	TROTH_TRY(troth_tpm_certify(tpm, ak, &key, TROTH_VIEW_OF(extra),
				    &s->evidence->certification));
	s->evidence->certified = true;
	return TROTH_OK;
}

/* A key for this exchange alone, which every signature of it binds. With its unique it is made
 * again when it is needed: a TPM has three places for keys, and those beside the attestation
 * key are wanted. */
static enum troth_status choose_secret_key(struct troth_tpm *tpm, struct troth_secret_wish *w)
{
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key key = { 0 };

	if (w == NULL)
		return TROTH_OK;
	TROTH_TRY(troth_random(w->unique, sizeof w->unique));
	TROTH_TRY(troth_tpm_secret_key_load(tpm, w->unique, &key));
	memcpy(w->public_area, key.public_area, key.public_len);
	w->public_len = key.public_len;
	w->sealed_len = 0;
	return TROTH_OK;
}

static enum troth_status certify_secret(struct troth_tpm *tpm, const struct signing *s,
					const struct troth_tpm_key *ak)
{
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key key = { 0 };
	const struct troth_secret_wish *w = s->agent->secret;
	uint8_t extra[32];

	if (w == NULL)
		return TROTH_OK;
	TROTH_TRY(bind(s, TROTH_BIND_CERTIFY_SECRET, extra));
	TROTH_TRY(troth_tpm_secret_key_load(tpm, w->unique, &key));
	TROTH_TRY(troth_tpm_certify(tpm, ak, &key.object, TROTH_VIEW_OF(extra),
				    &s->evidence->secret_certification));
	s->evidence->has_secret = true;
	return TROTH_OK;
}

static enum troth_status quote(struct troth_tpm *tpm, const struct signing *s,
			       const struct troth_tpm_key *ak, struct troth_outcome *outcome)
{
	uint8_t extra[32];
	enum troth_hash missing = TROTH_HASH_NONE;

	TROTH_TRY(bind(s, TROTH_BIND_QUOTE, extra));
	if (s->agent->secret != NULL)
		memcpy(s->agent->secret->extra_data, extra, sizeof extra);
	if (s->agent->session != NULL) {
		TROTH_TRY(troth_session_sign(s->agent->ctx, s->agent->session,
					     TROTH_VIEW_OF(extra),
					     s->evidence->session_signature));
		s->evidence->has_session = true;
	}
	const struct troth_tpm_quote_request q = { ak, &s->challenge->selection,
						   TROTH_VIEW_OF(extra) };
	enum troth_status status = troth_tpm_quote(tpm, s->agent->ctx, &q, &s->evidence->quote);
	if (status == TROTH_E_TPM || status == TROTH_OK)
		return status;
	TROTH_TRY(troth_tpm_bank_missing(tpm, &s->challenge->selection, &missing));
	if (missing != TROTH_HASH_NONE)
		troth_outcome_set(outcome, TROTH_ENDED_TPM,
				  "the verifier asks for PCR bank %s, which this TPM has not "
				  "allocated; change the policy, or allocate it "
				  "(tpm2_pcrallocate) and boot again",
				  troth_hash_name(missing));
	return status;
}

static enum troth_status sign(struct troth_tpm *tpm, void *arg, struct troth_outcome *outcome)
{
	const struct signing *s = arg;
	const struct troth_settings *settings = s->agent->settings;
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key ak = { 0 };
	struct troth_public facts;

	TROTH_TRY(troth_tpm_ak_load(tpm, settings->ak_algorithm, settings->ak_handle, &ak));
	TROTH_TRY(troth_public_parse(
		s->agent->ctx, (struct troth_view){ ak.public_area, ak.public_len }, &facts));
	if (!troth_view_equal(troth_name_view(&facts.name),
			      troth_name_view(&s->agent->state.ak_name)))
		return TROTH_E_CONFLICT;
	TROTH_TRY(choose_secret_key(tpm, s->agent->secret));
	TROTH_TRY(certify(tpm, s, &ak));
	TROTH_TRY(certify_secret(tpm, s, &ak));
	return quote(tpm, s, &ak, outcome);
}

/* A log that is not there is not sent: whether that matters is the verifier's policy. */
static enum troth_status read_log(const char *path, size_t max, struct troth_buffer *out,
				  struct troth_outcome *outcome)
{
	enum troth_status status = troth_file_read(path, max, out);
	if (status == TROTH_E_LIMIT) {
		troth_outcome_set(outcome, TROTH_ENDED_UNREACHED,
				  "%s: longer than the %zu bytes a message carries", path, max);
		return status;
	}
	if (status != TROTH_OK)
		troth_warn("log", "file=%s status=%s; attesting without it", path,
			   troth_status_name(status));
	return TROTH_OK;
}

/* Likewise. Where a long list was being sent, from where that stands. */
static void read_ima(struct troth_agent *a, uint64_t first, struct troth_evidence *e)
{
	const char *path = a->settings->ima;
	if (a->ima.next < first)
		troth_ima_progress_clear(&a->ima);
	if (a->ima.next > first)
		first = a->ima.next;
	enum troth_status status = troth_ima_reader_open(a->ctx, path, first, &e->reader);
	if (status == TROTH_OK)
		status = troth_ima_reader_next(e->reader, &e->ima);
	if (e->ima.first != first) /* another boot */
		troth_ima_progress_clear(&a->ima);
	if (status != TROTH_OK)
		troth_warn("ima", "file=%s status=%s; attesting without it", path,
			   troth_status_name(status));
}

enum troth_status troth_evidence_collect(struct troth_agent *a, const struct troth_challenge *c,
					 struct troth_evidence *out,
					 struct troth_outcome *outcome)
{
	struct signing s = { a, c, out };

	TROTH_TRY(troth_device_facts(&out->facts));
	TROTH_TRY(troth_tpm_do(a->settings, sign, &s, outcome));
	TROTH_TRY(read_log(a->settings->log, TROTH_LOG_MAX, &out->log, outcome));
	out->has_log = out->log.p != NULL;
	if (c->wants_systemd)
		troth_systemd_log_read(a->settings->systemd_log, &out->systemd);
	if (c->wants_ima)
		read_ima(a, c->ima_first, out);
	return TROTH_OK;
}
