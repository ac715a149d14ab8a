/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reader.h"
#include "service_json.h"

void lab_policy(struct lab *lab, const char *approve, const char *more)
{
	char policy[1024];
	snprintf(policy, sizeof policy,
		 "name: default\n"
		 "segment: line-1\n"
		 "pcrs:\n"
		 "  sha256: [0, 1, 2, 3, 4, 5, 7, 8, 9]\n"
		 "secure_boot: required\n"
		 "reference: base\n"
		 "enrolment: inventory\n"
		 "approve: %s\n%s",
		 approve, more);
	test_service_admin_ok(&lab->service, "/v1/admin/policies", "application/yaml", policy);
}

long lab_act(struct lab *lab, const char *device, const char *action)
{
	char path[128], body[64];
	struct troth_https_answer a = { 0 };
	snprintf(path, sizeof path, "/v1/admin/devices/%s", device);
	snprintf(body, sizeof body, "{\"action\":\"%s\"}", action);
	long status =
		test_service_admin(&lab->service, "POST", path, "application/json", body, &a);
	troth_https_answer_clear(&a);
	return status;
}

const char *lab_device(struct lab *lab, const char *device, const char *field)
{
	static char text[256];
	char path[128];
	snprintf(path, sizeof path, "/v1/admin/devices/%s", device);
	json_t *value = service_json(&lab->service, path);
	const char *s = json_string_value(json_object_get(value, field));
	snprintf(text, sizeof text, "%s", s != NULL ? s : "");
	json_decref(value);
	return text;
}

/* ---- the CRL ---- */

static X509 *issuing_ca(struct lab *lab)
{
	assert_true(tls_client_get(&lab->http, "/v1/bundle"));
	assert_int_equal(lab->http.status, 200);
	BIO *bio = BIO_new_mem_buf(lab->http.body.p, (int)lab->http.body.n);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(ca);
	return ca;
}

bool lab_on_crl_now(struct lab *lab, const X509 *certificate)
{
	X509_REVOKED *entry = NULL;
	X509 *ca = issuing_ca(lab);
	assert_true(tls_client_get(&lab->http, "/v1/crl"));
	assert_int_equal(lab->http.status, 200);
	const uint8_t *der = lab->http.body.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &der, (long)lab->http.body.n);
	assert_non_null(crl);
	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
	bool listed =
		X509_CRL_get0_by_serial(crl, &entry, X509_get0_serialNumber(certificate)) == 1;
	X509_CRL_free(crl);
	X509_free(ca);
	return listed;
}

bool lab_revoked(struct lab *lab, const X509 *certificate)
{
	const struct timespec t = { .tv_nsec = 20000000 };
	for (int tries = 0; tries < 250; tries++) {
		if (lab_on_crl_now(lab, certificate))
			return true;
		nanosleep(&t, NULL);
	}
	return false;
}

/* ---- the audit log ---- */

/* The rest of the leaf's line that begins with key. */
static void line_of(const char *leaf, const char *key, char *out, size_t room)
{
	char start[32];
	snprintf(start, sizeof start, "\n%s ", key);
	const char *at = strstr(leaf, start);
	assert_non_null(at);
	at += strlen(start);
	snprintf(out, room, "%.*s", (int)strcspn(at, "\n"), at);
}

size_t lab_leaves(struct lab *lab, long from, struct lab_leaf *out, size_t max)
{
	char path[64];
	size_t i;
	json_t *leaf;
	snprintf(path, sizeof path, "/v1/admin/audit?from=%ld", from);
	json_t *value = service_json(&lab->service, path);
	const json_t *list = json_object_get(value, "leaves");
	const size_t n = json_array_size(list);
	assert_in_range(n, 0, max);
	json_array_foreach(list, i, leaf)
	{
		const char *text = json_string_value(json_object_get(leaf, "leaf"));
		assert_non_null(text);
		line_of(text, "kind", out[i].kind, sizeof out[i].kind);
		line_of(text, "name", out[i].name, sizeof out[i].name);
		line_of(text, "detail", out[i].detail, sizeof out[i].detail);
		line_of(text, "certificate", out[i].certificate, sizeof out[i].certificate);
	}
	json_decref(value);
	return n;
}
