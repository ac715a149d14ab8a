/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that is genuine and in the wrong place: another TPM's, for another device's or
 * another verifier's challenge, sent twice, from before a reboot. Rows are those of
 * docs/attacks.md. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "one_lab.h"
#include "token.h"
#include "wire.h"

static void flip_last(ProtobufCBinaryData d)
{
	d.data[d.len - 1] ^= 1;
}

/* attacks.md row 20: another machine's TPM answers for this one. */
static void another_tpm_answers(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	struct fleet_device imposter = lab.devices[LAB_ATTACKER];
	memcpy(imposter.id, lab.devices[LAB_VICTIM].id, sizeof imposter.id);
	Troth__V1__Challenge *challenge = fleet_challenge(&imposter, &lab.http);
	assert_non_null(challenge);
	fleet_attest(&imposter, challenge, &a);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 400, "refused", "signature");
	troth_wire_free(&challenge->base);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
}

/* attacks.md row 2: a quote made for another device's challenge. */
static void another_devices_challenge(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct fleet_device *attacker = &lab.devices[LAB_ATTACKER];
	Troth__V1__Challenge *mine = fleet_challenge(attacker, &lab.http);
	Troth__V1__Challenge *victims = fleet_challenge(&lab.devices[LAB_VICTIM], &lab.http);
	assert_true(mine != NULL && victims != NULL);
	fleet_attest(attacker, mine, &a);
	a.message.token = victims->token;
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 400, "refused", NULL);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
	troth_wire_free(&mine->base);
	troth_wire_free(&victims->base);
}

/* attacks.md row 19: evidence made for another verifier of another domain. */
static void a_token_of_another_verifier(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	/* Well-formed, of the right device and version, and MACed by nobody we know: the quote
	 * binds it all the same, so only the issuer's look at the MAC is left. */
	flip_last(challenge->token);
	fleet_attest(d, challenge, &a);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 400, "refused", "token-invalid");
	troth_wire_free(&challenge->base);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
}

/* attacks.md rows 2 and 15: the same message twice. */
static void a_message_sent_twice(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	Troth__V1__Challenge *challenge = fleet_challenge(&lab.devices[LAB_VICTIM], &lab.http);
	assert_non_null(challenge);
	fleet_attest(&lab.devices[LAB_VICTIM], challenge, &a);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	assert_true(lab_result(&lab.http).issued);
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	troth_wire_free(&challenge->base);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
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
	r->answered = tls_client_post(&r->http, "/v1/attest", r->body);
	return NULL;
}

/* attacks.md row 15: the same message on many connections at once; exactly one
 * certificate comes of it. */
static void one_token_spent_at_once(void **state)
{
	(void)state;
	enum { RACERS = 8, ROUNDS = 5 }; /* together under the issuer's rate for a device */
	static struct racer racers[RACERS];
	static struct fleet_attestation a;
	for (size_t i = 0; i < RACERS; i++) {
		lab_client(&lab, &racers[i].http);
		assert_true(tls_client_get(&racers[i].http, "/healthz"));
	}
	for (int round = 0; round < ROUNDS; round++) {
		uint8_t *body;
		size_t len, winners = 0;
		Troth__V1__Challenge *challenge =
			fleet_challenge(&lab.devices[LAB_VICTIM], &lab.http);
		assert_non_null(challenge);
		fleet_attest(&lab.devices[LAB_VICTIM], challenge, &a);
		assert_int_equal(troth_wire_pack(&a.message.base, &body, &len), TROTH_OK);
		for (size_t i = 0; i < RACERS; i++) {
			racers[i].body = (struct troth_view){ body, len };
			assert_int_equal(
				pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
		}
		for (size_t i = 0; i < RACERS; i++) {
			pthread_join(racers[i].thread, NULL);
			assert_true(racers[i].answered);
			if (racers[i].http.status == 200)
				winners += lab_result(&racers[i].http).issued;
			else
				lab_assert_problem(&racers[i].http, 409, "stale-challenge",
						   NULL);
		}
		assert_int_equal(winners, 1);
		free(body);
		troth_wire_free(&challenge->base);
	}
	for (size_t i = 0; i < RACERS; i++)
		tls_client_release(&racers[i].http);
}

/* attacks.md row 1: what makes one challenge differ from the next is random. */
static void challenges_never_repeat(void **state)
{
	(void)state;
	enum { N = 500 };
	static uint8_t seen[N][16];
	for (size_t i = 0; i < N; i++) {
		struct troth_token token;
		Troth__V1__Challenge *challenge =
			fleet_challenge(&lab.devices[LAB_VICTIM], &lab.http);
		assert_non_null(challenge);
		assert_int_equal(troth_token_read(troth_wire_view(challenge->token), &token),
				 TROTH_OK);
		memcpy(seen[i], token.random, sizeof seen[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(seen[i], seen[k], sizeof seen[i]);
		troth_wire_free(&challenge->base);
	}
}

static void clock_and_counters_only_go_forward(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t reset, restart;
		uint64_t clock;
		int status;
		const char *code, *finding;
	} ORDER[] = {
		{ "an earlier clock", 5, 0, 900000, 400, "refused", "rollback" },
		{ "an earlier restart", 5, 0, 999999, 400, "refused", "rollback" },
		{ "an earlier boot", 4, 9, 9000000, 400, "refused", "rollback" },
		{ "a clock past what is believed", 6, 0, (uint64_t)INT64_MAX + 1, 400,
		  "refused", "clock-range" },
		{ "a TPM that was cleared", 0, 0, 10, 409, "counters-rewound", NULL },
	};
	struct fleet_device *d = &lab.devices[LAB_THIRD];
	for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
		struct soft_device kept = d->tpm;
		struct lab_state before = lab_state(&lab, LAB_THIRD);
		d->tpm.reset_count = ORDER[i].reset;
		d->tpm.restart_count = ORDER[i].restart;
		d->tpm.clock = ORDER[i].clock - 1; /* a tick passes */
		print_message("row 21: %s\n", ORDER[i].name);
		lab_attest(&lab, d);
		lab_assert_problem(&lab.http, ORDER[i].status, ORDER[i].code, ORDER[i].finding);
		d->tpm = kept;
		struct lab_state after = lab_state(&lab, LAB_THIRD);
		lab_assert_unchanged(&before, &after);
	}
	assert_int_equal(lab_attest(&lab, d), 200);
}

static void certify_and_attest(struct fleet_device *d)
{
	static struct fleet_attestation a;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_CERTIFY;
	fleet_attest(d, challenge, &a);
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	assert_true(lab_result(&lab.http).issued);
	troth_wire_free(&challenge->base);
}

/* A quote made before a reboot and sent after it. */
static void a_quote_from_before_the_reboot(void **state)
{
	(void)state;
	static struct fleet_attestation early;
	struct fleet_device *d = &lab.devices[LAB_THIRD];
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	fleet_attest(d, challenge, &early);
	d->tpm.reset_count++;
	lab_attest(&lab, d);
	lab_assert_problem(&lab.http, 409, "certification-wanted", NULL);
	certify_and_attest(d);
	struct lab_state before = lab_state(&lab, LAB_THIRD);
	assert_true(fleet_post(&lab.http, "/v1/attest", &early.message.base));
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	struct lab_state after = lab_state(&lab, LAB_THIRD);
	lab_assert_unchanged(&before, &after);
	troth_wire_free(&challenge->base);
}

/* A credential key's certification ends with the boot it was made in. */
static void a_certification_from_before_the_reboot(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct fleet_device *d = &lab.devices[LAB_THIRD];
	static struct fleet_attestation before;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_CERTIFY;
	fleet_attest(d, challenge, &before);
	troth_wire_free(&challenge->base);
	d->tpm.reset_count++;
	challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	fleet_attest(d, challenge, &a);
	a.message.certification = &before.certification;
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	lab_assert_problem(&lab.http, 400, "refused", "key-certification");
	troth_wire_free(&challenge->base);
	certify_and_attest(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_tpm_answers),
		cmocka_unit_test(another_devices_challenge),
		cmocka_unit_test(a_token_of_another_verifier),
		cmocka_unit_test(a_message_sent_twice),
		cmocka_unit_test(one_token_spent_at_once),
		cmocka_unit_test(challenges_never_repeat),
		cmocka_unit_test(clock_and_counters_only_go_forward),
		cmocka_unit_test(a_quote_from_before_the_reboot),
		cmocka_unit_test(a_certification_from_before_the_reboot),
	};
	return cmocka_run_group_tests(tests, one_lab_open, one_lab_close);
}
