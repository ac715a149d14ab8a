/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolments forged on the wire, against a real verifier.
 *
 * Each is an exchange complete and truthful but for what its case changes. The answer names the
 * right finding, nothing is stored, and the secret that only the right TPM can open is in no
 * answer. Rows are those of docs/attacks.md. */
#include "lab.h"

#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "text.h"
#include "token.h"
#include "wire.h"

/* ---- keys that may not speak for a TPM ---- */

static void unrestricted(TPMT_PUBLIC *p)
{
	p->objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED;
}

static void decrypts_too(TPMT_PUBLIC *p)
{
	p->objectAttributes |= TPMA_OBJECT_DECRYPT;
}

static void signs_not(TPMT_PUBLIC *p)
{
	p->objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_SIGN_ENCRYPT;
}

static void may_move(TPMT_PUBLIC *p)
{
	p->objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_FIXEDTPM;
}

static void may_be_copied(TPMT_PUBLIC *p)
{
	p->objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_FIXEDPARENT;
}

static void imported(TPMT_PUBLIC *p)
{
	p->objectAttributes &= ~(TPMA_OBJECT)TPMA_OBJECT_SENSITIVEDATAORIGIN;
}

static void signs_sha1(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA1;
}

static void any_scheme(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
}

static void named_by_sha1(TPMT_PUBLIC *p)
{
	p->nameAlg = TPM2_ALG_SHA1;
}

static void off_the_curve(TPMT_PUBLIC *p)
{
	p->unique.ecc.x.buffer[31] ^= 1;
}

static const struct {
	const char *name;
	void (*bend)(TPMT_PUBLIC *p);
	const char *finding;
} BAD_AKS[] = {
	{ "an unrestricted key, which signs forged quotes", unrestricted, "ak-attributes" },
	{ "a key that decrypts, too", decrypts_too, "ak-attributes" },
	{ "a key that does not sign", signs_not, "ak-attributes" },
	{ "a key that may leave its TPM", may_move, "ak-attributes" },
	{ "a key that may be copied to another parent", may_be_copied, "ak-attributes" },
	{ "a key that was imported", imported, "ak-attributes" },
	{ "a key that signs over SHA-1", signs_sha1, "ak-scheme" },
	{ "a key without a scheme of its own", any_scheme, "ak-scheme" },
	{ "a key named by SHA-1", named_by_sha1, "ak-scheme" },
	{ "a key that is no point of its curve", off_the_curve, "ak-attributes" },
};

/* Truthful but for the key: an attacker who has such a key in his TPM. */
static void take_ak(struct fleet_device *d, void (*bend)(TPMT_PUBLIC *p))
{
	TPMT_PUBLIC p = forge_public(&d->tpm.ak, FORGE_AK_ATTRIBUTES);
	bend(&p);
	d->tpm.ak_len = forge_public_bytes(&p, d->tpm.ak_public, sizeof d->tpm.ak_public).n;
}

/* At the first step, and at the second with a token that a good key was given. */
static void keys_that_may_not_attest(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	struct gate_census before = scene_before();
	for (size_t i = 0; i < sizeof BAD_AKS / sizeof *BAD_AKS; i++) {
		struct fleet_device liar = device;
		print_message("row 8: %s\n", BAD_AKS[i].name);
		take_ak(&liar, BAD_AKS[i].bend);
		gate_prepare(&liar, &e);
		assert_false(gate_begin(&gate, &liar, &e));
		lab_assert_problem(&gate.http, 403, "refused", BAD_AKS[i].finding);

		gate_prepare(&device, &e);
		assert_true(gate_begin(&gate, &device, &e));
		fleet_enroll_request(&liar, &e.request);
		gate_complete(&gate, &e);
		lab_assert_problem(&gate.http, 403, "refused", BAD_AKS[i].finding);
	}
	scene_assert_nothing_stored(&before);
}

/* ---- requests that are not of an EK and an AK ---- */

static uint8_t room[128 * 1024];

static void template_none(Troth__V1__EnrollRequest *q)
{
	q->ek_template = 0;
}

static void template_unknown(Troth__V1__EnrollRequest *q)
{
	q->ek_template = 5;
}

static void template_wrapping(Troth__V1__EnrollRequest *q)
{
	q->ek_template = UINT32_MAX;
}

static void ek_none(Troth__V1__EnrollRequest *q)
{
	q->ek_key.len = 0;
}

static void ek_short(Troth__V1__EnrollRequest *q)
{
	q->ek_key.len--;
}

static void ek_long(Troth__V1__EnrollRequest *q)
{
	memcpy(room, q->ek_key.data, q->ek_key.len);
	q->ek_key = (ProtobufCBinaryData){ q->ek_key.len + 1, room };
}

static void ek_zero(Troth__V1__EnrollRequest *q)
{
	memset(room, 0, q->ek_key.len);
	q->ek_key.data = room;
}

static void ek_even(Troth__V1__EnrollRequest *q)
{
	memcpy(room, q->ek_key.data, q->ek_key.len);
	room[q->ek_key.len - 1] &= 0xfe;
	q->ek_key.data = room;
}

static void ek_of_another_kind(Troth__V1__EnrollRequest *q)
{
	q->ek_template = 4; /* an RSA-3072 one is longer */
}

static void ek_point(Troth__V1__EnrollRequest *q, uint32_t template, size_t n)
{
	memset(room, 1, n); /* is no point of either curve */
	q->ek_template = template;
	q->ek_key = (ProtobufCBinaryData){ n, room };
}

static void ek_off_p256(Troth__V1__EnrollRequest *q)
{
	ek_point(q, 2, 64);
}

static void ek_off_p384(Troth__V1__EnrollRequest *q)
{
	ek_point(q, 3, 96);
}

static void ek_at_infinity(Troth__V1__EnrollRequest *q)
{
	ek_point(q, 2, 64);
	memset(room, 0, 64);
}

static void ek_half_a_point(Troth__V1__EnrollRequest *q)
{
	ek_point(q, 2, 32);
}

static void ak_none(Troth__V1__EnrollRequest *q)
{
	q->ak_public.len = 0;
}

static void ak_cut(Troth__V1__EnrollRequest *q)
{
	q->ak_public.len--;
}

static void ak_and_a_byte(Troth__V1__EnrollRequest *q)
{
	memcpy(room, q->ak_public.data, q->ak_public.len);
	q->ak_public = (ProtobufCBinaryData){ q->ak_public.len + 1, room };
}

static void ak_too_large(Troth__V1__EnrollRequest *q)
{
	q->ak_public = (ProtobufCBinaryData){ TROTH_PUBLIC_MAX + 1, room };
}

static void certificate_too_large(Troth__V1__EnrollRequest *q)
{
	q->ek_certificate = (ProtobufCBinaryData){ TROTH_CERT_MAX + 1, room };
}

static void facts_too_large(Troth__V1__EnrollRequest *q)
{
	q->facts = (ProtobufCBinaryData){ 4096 + 1, room };
}

static const struct {
	const char *name;
	int row;
	void (*change)(Troth__V1__EnrollRequest *q);
	const char *finding;
} BAD_REQUESTS[] = {
	{ "no template", 8, template_none, "message-malformed" },
	{ "a template nobody knows", 8, template_unknown, "message-malformed" },
	{ "the largest template number", 23, template_wrapping, "message-malformed" },
	{ "no endorsement key", 8, ek_none, "ek-key-size" },
	{ "an endorsement key cut short", 23, ek_short, "ek-key-size" },
	{ "an endorsement key too long", 23, ek_long, "ek-key-size" },
	{ "an endorsement key of zeros", 8, ek_zero, "ek-key-size" },
	{ "an even modulus", 8, ek_even, "ek-key-size" },
	{ "an endorsement key of another size than its template", 8, ek_of_another_kind,
	  "ek-key-size" },
	{ "a point that is not on P-256", 8, ek_off_p256, "ek-key-size" },
	{ "a point that is not on P-384", 8, ek_off_p384, "ek-key-size" },
	{ "the point at infinity", 8, ek_at_infinity, "ek-key-size" },
	{ "half a point", 23, ek_half_a_point, "ek-key-size" },
	{ "no attestation key", 8, ak_none, "ak-attributes" },
	{ "an attestation key cut short", 23, ak_cut, "ak-attributes" },
	{ "a byte after the attestation key", 14, ak_and_a_byte, "ak-attributes" },
	{ "an attestation key past its limit", 23, ak_too_large, "message-malformed" },
	{ "a certificate past its limit", 23, certificate_too_large, "message-malformed" },
	{ "facts past their limit", 23, facts_too_large, "message-malformed" },
};

static void requests_of_no_tpm(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	struct gate_census before = scene_before();
	for (size_t i = 0; i < sizeof BAD_REQUESTS / sizeof *BAD_REQUESTS; i++) {
		print_message("row %d: %s\n", BAD_REQUESTS[i].row, BAD_REQUESTS[i].name);
		gate_prepare(&device, &e);
		BAD_REQUESTS[i].change(&e.request);
		assert_false(gate_begin(&gate, &device, &e));
		lab_assert_problem(&gate.http, 403, "refused", BAD_REQUESTS[i].finding);

		gate_prepare(&device, &e);
		assert_true(gate_begin(&gate, &device, &e));
		BAD_REQUESTS[i].change(&e.request);
		gate_complete(&gate, &e);
		lab_assert_problem(&gate.http, 403, "refused", BAD_REQUESTS[i].finding);
	}
	scene_assert_nothing_stored(&before);
}

/* At their limits fields are taken; a body past its own is not even read. */
static void fields_at_their_limits(void **state)
{
	(void)state;
	static struct gate_enrolment e;
	gate_prepare(&device, &e);
	e.request.ek_certificate = (ProtobufCBinaryData){ TROTH_CERT_MAX, room };
	e.request.facts = (ProtobufCBinaryData){ 4096, room };
	assert_true(gate_begin(&gate, &device, &e));

	gate_prepare(&device, &e);
	e.request.facts = (ProtobufCBinaryData){ TROTH_SMALL_BODY_MAX, room };
	gate_post(&gate, "/v1/enroll", &e.request.base);
	lab_assert_problem(&gate.http, 413, "too-long", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_may_not_attest),
		cmocka_unit_test(requests_of_no_tpm),
		cmocka_unit_test(fields_at_their_limits),
	};
	return cmocka_run_group_tests(tests, scene_open, scene_close);
}
