/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "asking.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

#include "base.h"
#include "random.h"
#include "reader.h"
#include "wire.h"

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

/* ---- a device with what it was issued ---- */

static void take_result(struct asking *a, struct fleet_device *d)
{
	soft_device_new_session(&d->tpm);
	assert_int_equal(lab_attest(&a->lab, d), 200);
	Troth__V1__AttestationResult *r = (Troth__V1__AttestationResult *)fleet_answer(
		&a->lab.http, &troth__v1__attestation_result__descriptor);
	assert_non_null(r);
	assert_in_range(r->ear.len, 100, sizeof a->token - 1);
	memcpy(a->token, r->ear.data, r->ear.len);
	a->token[r->ear.len] = '\0';
	troth_wire_free(&r->base);
	troth_es256_key_free(a->session);
	assert_int_equal(troth_es256_key_new(d->tpm.session, &a->session), TROTH_OK);
	assert_int_equal(troth_jwk_of(d->tpm.session, &a->jwk), TROTH_OK);
}

static void take_certificate(struct asking *a)
{
	X509 *cert = lab_certificate(&a->lab.http);
	uint8_t *der = NULL, text[3000];
	const int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	assert_true(EVP_EncodeBlock(text, der, n) > 0);
	(void)snprintf(a->certificate, sizeof a->certificate, ":%s:", text);
	OPENSSL_free(der);
	X509_free(cert);
}

void asking_policy(struct asking *a, const char *allow)
{
	lab_policy(&a->lab, "automatic", allow != NULL ? allow : ALLOW);
}

void asking_open(struct asking *a, const char *lines)
{
	char yaml[4096];
	*a = (struct asking){ 0 };
	assert_int_equal(troth_ctx_new(&a->ctx), TROTH_OK);
	assert_in_range(snprintf(yaml, sizeof yaml, "%s%s", CALLERS, lines), 1,
			sizeof yaml - 1);
	lab_open_with(&a->lab, yaml);
	asking_policy(a, NULL);
}

void asking_close(struct asking *a)
{
	troth_es256_key_free(a->session);
	lab_close(&a->lab);
	troth_ctx_free(a->ctx);
}

void asking_take(struct asking *a, int device)
{
	a->nonce[0] = '\0';
	take_result(a, &a->lab.devices[device]);
	take_certificate(a);
}

static enum troth_status sign_with(void *arg, struct troth_view message,
				   uint8_t out[TROTH_ES256_LEN])
{
	struct asking *a = arg;
	return troth_es256_sign(a->ctx, a->session, message, out);
}

const char *asking_prove(struct asking *a, const char *method, const char *url)
{
	static char proof[TROTH_JWS_MAX];
	uint8_t jti[TROTH_DPOP_JTI_BYTES];
	struct troth_writer w = troth_writer_make((uint8_t *)proof, sizeof proof - 1);
	const struct troth_dpop_maker maker = { a->jwk, { sign_with, a } };
	const struct troth_dpop_call call = { .method = troth_view_str(method),
					      .url = troth_view_str(url),
					      .token = troth_view_str(a->token),
					      .nonce = troth_view_str(a->nonce) };
	assert_int_equal(troth_random(jti, sizeof jti), TROTH_OK);
	assert_int_equal(troth_dpop_make(a->ctx, &maker, &call, (uint64_t)time(NULL), jti, &w),
			 TROTH_OK);
	proof[w.n] = '\0';
	return proof;
}

/* ---- gateways ---- */

const char *asking_answered(const struct tls_client *c, const char *name)
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

int asking_raw(struct tls_client *c, const char *line, const char *headers)
{
	static char head[24000];
	(void)snprintf(head, sizeof head,
		       "%s HTTP/1.1\r\nHost: historian.test.example\r\n%s\r\n", line, headers);
	assert_true(tls_client_call(c, head, (struct troth_view){ 0 }));
	if (c->status != 200 && c->status != 401 && c->status != 403)
		fail_msg("%s: %d", line, c->status);
	return c->status;
}

int asking_with(struct tls_client *c, const char *caller, const char *more)
{
	static char headers[20000];
	(void)snprintf(
		headers, sizeof headers,
		"Troth-Caller: %s\r\nX-Original-Method: POST\r\nX-Original-URL: " ASKING_URL
		"\r\n%s",
		caller, more);
	return asking_raw(c, "GET /v1/authorize", headers);
}

const char *asking_with_proof(struct asking *a, const char *proof)
{
	static char lines[2 * TROTH_JWS_MAX + 64];
	(void)snprintf(lines, sizeof lines, "Authorization: DPoP %s\r\nDPoP: %s\r\n", a->token,
		       proof);
	return lines;
}

const char *asking_with_certificate(struct asking *a)
{
	static char lines[5000];
	(void)snprintf(lines, sizeof lines, "Client-Cert: %s\r\n", a->certificate);
	return lines;
}

void asking_take_nonce(struct asking *a)
{
	struct tls_client *c = &a->lab.http;
	const char *proof = asking_prove(a, "POST", ASKING_URL);
	assert_int_equal(asking_with(c, "gateway", asking_with_proof(a, proof)), 401);
	asking_assert(c, 401, "proof-nonce");
	assert_string_equal(asking_answered(c, "WWW-Authenticate"),
			    "DPoP algs=\"ES256\", error=\"use_dpop_nonce\"");
	(void)snprintf(a->nonce, sizeof a->nonce, "%.100s", asking_answered(c, "DPoP-Nonce"));
	assert_int_equal(strlen(a->nonce), 43);
}

void asking_assert(const struct tls_client *c, int status, const char *decision)
{
	assert_string_equal(asking_answered(c, "Troth-Decision"), decision);
	assert_int_equal(c->status, status);
}
