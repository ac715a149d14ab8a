/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs at a gate: once, fresh, of one call, of one result and one key. */
#include "check.h"

#include "ear.h"
#include "gate.h"
#include "gate_world.h"
#include "jose.h"

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
		cmocka_unit_test_setup_teardown(a_proof_is_good_once, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(a_proof_used_with_one_worker_is_used_with_all,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_proof_does_not_count_after_a_restart,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_proof_needs_a_nonce_of_ours, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(a_proof_is_of_its_call, gate_setup,
						gate_teardown),
		cmocka_unit_test_setup_teardown(a_proof_goes_with_one_result_and_one_key,
						gate_setup, gate_teardown),
		cmocka_unit_test_setup_teardown(a_full_memory_denies, gate_setup,
						gate_teardown),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
