/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/authorize over the wire: strangers learn nothing, a proof is good once whoever is asked,
 * and the next call after a quarantine is denied. What is judged is in unit.gate. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base.h"
#include "dpop.h"
#include "lab.h"
#include "random.h"
#include "reader.h"
#include "wire.h"

#define URL "https://historian.test.example/v1/points"
/* SHA-256 of "gateway" and of "other". */
static const char CALLERS[] =
	"callers:\n"
	"  - name: gateway\n"
	"    audience: historian\n"
	"    token_sha256: 4ea5ee68fea05586106890ded5733820bb77d919cda27bc4b8139b7cd33b8889\n"
	"  - name: other\n"
	"    audience: plc\n"
	"    token_sha256: d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa\n";
static const char ALLOW[] = "allow:\n"
			    "  - audience: historian\n"
			    "    methods: [POST, GET]\n";

struct scene {
	struct lab lab;
	struct troth_ctx *ctx;
	struct troth_es256_key *session;
	struct troth_jwk jwk;
	char token[TROTH_JWS_MAX], certificate[4096], nonce[128];
};

/* ---- a device with what it was issued ---- */

static void take_result(struct scene *s)
{
	struct fleet_device *d = &s->lab.devices[LAB_VICTIM];
	soft_device_new_session(&d->tpm);
	assert_int_equal(lab_attest(&s->lab, d), 200);
	Troth__V1__AttestationResult *r = (Troth__V1__AttestationResult *)fleet_answer(
		&s->lab.http, &troth__v1__attestation_result__descriptor);
	assert_non_null(r);
	assert_in_range(r->ear.len, 100, sizeof s->token - 1);
	memcpy(s->token, r->ear.data, r->ear.len);
	s->token[r->ear.len] = '\0';
	troth_wire_free(&r->base);
	troth_es256_key_free(s->session);
	assert_int_equal(troth_es256_key_new(d->tpm.session, &s->session), TROTH_OK);
	assert_int_equal(troth_jwk_of(d->tpm.session, &s->jwk), TROTH_OK);
}

static void take_certificate(struct scene *s)
{
	X509 *cert = lab_certificate(&s->lab.http);
	uint8_t *der = NULL, text[3000];
	const int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	assert_true(EVP_EncodeBlock(text, der, n) > 0);
	(void)snprintf(s->certificate, sizeof s->certificate, ":%s:", text);
	OPENSSL_free(der);
	X509_free(cert);
}

static int open_scene(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	assert_int_equal(troth_ctx_new(&s->ctx), TROTH_OK);
	lab_open_with(&s->lab, CALLERS);
	lab_policy(&s->lab, "automatic", ALLOW);
	*state = s;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *s = *state;
	troth_es256_key_free(s->session);
	lab_close(&s->lab);
	troth_ctx_free(s->ctx);
	free(s);
	return 0;
}

/* A scene may leave its device in quarantine; the next one begins with it released. */
static int begin(void **state)
{
	struct scene *s = *state;
	(void)lab_act(&s->lab, "victim", "release");
	s->nonce[0] = '\0';
	take_result(s);
	take_certificate(s);
	return 0;
}

static enum troth_status sign_with(void *arg, struct troth_view message,
				   uint8_t out[TROTH_ES256_LEN])
{
	struct scene *s = arg;
	return troth_es256_sign(s->ctx, s->session, message, out);
}

static const char *prove(struct scene *s, const char *method, const char *url)
{
	static char proof[TROTH_JWS_MAX];
	uint8_t jti[TROTH_DPOP_JTI_BYTES];
	struct troth_writer w = troth_writer_make((uint8_t *)proof, sizeof proof - 1);
	const struct troth_dpop_maker maker = { s->jwk, { sign_with, s } };
	const struct troth_dpop_call call = { .method = troth_view_str(method),
					      .url = troth_view_str(url),
					      .token = troth_view_str(s->token),
					      .nonce = troth_view_str(s->nonce) };
	assert_int_equal(troth_random(jti, sizeof jti), TROTH_OK);
	assert_int_equal(troth_dpop_make(s->ctx, &maker, &call, (uint64_t)time(NULL), jti, &w),
			 TROTH_OK);
	proof[w.n] = '\0';
	return proof;
}

/* ---- gateways ---- */

/* The value of a header of the last answer, in a static buffer; empty when it is not there. */
static const char *answered(const struct tls_client *c, const char *name)
{
	static char value[512];
	char key[64];
	const struct troth_view all = tls_client_answer(c);
	(void)snprintf(key, sizeof key, "\r\n%s: ", name);
	const char *at = strcasestr((const char *)all.p, key);
	value[0] = '\0';
	if (at == NULL)
		return value;
	at += strlen(key);
	(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

static int ask_raw(struct tls_client *c, const char *line, const char *headers)
{
	static char head[24000];
	(void)snprintf(head, sizeof head,
		       "%s HTTP/1.1\r\nHost: historian.test.example\r\n%s\r\n", line, headers);
	assert_true(tls_client_call(c, head, (struct troth_view){ 0 }));
	if (c->status != 200 && c->status != 401 && c->status != 403)
		fail_msg("%s: %d", line, c->status);
	return c->status;
}

/* As nginx asks for a POST to URL. */
static int ask_with(struct scene *s, struct tls_client *c, const char *caller, const char *more)
{
	static char headers[20000];
	(void)snprintf(headers, sizeof headers,
		       "Troth-Caller: %s\r\nX-Original-Method: POST\r\nX-Original-URL: " URL
		       "\r\n%s",
		       caller, more);
	(void)s;
	return ask_raw(c, "GET /v1/authorize", headers);
}

static const char *with_proof(struct scene *s, const char *proof)
{
	static char lines[2 * TROTH_JWS_MAX + 64];
	(void)snprintf(lines, sizeof lines, "Authorization: DPoP %s\r\nDPoP: %s\r\n", s->token,
		       proof);
	return lines;
}

static const char *with_certificate(struct scene *s)
{
	static char lines[5000];
	(void)snprintf(lines, sizeof lines, "Client-Cert: %s\r\n", s->certificate);
	return lines;
}

static void take_nonce(struct scene *s)
{
	assert_int_equal(
		ask_with(s, &s->lab.http, "gateway", with_proof(s, prove(s, "POST", URL))),
		401);
	assert_string_equal(answered(&s->lab.http, "Troth-Decision"), "proof-nonce");
	assert_string_equal(answered(&s->lab.http, "WWW-Authenticate"),
			    "DPoP algs=\"ES256\", error=\"use_dpop_nonce\"");
	(void)snprintf(s->nonce, sizeof s->nonce, "%.100s",
		       answered(&s->lab.http, "DPoP-Nonce"));
	assert_int_equal(strlen(s->nonce), 43);
}

static void assert_decision(struct scene *s, int status, const char *decision)
{
	assert_string_equal(answered(&s->lab.http, "Troth-Decision"), decision);
	assert_int_equal(s->lab.http.status, status);
}

/* ---- scenes ---- */

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
	struct scene *s = *state;
	static char headers[16000];
	for (size_t i = 0; i < TROTH_COUNT(LINES); i++)
		for (size_t k = 0; k < TROTH_COUNT(CALLER); k++) {
			(void)snprintf(headers, sizeof headers,
				       "%sX-Original-Method: POST\r\nX-Original-URL: " URL
				       "\r\n%s",
				       CALLER[k], with_certificate(s));
			assert_int_equal(ask_raw(&s->lab.http, LINES[i], headers), 403);
			assert_string_equal(answered(&s->lab.http, "Troth-Decision"), "");
			assert_string_equal(answered(&s->lab.http, "DPoP-Nonce"), "");
			assert_int_equal(s->lab.http.body.n, 0);
		}
}

static void a_healthy_device_is_let_in(void **state)
{
	struct scene *s = *state;
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 200);
	assert_string_equal(answered(&s->lab.http, "Troth-Device"), "victim");
	assert_string_equal(answered(&s->lab.http, "Troth-Segment"), "line-1");
	take_nonce(s);
	assert_int_equal(
		ask_with(s, &s->lab.http, "gateway", with_proof(s, prove(s, "POST", URL))),
		200);
	assert_string_equal(answered(&s->lab.http, "Troth-Device"), "victim");
	assert_int_equal(strlen(answered(&s->lab.http, "DPoP-Nonce")), 43);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", ""), 401);
	assert_decision(s, 401, "no-credential");
}

/* As Envoy asks: the request itself under the path, with its query. */
static void a_repeated_request_is_judged_as_it_was(void **state)
{
	struct scene *s = *state;
	static char headers[16000];
	take_nonce(s);
	(void)snprintf(headers, sizeof headers, "Troth-Caller: gateway\r\n%s",
		       with_proof(s, prove(s, "POST", URL)));
	assert_int_equal(ask_raw(&s->lab.http, "POST /v1/authorize/v1/other", headers), 401);
	assert_decision(s, 401, "proof-url");
	assert_int_equal(ask_raw(&s->lab.http, "PATCH /v1/authorize/v1/points", headers), 401);
	assert_decision(s, 401, "proof-method");
	assert_int_equal(ask_raw(&s->lab.http, "POST /v1/authorize/v1/points?q=1", headers),
			 200);
}

/* nginx sets Client-Cert, or takes it away, and lets everything else of a client's through;
 * Envoy the other one. A certificate is public: whoever has seen it can write it into a header.
 */
static void a_certificate_counts_in_the_gateways_own_header_only(void **state)
{
	struct scene *s = *state;
	static char mine[6000], envoy[6100], plain[6100];
	(void)snprintf(mine, sizeof mine,
		       "X-Forwarded-Client-Cert: Cert=\"-----BEGIN CERTIFICATE-----%%0A%.*s%%0A"
		       "-----END CERTIFICATE-----\"\r\n",
		       (int)strlen(s->certificate) - 2, s->certificate + 1);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", mine), 401);
	assert_decision(s, 401, "no-credential");
	(void)snprintf(envoy, sizeof envoy, "Troth-Caller: gateway\r\n%s", mine);
	(void)snprintf(plain, sizeof plain, "Troth-Caller: gateway\r\n%s", with_certificate(s));
	assert_int_equal(ask_raw(&s->lab.http, "POST /v1/authorize/v1/points", envoy), 200);
	assert_int_equal(ask_raw(&s->lab.http, "POST /v1/authorize/v1/points", plain), 401);
	assert_decision(s, 401, "no-credential");
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
	struct scene *s = *state;
	static char headers[16000];
	take_nonce(s);
	const char *proof = prove(s, "POST", URL);
	for (size_t i = 0; i < TROTH_COUNT(TWICE); i++) {
		(void)snprintf(headers, sizeof headers, "%s%s", with_proof(s, proof), TWICE[i]);
		assert_int_equal(ask_with(s, &s->lab.http, "gateway", headers), 401);
		assert_decision(s, 401, "no-credential");
	}
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_proof(s, proof)), 200);
}

static void a_caller_is_bound_to_its_audience(void **state)
{
	struct scene *s = *state;
	assert_int_equal(ask_with(s, &s->lab.http, "other", with_certificate(s)), 403);
	assert_decision(s, 403, "audience");
	assert_int_equal(ask_raw(&s->lab.http, "GET /v1/authorize?audience=historian",
				 "Troth-Caller: other\r\n"),
			 401);
}

static void a_proof_is_good_once(void **state)
{
	struct scene *s = *state;
	take_nonce(s);
	const char *proof = prove(s, "POST", URL);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_proof(s, proof)), 200);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_proof(s, proof)), 401);
	assert_decision(s, 401, "proof-used");
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
	struct scene *s = *state;
	for (size_t i = 0; i < RIVALS; i++)
		lab_client(&s->lab, &rivals[i].http);
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t n_admitted = 0;
		s->nonce[0] = '\0';
		take_nonce(s);
		(void)snprintf(
			head, sizeof head,
			"GET /v1/authorize HTTP/1.1\r\nHost: v\r\nTroth-Caller: gateway\r\n"
			"X-Original-Method: POST\r\nX-Original-URL: " URL "\r\n%s\r\n",
			with_proof(s, prove(s, "POST", URL)));
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
	struct scene *s = *state;
	static char kept[TROTH_JWS_MAX];
	take_nonce(s);
	(void)snprintf(kept, sizeof kept, "%s", prove(s, "POST", URL));
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_proof(s, kept)), 200);
	assert_true(test_service_stop(&s->lab.service));
	test_service_start(&s->lab.service);
	tls_client_release(&s->lab.http);
	lab_client(&s->lab, &s->lab.http);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_proof(s, kept)), 401);
	assert_decision(s, 401, "proof-nonce");
	s->nonce[0] = '\0';
	take_nonce(s);
	assert_int_equal(
		ask_with(s, &s->lab.http, "gateway", with_proof(s, prove(s, "POST", URL))),
		200);
}

static void the_next_call_after_a_quarantine_is_denied(void **state)
{
	struct scene *s = *state;
	take_nonce(s);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 200);
	assert_int_equal(lab_act(&s->lab, "victim", "quarantine"), 200);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 403);
	assert_int_equal(
		ask_with(s, &s->lab.http, "gateway", with_proof(s, prove(s, "POST", URL))),
		403);
	/* Release is explicit, and brings back no credential that was revoked. */
	assert_int_equal(lab_act(&s->lab, "victim", "release"), 200);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 403);
	assert_decision(s, 403, "certificate-revoked");
	assert_int_equal(
		ask_with(s, &s->lab.http, "gateway", with_proof(s, prove(s, "POST", URL))),
		403);
	assert_decision(s, 403, "certificate-revoked");
}

static void policy_says_audience_and_method(void **state)
{
	struct scene *s = *state;
	lab_policy(&s->lab, "automatic", "");
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 403);
	assert_decision(s, 403, "audience");
	lab_policy(&s->lab, "automatic",
		   "allow:\n  - audience: historian\n    methods: [GET]\n");
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 403);
	assert_decision(s, 403, "method");
	lab_policy(&s->lab, "automatic", ALLOW);
	assert_int_equal(ask_with(s, &s->lab.http, "gateway", with_certificate(s)), 200);
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
