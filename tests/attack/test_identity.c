/* SPDX-License-Identifier: Apache-2.0 */
/* What a device may become: enrolled again, with another key, in quarantine, retired;
 * and whose name it gets. Rows are those of docs/attacks.md. The tests build on each
 * other, in this order. */
#include "one_lab.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "text.h"
#include "token.h"
#include "wire.h"

#define LEAVES_MAX 256

/* A whole exchange that ends in a certificate; the caller frees it. */
static X509 *certified(struct fleet_device *d)
{
	lab_attest(&lab, d);
	if (!lab_result(&lab.http).issued)
		fail_msg("no certificate but %s", lab_result(&lab.http).finding);
	return lab_certificate(&lab.http);
}

static void new_ak(struct fleet_device *d)
{
	forge_key_free(&d->tpm.ak);
	d->tpm.ak = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	const TPMT_PUBLIC pub = forge_public(&d->tpm.ak, FORGE_AK_ATTRIBUTES);
	d->tpm.ak_len = forge_public_bytes(&pub, d->tpm.ak_public, sizeof d->tpm.ak_public).n;
}

/* One more leaf of this kind than before, and what it says. */
static struct lab_leaf only_leaf_since(long from)
{
	static struct lab_leaf leaves[LEAVES_MAX];
	assert_int_equal(lab_leaves(&lab, from, leaves, LEAVES_MAX), 1);
	return leaves[0];
}

/* ---- names ---- */

/* attacks.md row 11: nothing that a device says of itself becomes its id or its name. */
static void ids_and_names_are_not_chosen_by_devices(void **state)
{
	(void)state;
	static uint8_t facts[] = "\x12\x06"
				 "victim"
				 "\x0a\x05"
				 "admin";
	uint8_t secret[64];
	struct fleet_device *d = &lab.devices[LAB_ATTACKER];
	Troth__V1__EnrollRequest request;
	Troth__V1__EnrollProof proof = TROTH__V1__ENROLL_PROOF__INIT;
	fleet_enroll_request(d, &request);
	request.facts = (ProtobufCBinaryData){ sizeof facts - 1, facts };
	assert_true(fleet_post(&lab.http, "/v1/enroll", &request.base));
	ProtobufCMessage *m = fleet_answer(&lab.http, &troth__v1__enroll_challenge__descriptor);
	assert_non_null(m);
	const Troth__V1__EnrollChallenge *challenge = (const Troth__V1__EnrollChallenge *)m;
	size_t n = soft_activate(&d->tpm, troth_wire_view(challenge->credential_blob),
				 troth_wire_view(challenge->secret), secret, sizeof secret);
	proof.request = &request;
	proof.token = challenge->token;
	proof.activated = (ProtobufCBinaryData){ n, secret };
	assert_true(fleet_post(&lab.http, "/v1/enroll/complete", &proof.base));
	troth_wire_free(m);
	m = fleet_answer(&lab.http, &troth__v1__enroll_result__descriptor);
	assert_non_null(m);
	const Troth__V1__EnrollResult *result = (const Troth__V1__EnrollResult *)m;
	assert_string_equal(result->name, "attacker");
	assert_int_equal(result->device_id.len, 32);
	assert_memory_equal(result->device_id.data, d->id, 32);
	troth_wire_free(m);
}

/* The one name in the certificate is the registry's, and its key the one
 * that was quoted for. */
static void the_certificate_says_what_the_registry_says(void **state)
{
	(void)state;
	X509 *cert = certified(&lab.devices[LAB_ATTACKER]);
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	assert_non_null(names);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(name->type, GEN_URI);
	const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
	static const char WANT[] = "spiffe://test.example/line-1/attacker";
	assert_int_equal(ASN1_STRING_length(uri), sizeof WANT - 1);
	assert_memory_equal(ASN1_STRING_get0_data(uri), WANT, sizeof WANT - 1);
	GENERAL_NAMES_free(names);
	assert_int_equal(X509_check_ca(cert), 0);
	const EVP_PKEY *key = lab.devices[LAB_ATTACKER].tpm.credential.pkey;
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), key), 1);
	X509_free(cert);
}

/* ---- enrolled again ---- */

static void enrolled_again_with_the_same_key(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	X509 *old = certified(d);
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_string_equal(lab_device(&lab, "victim", "state"), "active");
	assert_string_equal(lab_device(&lab, "victim", "segment"), "line-1");
	struct lab_leaf leaf = only_leaf_since(before.n_leaves);
	assert_string_equal(leaf.kind, "enrol");
	assert_string_equal(leaf.name, "victim");
	/* The order of its quotes begins anew, so what it had ends. */
	assert_true(lab_revoked(&lab, old));
	X509 *now = certified(d);
	assert_false(lab_on_crl_now(&lab, now));
	X509_free(old);
	X509_free(now);
}

static void a_new_key_ends_the_old_one(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	struct fleet_device stolen = *d; /* AK and all, as it was */
	stolen.tpm.ak.pkey = d->tpm.ak.pkey;
	assert_int_equal(EVP_PKEY_up_ref(stolen.tpm.ak.pkey), 1);
	X509 *old = certified(d);
	new_ak(d);
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_string_equal(lab_device(&lab, "victim", "state"), "active");
	assert_true(lab_revoked(&lab, old));
	struct lab_state before = lab_state(&lab, LAB_VICTIM);
	lab_attest(&lab, &stolen);
	lab_assert_problem(&lab.http, 400, "refused", "signature");
	struct lab_state after = lab_state(&lab, LAB_VICTIM);
	lab_assert_unchanged(&before, &after);
	X509_free(certified(d));
	X509_free(old);
	forge_key_free(&stolen.tpm.ak);
}

/* Where an operator lets devices in, he lets in their keys. */
static void a_new_key_passes_the_gate_again(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	lab_policy(&lab, "manual", "");
	/* The same key goes on. */
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_string_equal(lab_device(&lab, "victim", "state"), "active");
	X509 *old = certified(d);
	new_ak(d);
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_string_equal(lab_device(&lab, "victim", "state"), "pending");
	assert_true(lab_revoked(&lab, old));
	lab_attest(&lab, d);
	lab_assert_problem(&lab.http, 403, "pending", NULL);
	assert_int_equal(lab_act(&lab, "victim", "approve"), 200);
	X509_free(certified(d));
	X509_free(old);
	lab_policy(&lab, "automatic", "");
}

/* ---- quarantine ---- */

static void assert_barred(struct fleet_device *d, const char *name, const char *state)
{
	assert_string_equal(lab_device(&lab, name, "state"), state);
	lab_attest(&lab, d);
	lab_assert_problem(&lab.http, 403, state, NULL);
}

static void nothing_leads_out_of_quarantine_but_an_operator(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_VICTIM];
	X509 *old = certified(d);
	assert_int_equal(lab_act(&lab, "victim", "quarantine"), 200);
	assert_true(lab_revoked(&lab, old));
	assert_barred(d, "victim", "quarantined");
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_barred(d, "victim", "quarantined");
	new_ak(d);
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_barred(d, "victim", "quarantined");
	/* Neither is approval the way out, nor a restart of the verifier. */
	assert_int_equal(lab_act(&lab, "victim", "approve"), 409);
	tls_client_close(&lab.http);
	assert_true(test_service_stop(&lab.service));
	test_service_start(&lab.service);
	lab.http.port = lab.service.port;
	assert_barred(d, "victim", "quarantined");
	assert_true(lab_on_crl_now(&lab, old));
	assert_int_equal(lab_act(&lab, "victim", "release"), 200);
	X509_free(certified(d));
	X509_free(old);
}

static void retirement_is_for_ever(void **state)
{
	(void)state;
	struct fleet_device *d = &lab.devices[LAB_THIRD];
	X509 *old = certified(d);
	assert_int_equal(lab_act(&lab, "third", "retire"), 200);
	assert_true(lab_revoked(&lab, old));
	assert_barred(d, "third", "retired");
	assert_int_equal(lab_act(&lab, "third", "release"), 409);
	assert_int_equal(lab_act(&lab, "third", "approve"), 409);
	assert_int_equal(lab_act(&lab, "third", "quarantine"), 409);
	new_ak(d);
	assert_int_equal(fleet_enroll(d, &lab.http), 200);
	assert_barred(d, "third", "retired");
	X509_free(old);
}

/* ---- one AK, one EK ---- */

/* attacks.md rows 10 and 11: an EK of the attacker's own making opens whatever was made for it,
 * so activation alone would let it claim another device's AK. */
static void an_ak_belongs_to_one_ek(void **state)
{
	(void)state;
	struct fleet_device claimant = lab.devices[LAB_ATTACKER];
	const struct fleet_device *victim = &lab.devices[LAB_VICTIM];
	memcpy(claimant.tpm.ak_public, victim->tpm.ak_public, victim->tpm.ak_len);
	claimant.tpm.ak_len = victim->tpm.ak_len;
	struct lab_state before = lab_state(&lab, LAB_ATTACKER);
	fleet_enroll(&claimant, &lab.http);
	lab_assert_problem(&lab.http, 403, "refused", "ak-taken");
	struct lab_state after = lab_state(&lab, LAB_ATTACKER);
	lab_assert_unchanged(&before, &after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_and_names_are_not_chosen_by_devices),
		cmocka_unit_test(the_certificate_says_what_the_registry_says),
		cmocka_unit_test(enrolled_again_with_the_same_key),
		cmocka_unit_test(a_new_key_ends_the_old_one),
		cmocka_unit_test(a_new_key_passes_the_gate_again),
		cmocka_unit_test(nothing_leads_out_of_quarantine_but_an_operator),
		cmocka_unit_test(retirement_is_for_ever),
		cmocka_unit_test(an_ak_belongs_to_one_ek),
	};
	return cmocka_run_group_tests(tests, one_lab_open, one_lab_close);
}
