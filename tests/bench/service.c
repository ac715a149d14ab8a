/* SPDX-License-Identifier: Apache-2.0 */
/* Renewals a second of a real verifier over keep-alive TLS, durable, and where its time goes.
 *
 * Devices have their keys in software and share CONNECTIONS kept-alive connections; the log is
 * a captured boot. There must be enough of them that none passes the issuer's rate limit.
 * Usage: bench_service [SECONDS [DEVICES]] */
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "eventlog.h"
#include "fleet.h"
#include "reader.h"
#include "test_service.h"
#include "text.h"
#include "wire.h"

#define DEVICES_MAX 4096
#define CONNECTIONS 32
/* Each is confirmed 60 times a minute: enough for 9,600 renewals a second, for each second of a
 * run of up to a minute's third. */
#define DEVICES_A_SECOND 160

static const char POLICY[] = "name: default\n"
			     "segment: line-1\n"
			     "pcrs:\n"
			     "  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
			     "secure_boot: required\n"
			     "reference: base\n"
			     "enrolment: inventory\n"
			     "approve: automatic\n"
			     "certificate_lifetime: 15m\n";

struct client {
	pthread_t thread;
	size_t n_devices;
	struct fleet_device *devices; /* part of the fleet */
	struct tls_client http;
	unsigned long renewals, failures, retries;
	const unsigned char *stop;
};

struct fleet {
	size_t n_devices;
	struct fleet_device *devices;
	struct client clients[CONNECTIONS];
};

static void check(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_service: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The verdict's tier; -1: to be tried again; -2: failed. */
static int attest(struct client *c, struct fleet_device *d)
{
	struct fleet_attestation a;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &c->http);
	if (challenge == NULL)
		return -2;
	fleet_attest(d, challenge, &a);
	bool sent = fleet_post(&c->http, "/v1/attest", &a.message.base);
	troth_wire_free(&challenge->base);
	if (!sent || c->http.status == 409)
		return sent ? -1 : -2;
	ProtobufCMessage *m =
		fleet_answer(&c->http, &troth__v1__attestation_result__descriptor);
	if (m == NULL)
		return -2;
	const Troth__V1__AttestationResult *result = (const Troth__V1__AttestationResult *)m;
	bool good = result->verdict != TROTH__V1__TIER__TIER_AFFIRMING ||
		    result->certificate.len > 0;
	int tier = good ? (int)result->verdict : -2;
	troth_wire_free(m);
	return tier;
}

/* ---- fleet ---- */

static void write_inventory(struct test_service *s, const struct fleet *fleet)
{
	FILE *f = fopen(test_service_path(s, "inventory"), "we");
	check(f != NULL, "cannot write the inventory");
	for (size_t i = 0; i < fleet->n_devices; i++) {
		char id[65];
		troth_format_hex(TROTH_VIEW_OF(fleet->devices[i].id), id);
		fprintf(f, "%s device-%zu\n", id, i);
	}
	check(fclose(f) == 0, "cannot write the inventory");
}

static void load_boot(struct troth_buffer *bytes, struct troth_replay *replay)
{
	struct troth_ctx *ctx;
	struct troth_log log = { 0 };
	check(troth_ctx_new(&ctx) == TROTH_OK, "no context");
	check(troth_file_read(TROTH_FIXTURES "/bootvm/shim-sb-on/binary_bios_measurements",
			      TROTH_LOG_MAX, bytes) == TROTH_OK,
	      "the captured boot cannot be read");
	check(troth_log_parse(troth_buffer_view(bytes), &log) == TROTH_OK &&
		      troth_log_replay(ctx, &log, replay) == TROTH_OK,
	      "the captured boot does not replay");
	troth_log_release(&log);
	troth_ctx_free(ctx);
}

static void *make_devices(void *arg)
{
	struct client *c = arg;
	for (size_t i = 0; i < c->n_devices; i++)
		fleet_device_make(&c->devices[i]);
	return NULL;
}

static void *renew(void *arg)
{
	struct client *c = arg;
	for (size_t i = 0; !__atomic_load_n(c->stop, __ATOMIC_RELAXED);
	     i = (i + 1) % c->n_devices) {
		int tier = attest(c, &c->devices[i]);
		if (tier == TROTH__V1__TIER__TIER_AFFIRMING)
			c->renewals++;
		else if (tier == -1)
			c->retries++;
		else
			c->failures++;
	}
	return NULL;
}

static void start_all(struct fleet *fleet, void *(*run)(void *))
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		check(pthread_create(&fleet->clients[i].thread, NULL, run,
				     &fleet->clients[i]) == 0,
		      "cannot start a thread");
}

static void join_all(struct fleet *fleet)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		pthread_join(fleet->clients[i].thread, NULL);
}

/* Devices are dealt out to connections in runs of equal length. */
static void make_fleet(struct fleet *fleet, size_t n)
{
	size_t share = n / CONNECTIONS;
	fleet->n_devices = share * CONNECTIONS;
	fleet->devices = calloc(fleet->n_devices, sizeof *fleet->devices);
	check(fleet->devices != NULL, "out of memory");
	for (size_t i = 0; i < CONNECTIONS; i++) {
		fleet->clients[i].n_devices = share;
		fleet->clients[i].devices = fleet->devices + i * share;
	}
	start_all(fleet, make_devices);
	join_all(fleet);
}

/* ---- processor time of the verifier's processes ---- */

struct usage {
	double user_s, system_s;
};

static struct usage usage_of(pid_t pid)
{
	char path[64];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (f != NULL) {
		if (fscanf(f,
			   "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			   &user, &system) != 2)
			user = system = 0;
		fclose(f);
	}
	double tick = (double)sysconf(_SC_CLK_TCK);
	return (struct usage){ (double)user / tick, (double)system / tick };
}

static double resident_mb(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	snprintf(path, sizeof path, "/proc/%d/statm", pid);
	FILE *f = fopen(path, "re");
	if (f != NULL) {
		if (fscanf(f, "%*u %lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void print_process(const char *role, pid_t pid, struct usage before, double renewals)
{
	struct usage after = usage_of(pid);
	char name[64];
	snprintf(name, sizeof name, "renewal.cpu.%s.user", role);
	bench_print(&(struct bench_row){ .name = name,
					 .unit = "us",
					 .value = (after.user_s - before.user_s) / renewals *
						  1e6 });
	snprintf(name, sizeof name, "renewal.cpu.%s.system", role);
	bench_print(&(struct bench_row){ .name = name,
					 .unit = "us",
					 .value = (after.system_s - before.system_s) /
						  renewals * 1e6 });
	snprintf(name, sizeof name, "memory.%s", role);
	bench_print(
		&(struct bench_row){ .name = name, .unit = "MiB", .value = resident_mb(pid) });
}

static void measure(struct test_service *s, struct fleet *fleet, double seconds)
{
	static unsigned char stop;
	static const char *const ROLES[] = { "issuer", "front" };
	pid_t pids[2];
	struct usage before[2];
	unsigned long renewals = 0, failures = 0, retries = 0;
	check(test_service_children(s, pids, 2) == 2, "the verifier has not two children");
	for (size_t i = 0; i < 2; i++)
		before[i] = usage_of(pids[i]);
	double begun = now();
	for (size_t i = 0; i < CONNECTIONS; i++)
		fleet->clients[i].stop = &stop;
	start_all(fleet, renew);
	usleep((useconds_t)(seconds * 1e6));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	join_all(fleet);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		renewals += fleet->clients[i].renewals;
		failures += fleet->clients[i].failures;
		retries += fleet->clients[i].retries;
	}
	double elapsed = now() - begun;
	bench_print(&(struct bench_row){ .name = "renewals.durable",
					 .unit = "1/s",
					 .value = (double)renewals / elapsed,
					 .limit = 2000,
					 .more_is_better = true });
	bench_print(&(struct bench_row){ .name = "renewals.failed",
					 .unit = "1",
					 .value = (double)failures,
					 .none = true });
	bench_print(&(struct bench_row){
		.name = "renewals.asked-again", .unit = "1", .value = (double)retries });
	for (size_t i = 0; i < 2; i++)
		print_process(ROLES[i], pids[i], before[i], (double)renewals);
}

static void start_service(struct test_service *s, const struct fleet *fleet)
{
	test_service_init(s, "");
	FILE *f = fopen(test_service_path(s, "verifier.yaml"), "ae");
	check(f != NULL, "cannot extend the configuration");
	fprintf(f,
		"ek:\n  inventory: %s/inventory\nlimits:\n  enrolments_per_minute: 1000000\n",
		s->dir);
	check(fclose(f) == 0, "cannot extend the configuration");
	write_inventory(s, fleet);
	test_service_start(s);
	test_service_admin_ok(s, "/v1/admin/policies", "application/yaml", POLICY);
}

/* Enrols all, learns from the first, and has every device affirmed once. */
static void bring_up(struct test_service *s, struct fleet *fleet)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		for (size_t k = 0; k < fleet->clients[i].n_devices; k++)
			check(fleet_enroll(&fleet->clients[i].devices[k],
					   &fleet->clients[i].http) == 200,
			      "a device of the inventory is not enrolled");
	check(attest(&fleet->clients[0], &fleet->devices[0]) == TROTH__V1__TIER__TIER_NONE,
	      "without reference values the verdict must be none");
	test_service_admin_ok(s, "/v1/admin/learn", "application/json",
			      "{\"device\":\"device-0\",\"name\":\"base\"}");
	double begun = now();
	for (size_t i = 0; i < CONNECTIONS; i++)
		for (size_t k = 0; k < fleet->clients[i].n_devices; k++)
			check(attest(&fleet->clients[i], &fleet->clients[i].devices[k]) ==
				      TROTH__V1__TIER__TIER_AFFIRMING,
			      "a healthy device is not affirmed");
	bench_print(&(struct bench_row){
		.name = "first-attestation.latency",
		.unit = "ms",
		.value = (now() - begun) / (double)fleet->n_devices * 1e3,
	});
}

static void run(struct fleet *fleet, double seconds)
{
	struct test_service s;
	struct troth_buffer log = { 0 };
	struct troth_replay replay;
	load_boot(&log, &replay);
	for (size_t i = 0; i < fleet->n_devices; i++) {
		fleet->devices[i].log = troth_buffer_view(&log);
		fleet->devices[i].pcrs = replay.values;
	}
	start_service(&s, fleet);
	SSL_CTX *tls = tls_client_context(test_service_path(&s, "state/tls/ca.crt"));
	check(tls != NULL, "no TLS context");
	for (size_t i = 0; i < CONNECTIONS; i++)
		tls_client_init(&fleet->clients[i].http, tls, s.port);
	bring_up(&s, fleet);
	measure(&s, fleet, seconds);
	for (size_t i = 0; i < CONNECTIONS; i++)
		tls_client_release(&fleet->clients[i].http);
	SSL_CTX_free(tls);
	check(test_service_stop(&s), "the verifier did not end with 0");
	test_service_release(&s);
	troth_buffer_clear(&log);
}

int main(int argc, char **argv)
{
	static struct fleet fleet;
	uint64_t seconds = 5, n;
	if (argc > 1)
		check(troth_parse_u64(troth_view_str(argv[1]), 3600, &seconds), "seconds?");
	n = seconds * DEVICES_A_SECOND < DEVICES_MAX ? seconds * DEVICES_A_SECOND : DEVICES_MAX;
	if (argc > 2)
		check(troth_parse_u64(troth_view_str(argv[2]), DEVICES_MAX, &n) &&
			      n >= CONNECTIONS,
		      "devices?");
	make_fleet(&fleet, n);
	run(&fleet, (double)seconds);
	for (size_t i = 0; i < fleet.n_devices; i++)
		fleet_device_free(&fleet.devices[i]);
	free(fleet.devices);
	return 0;
}
