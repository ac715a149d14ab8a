/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in: every enrolment mode with every kind of certificate, on the inventory and off
 * it; and how many strangers may wait. Rows are those of docs/attacks.md. */
#include "lab.h"

#include "ek_maker.h"
#include "gate.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "wire.h"

/* ---- certificates ---- */

enum certificate {
	NO_CERTIFICATE,
	SOUND,
	OF_ANOTHER_KEY,
	OF_ANOTHER_MAKER,
	SELF_SIGNED,
	EXPIRED,
	OF_AN_AK,
	GARBAGE,
	SOUND_AND_A_BYTE,
	CERTIFICATES
};

static const char *const CERTIFICATE_NAMES[CERTIFICATES] = {
	"no certificate",
	"a sound certificate",
	"another key's certificate",
	"an unknown maker's certificate",
	"a self-signed certificate",
	"an expired certificate",
	"an attestation key's",
	"no certificate but bytes",
	"a certificate and one byte",
};

/* What is said of it where it has to be trusted. */
static const char *const CERTIFICATE_FINDINGS[CERTIFICATES] = {
	"ek-cert-missing",   NULL,
	"ek-key-mismatch",   "ek-cert-chain",
	"ek-cert-chain",     "ek-cert-expired",
	"ek-cert-profile",   "ek-cert-malformed",
	"ek-cert-malformed",
};

static struct ek_maker maker, unknown_maker;
static EVP_PKEY *another_ek;

static struct troth_view padded(struct troth_view der)
{
	uint8_t *p = realloc((void *)(uintptr_t)der.p, der.n + 1);
	assert_non_null(p);
	p[der.n] = 7;
	return (struct troth_view){ p, der.n + 1 };
}

/* Owned by the caller. */
static struct troth_view certificate_of(const struct fleet_device *d, enum certificate kind)
{
	EVP_PKEY *ek = d->tpm.ek;
	switch (kind) {
	case SOUND: return ek_maker_certify(&maker, ek, EK_SOUND);
	case OF_ANOTHER_KEY: return ek_maker_certify(&maker, another_ek, EK_SOUND);
	case OF_ANOTHER_MAKER: return ek_maker_certify(&unknown_maker, ek, EK_SOUND);
	case SELF_SIGNED: return ek_maker_certify(&maker, ek, EK_SELF_SIGNED);
	case EXPIRED: return ek_maker_certify(&maker, ek, EK_EXPIRED);
	case OF_AN_AK: return ek_maker_certify(&maker, ek, EK_OF_AN_AK);
	case GARBAGE:
		return (struct troth_view){ (uint8_t *)strdup("-----BEGIN CERTIFICATE-----"),
					    27 };
	case SOUND_AND_A_BYTE: return padded(ek_maker_certify(&maker, ek, EK_SOUND));
	case NO_CERTIFICATE:
	case CERTIFICATES: break;
	}
	return (struct troth_view){ 0 };
}

static void drop(struct troth_view owned)
{
	free((void *)(uintptr_t)owned.p);
}

/* ---- modes ---- */

enum mode { APPROVAL, INVENTORY, CERTIFICATE, BOTH, MODES };
static const char *const MODE_NAMES[MODES] = { "approval", "inventory", "ek-certificate",
					       "ek-certificate-and-inventory" };

static void put_policy(struct gate *g, enum mode mode, bool automatic)
{
	char policy[512];
	snprintf(policy, sizeof policy,
		 "name: default\nsegment: line-1\npcrs:\n  sha256: [0, 4, 7]\n"
		 "secure_boot: any\nenrolment: %s\napprove: %s\n",
		 MODE_NAMES[mode], automatic ? "automatic" : "manual");
	gate_policy(g, policy);
}

enum outcome { REFUSED, PENDING, ACTIVE };

/* docs/verifier.md, Enrolment modes, with approve: automatic where it is allowed. */
static enum outcome outcome_of(enum mode mode, bool listed, bool trusted)
{
	switch (mode) {
	case APPROVAL: return PENDING;
	case INVENTORY: return listed ? ACTIVE : REFUSED;
	case CERTIFICATE: return trusted ? ACTIVE : REFUSED;
	case BOTH:
		if (!trusted)
			return REFUSED;
		return listed ? ACTIVE : PENDING;
	case MODES: break;
	}
	return REFUSED;
}

/* One that gets in is a device of its own, so that every enrolment is a first one; those who
 * are refused leave nothing, and are one device, listed or not. */
static struct fleet_device devices[MODES][2][CERTIFICATES], refused[2];
static struct gate gate;

/* Where no certificate is asked for, a few kinds will do. */
static enum certificate kinds(enum mode mode)
{
	return mode == APPROVAL || mode == INVENTORY ? OF_ANOTHER_MAKER + 1 : CERTIFICATES;
}

static bool gets_in(enum mode mode, size_t listed, enum certificate c)
{
	return c < kinds(mode) && outcome_of(mode, listed == 1, c == SOUND) != REFUSED;
}

static void make_device(struct fleet_device *d, bool listed)
{
	static int n;
	char name[32];
	fleet_device_make(d);
	snprintf(name, sizeof name, "device-%d", n++);
	if (listed)
		gate_list(&gate, d, name);
}

static void each_device(void (*visit)(struct fleet_device *d, bool listed))
{
	for (size_t listed = 0; listed < 2; listed++) {
		visit(&refused[listed], listed == 1);
		for (enum mode m = 0; m < MODES; m++)
			for (enum certificate c = 0; c < CERTIFICATES; c++)
				if (gets_in(m, listed, c))
					visit(&devices[m][listed][c], listed == 1);
	}
}

static void free_device(struct fleet_device *d, bool listed)
{
	(void)listed;
	fleet_device_free(d);
}

static int open_gate(void **state)
{
	(void)state;
	ek_maker_make(&maker);
	ek_maker_make(&unknown_maker);
	another_ek = EVP_RSA_gen(2048);
	gate_init(&gate, "");
	each_device(make_device);
	struct troth_view root = ek_maker_root(&maker);
	gate_trust(&gate, root);
	drop(root);
	gate_start(&gate, NULL);
	return 0;
}

static int close_gate(void **state)
{
	(void)state;
	gate_close(&gate);
	each_device(free_device);
	ek_maker_free(&maker);
	ek_maker_free(&unknown_maker);
	EVP_PKEY_free(another_ek);
	return 0;
}

static size_t stored(void)
{
	static struct gate_census census;
	gate_census(&gate, &census);
	return census.n_devices;
}

static void try_one(enum mode mode, bool listed, enum certificate c)
{
	struct fleet_device *d = gets_in(mode, listed, c) ? &devices[mode][listed][c]
							  : &refused[listed];
	const size_t before = stored();
	const enum outcome want = outcome_of(mode, listed, c == SOUND);
	d->ek_certificate = certificate_of(d, c);
	print_message("row 20: %s, %s, %s\n", MODE_NAMES[mode], listed ? "listed" : "unlisted",
		      CERTIFICATE_NAMES[c]);
	gate_enroll(&gate, d);
	if (want == REFUSED) {
		/* What the mode looks at is what is named. */
		const char *finding = mode == INVENTORY ? "ek-not-in-inventory"
							: CERTIFICATE_FINDINGS[c];
		lab_assert_problem(&gate.http, 403, "refused", finding);
		assert_int_equal(stored(), before);
	} else {
		gate_assert_enrolled(
			&gate, want == ACTIVE ? TROTH__V1__DEVICE_STATE__DEVICE_STATE_ACTIVE
					      : TROTH__V1__DEVICE_STATE__DEVICE_STATE_PENDING);
		assert_int_equal(stored(), before + 1);
	}
	drop(d->ek_certificate);
	d->ek_certificate = (struct troth_view){ 0 };
}

static void every_mode_with_every_certificate(void **state)
{
	(void)state;
	for (enum mode m = 0; m < MODES; m++) {
		put_policy(&gate, m, m != APPROVAL);
		for (size_t listed = 0; listed < 2; listed++)
			for (enum certificate c = 0; c < kinds(m); c++)
				try_one(m, listed == 1, c);
	}
}

/* A TPM has several EKs, each with a certificate. Where a certificate alone
 * lets in, only one kind does, or a device in quarantine would come back under another. */
static void another_ek_of_the_same_tpm(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	uint8_t point[65];
	size_t n;
	EVP_PKEY *ek = EVP_EC_gen("P-256");
	struct fleet_device *d = &refused[0];
	struct troth_view certificate = ek_maker_certify(&maker, ek, EK_SOUND);
	assert_int_equal(EVP_PKEY_get_octet_string_param(ek, OSSL_PKEY_PARAM_PUB_KEY, point,
							 sizeof point, &n),
			 1);
	assert_int_equal(n, sizeof point);
	put_policy(&gate, CERTIFICATE, true);
	const size_t before = stored();
	gate_prepare(d, &e);
	e.request.ek_template = 2;
	e.request.ek_key = (ProtobufCBinaryData){ 64, point + 1 };
	e.request.ek_certificate = troth_wire_bytes(certificate);
	assert_true(gate_begin(&gate, d, &e));
	gate_complete(&gate, &e);
	lab_assert_problem(&gate.http, 403, "refused", "ek-template");
	assert_int_equal(stored(), before);
	drop(certificate);
	EVP_PKEY_free(ek);
}

/* attacks.md row 18: a policy that would let in every stranger is no policy. */
static void approval_that_nobody_gives(void **state)
{
	(void)state;
	struct troth_https_answer a = { 0 };
	const char *policy = "name: default\nsegment: line-1\npcrs:\n  sha256: [0, 4, 7]\n"
			     "enrolment: approval\napprove: automatic\n";
	assert_int_equal(test_service_admin(&gate.service, "POST", "/v1/admin/policies",
					    "application/yaml", policy, &a),
			 400);
	troth_https_answer_clear(&a);
}

/* ---- strangers ---- */

#define WAITING_MAX 2

static struct gate small;

static int open_small(void **state)
{
	(void)state;
	gate_init(&small, "workers: 2\nlimits:\n  pending_devices: 2\n");
	gate_start(&small, NULL);
	put_policy(&small, APPROVAL, false);
	return 0;
}

static int close_small(void **state)
{
	(void)state;
	gate_close(&small);
	return 0;
}

struct stranger {
	pthread_t thread;
	struct fleet_device device;
	struct tls_client http;
	int status;
};

static void *knock(void *arg)
{
	struct stranger *s = arg;
	s->status = fleet_enroll(&s->device, &s->http);
	return NULL;
}

/* Pending is an outcome, not a way into the table for strangers. */
static void strangers_cannot_fill_the_table(void **state)
{
	(void)state;
	enum { STRANGERS = 8 };
	static struct stranger strangers[STRANGERS];
	static struct gate_census census;
	size_t in = 0, first_in = STRANGERS;
	for (size_t i = 0; i < STRANGERS; i++) {
		fleet_device_make(&strangers[i].device);
		tls_client_init(&strangers[i].http, small.tls, small.service.port);
		assert_true(tls_client_get(&strangers[i].http, "/healthz"));
	}
	for (size_t i = 0; i < STRANGERS; i++)
		assert_int_equal(
			pthread_create(&strangers[i].thread, NULL, knock, &strangers[i]), 0);
	for (size_t i = 0; i < STRANGERS; i++)
		pthread_join(strangers[i].thread, NULL);
	for (size_t i = 0; i < STRANGERS; i++) {
		if (strangers[i].status == 200) {
			in++;
			first_in = i;
		} else {
			lab_assert_problem(&strangers[i].http, 503, "pending-full", NULL);
		}
	}
	/* All at once, and still no more than may wait. */
	assert_in_range(in, 1, WAITING_MAX);
	for (size_t i = 0; i < STRANGERS && in < WAITING_MAX; i++)
		if (strangers[i].status != 200)
			in += (strangers[i].status = fleet_enroll(&strangers[i].device,
								  &strangers[i].http)) == 200;
	gate_census(&small, &census);
	assert_int_equal(census.n_devices, WAITING_MAX);
	/* Who waits may ask again; who does not wait, not. */
	assert_int_equal(fleet_enroll(&strangers[first_in].device, &strangers[first_in].http),
			 200);
	for (size_t i = 0; i < STRANGERS; i++)
		if (strangers[i].status != 200) {
			assert_int_equal(fleet_enroll(&strangers[i].device, &strangers[i].http),
					 503);
			lab_assert_problem(&strangers[i].http, 503, "pending-full", NULL);
		}
	gate_census(&small, &census);
	assert_int_equal(census.n_devices, WAITING_MAX);
	for (size_t i = 0; i < STRANGERS; i++) {
		fleet_device_free(&strangers[i].device);
		tls_client_release(&strangers[i].http);
	}
}

/* ---- budget ---- */

static struct gate slow;

static int open_slow(void **state)
{
	(void)state;
	gate_init(&slow, "workers: 1\nlimits:\n  enrolments_per_minute: 1\n");
	gate_start(&slow, NULL);
	put_policy(&slow, APPROVAL, false);
	return 0;
}

static int close_slow(void **state)
{
	(void)state;
	gate_close(&slow);
	return 0;
}

static void assert_told_to_wait(const struct tls_client *c)
{
	lab_assert_problem(c, 429, "too-many-enrolments", NULL);
	assert_non_null(strcasestr(c->buffer, "\r\nretry-after: "));
}

/* One enrolment is two requests; the third has to wait, however it is
 * spelt, and everything but enrolment goes on. Another address has its own. */
static void a_source_has_a_budget(void **state)
{
	(void)state;
	struct fleet_device d;
	struct tls_client elsewhere;
	fleet_device_make(&d);
	assert_int_equal(gate_enroll(&slow, &d), 200);
	assert_int_equal(gate_enroll(&slow, &d), 429);
	assert_told_to_wait(&slow.http);
	assert_true(tls_client_post(&slow.http, "/v1/enroll/complete",
				    (struct troth_view){ (const uint8_t *)"\x80", 1 }));
	assert_told_to_wait(&slow.http);
	/* Another connection of the same address is the same source. */
	tls_client_close(&slow.http);
	assert_int_equal(gate_enroll(&slow, &d), 429);

	Troth__V1__Challenge *challenge = fleet_challenge(&d, &slow.http);
	assert_non_null(challenge);
	troth_wire_free(&challenge->base);

	tls_client_init(&elsewhere, slow.tls, slow.service.port);
	elsewhere.from = 2;
	assert_int_equal(fleet_enroll(&d, &elsewhere), 200);
	tls_client_release(&elsewhere);
	fleet_device_free(&d);
}

int main(void)
{
	const struct CMUnitTest modes[] = {
		cmocka_unit_test(every_mode_with_every_certificate),
		cmocka_unit_test(another_ek_of_the_same_tpm),
		cmocka_unit_test(approval_that_nobody_gives),
	};
	const struct CMUnitTest strangers[] = {
		cmocka_unit_test(strangers_cannot_fill_the_table),
	};
	const struct CMUnitTest budget[] = {
		cmocka_unit_test(a_source_has_a_budget),
	};
	int failed = cmocka_run_group_tests(modes, open_gate, close_gate);
	failed += cmocka_run_group_tests(strangers, open_small, close_small);
	failed += cmocka_run_group_tests(budget, open_slow, close_slow);
	return failed;
}
