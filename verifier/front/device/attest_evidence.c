/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/attest: what the message says, and whether the device's TPM said it. */
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "ak_cache.h"
#include "attestation.h"
#include "base.h"
#include "binding.h"
#include "reader.h"
#include "session_key.h"
#include "text.h"
#include "verdict_wire.h"
#include "wire.h"

/* Whether the device holds the key is for the issuer to see, which alone writes it into results
 * and remembers that it did. */
static bool session_is_sound(const Troth__V1__Attestation *m)
{
	return (m->session_key.len == 0 && m->session_signature.len == 0) ||
	       (m->session_key.len == TROTH_SESSION_KEY_LEN &&
		m->session_signature.len == TROTH_ES256_LEN);
}

static bool result_wish_is_sound(const Troth__V1__Attestation *m)
{
	const size_t n = m->result_nonce.len;
	return (n == 0 || (n >= TROTH_RESULT_NONCE_MIN && n <= TROTH_RESULT_NONCE_MAX)) &&
	       m->result_form <= TROTH_EAR_CWT && m->result_profile <= TROTH_EAR_DRAFT + 1;
}

static bool asks_for_secret(const Troth__V1__Attestation *m)
{
	return m->secret_name[0] != '\0' || m->secret_key.len > 0 ||
	       m->secret_certification != NULL;
}

/* All of it, or nothing. */
static bool take_secret_wish(struct troth_attestation *a)
{
	const Troth__V1__Attestation *m = a->message;
	if (!asks_for_secret(m))
		return true;
	if (!troth_name_valid(troth_view_str(m->secret_name)) || m->secret_key.len == 0 ||
	    m->secret_certification == NULL || m->credential_key.len == 0)
		return false;
	a->secret = calloc(1, sizeof *a->secret);
	return a->secret != NULL;
}

bool troth_attestation_read(struct troth_attestation *a)
{
	ProtobufCMessage *m;
	if (troth_wire_unpack(&troth__v1__attestation__descriptor,
			      troth_exchange_body(a->exchange), &m) != TROTH_OK)
		return false;
	a->message = (Troth__V1__Attestation *)m;
	return troth_token_read(troth_wire_view(a->message->token), &a->token) == TROTH_OK &&
	       a->token.purpose == TROTH_TOKEN_QUOTE &&
	       a->message->facts.len <= TROTH_FACTS_MAX &&
	       a->message->log.len <= TROTH_LOG_MAX && a->message->ima.len <= TROTH_IMA_MAX &&
	       a->message->systemd_log.len <= TROTH_SYSTEMD_LOG_MAX &&
	       session_is_sound(a->message) && result_wish_is_sound(a->message) &&
	       take_secret_wish(a) &&
	       troth_wire_pcrs(a->message->pcrs, a->message->n_pcrs, &a->pcrs) == TROTH_OK;
}

static enum troth_status credential_key_name(struct troth_attestation *a,
					     struct troth_public *key, struct troth_name *out)
{
	struct troth_view bytes = troth_wire_view(a->message->credential_key);
	*out = (struct troth_name){ 0 };
	if (bytes.n == 0)
		return TROTH_OK;
	TROTH_TRY(troth_public_parse(a->worker->ctx, bytes, key));
	*out = key->name;
	return TROTH_OK;
}

/* What the key is, the issuer sees for itself. */
static enum troth_status secret_key_name(struct troth_attestation *a)
{
	struct troth_public key;
	if (a->secret == NULL)
		return TROTH_OK;
	TROTH_TRY(troth_public_parse(a->worker->ctx, troth_wire_view(a->message->secret_key),
				     &key));
	a->secret->key_name = key.name;
	return TROTH_OK;
}

static enum troth_status expected_extra_data(struct troth_attestation *a,
					     const struct troth_name *key)
{
	struct troth_view facts = troth_wire_view(a->message->facts);
	struct troth_view session_key = troth_wire_view(a->message->session_key);
	struct troth_binding binding = {
		.label = TROTH_BIND_QUOTE,
		.trust_domain = troth_view_str(a->worker->front->settings->trust_domain),
		.device_id = TROTH_VIEW_OF(a->row.id),
		.token = troth_wire_view(a->message->token),
		.credential_key_name = troth_name_view(key),
		.result_nonce = troth_wire_view(a->message->result_nonce),
	};
	if (facts.n > 0) {
		struct troth_digest digest;
		TROTH_TRY(troth_hash_one(a->worker->ctx, TROTH_HASH_SHA256, facts, &digest));
		memcpy(a->facts_sha256, digest.bytes, sizeof a->facts_sha256);
		binding.facts_digest = TROTH_VIEW_OF(a->facts_sha256);
	}
	if (session_key.n > 0) {
		TROTH_TRY(troth_session_key_thumbprint(a->worker->ctx, session_key,
						       a->session_thumbprint));
		binding.session_key_thumbprint = TROTH_VIEW_OF(a->session_thumbprint);
	}
	if (a->secret != NULL) {
		binding.secret_key_name = troth_name_view(&a->secret->key_name);
		binding.secret_name = troth_view_str(a->message->secret_name);
	}
	return troth_binding_digest(a->worker->ctx, &binding, a->extra_data);
}

enum troth_status troth_attestation_authenticate(struct troth_attestation *a,
						 struct troth_findings *findings)
{
	struct troth_public key;
	struct troth_name name;
	struct troth_signature signature;
	const struct troth_ak *ak;
	if (credential_key_name(a, &key, &name) != TROTH_OK || secret_key_name(a) != TROTH_OK) {
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
	TROTH_TRY(expected_extra_data(a, &name));
	struct troth_view extra_data = TROTH_VIEW_OF(a->extra_data);
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
