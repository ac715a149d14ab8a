/* SPDX-License-Identifier: Apache-2.0 */
#include <troth/peer.h>

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "dpop.h"
#include "ear_keys.h"
#include "key.h"
#include "reader.h"
#include "status_feed.h"
#include "svid_trust.h"

enum { DELTAS_MAX = 64, DOCUMENTS_MAX = 1 + DELTAS_MAX };

_Static_assert(sizeof(((struct troth_peer *)0)->id) == TROTH_SPIFFE_ID_MAX + 1, "peer.h");
_Static_assert(sizeof(((struct troth_peer *)0)->name) == TROTH_NAME_LEN_MAX + 1, "peer.h");

/* A status document and the bytes it borrows from. */
struct status {
	uint8_t *bytes;
	struct troth_status_document document;
};

struct troth_peers {
	struct troth_ctx *ctx;
	char trust_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	struct troth_svid_trust *trust; /* NULL: no bundle yet */
	size_t n_keys;
	struct troth_ear_key keys[TROTH_EAR_KEYS_MAX];
	size_t n_status; /* a full one, then deltas */
	struct status status[DOCUMENTS_MAX];
};

TROTH_DEFINE_AUTO(struct troth_svid_trust, troth_svid_trust_free)

enum troth_status troth_peers_new(const char *trust_domain, struct troth_peers **out)
{
	const size_t n = strlen(trust_domain);
	if (n == 0 || n > TROTH_TRUST_DOMAIN_MAX)
		return TROTH_E_MALFORMED;
	struct troth_peers *p = calloc(1, sizeof *p);
	if (p == NULL)
		return TROTH_E_MEMORY;
	memcpy(p->trust_domain, trust_domain, n + 1);
	const enum troth_status s = troth_ctx_new(&p->ctx);
	if (s != TROTH_OK) {
		troth_peers_free(p);
		return s;
	}
	*out = p;
	return TROTH_OK;
}

static void free_keys(struct troth_ear_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_key_free(keys[i].key);
}

static void forget_status(struct troth_peers *p)
{
	for (size_t i = 0; i < p->n_status; i++)
		free(p->status[i].bytes);
	p->n_status = 0;
}

void troth_peers_free(struct troth_peers *p)
{
	if (p == NULL)
		return;
	forget_status(p);
	free_keys(p->keys, p->n_keys);
	troth_svid_trust_free(p->trust);
	troth_ctx_free(p->ctx);
	free(p);
}

/* ---- documents ---- */

enum troth_status troth_peers_set_bundle(struct troth_peers *p, struct troth_view pem)
{
	TROTH_AUTO(troth_svid_trust_free_p) struct troth_svid_trust *trust = NULL;
	TROTH_TRY(troth_svid_trust_new(troth_view_str(p->trust_domain), &trust));
	TROTH_TRY(troth_svid_trust_add_pem(trust, pem));
	/* Whoever takes the bundle anew every minute must not forget who is revoked. */
	if (p->trust != NULL)
		TROTH_TRY(troth_svid_trust_keep_crls(trust, p->trust));
	troth_svid_trust_free(p->trust);
	p->trust = trust;
	trust = NULL;
	return TROTH_OK;
}

enum troth_status troth_peers_set_keys(struct troth_peers *p, struct troth_view jwks)
{
	struct troth_ear_key keys[TROTH_EAR_KEYS_MAX];
	size_t n = 0;
	TROTH_TRY(troth_ear_keys_read_jwks(p->ctx, jwks, keys, TROTH_COUNT(keys), &n));
	free_keys(p->keys, p->n_keys);
	memcpy(p->keys, keys, n * sizeof *keys);
	p->n_keys = n;
	return TROTH_OK;
}

enum troth_status troth_peers_set_crl(struct troth_peers *p, struct troth_view der)
{
	return p->trust != NULL ? troth_svid_trust_set_crl(p->trust, der) : TROTH_E_MISMATCH;
}

uint64_t troth_peers_status_sequence(const struct troth_peers *p)
{
	return p->n_status > 0 ? p->status[p->n_status - 1].document.head.sequence : 0;
}

static uint64_t status_end_s(const struct troth_peers *p)
{
	return p->n_status > 0 ? p->status[p->n_status - 1].document.head.expires_s : 0;
}

uint64_t troth_peers_good_until(const struct troth_peers *p)
{
	const uint64_t crl_s = p->trust != NULL ? troth_svid_trust_crl_end_s(p->trust) : 0;
	const uint64_t status_s = status_end_s(p);
	return crl_s < status_s ? crl_s : status_s;
}

static enum troth_status take_status(struct troth_peers *p, uint8_t *bytes, size_t n)
{
	struct troth_status_document d;
	const struct troth_ear_keys keys = { p->keys, p->n_keys };
	TROTH_TRY(troth_status_open(p->ctx, (struct troth_view){ bytes, n }, &keys,
				    troth_view_str(p->trust_domain), &d));
	const uint64_t now = troth_peers_status_sequence(p);
	if (d.head.sequence < now || (d.head.since != 0 && d.head.since != now))
		return TROTH_E_CONFLICT;
	if (d.head.since != 0 && p->n_status == DOCUMENTS_MAX)
		return TROTH_E_LIMIT;
	if (d.head.since == 0)
		forget_status(p);
	p->status[p->n_status++] = (struct status){ bytes, d };
	return TROTH_OK;
}

enum troth_status troth_peers_set_status(struct troth_peers *p, struct troth_view document)
{
	uint8_t *bytes = malloc(document.n + 1);
	if (bytes == NULL)
		return TROTH_E_MEMORY;
	if (document.n > 0)
		memcpy(bytes, document.p, document.n);
	const enum troth_status s = take_status(p, bytes, document.n);
	if (s != TROTH_OK)
		free(bytes);
	return s;
}

/* ---- questions ---- */

static bool segment_named(const struct troth_peer_rule *rule, struct troth_view segment)
{
	for (size_t i = 0; i < rule->n_segments; i++)
		if (troth_view_equal(troth_view_str(rule->segments[i]), segment))
			return true;
	return rule->n_segments == 0;
}

/* The newest document that names the device has the word. */
static bool find_status(const struct troth_peers *p, struct troth_view device,
			struct troth_view *out)
{
	for (size_t i = p->n_status; i > 0; i--)
		if (troth_status_find(&p->status[i - 1].document, device, out))
			return true;
	return false;
}

static bool status_is_current(const struct troth_peers *p, uint64_t now_s)
{
	return now_s < status_end_s(p);
}

/* A machine without a clock, or with one that stands, would never see anything expire. */
static bool clock_is_behind(const struct troth_peers *p, uint64_t now_s)
{
	const uint64_t issued_s =
		p->n_status > 0 ? p->status[p->n_status - 1].document.head.issued_s : 0;
	return issued_s > now_s && issued_s - now_s > TROTH_PEER_CLOCK_BEHIND_S;
}

static enum troth_decision judge_device(const struct troth_peers *p,
					const struct troth_spiffe *id,
					const struct troth_peer_rule *rule, uint64_t now_s)
{
	static const char *const BARRED[] = { "quarantined", "retired", "pending" };
	uint8_t buf[2 * TROTH_NAME_LEN_MAX + 1];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_view status;
	troth_put_view(&w, id->segment);
	troth_put_u8(&w, '/');
	troth_put_view(&w, id->name);
	if (!segment_named(rule, id->segment))
		return TROTH_DENIED_SEGMENT;
	if (!status_is_current(p, now_s))
		return TROTH_DENIED_STATUS_EXPIRED;
	if (!find_status(p, troth_written(&w), &status) ||
	    troth_view_equal(status, troth_view_str("gone")))
		return TROTH_DENIED_UNKNOWN_DEVICE;
	for (size_t i = 0; i < TROTH_COUNT(BARRED); i++)
		if (troth_view_equal(status, troth_view_str(BARRED[i])))
			return TROTH_DENIED_QUARANTINED;
	return troth_view_equal(status, troth_view_str("healthy")) ? TROTH_ADMITTED
								   : TROTH_DENIED_UNHEALTHY;
}

static void copy(struct troth_view from, char *out)
{
	memcpy(out, from.p, from.n);
	out[from.n] = '\0';
}

static void name_peer(const char *id, const struct troth_spiffe *parts, uint64_t expires_s,
		      struct troth_peer *out)
{
	*out = (struct troth_peer){ .expires_s = expires_s };
	copy(troth_view_str(id), out->id);
	copy(parts->segment, out->segment);
	copy(parts->name, out->name);
}

enum troth_status troth_peer_verify(struct troth_peers *p,
				    const struct troth_peer_certificate *c,
				    const struct troth_peer_rule *rule,
				    enum troth_decision *out_decision, struct troth_peer *out)
{
	struct troth_svid_facts facts;
	enum troth_decision d = TROTH_DENIED_STATUS_EXPIRED; /* without a bundle */
	const struct troth_svid_question q = { .leaf = c->leaf,
					       .chain = c->chain,
					       .n_chain = c->n_chain,
					       .now_s = c->now_s,
					       .need_crl = true };
	if (clock_is_behind(p, c->now_s))
		d = TROTH_DENIED_CLOCK;
	else if (p->trust != NULL)
		TROTH_TRY(troth_svid_verify(p->trust, &q, &d, &facts));
	if (d == TROTH_ADMITTED)
		d = judge_device(p, &facts.parts, rule, c->now_s);
	if (d == TROTH_ADMITTED)
		name_peer(facts.id, &facts.parts, facts.not_after_s, out);
	*out_decision = d;
	return TROTH_OK;
}

/* ---- calls ---- */

static enum troth_decision why_not(enum troth_status s)
{
	if (s == TROTH_E_NOT_FOUND)
		return TROTH_DENIED_TOKEN_KEY;
	return s == TROTH_E_MISMATCH ? TROTH_DENIED_TOKEN_SIGNATURE
				     : TROTH_DENIED_TOKEN_MALFORMED;
}

static enum troth_decision judge_result(const struct troth_peers *p,
					const struct troth_ear *ear, uint64_t now_s,
					struct troth_spiffe *out_id)
{
	if (troth_spiffe_read(ear->subject, out_id) != TROTH_OK ||
	    !troth_view_equal(out_id->trust_domain, troth_view_str(p->trust_domain)) ||
	    !troth_view_equal(out_id->segment, ear->segment))
		return TROTH_DENIED_TOKEN_MALFORMED;
	if (now_s >= ear->expires_s)
		return TROTH_DENIED_TOKEN_EXPIRED;
	if (ear->issued_s > now_s + TROTH_DPOP_SKEW_S)
		return TROTH_DENIED_TOKEN_EARLY;
	if (ear->status != TROTH_TIER_AFFIRMING)
		return TROTH_DENIED_NOT_AFFIRMING;
	return p->trust == NULL
		       ? TROTH_DENIED_STATUS_EXPIRED
		       : troth_svid_trust_revoked(p->trust, TROTH_VIEW_OF(ear->id), now_s);
}

static enum troth_status judge_proof(struct troth_peers *p, const struct troth_peer_call *call,
				     const struct troth_ear *ear,
				     enum troth_decision *out_decision, uint8_t out_id[32])
{
	const struct troth_dpop_call c = { .method = call->method, .url = call->url };
	struct troth_digest token;
	struct troth_dpop_proof proof;
	TROTH_TRY(troth_hash_one(p->ctx, TROTH_HASH_SHA256, call->token, &token));
	const struct troth_dpop_check check = { .call = &c,
						.now_s = call->now_s,
						.thumbprint = ear->thumbprint,
						.token_hash = token.bytes };
	TROTH_TRY(troth_dpop_verify(p->ctx, call->proof, &check, out_decision, &proof));
	if (*out_decision != TROTH_ADMITTED)
		return TROTH_OK;
	memcpy(out_id, proof.id, sizeof proof.id);
	if (call->nonce.n > 0 &&
	    !troth_view_equal(call->nonce, (struct troth_view){ proof.nonce, proof.nonce_len }))
		*out_decision = TROTH_DENIED_PROOF_NONCE;
	return TROTH_OK;
}

enum troth_status troth_peer_verify_call(struct troth_peers *p,
					 const struct troth_peer_call *call,
					 const struct troth_peer_rule *rule,
					 enum troth_decision *out_decision,
					 struct troth_peer *out, uint8_t out_proof_id[32])
{
	uint8_t buf[TROTH_JWS_MAX], proof_id[32];
	char subject[TROTH_SPIFFE_ID_MAX + 1];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	const struct troth_ear_keys keys = { p->keys, p->n_keys };
	struct troth_ear ear;
	struct troth_spiffe id;
	const enum troth_status s = troth_ear_jwt_open(p->ctx, call->token, &keys, &w, &ear);
	enum troth_decision d = s == TROTH_OK ? judge_result(p, &ear, call->now_s, &id)
					      : why_not(s);
	if (clock_is_behind(p, call->now_s))
		d = TROTH_DENIED_CLOCK;
	if (d == TROTH_ADMITTED)
		TROTH_TRY(judge_proof(p, call, &ear, &d, proof_id));
	if (d == TROTH_ADMITTED)
		d = judge_device(p, &id, rule, call->now_s);
	if (d == TROTH_ADMITTED && ear.subject.n < sizeof subject) {
		copy(ear.subject, subject);
		name_peer(subject, &id, ear.expires_s, out);
		memcpy(out_proof_id, proof_id, sizeof proof_id);
	}
	*out_decision = d;
	return TROTH_OK;
}
