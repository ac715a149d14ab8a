/* SPDX-License-Identifier: Apache-2.0 */
/* libtroth's judgement of the other side, offline: each document that could be missing, old or
 * forged, and each way in which a peer is not what it should be. Calls: test_peer_call. */
#include "check.h"

#include <troth/peer.h>

#include "base.h"
#include "peer_world.h"
#include "publications.h"

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

/* Without a clock nothing would ever expire. */
static void a_clock_that_is_behind_lets_nobody_in(void **state)
{
	static const struct {
		uint64_t now_s;
		enum troth_decision want;
	} CASES[] = {
		{ NOW + 200, TROTH_ADMITTED },
		{ NOW + 200 - TROTH_PEER_CLOCK_BEHIND_S, TROTH_ADMITTED },
		{ NOW + 200 - TROTH_PEER_CLOCK_BEHIND_S - 1, TROTH_DENIED_CLOCK },
		{ NOW - 24 * 3600, TROTH_DENIED_CLOCK },
		{ 1, TROTH_DENIED_CLOCK },
		{ 0, TROTH_DENIED_CLOCK },
	};
	struct world *w = *state;
	struct published_status p = sound(w);
	p.sequence = 101;
	p.issued_s = NOW + 200;
	p.expires_s = NOW + 9000;
	assert_int_equal(take(w, &p), TROTH_OK);
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++)
		assert_int_equal(ask(w, CASES[i].now_s, NULL), CASES[i].want);
	/* A certificate that has ended, shown to a clock that stands before its end. */
	p.sequence = 102;
	p.issued_s = NOW + 1000;
	assert_int_equal(take(w, &p), TROTH_OK);
	assert_int_equal(ask(w, NOW + 1000, NULL), TROTH_DENIED_CERT_EXPIRED);
	assert_int_equal(ask(w, NOW + 800, NULL), TROTH_DENIED_CLOCK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_document_is_needed, peer_setup,
						peer_teardown),
		cmocka_unit_test_setup_teardown(documents_count_until_their_next_update,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test_setup_teardown(a_clock_that_is_behind_lets_nobody_in,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test_setup_teardown(until_when_the_documents_count, peer_setup,
						peer_teardown),
		cmocka_unit_test_setup_teardown(a_new_bundle_does_not_forget_who_is_revoked,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test(every_decision_has_its_own_words),
		cmocka_unit_test_setup_teardown(only_the_healthy_are_let_in, peer_setup_whole,
						peer_teardown),
		cmocka_unit_test_setup_teardown(a_revoked_certificate_is_refused,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test_setup_teardown(after_a_rotation_there_are_two_crls,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test_setup_teardown(an_issuing_ca_may_be_under_a_root,
						peer_setup_whole, peer_teardown),
		cmocka_unit_test_setup_teardown(deltas_follow_one_another, peer_setup_whole,
						peer_teardown),
		cmocka_unit_test_setup_teardown(forged_documents_change_nothing,
						peer_setup_whole, peer_teardown),
	};
	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
