/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation results over the wire: what a device gets, that it belongs together and can be
 * checked with what is published, and what no device gets. */
#include "lab.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "ear_keys.h"
#include "reader.h"
#include "svid.h"
#include "wire.h"

static struct lab lab;
static struct troth_ctx *ctx;

static int open_lab(void **state)
{
	(void)state;
	lab_open(&lab);
	return troth_ctx_new(&ctx) == TROTH_OK ? 0 : -1;
}

static int close_lab(void **state)
{
	(void)state;
	lab_close(&lab);
	troth_ctx_free(ctx);
	return 0;
}

/* An exchange, its answer, and the result in it opened with the keys that are published. */
struct passed {
	Troth__V1__AttestationResult *m;
	struct troth_ear_key list[TROTH_EAR_KEYS_MAX];
	struct troth_ear_keys keys;
	uint8_t buf[TROTH_JWS_MAX];
	struct troth_ear ear;
};

static void read_keys(struct passed *p)
{
	assert_true(tls_client_get(&lab.http, "/v1/keys.json"));
	assert_int_equal(lab.http.status, 200);
	assert_int_equal(troth_ear_keys_read_jwks(ctx, lab.http.body, p->list,
						  TROTH_EAR_KEYS_MAX, &p->keys.n),
			 TROTH_OK);
	p->keys.list = p->list;
}

static void take_answer(struct passed *p)
{
	struct troth_writer w = troth_writer_make(p->buf, sizeof p->buf);
	p->m = (Troth__V1__AttestationResult *)fleet_answer(
		&lab.http, &troth__v1__attestation_result__descriptor);
	assert_non_null(p->m);
	const struct troth_view ear = troth_wire_view(p->m->ear);
	if (ear.n == 0)
		return;
	assert_int_equal(ear.p[0] == 'e' ? troth_ear_jwt_open(ctx, ear, &p->keys, &w, &p->ear)
					 : troth_ear_cwt_open(ctx, ear, &p->keys, &p->ear),
			 TROTH_OK);
}

static void pass(struct fleet_device *d, struct passed *p)
{
	*p = (struct passed){ 0 };
	read_keys(p); /* first: the answer lies in the client's buffer */
	assert_int_equal(lab_attest(&lab, d), 200);
	take_answer(p);
}

static void done(struct passed *p)
{
	for (size_t i = 0; i < p->keys.n; i++)
		troth_key_free(p->list[i].key);
	troth_wire_free(&p->m->base);
}

static X509 *certificate(const struct passed *p)
{
	const unsigned char *at = p->m->certificate.data;
	X509 *cert = d2i_X509(NULL, &at, (long)p->m->certificate.len);
	assert_non_null(cert);
	return cert;
}

/* The certificate's extension, as OpenSSL finds it. */
static void assert_digest_in(X509 *cert, struct troth_view ear)
{
	uint8_t digest[32];
	ASN1_OBJECT *oid = OBJ_txt2obj(TROTH_OID_EAR_DIGEST, 1);
	const int at = X509_get_ext_by_OBJ(cert, oid, -1);
	assert_true(at >= 0);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	assert_int_equal(EVP_Digest(ear.p, ear.n, digest, NULL, EVP_sha256(), NULL), 1);
	assert_int_equal(ASN1_STRING_length(value), 2 + 32);
	assert_memory_equal(ASN1_STRING_get0_data(value) + 2, digest, sizeof digest);
	ASN1_OBJECT_free(oid);
}

static void result_and_certificate_belong_together(void **state)
{
	(void)state;
	struct passed p;
	uint8_t serial[16];
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	pass(d, &p);
	X509 *cert = certificate(&p);
	assert_digest_in(cert, troth_wire_view(p.m->ear));
	const ASN1_INTEGER *number = X509_get0_serialNumber(cert);
	assert_int_equal(ASN1_STRING_length(number), sizeof serial);
	assert_memory_equal(ASN1_STRING_get0_data(number), p.ear.id, sizeof p.ear.id);
	assert_string_equal(p.m->spiffe_id, "spiffe://test.example/line-1/victim");
	assert_true(troth_view_equal(p.ear.subject, troth_view_str(p.m->spiffe_id)));
	assert_true(troth_view_equal(p.ear.segment, troth_view_str("line-1")));
	assert_int_equal(p.ear.expires_s * 1000, p.m->not_after_ms);
	assert_int_equal(p.ear.status, TROTH_TIER_AFFIRMING);
	time_t before = (time_t)p.ear.issued_s;
	assert_int_equal(X509_cmp_time(X509_get0_notBefore(cert), &before), -1); /* equal */
	X509_free(cert);
	done(&p);
}

/* The key in the TPM, where there is no session key; then the session key. */
static void a_result_confirms_the_key_that_was_quoted(void **state)
{
	(void)state;
	struct passed p;
	uint8_t key[64];
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	pass(d, &p);
	const unsigned char *at = p.ear.attested_key.p;
	EVP_PKEY *attested = d2i_PUBKEY(NULL, &at, (long)p.ear.attested_key.n);
	assert_int_equal(EVP_PKEY_eq(attested, d->tpm.credential.pkey), 1);
	EVP_PKEY_free(attested);
	struct troth_jwk credential;
	assert_int_equal(troth_jwk_of(d->tpm.credential.pkey, &credential), TROTH_OK);
	assert_memory_equal(&p.ear.key, &credential, sizeof credential);
	done(&p);

	soft_device_new_session(&d->tpm);
	soft_session_public(&d->tpm, key);
	pass(d, &p);
	assert_memory_equal(&p.ear.key, key, sizeof key);
	done(&p);
}

static void policy_chooses_form_and_profile(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		uint8_t first; /* byte of the result; 0: none */
		enum troth_ear_profile profile;
	} CASES[] = {
		{ "result: cwt\n", 0xd2, TROTH_EAR_DEPLOYED },
		{ "result: cwt\nresult_profile: draft\n", 0xd2, TROTH_EAR_DRAFT },
		{ "result: jwt\nresult_profile: draft\n", 'e', TROTH_EAR_DRAFT },
		{ "result: none\n", 0, TROTH_EAR_DEPLOYED },
		{ "", 'e', TROTH_EAR_DEPLOYED },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct passed p;
		lab_policy(&lab, "automatic", CASES[i].lines);
		pass(&lab.devices[LAB_VICTIM], &p);
		assert_int_equal(p.m->ear.len > 0 ? p.m->ear.data[0] : 0, CASES[i].first);
		assert_int_equal(p.ear.profile, CASES[i].profile);
		X509 *cert = certificate(&p);
		if (CASES[i].first != 0)
			assert_digest_in(cert, troth_wire_view(p.m->ear));
		X509_free(cert);
		done(&p);
	}
}

static void the_other_form_and_profile_come_on_request(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		uint32_t form, profile;
		int status;
		uint8_t first; /* byte of the result */
		enum troth_ear_profile found;
	} CASES[] = {
		{ "", 2, 0, 200, 0xd2, TROTH_EAR_DEPLOYED },
		{ "", 2, 2, 200, 0xd2, TROTH_EAR_DRAFT },
		{ "", 0, 2, 200, 'e', TROTH_EAR_DRAFT },
		{ "result: cwt\nresult_profile: draft\n", 1, 1, 200, 'e', TROTH_EAR_DEPLOYED },
		{ "result: none\n", 2, 0, 200, 0xd2, TROTH_EAR_DEPLOYED },
		{ "result_on_request: policy\n", 1, 1, 200, 'e', TROTH_EAR_DEPLOYED },
		{ "result_on_request: policy\n", 2, 0, 403, 0, TROTH_EAR_DEPLOYED },
		{ "result_on_request: policy\n", 0, 2, 403, 0, TROTH_EAR_DEPLOYED },
		{ "", 3, 0, 400, 0, TROTH_EAR_DEPLOYED },
		{ "", 0, 3, 400, 0, TROTH_EAR_DEPLOYED },
	};
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct passed p = { 0 };
		lab_policy(&lab, "automatic", CASES[i].lines);
		d->result_form = CASES[i].form;
		d->result_profile = CASES[i].profile;
		if (CASES[i].status != 200) {
			(void)lab_attest(&lab, d);
			lab_assert_problem(&lab.http, CASES[i].status,
					   CASES[i].status == 403 ? "form-denied" : "malformed",
					   NULL);
			continue;
		}
		pass(d, &p);
		assert_int_equal(p.m->ear.len > 0 ? p.m->ear.data[0] : 0, CASES[i].first);
		assert_int_equal(p.ear.profile, CASES[i].found);
		done(&p);
	}
	d->result_form = d->result_profile = 0;
	lab_policy(&lab, "automatic", "");
}

/* ---- session keys that are not the device's ---- */

static void swap_key(struct fleet_attestation *a)
{
	soft_session_public(&lab.devices[LAB_THIRD].tpm, a->session_key);
}

static void drop_signature(struct fleet_attestation *a)
{
	a->message.session_signature.len = 0;
}

static void drop_both(struct fleet_attestation *a)
{
	a->message.session_key.len = a->message.session_signature.len = 0;
}

static void bend_signature(struct fleet_attestation *a)
{
	a->session_signature[63] ^= 1;
}

static const struct {
	const char *name;
	void (*bend)(struct fleet_attestation *a);
	const char *code, *finding;
} BENT[] = {
	{ "a key the quote does not bind", swap_key, "refused", "qualifying-data" },
	{ "a key left out of what was quoted", drop_both, "refused", "qualifying-data" },
	{ "a key without its signature", drop_signature, "malformed", NULL },
	{ "a signature that is not the key's", bend_signature, "refused", "possession" },
};

static void a_session_key_must_be_bound_and_held(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	soft_device_new_session(&lab.devices[LAB_THIRD].tpm);
	for (size_t i = 0; i < sizeof BENT / sizeof *BENT; i++) {
		static struct fleet_attestation a;
		/* A fresh one each time: what was proven once in a boot is remembered. */
		soft_device_new_session(&d->tpm);
		const struct lab_state before = lab_state(&lab, LAB_ATTACKER);
		Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
		assert_non_null(challenge);
		fleet_attest(d, challenge, &a);
		BENT[i].bend(&a);
		assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
		lab_assert_problem(&lab.http, 400, BENT[i].code, BENT[i].finding);
		troth_wire_free(&challenge->base);
		const struct lab_state after = lab_state(&lab, LAB_ATTACKER);
		lab_assert_unchanged(&before, &after);
	}
}

/* ---- a relying party's nonce ---- */

static uint8_t nonce[TROTH_RESULT_NONCE_MAX + 1] = "drawn by a relying party";

static void a_result_answers_a_nonce_once(void **state)
{
	(void)state;
	struct passed p;
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	d->result_nonce = (struct troth_view){ nonce, 24 };
	pass(d, &p);
	assert_true(troth_view_equal(p.ear.nonce, d->result_nonce));
	done(&p);
	const struct lab_state before = lab_state(&lab, LAB_ATTACKER);
	(void)lab_attest(&lab, d);
	lab_assert_problem(&lab.http, 409, "nonce-reused", NULL);
	const struct lab_state after = lab_state(&lab, LAB_ATTACKER);
	lab_assert_unchanged(&before, &after);
	/* Another device may answer it, and this one another. */
	lab.devices[LAB_VICTIM].result_nonce = d->result_nonce;
	pass(&lab.devices[LAB_VICTIM], &p);
	done(&p);
	lab.devices[LAB_VICTIM].result_nonce = (struct troth_view){ 0 };
	d->result_nonce.n--;
	pass(d, &p);
	done(&p);
	d->result_nonce = (struct troth_view){ 0 };
}

/* What the device says and what its TPM quoted are two things. */
static void a_nonce_must_be_in_the_quote(void **state)
{
	(void)state;
	static struct fleet_attestation a;
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	for (int i = 0; i < 2; i++) {
		d->result_nonce = i == 0 ? (struct troth_view){ 0 }
					 : (struct troth_view){ nonce, 20 };
		Troth__V1__Challenge *challenge = fleet_challenge(d, &lab.http);
		assert_non_null(challenge);
		fleet_attest(d, challenge, &a);
		a.message.result_nonce =
			troth_wire_bytes((struct troth_view){ nonce, i == 0 ? 20 : 0 });
		assert_true(fleet_post(&lab.http, "/v1/attest", &a.message.base));
		lab_assert_problem(&lab.http, 400, "refused", "qualifying-data");
		troth_wire_free(&challenge->base);
	}
	d->result_nonce = (struct troth_view){ 0 };
}

static void nonces_have_limits(void **state)
{
	(void)state;
	static const struct {
		size_t n;
		int status;
	} SIZES[] = { { TROTH_RESULT_NONCE_MIN - 1, 400 },
		      { TROTH_RESULT_NONCE_MIN, 200 },
		      { TROTH_RESULT_NONCE_MAX, 200 },
		      { TROTH_RESULT_NONCE_MAX + 1, 400 } };
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
		d->result_nonce = (struct troth_view){ nonce, SIZES[i].n };
		assert_int_equal(lab_attest(&lab, d), SIZES[i].status);
	}
	d->result_nonce = (struct troth_view){ 0 };
}

/* Who asks wants to know; and gets no certificate by it. */
static void a_sick_device_gets_a_result_that_says_so(void **state)
{
	(void)state;
	struct passed p;
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	uint8_t *pcr_4 = troth_pcr_bank_get(&d->pcrs, TROTH_HASH_SHA256)->value[4];
	lab_policy(&lab, "automatic", "result: none\n");
	pcr_4[0] ^= 1; /* what no log explains */
	pass(d, &p);
	assert_int_equal(p.m->ear.len, 0);
	done(&p);
	d->result_nonce = (struct troth_view){ nonce, 30 };
	pass(d, &p);
	assert_int_equal(p.m->certificate.len, 0);
	assert_int_not_equal(p.ear.status, TROTH_TIER_AFFIRMING);
	assert_true(troth_view_equal(p.ear.nonce, d->result_nonce));
	done(&p);
	pcr_4[0] ^= 1;
	d->result_nonce = (struct troth_view){ 0 };
	lab_policy(&lab, "automatic", "");
}

/* ---- what is published ---- */

/* A header's value in the last answer, in a static buffer; empty: none. */
static const char *header(const char *name)
{
	static char value[256];
	const struct troth_view all = tls_client_answer(&lab.http);
	const char *at = memmem(all.p, all.n, name, strlen(name));
	value[0] = '\0';
	if (at != NULL)
		(void)sscanf(at + strlen(name), ": %255[^\r]", value);
	return value;
}

static void what_is_published_can_be_kept(void **state)
{
	(void)state;
	static const char *const PATHS[] = { "/v1/keys.json", "/v1/keys.cbor", "/v1/bundle",
					     "/v1/crl" };
	for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
		char etag[256], head[512];
		assert_true(tls_client_get(&lab.http, PATHS[i]));
		assert_int_equal(lab.http.status, 200);
		assert_non_null(strstr(header("Cache-Control"), "max-age="));
		snprintf(etag, sizeof etag, "%s", header("ETag"));
		assert_int_equal(etag[0], '"');
		for (int same = 0; same < 2; same++) {
			snprintf(head, sizeof head,
				 "GET %s HTTP/1.1\r\nHost: localhost\r\n"
				 "If-None-Match: \"other\", %s\r\n\r\n",
				 PATHS[i], same ? etag : "\"nothing\"");
			assert_true(tls_client_call(&lab.http, head, (struct troth_view){ 0 }));
			assert_int_equal(lab.http.status, same ? 304 : 200);
			assert_string_equal(header("ETag"), etag);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_and_certificate_belong_together),
		cmocka_unit_test(a_result_confirms_the_key_that_was_quoted),
		cmocka_unit_test(policy_chooses_form_and_profile),
		cmocka_unit_test(the_other_form_and_profile_come_on_request),
		cmocka_unit_test(a_session_key_must_be_bound_and_held),
		cmocka_unit_test(a_result_answers_a_nonce_once),
		cmocka_unit_test(a_nonce_must_be_in_the_quote),
		cmocka_unit_test(nonces_have_limits),
		cmocka_unit_test(a_sick_device_gets_a_result_that_says_so),
		cmocka_unit_test(what_is_published_can_be_kept),
	};
	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
