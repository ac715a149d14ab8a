/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "dpop.h"
#include "gate_keys.h"
#include "health.h"
#include "known_tokens.h"
#include "reader.h"
#include "x509_key.h"

struct troth_gate {
	const struct troth_gates *shared;
	struct troth_ctx *ctx;
	struct troth_gate_keys *keys;
	struct troth_known_tokens *tokens;
};

enum troth_status troth_gate_new(const struct troth_gates *shared, struct troth_ctx *ctx,
				 struct troth_gate **out)
{
	struct troth_gate *g = calloc(1, sizeof *g);
	if (g == NULL)
		return TROTH_E_MEMORY;
	*g = (struct troth_gate){ .shared = shared, .ctx = ctx };
	enum troth_status s = troth_gate_keys_new(&g->keys);
	if (s == TROTH_OK)
		s = troth_known_tokens_new(&g->tokens);
	if (s != TROTH_OK) {
		troth_gate_free(g);
		return s;
	}
	*out = g;
	return TROTH_OK;
}

void troth_gate_free(struct troth_gate *g)
{
	if (g == NULL)
		return;
	troth_gate_keys_free(g->keys);
	troth_known_tokens_free(g->tokens);
	free(g);
}

/* Who calls, as a signature of the verifier's says. */
struct caller {
	char name[TROTH_NAME_LEN_MAX + 1], segment[TROTH_NAME_LEN_MAX + 1];
	uint64_t issued_s; /* of the credential: the time of the evidence behind it */
	bool proven_once;  /* by a proof, which is to be used up */
	struct troth_dpop_proof proof;
};

static void set_caller(struct caller *c, struct troth_view name, struct troth_view segment)
{
	memcpy(c->name, name.p, name.n);
	memcpy(c->segment, segment.p, segment.n);
}

/* ---- certificate ---- */

static enum troth_status by_certificate(struct troth_gate *g,
					const struct troth_gate_question *q, struct caller *out,
					enum troth_decision *out_decision)
{
	struct troth_svid_facts facts;
	const struct troth_svid_question question = { .leaf = q->certificate,
						      .now_s = q->now_ms / 1000,
						      .need_crl = true };
	TROTH_TRY(troth_svid_verify(g->keys->trust, &question, out_decision, &facts));
	if (*out_decision != TROTH_ADMITTED)
		return TROTH_OK;
	set_caller(out, facts.parts.name, facts.parts.segment);
	out->issued_s = facts.not_before_s;
	return TROTH_OK;
}

/* ---- token and proof ---- */

static enum troth_decision judge_token(const struct troth_gate *g,
				       const struct troth_known_token *t, uint64_t now_s)
{
	if (now_s >= t->expires_s)
		return TROTH_DENIED_TOKEN_EXPIRED;
	if (t->issued_s > now_s + TROTH_DPOP_SKEW_S)
		return TROTH_DENIED_TOKEN_EARLY;
	if (!t->affirming)
		return TROTH_DENIED_NOT_AFFIRMING;
	return troth_svid_trust_revoked(g->keys->trust, TROTH_VIEW_OF(t->serial), now_s);
}

static enum troth_status judge_proof(struct troth_gate *g, const struct troth_gate_question *q,
				     const struct troth_known_token *t, struct caller *out,
				     enum troth_decision *out_decision)
{
	const struct troth_dpop_call call = { .method = q->method, .url = q->url };
	const struct troth_dpop_check check = { .call = &call,
						.now_s = q->now_ms / 1000,
						.thumbprint = t->thumbprint,
						.token_hash = t->sha256 };
	TROTH_TRY(troth_dpop_verify(g->ctx, q->proof, &check, out_decision, &out->proof));
	if (*out_decision != TROTH_ADMITTED)
		return TROTH_OK;
	out->proven_once = true;
	const struct troth_view nonce = { out->proof.nonce, out->proof.nonce_len };
	if (!troth_proof_nonce_good(g->ctx, g->shared->nonces, nonce, q->mono_s))
		*out_decision = TROTH_DENIED_PROOF_NONCE;
	return TROTH_OK;
}

/* A result beside a certificate: whoever holds the connection has shown the key in the TPM that
 * the result is of, or the call is another's. Which certificate of that key it is, and until
 * when it is good, does not matter then: a connection may outlive it. */
static enum troth_status judge_connection(struct troth_gate *g,
					  const struct troth_gate_question *q,
					  const struct troth_known_token *t,
					  enum troth_decision *out_decision)
{
	struct troth_view key;
	struct troth_digest d;
	if (q->certificate.n == 0)
		return TROTH_OK;
	if (troth_x509_key(q->certificate, &key) != TROTH_OK) {
		*out_decision = TROTH_DENIED_CERT_MALFORMED;
		return TROTH_OK;
	}
	TROTH_TRY(troth_hash_one(g->ctx, TROTH_HASH_SHA256, key, &d));
	if (memcmp(d.bytes, t->key_sha256, sizeof t->key_sha256) != 0)
		*out_decision = TROTH_DENIED_CERT_KEY;
	return TROTH_OK;
}

static enum troth_status by_token(struct troth_gate *g, const struct troth_gate_question *q,
				  struct caller *out, enum troth_decision *out_decision)
{
	const struct troth_known_token *t = NULL;
	const struct troth_token_reading reading = { .text = q->token,
						     .trust_domain = troth_view_str(
							     g->shared->trust_domain),
						     .keys = &g->keys->results };
	TROTH_TRY(troth_known_tokens_read(g->tokens, g->ctx, &reading, out_decision, &t));
	if (*out_decision != TROTH_ADMITTED)
		return TROTH_OK;
	set_caller(out, troth_view_str(t->name), troth_view_str(t->segment));
	out->issued_s = t->issued_s;
	*out_decision = judge_token(g, t, q->now_ms / 1000);
	if (*out_decision == TROTH_ADMITTED)
		TROTH_TRY(judge_connection(g, q, t, out_decision));
	if (*out_decision != TROTH_ADMITTED)
		return TROTH_OK;
	return judge_proof(g, q, t, out, out_decision);
}

/* ---- the device as it is now ---- */

static bool allows(const struct troth_policy *p, const char *audience, struct troth_view method,
		   enum troth_decision *why_not)
{
	*why_not = TROTH_DENIED_AUDIENCE;
	for (size_t i = 0; i < p->n_allow; i++) {
		if (strcmp(p->allow[i].audience, audience) != 0)
			continue;
		*why_not = TROTH_DENIED_METHOD;
		for (size_t k = 0; k < p->allow[i].n_methods; k++)
			if (troth_view_equal(troth_view_str(p->allow[i].methods[k]), method))
				return true;
	}
	return false;
}

/* A credential made before the device was last found wanting says nothing any more, though it
 * has recovered since. Credentials know whole seconds: one of the second of the failure is of
 * before it, unless the device recovered within that second and has not passed again since. */
static bool outdated(const struct troth_device_row *row, uint64_t issued_s)
{
	const uint64_t failed_s = row->last_fail_ms / 1000;
	if (row->last_fail_ms == 0 || issued_s > failed_s)
		return false;
	return issued_s < failed_s || row->last_pass_ms / 1000 != failed_s;
}

static enum troth_decision judge_health(const struct troth_policy *p,
					const struct troth_device_row *row,
					const struct caller *c, uint64_t now_ms)
{
	const struct troth_health_case health = { .state = row->state,
						  .last_pass_ms = row->last_pass_ms,
						  .last_fail_ms = row->last_fail_ms,
						  .stale_after_s = p->stale_after_s,
						  .unreachable_after_s =
							  p->unreachable_after_s };
	if (troth_health_at(&health, now_ms) != TROTH_HEALTH_HEALTHY ||
	    outdated(row, c->issued_s))
		return TROTH_DENIED_UNHEALTHY;
	return TROTH_ADMITTED;
}

static enum troth_decision judge_by_policy(const struct troth_policy *p,
					   const struct troth_gate_question *q,
					   const struct troth_device_row *row,
					   const struct caller *c)
{
	enum troth_decision d = p != NULL ? judge_health(p, row, c, q->now_ms)
					  : TROTH_DENIED_UNHEALTHY;
	if (d != TROTH_ADMITTED)
		return d;
	return allows(p, q->audience, q->method, &d) ? TROTH_ADMITTED : d;
}

static enum troth_decision judge_device(const struct troth_gate *g,
					const struct troth_gate_question *q,
					const struct caller *c)
{
	struct troth_device_row row;
	if (!troth_registry_find(g->shared->registry, troth_view_str(c->name), &row))
		return TROTH_DENIED_UNKNOWN_DEVICE;
	if (row.state != TROTH_DEVICE_ACTIVE)
		return TROTH_DENIED_QUARANTINED;
	if (strcmp(row.segment, c->segment) != 0)
		return TROTH_DENIED_SEGMENT;
	struct troth_snapshot *s = troth_snapshot_take(g->shared->snapshots);
	const enum troth_decision d =
		judge_by_policy(troth_snapshot_policy(s, row.group), q, &row, c);
	troth_snapshot_release(s);
	return d;
}

/* ---- all of it ---- */

static enum troth_status identify(struct troth_gate *g, const struct troth_gate_question *q,
				  struct caller *out, enum troth_decision *out_decision)
{
	bool changed = false;
	TROTH_TRY(troth_gate_keys_refresh(g->keys, g->ctx, g->shared, &changed));
	if (changed)
		troth_known_tokens_clear(g->tokens);
	if (q->token.n > 0)
		return by_token(g, q, out, out_decision);
	if (q->certificate.n > 0)
		return by_certificate(g, q, out, out_decision);
	*out_decision = TROTH_DENIED_NO_CREDENTIAL;
	return TROTH_OK;
}

/* A proof is used up last: one that is refused for another reason stays good for its call. */
void troth_gate_ask(struct troth_gate *g, const struct troth_gate_question *q,
		    struct troth_gate_answer *out)
{
	struct caller c = { .proven_once = false };
	enum troth_decision d = TROTH_UNDECIDED;
	if (identify(g, q, &c, &d) != TROTH_OK)
		d = TROTH_UNDECIDED;
	if (d == TROTH_ADMITTED)
		d = judge_device(g, q, &c);
	const struct troth_proof_use use = { c.proof.id, troth_view_str(c.name), q->mono_s };
	if (d == TROTH_ADMITTED && c.proven_once)
		d = troth_proof_memory_use(g->shared->proofs, g->ctx, &use);
	*out = (struct troth_gate_answer){ .decision = d };
	memcpy(out->device, c.name, sizeof out->device);
	memcpy(out->segment, c.segment, sizeof out->segment);
}
