/* SPDX-License-Identifier: Apache-2.0 */
/* libtroth's judgement of the other side, offline: each document that could be missing, old or
 * forged, and each way in which a peer is not what it should be. */
#include "check.h"

#include <troth/peer.h>

#include "base.h"
#include "dpop.h"
#include "published.h"

#define DOMAIN "example.org"
#define ID "spiffe://example.org/line-a/press-4"
#define NOW UINT64_C(1764000000)
#define URL "https://press-5.example.org/v1/level"
#define LIST "line-a/press-4 healthy\nline-b/press-4 untrusted\n"
#define SERIAL 7

struct world {
	struct troth_ctx *ctx;
	struct troth_peers *peers;
	struct authority ca;
	struct jose_key verifier, session;
	struct authority_der leaf;
	uint8_t document[4096];
};

static struct published_status sound(struct world *w)
{
	return (struct published_status){ .key = &w->verifier,
					  .issuer = "spiffe://" DOMAIN,
					  .list = LIST,
					  .sequence = 100,
					  .issued_s = NOW - 10,
					  .expires_s = NOW + 300 };
}

static struct troth_view document(struct world *w, const struct published_status *p)
{
	return published_status(w->ctx, p, troth_writer_make(w->document, sizeof w->document));
}

static enum troth_status take(struct world *w, const struct published_status *p)
{
	return troth_peers_set_status(w->peers, document(w, p));
}

static enum troth_status try_bundle(struct world *w, const struct authority *ca,
				    const struct authority *also)
{
	uint8_t pem[4096];
	return troth_peers_set_bundle(
		w->peers, published_bundle(ca, also, troth_writer_make(pem, sizeof pem)));
}

static void set_bundle_of(struct world *w, const struct authority *also)
{
	assert_int_equal(try_bundle(w, &w->ca, also), TROTH_OK);
}

static void set_bundle(struct world *w)
{
	set_bundle_of(w, NULL);
}

static void set_keys(struct world *w, const struct jose_key *k)
{
	uint8_t jwks[1024];
	const struct troth_writer room = troth_writer_make(jwks, sizeof jwks);
	assert_int_equal(troth_peers_set_keys(w->peers, published_keys(w->ctx, k, room)),
			 TROTH_OK);
}

static enum troth_status set_crl(struct world *w, uint64_t number, uint8_t serial, uint64_t at)
{
	struct authority_der crl;
	authority_crl(&w->ca, number, serial, at, &crl);
	return troth_peers_set_crl(w->peers, authority_view(&crl));
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	assert_int_equal(troth_ctx_new(&w->ctx), TROTH_OK);
	assert_int_equal(troth_peers_new(DOMAIN, &w->peers), TROTH_OK);
	w->ca = authority_make("Issuing CA", NOW);
	w->verifier = jose_key_make();
	w->session = jose_key_make();
	authority_issue(&w->ca, ID, SERIAL, NOW - 60, &w->leaf);
	*state = w;
	return 0;
}

static int setup_whole(void **state)
{
	(void)setup(state);
	struct world *w = *state;
	const struct published_status p = sound(w);
	set_bundle(w);
	set_keys(w, &w->verifier);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_OK);
	assert_int_equal(take(w, &p), TROTH_OK);
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	troth_peers_free(w->peers);
	authority_free(&w->ca);
	jose_key_free(&w->verifier);
	jose_key_free(&w->session);
	troth_ctx_free(w->ctx);
	free(w);
	return 0;
}

static enum troth_decision ask(struct world *w, uint64_t now_s, const char *segment)
{
	const struct troth_peer_certificate c = { .leaf = authority_view(&w->leaf),
						  .now_s = now_s };
	const struct troth_peer_rule rule = { &segment, segment != NULL };
	enum troth_decision d = TROTH_UNDECIDED;
	struct troth_peer peer;
	POISON(peer);
	assert_int_equal(troth_peer_verify(w->peers, &c, &rule, &d, &peer), TROTH_OK);
	if (d != TROTH_ADMITTED) {
		ASSERT_POISONED(peer);
		return d;
	}
	assert_string_equal(peer.id, ID);
	assert_string_equal(peer.segment, "line-a");
	assert_string_equal(peer.name, "press-4");
	assert_int_equal(peer.expires_s, NOW + 840);
	return d;
}

static void every_document_is_needed(void **state)
{
	struct world *w = *state;
	const struct published_status p = sound(w);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_E_MISMATCH);
	set_bundle(w);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(take(w, &p), TROTH_E_NOT_FOUND);
	set_keys(w, &w->verifier);
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	assert_int_equal(ask(w, NOW, "line-a"), TROTH_ADMITTED);
	assert_int_equal(ask(w, NOW, "line-b"), TROTH_DENIED_SEGMENT);
}

/* The verifier may be down: what it said last counts until it said it would say more. */
static void documents_count_until_their_next_update(void **state)
{
	struct world *w = *state;
	assert_int_equal(ask(w, NOW + 299, NULL), TROTH_ADMITTED);
	assert_int_equal(ask(w, NOW + 300, NULL), TROTH_DENIED_STATUS_EXPIRED);
	struct published_status p = sound(w);
	p.sequence = 101;
	p.expires_s = NOW + 9000;
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(ask(w, NOW + 839, NULL), TROTH_ADMITTED);
	assert_int_equal(ask(w, NOW + 841, NULL), TROTH_DENIED_CERT_EXPIRED);
	assert_int_equal(set_crl(w, 2, 0, NOW - 3500), TROTH_OK);
	assert_int_equal(ask(w, NOW + 200, NULL), TROTH_DENIED_STATUS_EXPIRED);
}

/* When to fetch at the latest is told beforehand. */
static void until_when_the_documents_count(void **state)
{
	struct world *w = *state;
	struct published_status p = sound(w);
	assert_int_equal(troth_peers_good_until(w->peers), 0);
	set_bundle(w);
	set_keys(w, &w->verifier);
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(troth_peers_good_until(w->peers), 0);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_OK);
	assert_int_equal(troth_peers_good_until(w->peers), NOW + 300);
	p.sequence = 101;
	p.expires_s = NOW + 9000;
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(troth_peers_good_until(w->peers), NOW + 3600);
}

/* A bundle taken anew leaves the CRL in force; one without the CRL's CA does not. */
static void a_new_bundle_does_not_forget_who_is_revoked(void **state)
{
	struct world *w = *state;
	struct authority other = authority_make("Another CA", NOW);
	assert_int_equal(set_crl(w, 2, SERIAL, NOW), TROTH_OK);
	set_bundle(w);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_E_CONFLICT);
	assert_int_equal(try_bundle(w, &other, NULL), TROTH_OK);
	assert_int_equal(troth_peers_good_until(w->peers), 0);
	set_bundle(w);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_STATUS_EXPIRED);
	authority_free(&other);
}

static void every_decision_has_its_own_words(void **state)
{
	(void)state;
	for (enum troth_decision a = 0; a < TROTH_DECISION_N; a++)
		for (enum troth_decision b = 0; b < a; b++) {
			assert_string_not_equal(troth_decision_name(a), troth_decision_name(b));
			assert_string_not_equal(troth_decision_text(a), troth_decision_text(b));
		}
	assert_string_equal(troth_decision_name(TROTH_DECISION_N), "undecided");
	assert_string_equal(troth_decision_text(TROTH_DECISION_N),
			    troth_decision_text(TROTH_UNDECIDED));
}

static const struct {
	const char *list;
	enum troth_decision want;
} STATUSES[] = {
	{ "line-a/press-4 healthy\n", TROTH_ADMITTED },
	{ "line-a/press-4 stale\n", TROTH_DENIED_UNHEALTHY },
	{ "line-a/press-4 unreachable\n", TROTH_DENIED_UNHEALTHY },
	{ "line-a/press-4 untrusted\n", TROTH_DENIED_UNHEALTHY },
	{ "line-a/press-4 unknown\n", TROTH_DENIED_UNHEALTHY },
	{ "line-a/press-4 something new\n", TROTH_DENIED_UNHEALTHY },
	{ "line-a/press-4 quarantined\n", TROTH_DENIED_QUARANTINED },
	{ "line-a/press-4 retired\n", TROTH_DENIED_QUARANTINED },
	{ "line-a/press-4 pending\n", TROTH_DENIED_QUARANTINED },
	{ "line-a/press-4 gone\n", TROTH_DENIED_UNKNOWN_DEVICE },
	{ "line-a/press-40 healthy\nline-b/press-4 healthy\n", TROTH_DENIED_UNKNOWN_DEVICE },
	{ "", TROTH_DENIED_UNKNOWN_DEVICE },
};

static void only_the_healthy_are_let_in(void **state)
{
	struct world *w = *state;
	for (size_t i = 0; i < TROTH_COUNT(STATUSES); i++) {
		struct published_status p = sound(w);
		p.sequence = 200 + i;
		p.list = STATUSES[i].list;
		assert_int_equal(take(w, &p), TROTH_OK);
		if (ask(w, NOW, NULL) != STATUSES[i].want)
			fail_msg("%s", STATUSES[i].list);
	}
}

static void a_revoked_certificate_is_refused(void **state)
{
	struct world *w = *state;
	assert_int_equal(set_crl(w, 2, SERIAL, NOW), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
	assert_int_equal(set_crl(w, 1, 0, NOW), TROTH_E_CONFLICT);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
}

/* The verifier's CA was rotated: the bundle names both, and each has a CRL. */
static void after_a_rotation_there_are_two_crls(void **state)
{
	struct world *w = *state;
	struct authority next = authority_make("Next CA", NOW);
	const struct authority_der former_leaf = w->leaf;
	struct authority_der crl, new_leaf;
	authority_issue(&next, ID, SERIAL + 1, NOW - 60, &new_leaf);
	set_bundle_of(w, &next);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED); /* its CA's list is kept */
	authority_crl(&next, 9, 0, NOW, &crl);
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_OK);
	assert_int_equal(set_crl(w, 8, 0, NOW), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	w->leaf = new_leaf;
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	/* Revoked on its own list, and on the other's. */
	authority_crl(&next, 10, SERIAL + 1, NOW, &crl);
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
	authority_crl(&next, 11, SERIAL, NOW, &crl);
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	w->leaf = former_leaf;
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
	authority_free(&next);
}

/* The issuing CA is under a root, perhaps of somebody's who has other CAs too: the bundle names
 * both, and the peer sends its chain. */
static void an_issuing_ca_may_be_under_a_root(void **state)
{
	struct world *w = *state;
	struct authority below = authority_make("Issuing CA below", NOW);
	struct authority_der crl;
	X509_set_issuer_name(below.cert, X509_get_subject_name(w->ca.cert));
	assert_true(X509_sign(below.cert, w->ca.key, EVP_sha256()) > 0);
	authority_issue(&below, ID, SERIAL, NOW - 60, &w->leaf);
	authority_crl(&below, 5, 0, NOW, &crl);
	/* The root alone, and its list: nothing says which of its CAs is the verifier's. */
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_E_MISMATCH);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_CHAIN);
	set_bundle_of(w, &below);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_STATUS_EXPIRED);
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	authority_crl(&below, 6, SERIAL, NOW, &crl);
	assert_int_equal(troth_peers_set_crl(w->peers, authority_view(&crl)), TROTH_OK);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_CERT_REVOKED);
	authority_free(&below);
}

static void deltas_follow_one_another(void **state)
{
	struct world *w = *state;
	struct published_status p = sound(w);
	p.since = 100;
	p.sequence = 110;
	p.list = "line-a/press-4 quarantined\n";
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(troth_peers_status_sequence(w->peers), 110);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_QUARANTINED);
	assert_int_equal(take(w, &p), TROTH_E_CONFLICT);
	p.since = 111;
	p.sequence = 112;
	assert_int_equal(take(w, &p), TROTH_E_CONFLICT);
	/* An older full one does not bring it back. */
	p = sound(w);
	p.sequence = 109;
	assert_int_equal(take(w, &p), TROTH_E_CONFLICT);
	assert_int_equal(ask(w, NOW, NULL), TROTH_DENIED_QUARANTINED);
	p.list = "line-a/press-4 healthy\n";
	for (uint64_t i = 0; i < 63; i++) {
		p.since = 110 + i;
		p.sequence = 111 + i;
		assert_int_equal(take(w, &p), TROTH_OK);
	}
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	p.since++;
	p.sequence++;
	assert_int_equal(take(w, &p), TROTH_E_LIMIT);
	p = sound(w);
	p.sequence = 500;
	assert_int_equal(take(w, &p), TROTH_OK);
}

static void forged_documents_change_nothing(void **state)
{
	struct world *w = *state;
	struct jose_key thief = jose_key_make();
	static const char *const LISTS[] = { "line-a/press-4", "line-a/press-4 \n",
					     " healthy\n",
					     "line-a/press-4 healthy\nline-a/press-4 stale\n",
					     "line-b/x healthy\nline-a/x healthy\n" };
	struct published_status p = sound(w);
	p.sequence = 101;
	p.key = &thief;
	assert_int_equal(take(w, &p), TROTH_E_NOT_FOUND);
	p = sound(w);
	p.sequence = 101;
	p.signed_list = "line-a/press-4 untrusted\n";
	assert_int_equal(take(w, &p), TROTH_E_MISMATCH);
	p = sound(w);
	p.sequence = 101;
	p.issuer = "spiffe://example.com";
	assert_int_equal(take(w, &p), TROTH_E_MISMATCH);
	for (size_t i = 0; i < TROTH_COUNT(LISTS); i++) {
		p = sound(w);
		p.sequence = 101;
		p.list = LISTS[i];
		assert_int_equal(take(w, &p), TROTH_E_MALFORMED);
	}
	p = sound(w);
	p.sequence = 101;
	const struct troth_view whole = document(w, &p);
	for (size_t n = 0; n < whole.n; n += 7)
		assert_int_not_equal(
			troth_peers_set_status(w->peers, (struct troth_view){ whole.p, n }),
			TROTH_OK);
	assert_int_equal(troth_peers_status_sequence(w->peers), 100);
	assert_int_equal(ask(w, NOW, NULL), TROTH_ADMITTED);
	jose_key_free(&thief);
}

/* ---- calls ---- */

struct call {
	char token[TROTH_JWS_MAX], proof[TROTH_JWS_MAX];
	size_t token_len, proof_len;
};

static void make_call(struct world *w, uint64_t expires_s, const char *nonce, struct call *out)
{
	struct troth_writer t = troth_writer_make((uint8_t *)out->token, sizeof out->token);
	struct troth_writer p = troth_writer_make((uint8_t *)out->proof, sizeof out->proof);
	const struct troth_es256_signer signer = { published_sign, w->verifier.ready };
	const struct troth_dpop_maker maker = { w->session.jwk,
						{ published_sign, w->session.ready } };
	const uint8_t jti[TROTH_DPOP_JTI_BYTES] = { 1 };
	uint8_t id[32];
	struct troth_ear ear = { .issuer = troth_view_str("spiffe://" DOMAIN),
				 .subject = troth_view_str(ID),
				 .segment = troth_view_str("line-a"),
				 .id = { 1, [15] = SERIAL },
				 .issued_s = NOW - 60,
				 .expires_s = expires_s,
				 .build = troth_view_str("test"),
				 .status = TROTH_TIER_AFFIRMING,
				 .trust = { .claim = { 2 } },
				 .policy = troth_view_str("factory@sha256:00"),
				 .key = w->session.jwk };
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &w->session.jwk, ear.thumbprint),
			 TROTH_OK);
	assert_int_equal(troth_jwk_thumbprint(w->ctx, &w->verifier.jwk, id), TROTH_OK);
	assert_int_equal(troth_ear_jwt_write(&ear, id, &signer, &t), TROTH_OK);
	const struct troth_dpop_call call = { .method = troth_view_str("GET"),
					      .url = troth_view_str(URL),
					      .token = troth_written(&t),
					      .nonce = troth_view_str(nonce) };
	assert_int_equal(troth_dpop_make(w->ctx, &maker, &call, NOW, jti, &p), TROTH_OK);
	out->token_len = t.n;
	out->proof_len = p.n;
}

static enum troth_decision ask_call(struct world *w, const struct call *c, const char *url,
				    const char *nonce)
{
	const struct troth_peer_call call = {
		.token = { (const uint8_t *)c->token, c->token_len },
		.proof = { (const uint8_t *)c->proof, c->proof_len },
		.method = troth_view_str("GET"),
		.url = troth_view_str(url),
		.nonce = troth_view_str(nonce),
		.now_s = NOW,
	};
	const struct troth_peer_rule any = { 0 };
	enum troth_decision d = TROTH_UNDECIDED;
	struct troth_peer peer;
	uint8_t id[32];
	POISON(peer);
	POISON(id);
	assert_int_equal(troth_peer_verify_call(w->peers, &call, &any, &d, &peer, id),
			 TROTH_OK);
	if (d == TROTH_ADMITTED) {
		assert_string_equal(peer.name, "press-4");
		return d;
	}
	ASSERT_POISONED(peer);
	ASSERT_POISONED(id);
	return d;
}

static void a_call_is_proven_or_refused(void **state)
{
	struct world *w = *state;
	struct call c;
	make_call(w, NOW + 840, "n1", &c);
	assert_int_equal(ask_call(w, &c, URL, "n1"), TROTH_ADMITTED);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_ADMITTED);
	assert_int_equal(ask_call(w, &c, URL, "n2"), TROTH_DENIED_PROOF_NONCE);
	assert_int_equal(ask_call(w, &c, "https://other/", "n1"), TROTH_DENIED_PROOF_URL);
	c.token[c.token_len - 5] = c.token[c.token_len - 5] == 'A' ? 'B' : 'A';
	assert_int_equal(ask_call(w, &c, URL, "n1"), TROTH_DENIED_TOKEN_SIGNATURE);
	make_call(w, NOW, "", &c);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_TOKEN_EXPIRED);
	make_call(w, NOW + 840, "", &c);
	struct published_status p = sound(w);
	p.sequence = 101;
	p.list = "line-a/press-4 quarantined\n";
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_QUARANTINED);
	assert_int_equal(set_crl(w, 2, SERIAL, NOW), TROTH_OK);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_CERT_REVOKED);
	set_keys(w, &w->session);
	assert_int_equal(ask_call(w, &c, URL, ""), TROTH_DENIED_TOKEN_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_document_is_needed, setup, teardown),
		cmocka_unit_test_setup_teardown(documents_count_until_their_next_update,
						setup_whole, teardown),
		cmocka_unit_test_setup_teardown(until_when_the_documents_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_new_bundle_does_not_forget_who_is_revoked,
						setup_whole, teardown),
		cmocka_unit_test(every_decision_has_its_own_words),
		cmocka_unit_test_setup_teardown(only_the_healthy_are_let_in, setup_whole,
						teardown),
		cmocka_unit_test_setup_teardown(a_revoked_certificate_is_refused, setup_whole,
						teardown),
		cmocka_unit_test_setup_teardown(after_a_rotation_there_are_two_crls,
						setup_whole, teardown),
		cmocka_unit_test_setup_teardown(an_issuing_ca_may_be_under_a_root, setup_whole,
						teardown),
		cmocka_unit_test_setup_teardown(deltas_follow_one_another, setup_whole,
						teardown),
		cmocka_unit_test_setup_teardown(forged_documents_change_nothing, setup_whole,
						teardown),
		cmocka_unit_test_setup_teardown(a_call_is_proven_or_refused, setup_whole,
						teardown),
	};
	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
