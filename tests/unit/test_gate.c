/* SPDX-License-Identifier: Apache-2.0 */
/* What a relying party's gateway is told: each way in which a caller is not what he says,
 * alone, and the one way in which he is. In process. Proofs: test_gate_proofs. */
#include "check.h"

#include "authority.h"
#include "ear.h"
#include "gate.h"
#include "gate_world.h"
#include "jose.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_result_has_its_time, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(a_result_is_of_a_key_that_is_published,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_result_cannot_be_bent, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(a_result_must_affirm_and_be_of_this_domain,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_certificate_is_enough_with_its_key_proven,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(the_next_call_after_a_quarantine_is_denied,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_result_counts_on_its_own_devices_connection,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_revoked_serial_ends_certificate_and_result,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(health_is_that_of_now, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(segment_audience_and_method_are_the_policys,
						gate_setup, gate_teardown),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
