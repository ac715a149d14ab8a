/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crowd.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <time.h>

#include "reader.h"
#include "serving.h"
#include "text.h"
#include "token.h"
#include "wire.h"

/* So long a client waits before it tries again, milliseconds. */
#define AGAIN_MS 20

/* ---- one member ---- */

static void violate(struct member *m, const char *what, int status)
{
	struct crowd *c = m->crowd;
	pthread_mutex_lock(&c->lock);
	if (c->violation[0] == '\0')
		snprintf(c->violation, sizeof c->violation, "device-%u: %s: %d %.*s", m->number,
			 what, status, status != 200 ? (int)(m->http.body.n % 100) : 0,
			 (const char *)m->http.body.p);
	pthread_mutex_unlock(&c->lock);
}

/* Only a request on a connection that stands is in flight for certain. */
static bool counted(struct member *m)
{
	bool connected = m->http.ssl != NULL || tls_client_get(&m->http, "/healthz");
	if (connected && m->http.ssl != NULL)
		__atomic_add_fetch(&m->crowd->in_flight, 1, __ATOMIC_RELAXED);
	return connected && m->http.ssl != NULL;
}

static void uncounted(struct member *m)
{
	__atomic_sub_fetch(&m->crowd->in_flight, 1, __ATOMIC_RELAXED);
}

static void note(struct member *m, const Troth__V1__AttestationResult *r, uint64_t evidence_ms)
{
	struct acknowledgement a = { .device = m->number,
				     .issued = r->certificate.len > 0,
				     .evidence_ms = evidence_ms };
	if (r->verdict != TROTH__V1__TIER__TIER_AFFIRMING || !a.issued)
		violate(m, "a healthy device got no certificate; verdict", (int)r->verdict);
	if (a.issued && EVP_Digest(r->certificate.data, r->certificate.len, a.certificate, NULL,
				   EVP_sha256(), NULL) != 1)
		violate(m, "no digest", 0);
	if (m->n_acknowledged == m->crowd->acknowledged_max)
		violate(m, "more verdicts than there is room for", 0);
	else
		m->acknowledged[m->n_acknowledged++] = a;
}

static void count_served(struct member *m, double begun)
{
	struct crowd *c = m->crowd;
	pthread_mutex_lock(&c->lock);
	if (m->round_served != c->round && begun >= c->round_begun) {
		m->round_served = c->round;
		if (c->n_served++ == 0)
			c->first_served = serving_now_s();
		pthread_cond_broadcast(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
}

/* What a crash may cost: the connection, a moment's patience, another challenge. */
static bool may_try_again(struct member *m, bool answered)
{
	if (!answered)
		m->cut_off++;
	else if (m->http.status == 503)
		m->busy++;
	else if (m->http.status == 409)
		m->again++;
	else
		return false;
	if (!answered || m->http.status == 503)
		serving_nap_ms(AGAIN_MS);
	return true;
}

/* The evidence time of a verdict is its challenge's issue time. */
static bool attest(struct member *m, const Troth__V1__Challenge *challenge)
{
	struct troth_token token;
	if (troth_token_read(troth_wire_view(challenge->token), &token) != TROTH_OK) {
		violate(m, "a challenge without a token", 200);
		return true;
	}
	fleet_attest(&m->device, challenge, &m->attestation);
	if (!counted(m))
		return may_try_again(m, false);
	bool answered = fleet_post(&m->http, "/v1/attest", &m->attestation.message.base);
	uncounted(m);
	ProtobufCMessage *result =
		answered ? fleet_answer(&m->http, &troth__v1__attestation_result__descriptor)
			 : NULL;
	if (result == NULL)
		return may_try_again(m, answered);
	note(m, (const Troth__V1__AttestationResult *)result, token.issued_ms);
	troth_wire_free(result);
	return true;
}

static void renew(struct member *m)
{
	double begun = serving_now_s();
	size_t before = m->n_acknowledged;
	if (!counted(m)) {
		(void)may_try_again(m, false);
		return;
	}
	Troth__V1__Challenge *challenge = fleet_challenge(&m->device, &m->http);
	uncounted(m);
	if (challenge == NULL) {
		if (!may_try_again(m, m->http.ssl != NULL))
			violate(m, "challenge", m->http.status);
		return;
	}
	if (!attest(m, challenge))
		violate(m, "attest", m->http.status);
	troth_wire_free(&challenge->base);
	if (m->n_acknowledged > before)
		count_served(m, begun);
}

/* ---- all of them ---- */

static bool go_on(struct crowd *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->wish == CROWD_PARK) {
		c->n_parked++;
		pthread_cond_broadcast(&c->changed);
		pthread_cond_wait(&c->changed, &c->lock);
		c->n_parked--;
	}
	bool on = c->wish != CROWD_END;
	pthread_mutex_unlock(&c->lock);
	return on;
}

static void *live(void *arg)
{
	struct member *m = arg;
	while (go_on(m->crowd))
		renew(m);
	return NULL;
}

static void *make_device(void *arg)
{
	struct member *m = arg;
	fleet_device_make(&m->device);
	m->device.tpm.reset_count = 5;
	m->device.tpm.clock = 1000000;
	return NULL;
}

static void each(struct crowd *c, void *(*run)(void *))
{
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(
			pthread_create(&c->members[i].thread, NULL, run, &c->members[i]), 0);
}

static void join(struct crowd *c)
{
	for (size_t i = 0; i < CROWD; i++)
		pthread_join(c->members[i].thread, NULL);
}

static void load_boot(struct crowd *c)
{
	struct troth_ctx *ctx;
	struct troth_log log = { 0 };
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	assert_int_equal(troth_file_read(TROTH_FIXTURES
					 "/bootvm/shim-sb-on/binary_bios_measurements",
					 TROTH_LOG_MAX, &c->log),
			 TROTH_OK);
	assert_int_equal(troth_log_parse(troth_buffer_view(&c->log), &log), TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &log, &c->boot), TROTH_OK);
	troth_log_release(&log);
	troth_ctx_free(ctx);
}

void crowd_make(struct crowd *c, size_t acknowledged_max)
{
	*c = (struct crowd){ .acknowledged_max = acknowledged_max };
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	load_boot(c);
	for (uint32_t i = 0; i < CROWD; i++) {
		struct member *m = &c->members[i];
		m->crowd = c;
		m->number = i;
		m->http.fd = -1;
		m->acknowledged = calloc(acknowledged_max, sizeof *m->acknowledged);
		assert_non_null(m->acknowledged);
	}
	each(c, make_device);
	join(c);
	for (size_t i = 0; i < CROWD; i++) {
		c->members[i].device.log = troth_buffer_view(&c->log);
		c->members[i].device.pcrs = c->boot.values;
	}
}

void crowd_free(struct crowd *c)
{
	for (size_t i = 0; i < CROWD; i++) {
		fleet_device_free(&c->members[i].device);
		tls_client_release(&c->members[i].http);
		free(c->members[i].acknowledged);
	}
	SSL_CTX_free(c->tls);
	troth_buffer_clear(&c->log);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

void crowd_write_inventory(const struct crowd *c, const char *path)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	for (size_t i = 0; i < CROWD; i++) {
		char id[65];
		troth_format_hex(TROTH_VIEW_OF(c->members[i].device.id), id);
		fprintf(f, "%s device-%zu\n", id, i);
	}
	assert_int_equal(fclose(f), 0);
}

/* Once, without a reference there is nothing to affirm. */
static void learn(struct crowd *c, struct test_service *s)
{
	struct member *m = &c->members[0];
	Troth__V1__Challenge *challenge = fleet_challenge(&m->device, &m->http);
	assert_non_null(challenge);
	fleet_attest(&m->device, challenge, &m->attestation);
	assert_true(fleet_post(&m->http, "/v1/attest", &m->attestation.message.base));
	assert_int_equal(m->http.status, 200);
	troth_wire_free(&challenge->base);
	test_service_admin_ok(s, "/v1/admin/learn", "application/json",
			      "{\"device\":\"device-0\",\"name\":\"base\"}");
}

void crowd_enrol(struct crowd *c, struct test_service *s)
{
	c->tls = tls_client_context(test_service_path(s, "state/tls/ca.crt"));
	assert_non_null(c->tls);
	for (size_t i = 0; i < CROWD; i++) {
		tls_client_init(&c->members[i].http, c->tls, s->port);
		assert_int_equal(fleet_enroll(&c->members[i].device, &c->members[i].http), 200);
	}
	learn(c, s);
	each(c, live);
}

void crowd_end(struct crowd *c)
{
	crowd_wish(c, CROWD_END);
	join(c);
}

/* ---- what the test asks of them ---- */

void crowd_wish(struct crowd *c, enum crowd_wish wish)
{
	pthread_mutex_lock(&c->lock);
	c->wish = wish;
	pthread_cond_broadcast(&c->changed);
	while (wish == CROWD_PARK && c->n_parked < CROWD)
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

unsigned crowd_in_flight(const struct crowd *c)
{
	return __atomic_load_n(&c->in_flight, __ATOMIC_RELAXED);
}

void crowd_new_round(struct crowd *c)
{
	pthread_mutex_lock(&c->lock);
	c->round++;
	c->round_begun = serving_now_s();
	c->n_served = 0;
	pthread_mutex_unlock(&c->lock);
}

/* Woken at every change; the deadline is looked at every tenth of a second. */
static void wait_a_little(struct crowd *c)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 100000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&c->changed, &c->lock, &t);
}

struct crowd_recovery crowd_await(struct crowd *c, double patience_s)
{
	struct crowd_recovery r = { 0 };
	pthread_mutex_lock(&c->lock);
	while (c->n_served < CROWD && c->violation[0] == '\0' &&
	       serving_now_s() < c->round_begun + patience_s)
		wait_a_little(c);
	size_t n = c->n_served;
	r.first_s = c->first_served - c->round_begun;
	r.all_s = serving_now_s() - c->round_begun;
	pthread_mutex_unlock(&c->lock);
	crowd_assert_no_violation(c);
	if (n < CROWD)
		fail_msg("only %zu of %d devices were served again within %.0f s", n, CROWD,
			 patience_s);
	return r;
}

void crowd_assert_no_violation(struct crowd *c)
{
	if (c->violation[0] != '\0')
		fail_msg("%s", c->violation);
}
