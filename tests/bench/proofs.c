/* SPDX-License-Identifier: Apache-2.0 */
/* One-time proofs: how many an attester makes on one core, and how long a gateway waits for
 * /v1/authorize while RATE calls a second come in over kept-alive TLS on loopback, each with a
 * proof of its own. Calls are sent at their time whether or not earlier ones were answered in
 * time (no coordinated omission): latency counts from when a call was due.
 * Usage: bench_proofs [SECONDS [RATE]] */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "bench.h"
#include "dpop.h"
#include "lab.h"
#include "proof_request.h"
#include "random.h"
#include "reader.h"
#include "text.h"
#include "wire.h"

#define URL "https://historian.test.example/v1/points"
#define CONNECTIONS 8
#define RATE_MAX 100000

static const char CALLERS[] =
	"callers:\n"
	"  - name: gateway\n"
	"    audience: historian\n"
	"    token_sha256: 4ea5ee68fea05586106890ded5733820bb77d919cda27bc4b8139b7cd33b8889\n";
static const char ALLOW[] = "allow:\n  - audience: historian\n    methods: [POST]\n";

struct device {
	struct troth_ctx *ctx;
	struct troth_es256_key *key;
	struct troth_jwk jwk;
	char token[TROTH_JWS_MAX], nonce[64];
};

struct gateway {
	pthread_t thread;
	struct tls_client http;
	size_t n, n_admitted;
	char **heads; /* a request each */
	double *latency_s;
	double begin_s, interval_s;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum troth_status sign_with(void *arg, struct troth_view message,
				   uint8_t out[TROTH_ES256_LEN])
{
	struct device *d = arg;
	return troth_es256_sign(d->ctx, d->key, message, out);
}

static char *make_head(struct device *d)
{
	char proof[2048], *head = NULL;
	uint8_t jti[TROTH_DPOP_JTI_BYTES];
	struct troth_writer w = troth_writer_make((uint8_t *)proof, sizeof proof);
	const struct troth_dpop_maker maker = { d->jwk, { sign_with, d } };
	const struct troth_dpop_call call = { .method = troth_view_str("POST"),
					      .url = troth_view_str(URL),
					      .token = troth_view_str(d->token),
					      .nonce = troth_view_str(d->nonce) };
	assert_int_equal(troth_random(jti, sizeof jti), TROTH_OK);
	assert_int_equal(troth_dpop_make(d->ctx, &maker, &call, (uint64_t)time(NULL), jti, &w),
			 TROTH_OK);
	assert_true(
		asprintf(&head,
			 "GET /v1/authorize HTTP/1.1\r\nHost: v\r\nTroth-Caller: gateway\r\n"
			 "X-Original-Method: POST\r\nX-Original-URL: " URL "\r\n"
			 "Authorization: DPoP %s\r\nDPoP: %.*s\r\n\r\n",
			 d->token, (int)w.n, proof) > 0);
	return head;
}

static void take_result(struct lab *lab, struct device *d)
{
	struct fleet_device *victim = &lab->devices[LAB_VICTIM];
	soft_device_new_session(&victim->tpm);
	assert_int_equal(lab_attest(lab, victim), 200);
	Troth__V1__AttestationResult *r = (Troth__V1__AttestationResult *)fleet_answer(
		&lab->http, &troth__v1__attestation_result__descriptor);
	assert_non_null(r);
	(void)snprintf(d->token, sizeof d->token, "%.*s", (int)r->ear.len,
		       (const char *)r->ear.data);
	troth_wire_free(&r->base);
	assert_int_equal(troth_es256_key_new(victim->tpm.session, &d->key), TROTH_OK);
	assert_int_equal(troth_jwk_of(victim->tpm.session, &d->jwk), TROTH_OK);
}

static void take_nonce(struct lab *lab, struct device *d)
{
	static const char KEY[] = "DPoP-Nonce: ";
	char *head = make_head(d);
	assert_true(tls_client_call(&lab->http, head, (struct troth_view){ 0 }));
	free(head);
	const char *at = strcasestr((const char *)tls_client_answer(&lab->http).p, KEY);
	assert_non_null(at);
	(void)snprintf(d->nonce, sizeof d->nonce, "%.43s", at + sizeof KEY - 1);
}

static void wait_until(double at)
{
	const double left = at - now();
	if (left > 0)
		nanosleep(&(const struct timespec){ .tv_nsec = (long)(left * 1e9) }, NULL);
}

static void *ask(void *arg)
{
	struct gateway *g = arg;
	for (size_t i = 0; i < g->n; i++) {
		const double due = g->begin_s + (double)i * g->interval_s;
		wait_until(due);
		if (!tls_client_call(&g->http, g->heads[i], (struct troth_view){ 0 }))
			return NULL;
		g->latency_s[i] = now() - due;
		g->n_admitted += g->http.status == 200;
	}
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(const struct gateway *gateways, size_t n_each, double rate)
{
	const size_t n = n_each * CONNECTIONS;
	double *all = malloc(n * sizeof *all);
	size_t n_admitted = 0;
	assert_non_null(all);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		memcpy(all + i * n_each, gateways[i].latency_s, n_each * sizeof *all);
		n_admitted += gateways[i].n_admitted;
	}
	qsort(all, n, sizeof *all, ascending);
	bench_print(
		&(struct bench_row){ .name = "authorize.rate", .unit = "1/s", .value = rate });
	bench_print(&(struct bench_row){
		.name = "authorize.p50", .unit = "ms", .value = all[n / 2] * 1e3 });
	bench_print(&(struct bench_row){ .name = "authorize.p99",
					 .unit = "ms",
					 .value = all[n * 99 / 100] * 1e3,
					 .limit = 2 });
	bench_print(&(struct bench_row){
		.name = "authorize.denied", .unit = "1", .value = (double)(n - n_admitted) });
	free(all);
}

static void prepare(struct lab *lab, struct device *d, struct gateway *g, size_t n)
{
	lab_client(lab, &g->http);
	assert_true(tls_client_get(&g->http, "/healthz"));
	g->n = n;
	g->heads = calloc(n, sizeof *g->heads);
	g->latency_s = calloc(n, sizeof *g->latency_s);
	assert_true(g->heads != NULL && g->latency_s != NULL);
	for (size_t i = 0; i < n; i++)
		g->heads[i] = make_head(d);
}

static void measure_authorize(struct lab *lab, struct device *d, double seconds, double rate)
{
	static struct gateway gateways[CONNECTIONS];
	const size_t n = (size_t)(seconds * rate / CONNECTIONS);
	for (size_t i = 0; i < CONNECTIONS; i++)
		prepare(lab, d, &gateways[i], n);
	const double begin = now() + 0.1;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		gateways[i].interval_s = CONNECTIONS / rate;
		gateways[i].begin_s = begin + (double)i / rate;
		assert_int_equal(pthread_create(&gateways[i].thread, NULL, ask, &gateways[i]),
				 0);
	}
	for (size_t i = 0; i < CONNECTIONS; i++)
		pthread_join(gateways[i].thread, NULL);
	report(gateways, n, rate);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		for (size_t k = 0; k < n; k++)
			free(gateways[i].heads[k]);
		free(gateways[i].heads);
		free(gateways[i].latency_s);
		tls_client_release(&gateways[i].http);
	}
}

/* ---- the attester's side ---- */

static void answer_one(void *arg)
{
	static const char ASK[] = "{\"op\":\"proof\",\"method\":\"POST\",\"url\":\"" URL "\"}";
	static uint8_t answer[TROTH_PROOF_ANSWER_MAX];
	struct troth_writer w = troth_writer_make(answer, sizeof answer);
	assert_int_equal(troth_proof_answer(arg, 0, troth_view_str(ASK), &w), TROTH_OK);
}

static void measure_making(const struct device *d)
{
	char dir[] = "/tmp/troth-bench-XXXXXX", path[64];
	struct troth_proof_rules rules = { .n = 0 };
	struct troth_session *session;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/ear.jwt", dir);
	assert_int_equal(troth_file_write(path, troth_view_str(d->token), 0600), TROTH_OK);
	assert_int_equal(troth_session_new(&session), TROTH_OK);
	struct troth_proof_desk desk = { .ctx = d->ctx,
					 .session = session,
					 .rules = &rules,
					 .run_dir = dir,
					 .bound = true };
	bench_print(&(struct bench_row){ .name = "proof.made",
					 .unit = "1/s",
					 .value = 1 / bench_one(answer_one, &desk),
					 .limit = 5000,
					 .more_is_better = true });
	troth_session_free(session);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void run(void **state)
{
	static struct lab lab;
	static struct device d;
	const double *wish = *state;
	assert_int_equal(troth_ctx_new(&d.ctx), TROTH_OK);
	lab_open_with(&lab, CALLERS);
	lab_policy(&lab, "automatic", ALLOW);
	take_result(&lab, &d);
	take_nonce(&lab, &d);
	measure_making(&d);
	measure_authorize(&lab, &d, wish[0], wish[1]);
	lab_close(&lab);
	troth_es256_key_free(d.key);
	troth_ctx_free(d.ctx);
}

int main(int argc, char **argv)
{
	static double wish[] = { 3, 5000 };
	for (int i = 1; i < argc && i < 3; i++) {
		uint64_t v;
		if (!troth_parse_u64(troth_view_str(argv[i]), RATE_MAX, &v) || v == 0)
			return 2;
		wish[i - 1] = (double)v;
	}
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(run, wish) };
	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
