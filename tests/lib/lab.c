/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "service_json.h"
#include "text.h"
#include "wire.h"

static const char *const NAMES[LAB_DEVICES] = { "victim", "attacker", "third" };

static void load_boot(struct lab *lab)
{
	struct troth_ctx *ctx;
	struct troth_log log = { 0 };
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	assert_int_equal(troth_file_read(TROTH_FIXTURES
					 "/bootvm/shim-sb-on/binary_bios_measurements",
					 TROTH_LOG_MAX, &lab->log),
			 TROTH_OK);
	assert_int_equal(troth_log_parse(troth_buffer_view(&lab->log), &log), TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &log, &lab->boot), TROTH_OK);
	troth_log_release(&log);
	troth_ctx_free(ctx);
}

static void make_devices(struct lab *lab)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/inventory", lab->service.dir);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	for (int i = 0; i < LAB_DEVICES; i++) {
		char id[65];
		fleet_device_make(&lab->devices[i]);
		lab->devices[i].log = troth_buffer_view(&lab->log);
		lab->devices[i].pcrs = lab->boot.values;
		lab->devices[i].tpm.reset_count = 5;
		lab->devices[i].tpm.clock = 1000000;
		troth_format_hex(TROTH_VIEW_OF(lab->devices[i].id), id);
		fprintf(f, "%s %s\n", id, NAMES[i]);
	}
	assert_int_equal(fclose(f), 0);
}

static void name_inventory(struct lab *lab)
{
	FILE *f = fopen(test_service_path(&lab->service, "verifier.yaml"), "ae");
	assert_non_null(f);
	fprintf(f, "ek:\n  inventory: %s/inventory\n", lab->service.dir);
	assert_int_equal(fclose(f), 0);
}

void lab_client(struct lab *lab, struct tls_client *out)
{
	tls_client_init(out, lab->tls, lab->service.port);
}

int lab_attest(struct lab *lab, struct fleet_device *d)
{
	static struct fleet_attestation a;
	Troth__V1__Challenge *challenge = fleet_challenge(d, &lab->http);
	assert_non_null(challenge);
	fleet_attest(d, challenge, &a);
	assert_true(fleet_post(&lab->http, "/v1/attest", &a.message.base));
	troth_wire_free(&challenge->base);
	return lab->http.status;
}

void lab_open(struct lab *lab)
{
	lab_open_with(lab, "");
}

void lab_open_with(struct lab *lab, const char *yaml)
{
	*lab = (struct lab){ 0 };
	load_boot(lab);
	test_service_init(&lab->service, yaml);
	make_devices(lab);
	name_inventory(lab);
	test_service_start(&lab->service);
	lab_policy(lab, "automatic", "");
	lab->tls = tls_client_context(test_service_path(&lab->service, "state/tls/ca.crt"));
	assert_non_null(lab->tls);
	lab_client(lab, &lab->http);
	for (int i = 0; i < LAB_DEVICES; i++)
		assert_int_equal(fleet_enroll(&lab->devices[i], &lab->http), 200);
	if (lab_attest(lab, &lab->devices[0]) != 200)
		lab_assert_problem(&lab->http, 200, "-", NULL);
	test_service_admin_ok(&lab->service, "/v1/admin/learn", "application/json",
			      "{\"device\":\"victim\",\"name\":\"base\"}");
	for (int i = 0; i < LAB_DEVICES; i++) {
		assert_int_equal(lab_attest(lab, &lab->devices[i]), 200);
		assert_true(lab_result(&lab->http).issued);
	}
}

void lab_close(struct lab *lab)
{
	tls_client_release(&lab->http);
	SSL_CTX_free(lab->tls);
	for (int i = 0; i < LAB_DEVICES; i++)
		fleet_device_free(&lab->devices[i]);
	bool ended_well = test_service_stop(&lab->service);
	test_service_release(&lab->service);
	troth_buffer_clear(&lab->log);
	assert_true(ended_well);
}

int lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	assert_non_null(lab);
	(void)signal(SIGPIPE, SIG_IGN); /* the service may hang up on those who still talk */
	*state = lab; /* what was begun is ended, also when something below fails */
	lab_open(lab);
	return 0;
}

int lab_teardown(void **state)
{
	lab_close(*state);
	free(*state);
	return 0;
}

/* ---- what the store says ---- */

struct lab_state lab_state(struct lab *lab, int device)
{
	struct lab_state s = { 0 };
	char path[128];
	snprintf(path, sizeof path, "/v1/admin/devices/%s", NAMES[device]);
	json_t *value = service_json(&lab->service, path);
	size_t n = json_dumpb(value, s.device, sizeof s.device, JSON_SORT_KEYS);
	assert_in_range(n, 1, sizeof s.device - 1);
	json_decref(value);
	value = service_json(&lab->service, "/v1/admin/audit?from=0");
	s.n_leaves = (long)json_array_size(json_object_get(value, "leaves"));
	json_decref(value);
	return s;
}

void lab_assert_unchanged(const struct lab_state *before, const struct lab_state *after)
{
	assert_string_equal(before->device, after->device);
	assert_int_equal(before->n_leaves, after->n_leaves);
}

/* ---- what was answered ---- */

void lab_assert_problem(const struct tls_client *c, int status, const char *code,
			const char *finding)
{
	char type[128];
	json_t *p = json_loadb((const char *)c->body.p, c->body.n, 0, NULL);
	snprintf(type, sizeof type, "urn:troth:problem:%s", code);
	const char *got = json_string_value(json_object_get(p, "type"));
	const char *detail = json_string_value(json_object_get(p, "detail"));
	if (c->status != status || got == NULL || strcmp(got, type) != 0)
		fail_msg("want %d %s, got %d %s: %s", status, type, c->status,
			 got != NULL ? got : "-", detail != NULL ? detail : "-");
	if (finding != NULL &&
	    (detail == NULL || strncmp(detail, finding, strlen(finding)) != 0 ||
	     detail[strlen(finding)] != ':'))
		fail_msg("want finding %s, got: %s", finding, detail != NULL ? detail : "-");
	json_decref(p);
}

struct lab_result lab_result(const struct tls_client *c)
{
	struct lab_result r = { .tier = -1 };
	ProtobufCMessage *m = fleet_answer(c, &troth__v1__attestation_result__descriptor);
	if (m == NULL)
		fail_msg("no attestation result but %d %.*s", c->status, (int)c->body.n,
			 (const char *)c->body.p);
	const Troth__V1__AttestationResult *result = (const Troth__V1__AttestationResult *)m;
	r.tier = (int)result->verdict;
	r.issued = result->certificate.len > 0;
	if (result->n_findings > 0)
		snprintf(r.finding, sizeof r.finding, "%s", result->findings[0]->code);
	troth_wire_free(m);
	return r;
}

X509 *lab_certificate(const struct tls_client *c)
{
	ProtobufCMessage *m = fleet_answer(c, &troth__v1__attestation_result__descriptor);
	assert_non_null(m);
	const Troth__V1__AttestationResult *result = (const Troth__V1__AttestationResult *)m;
	const uint8_t *der = result->certificate.data;
	X509 *cert = d2i_X509(NULL, &der, (long)result->certificate.len);
	troth_wire_free(m);
	assert_non_null(cert);
	return cert;
}
