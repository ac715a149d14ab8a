/* SPDX-License-Identifier: Apache-2.0 */
/* What operators decide while devices ask: a policy, a quarantine or a new name holds from the
 * moment it is answered for, whatever was under way. Rows are those of docs/attacks.md. */
#include "one_lab.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reader.h"
#include "text.h"
#include "token.h"
#include "wire.h"

#define LEAVES_MAX 1000

/* An answer to a challenge that is sent when something has happened. */
struct pending {
	Troth__V1__Challenge *challenge;
	struct fleet_attestation a;
};

static void prepare(struct fleet_device *d, struct pending *p)
{
	p->challenge = fleet_challenge(d, &lab.http);
	assert_non_null(p->challenge);
	fleet_attest(d, p->challenge, &p->a);
}

static void send_it(struct pending *p)
{
	assert_true(fleet_post(&lab.http, "/v1/attest", &p->a.message.base));
	troth_wire_free(&p->challenge->base);
}

static void put_policy(const char *policy)
{
	test_service_admin_ok(&lab.service, "/v1/admin/policies", "application/yaml", policy);
}

/* ---- policy: attacks.md row 29 ---- */

static void a_policy_that_asks_for_other_pcrs(void **state)
{
	(void)state;
	static struct pending p;
	prepare(&lab.devices[LAB_VICTIM], &p);
	put_policy("name: default\nsegment: line-1\npcrs:\n  sha256: [0, 4, 7]\n"
		   "reference: base\nenrolment: inventory\napprove: automatic\n");
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	send_it(&p);
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
	lab_policy(&lab, "automatic", "");
}

/* The same PCRs, and another judgement: the one that holds when the evidence comes. */
static void a_policy_that_judges_otherwise(void **state)
{
	(void)state;
	static struct pending p;
	prepare(&lab.devices[LAB_VICTIM], &p);
	put_policy("name: default\nsegment: line-1\n"
		   "pcrs:\n  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
		   "reference: stricter\nenrolment: inventory\napprove: automatic\n");
	send_it(&p);
	struct lab_result r = lab_result(&lab.http);
	assert_false(r.issued);
	assert_string_equal(r.finding, "reference-missing");
	lab_policy(&lab, "automatic", "");
	assert_int_equal(lab_attest(&lab, &lab.devices[LAB_VICTIM]), 200);
	assert_true(lab_result(&lab.http).issued);
}

/* ---- attacks.md row 18 ---- */

static void policies_that_check_nothing_affirm_nothing(void **state)
{
	(void)state;
	static const char PCRS[] = "name: default\nsegment: line-1\n"
				   "pcrs:\n  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
				   "enrolment: inventory\napprove: automatic\n";
	static const struct {
		const char *name, *more;
	} VACUOUS[] = {
		{ "no reference", "secure_boot: any\n" },
		{ "no reference but secure boot", "secure_boot: required\n" },
		{ "a reference that was never learned",
		  "secure_boot: any\nreference: never\n" },
	};
	for (size_t i = 0; i < sizeof VACUOUS / sizeof *VACUOUS; i++) {
		char policy[512];
		snprintf(policy, sizeof policy, "%s%s", PCRS, VACUOUS[i].more);
		put_policy(policy);
		assert_int_equal(lab_attest(&lab, &lab.devices[LAB_VICTIM]), 200);
		struct lab_result r = lab_result(&lab.http);
		print_message("row 18: %s: %s\n", VACUOUS[i].name, r.finding);
		assert_int_not_equal(r.tier, TROTH__V1__TIER__TIER_AFFIRMING);
		assert_false(r.issued);
		assert_string_equal(r.finding, "reference-missing");
	}
	lab_policy(&lab, "automatic", "");
}

static void policies_of_no_pcrs_are_refused(void **state)
{
	(void)state;
	static const char *const POLICIES[] = {
		"name: default\nsegment: s\n",
		"name: default\nsegment: s\npcrs:\n",
		"name: default\nsegment: s\npcrs: {}\n",
		"name: default\nsegment: s\npcrs:\n  sha256: []\n",
		"name: default\nsegment: s\npcrs:\n  sha1: [0]\n",
		"name: default\nsegment: s\npcrs:\n  sha256: [24]\n",
	};
	for (size_t i = 0; i < sizeof POLICIES / sizeof *POLICIES; i++) {
		struct troth_https_answer a = { 0 };
		assert_int_equal(test_service_admin(&lab.service, "POST", "/v1/admin/policies",
						    "application/yaml", POLICIES[i], &a),
				 400);
		troth_https_answer_clear(&a);
	}
}

static void a_group_without_a_policy(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	test_service_admin_ok(&lab.service, "/v1/admin/devices/victim", "application/json",
			      "{\"group\":\"nobody\"}");
	lab_attest(&lab, d);
	lab_assert_problem(&lab.http, 403, "no-policy", NULL);
	test_service_admin_ok(&lab.service, "/v1/admin/devices/victim", "application/json",
			      "{\"group\":\"default\"}");
}

/* ---- an operator between challenge and answer ---- */

static void quarantined_before_the_answer(void **state)
{
	(void)state;
	static struct pending p;
	prepare(&lab.devices[LAB_VICTIM], &p);
	assert_int_equal(lab_act(&lab, "victim", "quarantine"), 200);
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	send_it(&p);
	/* The operator's word raised the row's version: the answer is stale, and the next one
	 * is told why. */
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	lab_attest(&lab, &lab.devices[LAB_VICTIM]);
	lab_assert_problem(&lab.http, 403, "quarantined", NULL);
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
}

static void released_before_the_answer(void **state)
{
	(void)state;
	static struct pending p;
	prepare(&lab.devices[LAB_VICTIM], &p); /* still in quarantine */
	assert_int_equal(lab_act(&lab, "victim", "release"), 200);
	send_it(&p);
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	assert_int_equal(lab_attest(&lab, &lab.devices[LAB_VICTIM]), 200);
	assert_true(lab_result(&lab.http).issued);
}

static void moved_before_the_answer(void **state)
{
	(void)state;
	static struct pending p;
	prepare(&lab.devices[LAB_VICTIM], &p);
	test_service_admin_ok(&lab.service, "/v1/admin/devices/victim", "application/json",
			      "{\"segment\":\"line-2\"}");
	send_it(&p);
	lab_assert_problem(&lab.http, 409, "stale-challenge", NULL);
	assert_int_equal(lab_attest(&lab, &lab.devices[LAB_VICTIM]), 200);
	ProtobufCMessage *m =
		fleet_answer(&lab.http, &troth__v1__attestation_result__descriptor);
	assert_non_null(m);
	assert_string_equal(((Troth__V1__AttestationResult *)m)->spiffe_id,
			    "spiffe://test.example/line-2/victim");
	troth_wire_free(m);
	test_service_admin_ok(&lab.service, "/v1/admin/devices/victim", "application/json",
			      "{\"segment\":\"line-1\"}");
}

/* ---- a device that fails ---- */

/* What is authentic and bad ends what lives; what is not authentic
 * ends nothing (test_forged_evidence). */
static void a_bad_verdict_revokes(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct fleet_device *d = &lab.devices[LAB_THIRD];
	assert_int_equal(lab_attest(&lab, d), 200);
	X509 *cert = lab_certificate(&lab.http);
	assert_false(lab_on_crl_now(&lab, cert));
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
	assert_non_null(challenge);
	challenge->wants |= TROTH_WANT_LOG;
	struct troth_view whole = d->log;
	d->log.n -= 7;
	fleet_attest(d, challenge, &a);
	d->log = whole;
	assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
	troth_wire_free(&challenge->base);
	struct lab_result r = lab_result(&lab.http);
	assert_int_equal(r.tier, TROTH__V1__TIER__TIER_CONTRAINDICATED);
	assert_false(r.issued);
	assert_string_equal(lab_device(&lab, "third", "health"), "untrusted");
	assert_true(lab_revoked(&lab, cert));
	X509_free(cert);
}

/* ---- in flight ---- */

enum { CLIENTS = 50 };

struct client {
	pthread_t thread;
	struct tls_client http;
	struct fleet_device device; /* the same one, of whom each client speaks */
	atomic_bool *closed;	    /* the quarantine was answered */
	size_t n;
	uint8_t certificates[64][32]; /* SHA-256 of what was received */
	const char *wrong;
};

static void keep_certificate(struct client *c)
{
	X509 *cert = lab_certificate(&c->http);
	unsigned int len;
	if (X509_digest(cert, EVP_sha256(), c->certificates[c->n++], &len) != 1)
		c->wrong = "a certificate without a digest";
	X509_free(cert);
}

/* One renewal; false when there will be no more. All clients show the same clock: equal is
 * legal, and which of them comes first is not known. */
static bool renew(struct client *c, uint64_t clock)
{
	static _Thread_local struct fleet_attestation a;
	const bool was_closed = atomic_load(c->closed);
	Troth__V1__Challenge *challenge = fleet_challenge(&c->device, &c->http);
	if (challenge == NULL)
		return c->http.status == 503;
	c->device.tpm.clock = clock;
	fleet_attest(&c->device, challenge, &a);
	const bool sent = fleet_post(&c->http, "/v1/attest", &a.message.base);
	troth_wire_free(&challenge->base);
	if (!sent)
		c->wrong = "no answer";
	else if (c->http.status == 200 && was_closed)
		c->wrong = "served after the quarantine was answered";
	else if (c->http.status == 200)
		keep_certificate(c);
	else if (c->http.status != 403 && c->http.status != 409 && c->http.status != 503)
		c->wrong = "an answer that is none of these";
	return c->wrong == NULL && (c->http.status == 200 || c->http.status == 409) &&
	       c->n < 64;
}

static void *keep_renewing(void *arg)
{
	struct client *c = arg;
	const uint64_t clock = c->device.tpm.clock;
	while (renew(c, clock))
		;
	return NULL;
}

static size_t quarantine_leaf(const struct lab_leaf *leaves, size_t n, const char *name)
{
	size_t at = n;
	for (size_t i = 0; i < n; i++)
		if (strcmp(leaves[i].kind, "state") == 0 && strcmp(leaves[i].name, name) == 0 &&
		    strcmp(leaves[i].detail, "quarantined") == 0)
			at = i;
	for (size_t i = 0; at == n && i < n; i++)
		print_message("leaf: %s %s %s %s\n", leaves[i].kind, leaves[i].name,
			      leaves[i].detail, leaves[i].certificate);
	assert_in_range(at, 0, n - 1);
	return at;
}

static bool has_leaf(const struct lab_leaf *leaves, size_t n, const uint8_t sha256[32])
{
	char hex[65];
	troth_format_hex((struct troth_view){ sha256, 32 }, hex);
	for (size_t i = 0; i < n; i++)
		if (strcmp(leaves[i].certificate, hex) == 0)
			return true;
	return false;
}

/* Every certificate that anybody received has its leaf, before the quarantine's; after it the
 * device has none. */
static size_t reconcile(const struct client *clients, const char *name, long from)
{
	static struct lab_leaf leaves[LEAVES_MAX];
	const size_t n = lab_leaves(&lab, from, leaves, LEAVES_MAX);
	const size_t at = quarantine_leaf(leaves, n, name);
	size_t received = 0;
	for (size_t i = at; i < n; i++)
		if (strcmp(leaves[i].name, name) == 0)
			assert_string_equal(leaves[i].certificate, "-");
	for (size_t i = 0; i < CLIENTS; i++) {
		if (clients[i].wrong != NULL)
			fail_msg("%s: %s", name, clients[i].wrong);
		for (size_t k = 0; k < clients[i].n; k++)
			assert_true(has_leaf(leaves, at, clients[i].certificates[k]));
		received += clients[i].n;
	}
	return received;
}

static void quarantine_under_fire(int device, const char *name, long after_ms)
{
	static struct client clients[CLIENTS];
	static atomic_bool closed;
	const struct timespec pause = { .tv_nsec = after_ms * 1000000 };
	if (lab_attest(&lab, &lab.devices[device]) != 200)
		lab_assert_problem(&lab.http, 200, "-", NULL);
	X509 *cert = lab_certificate(&lab.http);
	struct lab_state before = lab_state(&lab, device);
	lab.devices[device].tpm.clock++;
	atomic_store(&closed, false);
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i] =
			(struct client){ .device = lab.devices[device], .closed = &closed };
		lab_client(&lab, &clients[i].http);
		assert_true(tls_client_get(&clients[i].http, "/healthz"));
	}
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(
			pthread_create(&clients[i].thread, NULL, keep_renewing, &clients[i]),
			0);
	nanosleep(&pause, NULL);
	assert_int_equal(lab_act(&lab, name, "quarantine"), 200);
	atomic_store(&closed, true);
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	size_t n = reconcile(clients, name, before.n_leaves);
	print_message("%s: %zu certificates before the quarantine\n", name, n);
	assert_true(lab_revoked(&lab, cert));
	for (size_t i = 0; i < CLIENTS; i++)
		tls_client_release(&clients[i].http);
	X509_free(cert);
}

/* The row's version closes the race. */
static void quarantine_while_fifty_ask(void **state)
{
	(void)state;
	quarantine_under_fire(LAB_VICTIM, "victim", 0);
	quarantine_under_fire(LAB_ATTACKER, "attacker", 7);
	quarantine_under_fire(LAB_THIRD, "third", 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_that_asks_for_other_pcrs),
		cmocka_unit_test(a_policy_that_judges_otherwise),
		cmocka_unit_test(policies_that_check_nothing_affirm_nothing),
		cmocka_unit_test(policies_of_no_pcrs_are_refused),
		cmocka_unit_test(a_group_without_a_policy),
		cmocka_unit_test(quarantined_before_the_answer),
		cmocka_unit_test(released_before_the_answer),
		cmocka_unit_test(moved_before_the_answer),
		cmocka_unit_test(a_bad_verdict_revokes),
		cmocka_unit_test(quarantine_while_fifty_ask),
	};
	return cmocka_run_group_tests(tests, one_lab_open, one_lab_close);
}
