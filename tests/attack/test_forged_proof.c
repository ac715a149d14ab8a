/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of activation forged on the wire, against a real verifier.
 *
 * Each ends an enrolment that was truthful until then. The answer names the
 * right finding, nothing is stored, and the secret that only the right TPM can open is in no
 * answer. Rows are those of docs/attacks.md. */
#include "lab.h"

#include "scene.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "text.h"
#include "token.h"
#include "wire.h"

/* ---- proofs of something else ---- */

/* What the attacker also has: the other device's exchange, and a challenge to quote. */
struct loot {
	struct gate_enrolment other;
	Troth__V1__Challenge *challenge;
	struct fleet_device two; /* the device with another AK, which is good */
};

static void another_ak(struct gate_enrolment *e, const struct loot *l)
{
	e->request.ak_public = troth_wire_bytes(soft_ak_public(&l->two.tpm));
}

static void another_ek(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->request.ek_key = troth_wire_bytes(TROTH_VIEW_OF(other.tpm.ek_key));
}

static void other_facts(struct gate_enrolment *e, const struct loot *l)
{
	static uint8_t facts[] = { 0x12, 0x01, 'x' };
	(void)l;
	e->request.facts = (ProtobufCBinaryData){ sizeof facts, facts };
}

static void another_request(struct gate_enrolment *e, const struct loot *l)
{
	e->request = l->other.request;
}

static void secret_bit(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->secret[31] ^= 1;
}

static void secret_first_bit(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->secret[0] ^= 0x80;
}

static void secret_none(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.activated = (ProtobufCBinaryData){ 0 };
}

static void secret_short(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.activated.len--;
}

static void secret_long(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.activated.len++; /* a zero follows it */
}

static void secret_of_another(struct gate_enrolment *e, const struct loot *l)
{
	memcpy(e->secret, l->other.secret, sizeof e->secret);
}

static void token_none(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.token = (ProtobufCBinaryData){ 0 };
}

static void token_first_byte(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->token[0] ^= 1;
}

static void token_time(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->token[10] ^= 1; /* lowest byte of issued_ms: a little older or younger */
}

static void token_version(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->token[66] ^= 1; /* lowest byte of row_version */
}

static void token_mac(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->token[e->n_token - 1] ^= 1;
}

static void token_cut(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.token.len--;
}

static void token_and_a_byte(struct gate_enrolment *e, const struct loot *l)
{
	(void)l;
	e->proof.token.len++;
}

static void token_of_another(struct gate_enrolment *e, const struct loot *l)
{
	memcpy(e->token, l->other.token, sizeof e->token);
}

static void token_and_secret_of_another(struct gate_enrolment *e, const struct loot *l)
{
	token_of_another(e, l);
	secret_of_another(e, l);
}

static void token_to_quote(struct gate_enrolment *e, const struct loot *l)
{
	e->proof.token = l->challenge->token;
}

static const struct {
	const char *name;
	int row;
	void (*change)(struct gate_enrolment *e, const struct loot *l);
} BAD_PROOFS[] = {
	{ "another attestation key than was challenged", 8, another_ak },
	{ "another endorsement key than was challenged", 8, another_ek },
	{ "other facts than were challenged", 10, other_facts },
	{ "another device's request altogether", 10, another_request },
	{ "the last bit of the secret", 9, secret_bit },
	{ "the first bit of the secret", 9, secret_first_bit },
	{ "no secret", 9, secret_none },
	{ "a secret cut short", 9, secret_short },
	{ "a secret and a zero", 9, secret_long },
	{ "the secret of another enrolment", 9, secret_of_another },
	{ "no token", 2, token_none },
	{ "a token of another version", 2, token_first_byte },
	{ "a token that says it is younger", 2, token_time },
	{ "a token of another row version", 15, token_version },
	{ "a token with another MAC", 2, token_mac },
	{ "a token cut short", 23, token_cut },
	{ "a byte after the token", 14, token_and_a_byte },
	{ "the token of another device", 10, token_of_another },
	{ "token and secret of another device", 10, token_and_secret_of_another },
	{ "a token to quote with", 2, token_to_quote },
};

static void proofs_of_something_else(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	static struct loot loot;
	struct gate_census before = scene_before();
	gate_prepare(&other, &loot.other);
	assert_true(gate_begin(&gate, &other, &loot.other));
	loot.challenge = fleet_challenge(&device, &gate.http);
	assert_non_null(loot.challenge);
	fleet_device_make(&loot.two);
	for (size_t i = 0; i < sizeof BAD_PROOFS / sizeof *BAD_PROOFS; i++) {
		print_message("row %d: %s\n", BAD_PROOFS[i].row, BAD_PROOFS[i].name);
		gate_prepare(&device, &e);
		assert_true(gate_begin(&gate, &device, &e));
		assert_int_equal(e.n_secret, 32);
		BAD_PROOFS[i].change(&e, &loot);
		gate_complete(&gate, &e);
		lab_assert_problem(&gate.http, 403, "refused", "token-invalid");
	}
	troth_wire_free(&loot.challenge->base);
	fleet_device_free(&loot.two);
	scene_assert_nothing_stored(&before);
}

/* attacks.md row 8: this EK's TPM does not hold that AK, so what it is given does not open. The
 * attacker is left with guesses. */
static void an_ak_of_another_tpm(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	struct gate_census before = scene_before();
	gate_prepare(&device, &e);
	e.request.ak_public = troth_wire_bytes(soft_ak_public(&other.tpm));
	assert_true(gate_begin(&gate, &device, &e));
	assert_int_equal(e.n_secret, 0);
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 403, "refused", "token-invalid");
	memset(e.secret, 0, sizeof e.secret);
	e.proof.activated = (ProtobufCBinaryData){ 32, e.secret };
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 403, "refused", "token-invalid");
	/* Nor does the AK's own TPM open it, whose EK it was not made for. */
	gate_prepare(&device, &e);
	e.request.ak_public = troth_wire_bytes(soft_ak_public(&other.tpm));
	assert_true(gate_begin(&gate, &other, &e));
	assert_int_equal(e.n_secret, 0);
	scene_assert_nothing_stored(&before);
}

/* attacks.md row 10: request and token travel in one message, or not at all. */
static void a_proof_without_its_request(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	struct gate_census before = scene_before();
	gate_prepare(&device, &e);
	assert_true(gate_begin(&gate, &device, &e));
	e.proof.request = NULL;
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 400, "malformed", NULL);
	scene_assert_nothing_stored(&before);
}

/* An enrolment token is no challenge. */
static void quoting_for_an_enrolment_token(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	static struct fleet_attestation a;
	struct gate_census before = scene_before();
	gate_prepare(&device, &e);
	assert_true(gate_begin(&gate, &device, &e));
	Troth__V1__Challenge *challenge = fleet_challenge(&device, &gate.http);
	assert_non_null(challenge);
	ProtobufCBinaryData token = challenge->token;
	challenge->token = e.proof.token;
	fleet_attest(&device, challenge, &a);
	gate_post(&gate, "/v1/attest", &a.message.base);
	lab_assert_problem(&gate.http, 400, "malformed", NULL);
	challenge->token = token;
	troth_wire_free(&challenge->base);
	scene_assert_nothing_stored(&before);
}

/* attacks.md row 16: half an enrolment, a hundred times, leaves nothing behind. */
static void enrolments_never_finished(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	struct gate_census before = scene_before();
	for (size_t i = 0; i < 100; i++) {
		gate_prepare(i % 2 == 0 ? &device : &other, &e);
		gate_post(&gate, "/v1/enroll", &e.request.base);
		assert_int_equal(gate.http.status, 200);
	}
	scene_assert_nothing_stored(&before);
}

/* attacks.md rows 9 and 15: what has been proven once proves nothing again. */
static void a_proof_sent_twice(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	gate_prepare(&device, &e);
	assert_true(gate_begin(&gate, &device, &e));
	gate_complete(&gate, &e);
	gate_assert_enrolled(&gate, TROTH__V1__DEVICE_STATE__DEVICE_STATE_ACTIVE);
	assert_string_equal(gate_device(&gate, "device", "state"), "active");
	struct gate_census before = scene_before();
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 409, "stale-challenge", NULL);
	scene_assert_nothing_stored(&before);
}

struct racer {
	pthread_t thread;
	struct tls_client http;
	struct troth_view body;
	bool answered;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	r->answered = tls_client_post(&r->http, "/v1/enroll/complete", r->body);
	return NULL;
}

/* attacks.md row 15: the same proof on many connections at once makes one device, once; so does
 * it for one that is known already. */
static void one_proof_spent_at_once(void **state)
{
	(void)state;
	enum { RACERS = 8 };
	static struct racer racers[RACERS];
	static struct gate_enrolment e;
	for (size_t i = 0; i < RACERS; i++) {
		tls_client_init(&racers[i].http, gate.tls, gate.service.port);
		assert_true(tls_client_get(&racers[i].http, "/healthz"));
	}
	for (int round = 0; round < 5; round++) {
		uint8_t *body;
		size_t len, winners = 0;
		struct gate_census before = scene_before(), after;
		gate_prepare(&other, &e);
		assert_true(gate_begin(&gate, &other, &e));
		assert_int_equal(troth_wire_pack(&e.proof.base, &body, &len), TROTH_OK);
		for (size_t i = 0; i < RACERS; i++) {
			racers[i].body = (struct troth_view){ body, len };
			assert_int_equal(
				pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
		}
		for (size_t i = 0; i < RACERS; i++) {
			pthread_join(racers[i].thread, NULL);
			assert_true(racers[i].answered);
			if (racers[i].http.status == 200)
				winners++;
			else
				lab_assert_problem(&racers[i].http, 409, "stale-challenge",
						   NULL);
		}
		assert_int_equal(winners, 1);
		gate_census(&gate, &after);
		assert_int_equal(after.n_leaves, before.n_leaves + 1);
		free(body);
	}
	for (size_t i = 0; i < RACERS; i++)
		tls_client_release(&racers[i].http);
}

/* And an enrolment overtaken by another of the same device is not finished any more. */
static void an_enrolment_overtaken(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	gate_prepare(&device, &e);
	assert_true(gate_begin(&gate, &device, &e));
	assert_int_equal(gate_enroll(&gate, &device), 200);
	struct gate_census before = scene_before();
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 409, "stale-challenge", NULL);
	scene_assert_nothing_stored(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_of_something_else),
		cmocka_unit_test(an_ak_of_another_tpm),
		cmocka_unit_test(a_proof_without_its_request),
		cmocka_unit_test(quoting_for_an_enrolment_token),
		cmocka_unit_test(enrolments_never_finished),
		cmocka_unit_test(a_proof_sent_twice),
		cmocka_unit_test(one_proof_spent_at_once),
		cmocka_unit_test(an_enrolment_overtaken),
	};
	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
