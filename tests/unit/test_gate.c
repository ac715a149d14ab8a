/* SPDX-License-Identifier: Apache-2.0 */
/* What a relying party's gateway is told: each way in which a caller is not what he says,
 * alone, and the one way in which he is. In process: registry, policies, published keys and CRL
 * as the front has them; results, proofs and certificates are signed here. */
#include "check.h"

#include "authority.h"
#include "dpop.h"
#include "ear.h"
#include "gate.h"
#include "jose.h"

#define DOMAIN "example.org"
#define ID "spiffe://example.org/line-a/press-4"
#define NOW_S UINT64_C(1764000000)
#define MONO_S UINT64_C(5000)
#define URL "https://historian.example.org/v1/points"
#define SERIAL 7

struct world {
	struct troth_ctx *ctx;
	struct troth_gates shared;
	struct troth_proof_nonces nonces;
	struct troth_gate *gate;
	struct authority ca;
	struct jose_key verifier, session;
	struct troth_device_row row;
	struct authority_der certificate;
};

static enum troth_status sign_with(void *arg, struct troth_view message,
				   uint8_t out[TROTH_ES256_LEN])
{
	struct troth_ctx *ctx;
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	enum troth_status s = troth_es256_sign(ctx, arg, message, out);
	troth_ctx_free(ctx);
	return s;
}

static void key_id(struct world *w, const struct jose_key *k, uint8_t out[32])
{
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &k->jwk, out), TROTH_OK);
}

/* ---- a world in order ---- */

static void set_text(char *out, size_t max, const char *text)
{
	(void)snprintf(out, max, "%s", text);
}
#define SET(field, text) set_text(field, sizeof(field), text)

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

static void put_row(struct world *w)
{
	w->row.version++;
	assert_int_equal(troth_registry_put(w->shared.registry, &w->row), TROTH_OK);
}

static void publish_crl(struct world *w, uint64_t number, uint8_t serial)
{
	struct authority_der crl;
	authority_crl(&w->ca, number, serial, NOW_S, &crl);
	assert_int_equal(troth_published_set_crl(w->shared.published, authority_view(&crl)),
			 TROTH_OK);
}

/* As the issuer sends them: CAs, anchors, no CA that is next or former, keys of results, with
 * an empty one between. */
static void publish_bundle(struct world *w, const struct jose_key *k)
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

static int setup(void **state)
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

static int teardown(void **state)
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

/* ---- credentials ---- */

struct credentials {
	char token[TROTH_JWS_MAX], proof[TROTH_JWS_MAX], nonce[TROTH_PROOF_NONCE_LEN + 1];
	size_t token_len, proof_len;
};

static struct troth_ear sound_result(struct world *w)
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

static void write_token(struct world *w, const struct troth_ear *ear,
			const struct jose_key *signer, struct credentials *out)
{
	struct troth_writer t = troth_writer_make((uint8_t *)out->token, sizeof out->token);
	const struct troth_es256_signer s = { sign_with, signer->ready };
	uint8_t id[32];
	key_id(w, signer, id);
	assert_int_equal(troth_ear_jwt_write(ear, id, &s, &t), TROTH_OK);
	out->token_len = t.n;
}

static struct troth_view token_of(const struct credentials *c)
{
	return (struct troth_view){ (const uint8_t *)c->token, c->token_len };
}

static void write_proof(struct world *w, const struct jose_key *key, const char *method,
			const char *url, struct credentials *c)
{
	static uint8_t jti[TROTH_DPOP_JTI_BYTES];
	struct troth_writer p = troth_writer_make((uint8_t *)c->proof, sizeof c->proof);
	const struct troth_dpop_maker maker = { key->jwk, { sign_with, key->ready } };
	const struct troth_dpop_call call = { .method = troth_view_str(method),
					      .url = troth_view_str(url),
					      .token = token_of(c),
					      .nonce = troth_view_str(c->nonce) };
	jti[0]++;
	assert_int_equal(troth_dpop_make(w->ctx, &maker, &call, NOW_S, jti, &p), TROTH_OK);
	c->proof_len = p.n;
}

static void fresh_nonce(struct world *w, struct credentials *c)
{
	memset(c->nonce, 0, sizeof c->nonce);
	assert_int_equal(troth_proof_nonce_make(w->ctx, &w->nonces, MONO_S, c->nonce),
			 TROTH_OK);
}

static void sound_credentials(struct world *w, struct credentials *c)
{
	const struct troth_ear ear = sound_result(w);
	write_token(w, &ear, &w->verifier, c);
	fresh_nonce(w, c);
	write_proof(w, &w->session, "POST", URL, c);
}

static struct troth_gate_question question(const struct credentials *c)
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

static enum troth_decision ask(struct world *w, const struct troth_gate_question *q)
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

static enum troth_decision ask_with(struct world *w, const struct credentials *c)
{
	const struct troth_gate_question q = question(c);
	return ask(w, &q);
}

static struct troth_gate_question by_certificate(struct world *w)
{
	return (struct troth_gate_question){ .audience = "historian",
					     .method = troth_view_str("POST"),
					     .url = troth_view_str(URL),
					     .certificate = authority_view(&w->certificate),
					     .now_ms = NOW_S * 1000,
					     .mono_s = MONO_S };
}

/* ---- proofs ---- */

static void a_proof_is_good_once(void **state)
{
	struct world *w = *state;
	struct credentials c;
	sound_credentials(w, &c);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_PROOF_USED);
	write_proof(w, &w->session, "POST", URL, &c);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
}

/* Another gate of the same process, as another worker has it. */
static void a_proof_used_with_one_worker_is_used_with_all(void **state)
{
	struct world *w = *state;
	struct troth_gate *other;
	struct troth_gate_answer a;
	struct credentials c;
	sound_credentials(w, &c);
	const struct troth_gate_question q = question(&c);
	assert_int_equal(troth_gate_new(&w->shared, w->ctx, &other), TROTH_OK);
	assert_int_equal(ask(w, &q), TROTH_ADMITTED);
	troth_gate_ask(other, &q, &a);
	assert_int_equal(a.decision, TROTH_DENIED_PROOF_USED);
	troth_gate_free(other);
}

/* A restart, or another replica: other nonces, and no memory. */
static void a_proof_does_not_count_after_a_restart(void **state)
{
	struct world *w = *state;
	struct credentials c;
	sound_credentials(w, &c);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
	troth_proof_memory_free(w->shared.proofs);
	assert_int_equal(troth_proof_memory_new(1024, 1000000, &w->shared.proofs), TROTH_OK);
	assert_int_equal(troth_proof_nonces_init(&w->nonces), TROTH_OK);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_PROOF_NONCE);
	fresh_nonce(w, &c);
	write_proof(w, &w->session, "POST", URL, &c);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
}

static void a_proof_needs_a_nonce_of_ours(void **state)
{
	struct world *w = *state;
	struct credentials c;
	sound_credentials(w, &c);
	memset(c.nonce, 0, sizeof c.nonce);
	write_proof(w, &w->session, "POST", URL, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_PROOF_NONCE);
	SET(c.nonce, "n-0S6_WzA2Mj");
	write_proof(w, &w->session, "POST", URL, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_PROOF_NONCE);
	sound_credentials(w, &c);
	struct troth_gate_question q = question(&c);
	q.mono_s = MONO_S + TROTH_PROOF_NONCE_LIFE_S + 1;
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_NONCE);
}

static void a_proof_is_of_its_call(void **state)
{
	struct world *w = *state;
	struct credentials c;
	sound_credentials(w, &c);
	struct troth_gate_question q = question(&c);
	q.method = troth_view_str("PUT");
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_METHOD);
	q = question(&c);
	q.url = troth_view_str("https://historian.example.org/v1/other");
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_URL);
	q = question(&c);
	q.url = troth_view_str("https://plc.example.org/v1/points");
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_URL);
	q = question(&c);
	q.url = (struct troth_view){ 0 };
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_URL);
	q = question(&c);
	q.now_ms += (TROTH_DPOP_AGE_MAX_S + 1) * 1000;
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_TIME);
	q = question(&c);
	q.now_ms -= (TROTH_DPOP_SKEW_S + 1) * 1000;
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_TIME);
	q = question(&c);
	q.proof = (struct troth_view){ 0 };
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_MALFORMED);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED); /* refusals did not use it up */
}

static void a_proof_goes_with_one_result_and_one_key(void **state)
{
	struct world *w = *state;
	struct credentials c, d;
	struct troth_ear ear = sound_result(w);
	sound_credentials(w, &c);
	ear.expires_s++;
	write_token(w, &ear, &w->verifier, &d);
	struct troth_gate_question q = question(&c);
	q.token = token_of(&d);
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_TOKEN);
	/* Who has stolen the result has not got the session key. */
	struct jose_key thief = jose_key_make();
	write_proof(w, &thief, "POST", URL, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_PROOF_KEY);
	jose_key_free(&thief);
}

/* ---- results ---- */

static void a_result_has_its_time(void **state)
{
	struct world *w = *state;
	static const struct {
		int64_t issued, expires;
		enum troth_decision want;
	} TIMES[] = {
		{ -60, 1, TROTH_ADMITTED },
		{ -60, 0, TROTH_DENIED_TOKEN_EXPIRED },
		{ -60, -1, TROTH_DENIED_TOKEN_EXPIRED },
		{ TROTH_DPOP_SKEW_S, 60, TROTH_ADMITTED },
		{ TROTH_DPOP_SKEW_S + 1, 60, TROTH_DENIED_TOKEN_EARLY },
	};
	for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
		struct troth_ear ear = sound_result(w);
		struct credentials c;
		ear.issued_s = (uint64_t)((int64_t)NOW_S + TIMES[i].issued);
		ear.expires_s = (uint64_t)((int64_t)NOW_S + TIMES[i].expires);
		write_token(w, &ear, &w->verifier, &c);
		fresh_nonce(w, &c);
		write_proof(w, &w->session, "POST", URL, &c);
		enum troth_decision got = ask_with(w, &c);
		if (got != TIMES[i].want)
			fail_msg("case %zu: %s", i, troth_decision_name(got));
	}
}

static void a_result_is_of_a_key_that_is_published(void **state)
{
	struct world *w = *state;
	const struct troth_ear ear = sound_result(w);
	struct jose_key other = jose_key_make();
	struct credentials c;
	sound_credentials(w, &c);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
	write_token(w, &ear, &other, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_TOKEN_KEY);
	/* Withdrawn: what was known by it is known no more. */
	sound_credentials(w, &c);
	publish_bundle(w, &other);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_TOKEN_KEY);
	jose_key_free(&other);
}

static void a_result_cannot_be_bent(void **state)
{
	struct world *w = *state;
	struct credentials c;
	sound_credentials(w, &c);
	for (size_t i = 0; i < c.token_len; i += 5) {
		struct credentials bent = c;
		bent.token[i] = bent.token[i] == 'A' ? 'B' : 'A';
		if (ask_with(w, &bent) == TROTH_ADMITTED)
			fail_msg("byte %zu", i);
	}
	for (size_t n = 1; n < c.token_len; n += 11) {
		struct credentials cut = c;
		cut.token_len = n;
		assert_int_not_equal(ask_with(w, &cut), TROTH_ADMITTED);
	}
	/* A proof is no result. */
	struct troth_gate_question q = question(&c);
	q.token = q.proof;
	assert_int_equal(ask(w, &q), TROTH_DENIED_TOKEN_MALFORMED);
	assert_int_equal(ask_with(w, &c), TROTH_ADMITTED);
}

static void a_result_must_affirm_and_be_of_this_domain(void **state)
{
	struct world *w = *state;
	struct troth_ear ear = sound_result(w);
	struct credentials c;
	sound_credentials(w, &c);
	ear.status = TROTH_TIER_WARNING;
	write_token(w, &ear, &w->verifier, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_NOT_AFFIRMING);
	ear = sound_result(w);
	ear.subject = troth_view_str("spiffe://example.com/line-a/press-4");
	write_token(w, &ear, &w->verifier, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_TOKEN_MALFORMED);
	ear = sound_result(w);
	ear.segment = troth_view_str("line-b");
	write_token(w, &ear, &w->verifier, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_TOKEN_MALFORMED);
}

/* ---- certificates ---- */

static void a_certificate_is_enough_with_its_key_proven(void **state)
{
	struct world *w = *state;
	struct authority other = authority_make("Issuing CA", NOW_S);
	struct authority_der forged;
	struct troth_gate_question q = by_certificate(w);
	assert_int_equal(ask(w, &q), TROTH_ADMITTED);
	assert_int_equal(ask(w, &q), TROTH_ADMITTED);
	q.now_ms = (NOW_S + 841) * 1000;
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_EXPIRED);
	q = by_certificate(w);
	q.certificate.n--;
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_MALFORMED);
	authority_issue(&other, ID, SERIAL, NOW_S - 60, &forged);
	q.certificate = authority_view(&forged);
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_CHAIN);
	q.certificate = (struct troth_view){ 0 };
	assert_int_equal(ask(w, &q), TROTH_DENIED_NO_CREDENTIAL);
	authority_free(&other);
}

/* ---- a result beside a certificate ---- */

static void a_result_counts_on_its_own_devices_connection(void **state)
{
	struct world *w = *state;
	struct authority other = authority_make("Issuing CA", NOW_S);
	struct troth_ear ear = sound_result(w);
	struct authority_der anothers;
	struct credentials c;
	uint8_t buf[256];
	ear.attested_key = authority_key_of(authority_view(&w->certificate), buf);
	write_token(w, &ear, &w->verifier, &c);
	fresh_nonce(w, &c);
	write_proof(w, &w->session, "POST", URL, &c);
	struct troth_gate_question q = question(&c);
	q.certificate = other.der_view;
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_KEY);
	q.certificate = troth_view_str("MIIB");
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_MALFORMED);
	authority_issue(&w->ca, ID, SERIAL + 1, NOW_S - 60, &anothers); /* its name, no more */
	q.certificate = authority_view(&anothers);
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_KEY);
	/* Refused for that alone, and so not used up. */
	q.certificate = authority_view(&w->certificate);
	assert_int_equal(ask(w, &q), TROTH_ADMITTED);
	assert_int_equal(ask(w, &q), TROTH_DENIED_PROOF_USED);
	/* A result that names no key is not of this connection. */
	sound_credentials(w, &c);
	q = question(&c);
	q.certificate = authority_view(&w->certificate);
	assert_int_equal(ask(w, &q), TROTH_DENIED_CERT_KEY);
	authority_free(&other);
}

/* ---- the device, both ways in ---- */

static void assert_both(struct world *w, enum troth_decision want, const char *what)
{
	struct credentials c;
	sound_credentials(w, &c);
	const struct troth_gate_question q = by_certificate(w);
	enum troth_decision token = ask_with(w, &c), certificate = ask(w, &q);
	if (token != want || certificate != want)
		fail_msg("%s: by token %s, by certificate %s", what, troth_decision_name(token),
			 troth_decision_name(certificate));
}

static void the_next_call_after_a_quarantine_is_denied(void **state)
{
	struct world *w = *state;
	static const enum troth_device_state BARRED[] = { TROTH_DEVICE_QUARANTINED,
							  TROTH_DEVICE_RETIRED,
							  TROTH_DEVICE_PENDING };
	assert_both(w, TROTH_ADMITTED, "before");
	for (size_t i = 0; i < 3; i++) {
		w->row.state = BARRED[i];
		put_row(w);
		assert_both(w, TROTH_DENIED_QUARANTINED, troth_device_state_name(BARRED[i]));
	}
	w->row.state = TROTH_DEVICE_ACTIVE;
	put_row(w);
	assert_both(w, TROTH_ADMITTED, "released");
}

static void a_revoked_serial_ends_certificate_and_result(void **state)
{
	struct world *w = *state;
	publish_crl(w, 2, SERIAL);
	assert_both(w, TROTH_DENIED_CERT_REVOKED, "revoked");
	publish_crl(w, 3, SERIAL + 1);
	assert_both(w, TROTH_ADMITTED, "another serial");
}

static void health_is_that_of_now(void **state)
{
	struct world *w = *state;
	const struct troth_device_row sound = w->row;
	w->row.last_pass_ms = (NOW_S - 1801) * 1000;
	put_row(w);
	assert_both(w, TROTH_DENIED_UNHEALTHY, "stale");
	w->row.last_pass_ms = sound.last_pass_ms;
	w->row.last_fail_ms = (NOW_S - 30) * 1000;
	put_row(w);
	assert_both(w, TROTH_DENIED_UNHEALTHY, "failed since");
	/* Recovered, but what it held before it failed stays void. */
	w->row.last_pass_ms = (NOW_S - 10) * 1000;
	put_row(w);
	assert_both(w, TROTH_DENIED_UNHEALTHY, "recovered");
	w->row.last_fail_ms = (NOW_S - 90) * 1000;
	put_row(w);
	assert_both(w, TROTH_ADMITTED, "issued after the failure");
	w->row.last_fail_ms = (NOW_S - 60) * 1000 + 999;
	put_row(w);
	assert_both(w, TROTH_DENIED_UNHEALTHY, "failed in the second it was issued");
	w->row.last_fail_ms = (NOW_S - 60) * 1000 + 100;
	w->row.last_pass_ms = (NOW_S - 60) * 1000 + 200;
	put_row(w);
	assert_both(w, TROTH_ADMITTED, "recovered in the second it was issued");
	w->row.last_pass_ms = (NOW_S - 10) * 1000;
	w->row.last_fail_ms = (NOW_S - 61) * 1000 + 999;
	put_row(w);
	assert_both(w, TROTH_ADMITTED, "failed in the second before");
	SET(w->row.group, "other");
	put_row(w);
	assert_both(w, TROTH_DENIED_UNHEALTHY, "no policy");
}

static void segment_audience_and_method_are_the_policys(void **state)
{
	struct world *w = *state;
	struct credentials c;
	SET(w->row.segment, "line-b");
	put_row(w);
	assert_both(w, TROTH_DENIED_SEGMENT, "moved");
	SET(w->row.segment, "line-a");
	put_row(w);
	sound_credentials(w, &c);
	struct troth_gate_question q = question(&c);
	q.audience = "plc";
	assert_int_equal(ask(w, &q), TROTH_DENIED_AUDIENCE);
	write_proof(w, &w->session, "DELETE", URL, &c);
	q = question(&c);
	q.method = troth_view_str("DELETE");
	assert_int_equal(ask(w, &q), TROTH_DENIED_METHOD);
	SET(w->row.name, "press-5");
	put_row(w);
	assert_both(w, TROTH_DENIED_UNKNOWN_DEVICE, "another name");
}

static void a_full_memory_denies(void **state)
{
	struct world *w = *state;
	struct credentials c;
	uint8_t id[32] = { 0 };
	for (uint32_t i = 1; i < 100000; i++) {
		memcpy(id, &i, sizeof i);
		(void)troth_proof_memory_use(
			w->shared.proofs, w->ctx,
			&(struct troth_proof_use){ id, troth_view_str("press-9"), MONO_S });
	}
	sound_credentials(w, &c);
	assert_int_equal(ask_with(w, &c), TROTH_DENIED_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_proof_is_good_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_used_with_one_worker_is_used_with_all,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_does_not_count_after_a_restart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_proof_needs_a_nonce_of_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_is_of_its_call, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proof_goes_with_one_result_and_one_key, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_result_has_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(a_result_is_of_a_key_that_is_published, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_result_cannot_be_bent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_result_must_affirm_and_be_of_this_domain,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_certificate_is_enough_with_its_key_proven,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_next_call_after_a_quarantine_is_denied,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_result_counts_on_its_own_devices_connection,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_revoked_serial_ends_certificate_and_result,
						setup, teardown),
		cmocka_unit_test_setup_teardown(health_is_that_of_now, setup, teardown),
		cmocka_unit_test_setup_teardown(segment_audience_and_method_are_the_policys,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_memory_denies, setup, teardown),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
