/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 of front, issuer and supervisor at random times under load: it serves again by itself
 * (a supervisor is started anew, as the service manager does), nobody holds a certificate
 * without its audit leaf, and no verdict that was acknowledged is lost.
 * Usage: test_crash [--rounds N] */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crowd.h"
#include "ledger.h"
#include "random.h"
#include "reader.h"
#include "serving.h"
#include "text.h"

#define ROUNDS 50
#define ROUNDS_MAX 100000
#define IN_FLIGHT_MIN 100
#define RECONCILE_EVERY 10
/* Milliseconds into the load that a kill comes at latest. */
#define KILL_WITHIN_MS 150
/* In every fourth round a second kill strikes within so many milliseconds of the first. */
#define SECOND_KILL_WITHIN_MS 500
/* Wanted are 2 s; a shared machine may be late without anything being wrong. */
#define SERVES_AGAIN_S 10.0
#define EVERYBODY_AGAIN_S 30.0
/* Verdicts of one device in one round, by far. */
#define TOLD_A_ROUND_MAX 60

static const char POLICY[] = "name: default\n"
			     "segment: line-1\n"
			     "pcrs:\n"
			     "  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
			     "secure_boot: required\n"
			     "reference: base\n"
			     "enrolment: inventory\n"
			     "approve: automatic\n";

enum victim { VICTIM_FRONT, VICTIM_ISSUER, VICTIM_SUPERVISOR, VICTIM_N };
static const char *const VICTIMS[VICTIM_N] = { "front", "issuer", "supervisor" };

static unsigned rounds = ROUNDS;

struct scene {
	struct test_service service;
	struct crowd crowd;
	struct ledger ledger;
	unsigned n_kills[VICTIM_N], n_second, fewest_in_flight;
	unsigned n_times[VICTIM_N];
	double *first_s[VICTIM_N], *all_s[VICTIM_N];
};

static uint32_t below(uint32_t n)
{
	uint32_t v;
	assert_int_equal(troth_random_below(n, &v), TROTH_OK);
	return v;
}

/* ---- the service ---- */

/* Outside the range from which connections get theirs: while nobody listens, a connection to a
 * port of that range may meet itself. */
static uint16_t find_port(void)
{
	for (int tries = 0; tries < 100; tries++) {
		uint16_t port = (uint16_t)(20000 + below(10000));
		const struct sockaddr_in a = { .sin_family = AF_INET,
					       .sin_port = htons(port),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(fd >= 0);
		bool is_free = bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
		close(fd);
		if (is_free)
			return port;
	}
	fail_msg("no free port");
	return 0;
}

static void start_service(struct scene *s)
{
	char address[32], path[PATH_MAX];
	test_service_init(&s->service, "");
	snprintf(address, sizeof address, "127.0.0.1:%u", find_port());
	serving_edit(&s->service, "127.0.0.1:0", address);
	snprintf(path, sizeof path, "%s/inventory", s->service.dir);
	crowd_write_inventory(&s->crowd, path);
	FILE *f = fopen(test_service_path(&s->service, "verifier.yaml"), "ae");
	assert_non_null(f);
	fprintf(f, "ek:\n  inventory: %s\n", path);
	assert_int_equal(fclose(f), 0);
	test_service_start(&s->service);
	test_service_admin_ok(&s->service, "/v1/admin/policies", "application/yaml", POLICY);
}

/* ---- a kill ---- */

static void await_load(struct scene *s)
{
	double deadline = serving_now_s() + EVERYBODY_AGAIN_S;
	serving_nap_ms((long)below(KILL_WITHIN_MS));
	while (crowd_in_flight(&s->crowd) < IN_FLIGHT_MIN) {
		crowd_assert_no_violation(&s->crowd);
		if (serving_now_s() > deadline)
			fail_msg("only %u requests are in flight", crowd_in_flight(&s->crowd));
	}
	unsigned in_flight = crowd_in_flight(&s->crowd);
	if (in_flight < s->fewest_in_flight)
		s->fewest_in_flight = in_flight;
}

static void strike(struct scene *s, enum victim victim, const struct serving *serving)
{
	s->n_kills[victim]++;
	switch (victim) {
	case VICTIM_FRONT: assert_int_equal(kill(serving->front, SIGKILL), 0); return;
	case VICTIM_ISSUER: assert_int_equal(kill(serving->issuer, SIGKILL), 0); return;
	case VICTIM_SUPERVISOR:
		test_service_kill(&s->service);
		test_service_start(&s->service);
		return;
	case VICTIM_N: return;
	}
}

/* Whoever of the children is there, wherever it has got to. */
static void strike_again(struct scene *s)
{
	pid_t children[2];
	serving_nap_ms((long)below(SECOND_KILL_WITHIN_MS));
	size_t n = test_service_children(&s->service, children, 2);
	if (n == 0 || kill(children[below((uint32_t)n)], SIGKILL) != 0)
		return; /* none at this moment */
	crowd_new_round(&s->crowd);
	s->n_second++;
}

static void kill_once(struct scene *s, unsigned round)
{
	const enum victim victim = (enum victim)below(VICTIM_N);
	const struct serving serving = serving_await(&s->service, 0);
	crowd_wish(&s->crowd, CROWD_RENEW);
	await_load(s);
	crowd_new_round(&s->crowd);
	strike(s, victim, &serving);
	if (round % 4 == 3)
		strike_again(s);
	struct crowd_recovery r = crowd_await(&s->crowd, EVERYBODY_AGAIN_S);
	crowd_wish(&s->crowd, CROWD_PARK);
	s->first_s[victim][s->n_times[victim]] = r.first_s;
	s->all_s[victim][s->n_times[victim]++] = r.all_s;
	if (r.first_s > SERVES_AGAIN_S)
		fail_msg("it took %.1f s to serve again after kill -9 of the %s", r.first_s,
			 VICTIMS[victim]);
}

/* ---- figures ---- */

static int ascending(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;
	return (*a > *b) - (*a < *b);
}

static void print_times(struct scene *s)
{
	for (enum victim v = 0; v < VICTIM_N; v++) {
		unsigned n = s->n_times[v];
		if (n == 0)
			continue;
		qsort(s->first_s[v], n, sizeof(double), ascending);
		qsort(s->all_s[v], n, sizeof(double), ascending);
		print_message("%-10s killed %3u times; serves again: median %4.0f ms, worst "
			      "%4.0f ms; everybody served: median %4.0f ms, worst %4.0f ms\n",
			      VICTIMS[v], n, s->first_s[v][n / 2] * 1e3,
			      s->first_s[v][n - 1] * 1e3, s->all_s[v][n / 2] * 1e3,
			      s->all_s[v][n - 1] * 1e3);
	}
}

static void print_sums(const struct scene *s)
{
	size_t told = 0;
	unsigned long cut_off = 0, busy = 0, again = 0;
	for (size_t i = 0; i < CROWD; i++) {
		const struct member *m = &s->crowd.members[i];
		told += m->n_acknowledged;
		cut_off += m->cut_off;
		busy += m->busy;
		again += m->again;
	}
	print_message("%u second kills; at least %u requests in flight at each\n", s->n_second,
		      s->fewest_in_flight);
	print_message("%zu certificates received, all among the %zu of %zu audit leaves; %lu "
		      "connections ended, %lu times 503, %lu times 409\n",
		      told, s->ledger.n_issued, s->ledger.n_leaves, cut_off, busy, again);
}

/* ---- the test ---- */

static void kill_after_kill(void **state)
{
	struct scene *s = *state;
	for (unsigned round = 0; round < rounds; round++) {
		kill_once(s, round);
		if (round % RECONCILE_EVERY == RECONCILE_EVERY - 1)
			ledger_reconcile(&s->ledger, &s->crowd, &s->service);
	}
	crowd_end(&s->crowd);
	ledger_reconcile(&s->ledger, &s->crowd, &s->service);
	print_times(s);
	print_sums(s);
	assert_true(s->ledger.n_issued > rounds * CROWD);
	assert_true(test_service_stop(&s->service));
}

static int scene_open(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	assert_non_null(s);
	*state = s; /* what was begun is ended, also when something below fails */
	(void)signal(SIGPIPE, SIG_IGN);
	s->fewest_in_flight = CROWD;
	for (enum victim v = 0; v < VICTIM_N; v++) {
		s->first_s[v] = calloc(rounds, sizeof(double));
		s->all_s[v] = calloc(rounds, sizeof(double));
		assert_non_null(s->first_s[v]);
		assert_non_null(s->all_s[v]);
	}
	crowd_make(&s->crowd, (rounds + 2) * TOLD_A_ROUND_MAX);
	start_service(s);
	crowd_enrol(&s->crowd, &s->service);
	return 0;
}

static int scene_close(void **state)
{
	struct scene *s = *state;
	test_service_release(&s->service);
	crowd_free(&s->crowd);
	ledger_release(&s->ledger);
	for (enum victim v = 0; v < VICTIM_N; v++) {
		free(s->first_s[v]);
		free(s->all_s[v]);
	}
	free(s);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(kill_after_kill) };
	uint64_t n = ROUNDS;
	if (argc != 1 &&
	    (argc != 3 || strcmp(argv[1], "--rounds") != 0 ||
	     !troth_parse_u64(troth_view_str(argv[2]), ROUNDS_MAX, &n) || n == 0)) {
		fprintf(stderr, "usage: test_crash [--rounds N]\n");
		return 2;
	}
	rounds = (unsigned)n;
	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
