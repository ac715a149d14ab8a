/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "authority.h"
#include "dpop.h"
#include "ear.h"
#include "gate.h"
#include "gate_world.h"
#include "jose.h"

static void key_id(struct world *w, const struct jose_key *k, uint8_t out[32])
{
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &k->jwk, out), TROTH_OK);
}

static void publish_policy(struct world *w)
{
	struct troth_snapshot *s = calloc(1, sizeof *s);
	s->policies = calloc(1, sizeof *s->policies);
	s->n_policies = 1;
	struct troth_policy *p = s->policies;
	SET(p->name, "factory");
	SET(p->segment, "line-a");
	p->stale_after_s = 1800;
	p->unreachable_after_s = 86400;
	p->n_allow = 1;
	SET(p->allow[0].audience, "historian");
	p->allow[0].n_methods = 1;
	SET(p->allow[0].methods[0], "POST");
	troth_snapshot_publish(w->shared.snapshots, s);
}

void put_row(struct world *w)
{
	w->row.version++;
	assert_int_equal(troth_registry_put(w->shared.registry, &w->row), TROTH_OK);
}

void publish_crl(struct world *w, uint64_t number, uint8_t serial)
{
	struct authority_der crl;
	authority_crl(&w->ca, number, serial, NOW_S, &crl);
	assert_int_equal(troth_published_set_crl(w->shared.published, authority_view(&crl)),
			 TROTH_OK);
}

void publish_bundle(struct world *w, const struct jose_key *k)
{
	uint8_t buf[4096];
	struct troth_writer out = troth_writer_make(buf, sizeof buf);
	troth_put_view32be(&out, w->ca.der_view);
	troth_put_view32be(&out, (struct troth_view){ 0 });
	troth_put_view32be(&out, w->ca.der_view);
	troth_put_view32be(&out, (struct troth_view){ 0 });
	troth_put_view32be(&out, (struct troth_view){ 0 });
	troth_put_view32be(&out,
			   (struct troth_view){ (const uint8_t *)&k->jwk, sizeof k->jwk });
	assert_int_equal(troth_published_set_bundle(w->shared.published, troth_written(&out)),
			 TROTH_OK);
}

static void fill_row(struct world *w)
{
	w->row = (struct troth_device_row){ .id = { 1 },
					    .state = TROTH_DEVICE_ACTIVE,
					    .last_pass_ms = (NOW_S - 60) * 1000 };
	SET(w->row.name, "press-4");
	SET(w->row.segment, "line-a");
	SET(w->row.group, "factory");
	put_row(w);
}

int gate_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_int_equal(troth_ctx_new(&w->ctx), TROTH_OK);
	w->shared.trust_domain = DOMAIN;
	assert_int_equal(troth_registry_new(&w->shared.registry), TROTH_OK);
	assert_int_equal(troth_snapshots_new(&w->shared.snapshots), TROTH_OK);
	assert_int_equal(troth_published_new(&w->shared.published), TROTH_OK);
	assert_int_equal(troth_proof_memory_new(1024, 1000000, &w->shared.proofs), TROTH_OK);
	assert_int_equal(troth_proof_nonces_init(&w->nonces), TROTH_OK);
	w->shared.nonces = &w->nonces;
	w->ca = authority_make("Issuing CA", NOW_S);
	w->verifier = jose_key_make();
	w->session = jose_key_make();
	authority_issue(&w->ca, ID, SERIAL, NOW_S - 60, &w->certificate);
	publish_policy(w);
	publish_bundle(w, &w->verifier);
	publish_crl(w, 1, 0);
	fill_row(w);
	assert_int_equal(troth_gate_new(&w->shared, w->ctx, &w->gate), TROTH_OK);
	*state = w;
	return 0;
}

int gate_teardown(void **state)
{
	struct world *w = *state;
	troth_gate_free(w->gate);
	troth_registry_free(w->shared.registry);
	troth_snapshots_free(w->shared.snapshots);
	troth_published_free(w->shared.published);
	troth_proof_memory_free(w->shared.proofs);
	authority_free(&w->ca);
	jose_key_free(&w->verifier);
	jose_key_free(&w->session);
	troth_ctx_free(w->ctx);
	free(w);
	return 0;
}

struct troth_ear sound_result(struct world *w)
{
	struct troth_ear ear = { .issuer = troth_view_str("spiffe://" DOMAIN),
				 .subject = troth_view_str(ID),
				 .segment = troth_view_str("line-a"),
				 .id = { 1, [15] = SERIAL },
				 .issued_s = NOW_S - 60,
				 .expires_s = NOW_S + 840,
				 .build = troth_view_str("test"),
				 .status = TROTH_TIER_AFFIRMING,
				 .trust = { .claim = { 2 } },
				 .policy = troth_view_str("factory@sha256:00"),
				 .key = w->session.jwk };
	key_id(w, &w->session, ear.thumbprint);
	return ear;
}

void write_token(struct world *w, const struct troth_ear *ear, const struct jose_key *signer,
		 struct credentials *out)
{
	struct troth_writer t = troth_writer_make((uint8_t *)out->token, sizeof out->token);
	const struct troth_es256_signer s = { jose_signer, signer->ready };
	uint8_t id[32];
	key_id(w, signer, id);
	assert_int_equal(troth_ear_jwt_write(ear, id, &s, &t), TROTH_OK);
	out->token_len = t.n;
}

struct troth_view token_of(const struct credentials *c)
{
	return (struct troth_view){ (const uint8_t *)c->token, c->token_len };
}

void write_proof(struct world *w, const struct jose_key *key, const char *method,
		 const char *url, struct credentials *c)
{
	static uint8_t jti[TROTH_DPOP_JTI_BYTES];
	struct troth_writer p = troth_writer_make((uint8_t *)c->proof, sizeof c->proof);
	const struct troth_dpop_maker maker = { key->jwk, { jose_signer, key->ready } };
	const struct troth_dpop_call call = { .method = troth_view_str(method),
					      .url = troth_view_str(url),
					      .token = token_of(c),
					      .nonce = troth_view_str(c->nonce) };
	jti[0]++;
	assert_int_equal(troth_dpop_make(w->ctx, &maker, &call, NOW_S, jti, &p), TROTH_OK);
	c->proof_len = p.n;
}

void fresh_nonce(struct world *w, struct credentials *c)
{
	memset(c->nonce, 0, sizeof c->nonce);
	assert_int_equal(troth_proof_nonce_make(w->ctx, &w->nonces, MONO_S, c->nonce),
			 TROTH_OK);
}

void sound_credentials(struct world *w, struct credentials *c)
{
	const struct troth_ear ear = sound_result(w);
	write_token(w, &ear, &w->verifier, c);
	fresh_nonce(w, c);
	write_proof(w, &w->session, "POST", URL, c);
}

struct troth_gate_question question(const struct credentials *c)
{
	return (struct troth_gate_question){
		.audience = "historian",
		.method = troth_view_str("POST"),
		.url = troth_view_str(URL "?q=1"),
		.token = token_of(c),
		.proof = { (const uint8_t *)c->proof, c->proof_len },
		.now_ms = NOW_S * 1000,
		.mono_s = MONO_S,
	};
}

enum troth_decision ask(struct world *w, const struct troth_gate_question *q)
{
	struct troth_gate_answer a;
	memset(&a, 0xaa, sizeof a);
	troth_gate_ask(w->gate, q, &a);
	if (a.decision == TROTH_ADMITTED) {
		assert_string_equal(a.device, "press-4");
		assert_string_equal(a.segment, "line-a");
	}
	return a.decision;
}

enum troth_decision ask_with(struct world *w, const struct credentials *c)
{
	const struct troth_gate_question q = question(c);
	return ask(w, &q);
}

struct troth_gate_question by_certificate(struct world *w)
{
	return (struct troth_gate_question){ .audience = "historian",
					     .method = troth_view_str("POST"),
					     .url = troth_view_str(URL),
					     .certificate = authority_view(&w->certificate),
					     .now_ms = NOW_S * 1000,
					     .mono_s = MONO_S };
}
