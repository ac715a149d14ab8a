/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/authorize over the wire: strangers learn nothing, a proof is good once whoever is asked,
 * and the next call after a quarantine is denied. What is judged is in unit.gate. */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "asking.h"
#include "base.h"

static int open_scene(void **state)
{
	struct asking *s = calloc(1, sizeof *s);
	asking_open(s, "");
	*state = s;
	return 0;
}

static int close_scene(void **state)
{
	asking_close(*state);
	free(*state);
	return 0;
}

/* A scene may leave its device in quarantine; the next one begins with it released. */
static int begin(void **state)
{
	struct asking *s = *state;
	(void)lab_act(&s->lab, "victim", "release");
	asking_take(s, LAB_VICTIM);
	return 0;
}

/* What the configuration holds is no token. */
static const char HASHED[] =
	"Troth-Caller: 4ea5ee68fea05586106890ded5733820bb77d919cda27bc4b8139b7cd33b8889\r\n";

static void who_asks_without_being_known_learns_nothing(void **state)
{
	static const char *const LINES[] = {
		"GET /v1/authorize",	"GET /v1/authorize/",	  "POST /v1/authorize/a",
		"PUT /v1/authorize/",	"DELETE /v1/authorize/x", "OPTIONS /v1/authorize/x?y",
		"HEAD /v1/authorize/x",
	};
	static const char *const CALLER[] = {
		"",
		"Troth-Caller: \r\n",
		"Troth-Caller: Gateway\r\n",
		"Troth-Caller: gateway\r\nTroth-Caller: gateway\r\n",
		HASHED,
		"Authorization: Bearer gateway\r\n"
	};
	struct asking *s = *state;
	static char headers[16000];
	for (size_t i = 0; i < TROTH_COUNT(LINES); i++)
		for (size_t k = 0; k < TROTH_COUNT(CALLER); k++) {
			(void)snprintf(headers, sizeof headers,
				       "%sX-Original-Method: "
				       "POST\r\nX-Original-URL: " ASKING_URL "\r\n%s",
				       CALLER[k], asking_with_certificate(s));
			assert_int_equal(asking_raw(&s->lab.http, LINES[i], headers), 403);
			assert_string_equal(asking_answered(&s->lab.http, "Troth-Decision"),
					    "");
			assert_string_equal(asking_answered(&s->lab.http, "DPoP-Nonce"), "");
			assert_int_equal(s->lab.http.body.n, 0);
		}
}

static void a_healthy_device_is_let_in(void **state)
{
	struct asking *s = *state;
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 200);
	assert_string_equal(asking_answered(&s->lab.http, "Troth-Device"), "victim");
	assert_string_equal(asking_answered(&s->lab.http, "Troth-Segment"), "line-1");
	asking_take_nonce(s);
	assert_int_equal(asking_with(&s->lab.http, "gateway",
				     asking_with_proof(s, asking_prove(s, "POST", ASKING_URL))),
			 200);
	assert_string_equal(asking_answered(&s->lab.http, "Troth-Device"), "victim");
	assert_int_equal(strlen(asking_answered(&s->lab.http, "DPoP-Nonce")), 43);
	assert_int_equal(asking_with(&s->lab.http, "gateway", ""), 401);
	asking_assert(&s->lab.http, 401, "no-credential");
}

/* As Envoy asks: the request itself under the path, with its query. */
static void a_repeated_request_is_judged_as_it_was(void **state)
{
	struct asking *s = *state;
	static char headers[16000];
	asking_take_nonce(s);
	(void)snprintf(headers, sizeof headers, "Troth-Caller: gateway\r\n%s",
		       asking_with_proof(s, asking_prove(s, "POST", ASKING_URL)));
	assert_int_equal(asking_raw(&s->lab.http, "POST /v1/authorize/v1/other", headers), 401);
	asking_assert(&s->lab.http, 401, "proof-url");
	assert_int_equal(asking_raw(&s->lab.http, "PATCH /v1/authorize/v1/points", headers),
			 401);
	asking_assert(&s->lab.http, 401, "proof-method");
	assert_int_equal(asking_raw(&s->lab.http, "POST /v1/authorize/v1/points?q=1", headers),
			 200);
}

/* nginx sets Client-Cert, or takes it away, and lets everything else of a client's through;
 * Envoy the other one. A certificate is public: whoever has seen it can write it into a header.
 */
static void a_certificate_counts_in_the_gateways_own_header_only(void **state)
{
	struct asking *s = *state;
	static char mine[6000], envoy[6100], plain[6100];
	(void)snprintf(mine, sizeof mine,
		       "X-Forwarded-Client-Cert: Cert=\"-----BEGIN CERTIFICATE-----%%0A%.*s%%0A"
		       "-----END CERTIFICATE-----\"\r\n",
		       (int)strlen(s->certificate) - 2, s->certificate + 1);
	assert_int_equal(asking_with(&s->lab.http, "gateway", mine), 401);
	asking_assert(&s->lab.http, 401, "no-credential");
	(void)snprintf(envoy, sizeof envoy, "Troth-Caller: gateway\r\n%s", mine);
	(void)snprintf(plain, sizeof plain, "Troth-Caller: gateway\r\n%s",
		       asking_with_certificate(s));
	assert_int_equal(asking_raw(&s->lab.http, "POST /v1/authorize/v1/points", envoy), 200);
	assert_int_equal(asking_raw(&s->lab.http, "POST /v1/authorize/v1/points", plain), 401);
	asking_assert(&s->lab.http, 401, "no-credential");
}

static void what_comes_twice_counts_as_nothing(void **state)
{
	static const char *const TWICE[] = {
		"DPoP: x\r\n",
		"Authorization: Basic eA==\r\n",
		"X-Original-Method: GET\r\n",
		"X-Original-URL: https://a/\r\n",
		"Client-Cert: :eA==:\r\nClient-Cert: :eA==:\r\n",
	};
	struct asking *s = *state;
	static char headers[16000];
	asking_take_nonce(s);
	const char *proof = asking_prove(s, "POST", ASKING_URL);
	for (size_t i = 0; i < TROTH_COUNT(TWICE); i++) {
		(void)snprintf(headers, sizeof headers, "%s%s", asking_with_proof(s, proof),
			       TWICE[i]);
		assert_int_equal(asking_with(&s->lab.http, "gateway", headers), 401);
		asking_assert(&s->lab.http, 401, "no-credential");
	}
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_proof(s, proof)),
			 200);
}

static void a_caller_is_bound_to_its_audience(void **state)
{
	struct asking *s = *state;
	assert_int_equal(asking_with(&s->lab.http, "other", asking_with_certificate(s)), 403);
	asking_assert(&s->lab.http, 403, "audience");
	assert_int_equal(asking_raw(&s->lab.http, "GET /v1/authorize?audience=historian",
				    "Troth-Caller: other\r\n"),
			 401);
}

static void a_proof_is_good_once(void **state)
{
	struct asking *s = *state;
	asking_take_nonce(s);
	const char *proof = asking_prove(s, "POST", ASKING_URL);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_proof(s, proof)),
			 200);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_proof(s, proof)),
			 401);
	asking_assert(&s->lab.http, 401, "proof-used");
}

struct rival {
	pthread_t thread;
	struct tls_client http;
	const char *head;
	bool answered;
};

static void *compete(void *arg)
{
	struct rival *r = arg;
	r->answered = tls_client_call(&r->http, r->head, (struct troth_view){ 0 });
	return NULL;
}

/* On many connections, and so with every worker, at once. */
static void at_once_on_many_connections_it_is_good_once(void **state)
{
	enum { RIVALS = 8, ROUNDS = 5 };
	static struct rival rivals[RIVALS];
	static char head[24000];
	struct asking *s = *state;
	for (size_t i = 0; i < RIVALS; i++)
		lab_client(&s->lab, &rivals[i].http);
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t n_admitted = 0;
		s->nonce[0] = '\0';
		asking_take_nonce(s);
		(void)snprintf(
			head, sizeof head,
			"GET /v1/authorize HTTP/1.1\r\nHost: v\r\nTroth-Caller: gateway\r\n"
			"X-Original-Method: POST\r\nX-Original-URL: " ASKING_URL "\r\n%s\r\n",
			asking_with_proof(s, asking_prove(s, "POST", ASKING_URL)));
		for (size_t i = 0; i < RIVALS; i++) {
			rivals[i].head = head;
			assert_int_equal(
				pthread_create(&rivals[i].thread, NULL, compete, &rivals[i]),
				0);
		}
		for (size_t i = 0; i < RIVALS; i++) {
			pthread_join(rivals[i].thread, NULL);
			assert_true(rivals[i].answered);
			n_admitted += rivals[i].http.status == 200;
		}
		assert_int_equal(n_admitted, 1);
	}
	for (size_t i = 0; i < RIVALS; i++)
		tls_client_release(&rivals[i].http);
}

static void after_a_restart_it_is_good_no_more(void **state)
{
	struct asking *s = *state;
	static char kept[TROTH_JWS_MAX];
	asking_take_nonce(s);
	(void)snprintf(kept, sizeof kept, "%s", asking_prove(s, "POST", ASKING_URL));
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_proof(s, kept)), 200);
	assert_true(test_service_stop(&s->lab.service));
	test_service_start(&s->lab.service);
	tls_client_release(&s->lab.http);
	lab_client(&s->lab, &s->lab.http);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_proof(s, kept)), 401);
	asking_assert(&s->lab.http, 401, "proof-nonce");
	s->nonce[0] = '\0';
	asking_take_nonce(s);
	assert_int_equal(asking_with(&s->lab.http, "gateway",
				     asking_with_proof(s, asking_prove(s, "POST", ASKING_URL))),
			 200);
}

static void the_next_call_after_a_quarantine_is_denied(void **state)
{
	struct asking *s = *state;
	asking_take_nonce(s);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 200);
	assert_int_equal(lab_act(&s->lab, "victim", "quarantine"), 200);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 403);
	assert_int_equal(asking_with(&s->lab.http, "gateway",
				     asking_with_proof(s, asking_prove(s, "POST", ASKING_URL))),
			 403);
	/* Release is explicit, and brings back no credential that was revoked. */
	assert_int_equal(lab_act(&s->lab, "victim", "release"), 200);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 403);
	asking_assert(&s->lab.http, 403, "certificate-revoked");
	assert_int_equal(asking_with(&s->lab.http, "gateway",
				     asking_with_proof(s, asking_prove(s, "POST", ASKING_URL))),
			 403);
	asking_assert(&s->lab.http, 403, "certificate-revoked");
}

static void policy_says_audience_and_method(void **state)
{
	struct asking *s = *state;
	asking_policy(s, "");
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 403);
	asking_assert(&s->lab.http, 403, "audience");
	asking_policy(s, "allow:\n  - audience: historian\n    methods: [GET]\n");
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 403);
	asking_assert(&s->lab.http, 403, "method");
	asking_policy(s, NULL);
	assert_int_equal(asking_with(&s->lab.http, "gateway", asking_with_certificate(s)), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_asks_without_being_known_learns_nothing, begin),
		cmocka_unit_test_setup(a_healthy_device_is_let_in, begin),
		cmocka_unit_test_setup(a_repeated_request_is_judged_as_it_was, begin),
		cmocka_unit_test_setup(a_certificate_counts_in_the_gateways_own_header_only,
				       begin),
		cmocka_unit_test_setup(what_comes_twice_counts_as_nothing, begin),
		cmocka_unit_test_setup(a_caller_is_bound_to_its_audience, begin),
		cmocka_unit_test_setup(a_proof_is_good_once, begin),
		cmocka_unit_test_setup(at_once_on_many_connections_it_is_good_once, begin),
		cmocka_unit_test_setup(after_a_restart_it_is_good_no_more, begin),
		cmocka_unit_test_setup(the_next_call_after_a_quarantine_is_denied, begin),
		cmocka_unit_test_setup(policy_says_audience_and_method, begin),
	};
	return cmocka_run_group_tests_name("authorize", tests, open_scene, close_scene);
}
