/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gate.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "reader.h"
#include "text.h"
#include "wire.h"

/* ---- the verifier ---- */

static FILE *append_to(struct gate *g, const char *name)
{
	FILE *f = fopen(test_service_path(&g->service, name), "ae");
	assert_non_null(f);
	return f;
}

void gate_init(struct gate *g, const char *extra_yaml)
{
	*g = (struct gate){ 0 };
	test_service_init(&g->service, extra_yaml);
	assert_int_equal(mkdir(test_service_path(&g->service, "roots"), 0700), 0);
	assert_int_equal(fclose(append_to(g, "inventory")), 0);
	FILE *f = append_to(g, "verifier.yaml");
	fprintf(f, "ek:\n  inventory: %s/inventory\n  roots: %s/roots\n", g->service.dir,
		g->service.dir);
	assert_int_equal(fclose(f), 0);
}

void gate_list(struct gate *g, const struct fleet_device *d, const char *name)
{
	char id[65];
	FILE *f = append_to(g, "inventory");
	troth_format_hex(TROTH_VIEW_OF(d->id), id);
	fprintf(f, "%s %s\n", id, name);
	assert_int_equal(fclose(f), 0);
}

void gate_trust(struct gate *g, struct troth_view root_der)
{
	assert_int_equal(troth_file_write(test_service_path(&g->service, "roots/root.der"),
					  root_der, 0600),
			 TROTH_OK);
}

void gate_policy(struct gate *g, const char *policy)
{
	test_service_admin_ok(&g->service, "/v1/admin/policies", "application/yaml", policy);
}

void gate_start(struct gate *g, const char *policy)
{
	test_service_start(&g->service);
	if (policy != NULL)
		gate_policy(g, policy);
	g->tls = tls_client_context(test_service_path(&g->service, "state/tls/ca.crt"));
	assert_non_null(g->tls);
	tls_client_init(&g->http, g->tls, g->service.port);
}

/* ---- secrets ---- */

static bool holds(struct troth_view hay, const void *needle, size_t n)
{
	return memmem(hay.p, hay.n, needle, n) != NULL;
}

/* Plain, in hexadecimal and in base64, which a careless error message would use. */
static void assert_no_secret(const struct gate *g, struct troth_view bytes, const char *where)
{
	for (size_t i = 0; i < g->n_secrets; i++) {
		char hex[65], base64[48];
		troth_format_hex(TROTH_VIEW_OF(g->secrets[i]), hex);
		EVP_EncodeBlock((uint8_t *)base64, g->secrets[i], 32);
		if (holds(bytes, g->secrets[i], 32) || holds(bytes, hex, 64) ||
		    holds(bytes, base64, 42))
			fail_msg("an expected secret is in %s", where);
	}
}

static void remember(struct gate *g, const struct gate_enrolment *e)
{
	if (e->n_secret != 32)
		return;
	assert_in_range(g->n_secrets, 0, GATE_SECRETS_MAX - 1);
	memcpy(g->secrets[g->n_secrets++], e->secret, 32);
}

void gate_post(struct gate *g, const char *path, const ProtobufCMessage *message)
{
	assert_true(fleet_post(&g->http, path, message));
	assert_no_secret(g, tls_client_answer(&g->http), path);
}

void gate_close(struct gate *g)
{
	struct troth_buffer log = { 0 };
	tls_client_release(&g->http);
	SSL_CTX_free(g->tls);
	bool ended_well = test_service_stop(&g->service);
	assert_int_equal(
		troth_file_read(test_service_path(&g->service, "log"), 64U << 20, &log),
		TROTH_OK);
	assert_no_secret(g, troth_buffer_view(&log), "the log");
	troth_buffer_clear(&log);
	test_service_release(&g->service);
	assert_true(ended_well);
}

/* ---- enrolment ---- */

void gate_prepare(const struct fleet_device *d, struct gate_enrolment *e)
{
	*e = (struct gate_enrolment){ .proof = TROTH__V1__ENROLL_PROOF__INIT };
	fleet_enroll_request(d, &e->request);
	e->proof.request = &e->request;
}

bool gate_begin(struct gate *g, const struct fleet_device *d, struct gate_enrolment *e)
{
	gate_post(g, "/v1/enroll", &e->request.base);
	ProtobufCMessage *m = fleet_answer(&g->http, &troth__v1__enroll_challenge__descriptor);
	if (m == NULL)
		return false;
	const Troth__V1__EnrollChallenge *challenge = (const Troth__V1__EnrollChallenge *)m;
	e->n_token = challenge->token.len;
	assert_in_range(e->n_token, 1, sizeof e->token);
	memcpy(e->token, challenge->token.data, e->n_token);
	e->n_secret = soft_activate(&d->tpm, troth_wire_view(challenge->credential_blob),
				    troth_wire_view(challenge->secret), e->secret,
				    sizeof e->secret);
	troth_wire_free(m);
	assert_no_secret(g, tls_client_answer(&g->http), "the challenge");
	remember(g, e);
	e->proof.token = (ProtobufCBinaryData){ e->n_token, e->token };
	e->proof.activated = (ProtobufCBinaryData){ e->n_secret, e->secret };
	return true;
}

void gate_complete(struct gate *g, struct gate_enrolment *e)
{
	gate_post(g, "/v1/enroll/complete", &e->proof.base);
}

int gate_enroll(struct gate *g, const struct fleet_device *d)
{
	static struct gate_enrolment e;
	gate_prepare(d, &e);
	if (gate_begin(g, d, &e))
		gate_complete(g, &e);
	return g->http.status;
}

void gate_assert_enrolled(const struct gate *g, Troth__V1__DeviceState state)
{
	ProtobufCMessage *m = fleet_answer(&g->http, &troth__v1__enroll_result__descriptor);
	if (m == NULL)
		fail_msg("not enrolled: %d %.*s", g->http.status, (int)g->http.body.n,
			 (const char *)g->http.body.p);
	assert_int_equal(((const Troth__V1__EnrollResult *)m)->state, state);
	troth_wire_free(m);
}

/* ---- what is stored ---- */

static json_t *get_json(struct gate *g, const char *path)
{
	struct troth_https_answer a = { 0 };
	json_t *value = NULL;
	if (test_service_admin(&g->service, "GET", path, NULL, "", &a) == 200)
		value = json_loadb((const char *)a.body.p, a.body.n, 0, NULL);
	troth_https_answer_clear(&a);
	return value;
}

void gate_census(struct gate *g, struct gate_census *out)
{
	*out = (struct gate_census){ 0 };
	json_t *value = get_json(g, "/v1/admin/devices");
	assert_non_null(value);
	out->n_devices = json_array_size(json_object_get(value, "devices"));
	size_t n = json_dumpb(value, out->devices, sizeof out->devices, JSON_SORT_KEYS);
	assert_in_range(n, 1, sizeof out->devices - 1);
	json_decref(value);
	value = get_json(g, "/v1/admin/audit?from=0");
	assert_non_null(value);
	out->n_leaves = (long)json_array_size(json_object_get(value, "leaves"));
	json_decref(value);
}

void gate_assert_same(const struct gate_census *before, const struct gate_census *after)
{
	assert_string_equal(before->devices, after->devices);
	assert_int_equal(before->n_leaves, after->n_leaves);
}

const char *gate_device(struct gate *g, const char *device, const char *field)
{
	static char text[256];
	char path[192];
	snprintf(path, sizeof path, "/v1/admin/devices/%s", device);
	json_t *value = get_json(g, path);
	const char *s = json_string_value(json_object_get(value, field));
	snprintf(text, sizeof text, "%s", s != NULL ? s : "");
	json_decref(value);
	return text;
}

long gate_act(struct gate *g, const char *device, const char *action)
{
	char path[192], body[64];
	struct troth_https_answer a = { 0 };
	snprintf(path, sizeof path, "/v1/admin/devices/%s", device);
	snprintf(body, sizeof body, "{\"action\":\"%s\"}", action);
	long status =
		test_service_admin(&g->service, "POST", path, "application/json", body, &a);
	troth_https_answer_clear(&a);
	return status;
}
