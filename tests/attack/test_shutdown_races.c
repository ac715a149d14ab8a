/* SPDX-License-Identifier: Apache-2.0 */
/* Unhealthy devices attest while the service is told to end: each verdict that comes through
 * revokes serials, and so asks for a new CRL, when the store may be closed already. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab.h"
#include "reader.h"
#include "wire.h"

#define ROUNDS 4
#define WARM_UP_MS 300 /* they are at it */

struct crowd {
	struct lab *lab;
	struct fleet_device *device;
	atomic_bool *stop;
	pthread_t thread;
	unsigned long n_failed; /* verdicts that were not affirming */
};

/* Like lab_attest, but a connection that is refused or cut is no mistake here. */
static bool attest(struct crowd *c, struct tls_client *http, struct fleet_attestation *a)
{
	Troth__V1__Challenge *challenge = fleet_challenge(c->device, http);
	if (challenge == NULL)
		return false;
	fleet_attest(c->device, challenge, a);
	bool sent = fleet_post(http, "/v1/attest", &a->message.base);
	troth_wire_free(&challenge->base);
	return sent && http->status == 200;
}

static void *attest_for_ever(void *arg)
{
	struct crowd *c = arg;
	struct tls_client http;
	struct fleet_attestation *a = calloc(1, sizeof *a);
	assert_non_null(a);
	lab_client(c->lab, &http);
	while (!atomic_load(c->stop))
		if (attest(c, &http, a))
			c->n_failed++;
	tls_client_release(&http);
	free(a);
	return NULL;
}

static void spoil(struct fleet_device *d)
{
	size_t i = 0;
	while (i < d->pcrs.n_banks && d->pcrs.banks[i].bank != TROTH_HASH_SHA256)
		i++;
	assert_in_range(i, 0, d->pcrs.n_banks - 1);
	d->pcrs.banks[i].value[4][0] ^= 1;
}

/* The log of the service so far. */
static char *read_log(struct lab *lab)
{
	struct troth_buffer log = { 0 };
	assert_int_equal(
		troth_file_read(test_service_path(&lab->service, "log"), 16 << 20, &log),
		TROTH_OK);
	char *text = strdup(log.n > 0 ? (const char *)log.p : "");
	troth_buffer_clear(&log);
	assert_non_null(text);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

static void one_round(struct lab *lab)
{
	const struct timespec warm_up = { 0, WARM_UP_MS * 1000000L };
	struct crowd crowd[LAB_DEVICES];
	atomic_bool stop = false;
	unsigned long n_failed = 0;
	for (int i = 0; i < LAB_DEVICES; i++) {
		crowd[i] =
			(struct crowd){ .lab = lab, .device = &lab->devices[i], .stop = &stop };
		assert_int_equal(
			pthread_create(&crowd[i].thread, NULL, attest_for_ever, &crowd[i]), 0);
	}
	nanosleep(&warm_up, NULL);
	bool ended_well = test_service_stop(&lab->service);
	atomic_store(&stop, true);
	for (int i = 0; i < LAB_DEVICES; i++) {
		pthread_join(crowd[i].thread, NULL);
		n_failed += crowd[i].n_failed;
	}
	assert_true(ended_well);
	assert_true(n_failed > 0);
}

static void the_front_ends_well_under_failing_verdicts(void **state)
{
	struct lab *lab = *state;
	for (int i = 0; i < LAB_DEVICES; i++)
		spoil(&lab->devices[i]);
	for (int i = 0; i < ROUNDS; i++) {
		one_round(lab);
		char *text = read_log(lab);
		size_t n_well = count(text, "role=front code=0");
		if (n_well != (size_t)i + 1)
			fprintf(stderr, "%s\n", text);
		free(text);
		assert_int_equal(n_well, i + 1);
		test_service_start(&lab->service);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_front_ends_well_under_failing_verdicts),
	};
	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
