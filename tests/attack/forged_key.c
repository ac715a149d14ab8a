/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "forgeries.h"

#include "base.h"
#include "clock.h"
#include "tpm.h"

/* ---- the credential key ---- */

static void key_missing(struct scene *s)
{
	scene_request(s)->credential_key.n = 0;
}

/* Everything made anew for a key with other attributes. */
static void key_with(struct scene *s, TPMT_PUBLIC *pub)
{
	struct soft_device d = *s->device;
	d.key_len = forge_public_bytes(pub, d.key_public, sizeof d.key_public).n;
	harness_prepare(&d, &s->row, true, &s->a);
	memcpy(s->extra, d.key_public, d.key_len);
	scene_request(s)->credential_key = (struct troth_view){ s->extra, d.key_len };
	scene_request(s)->identity = harness_identity(&s->row, s->device);
}

static TPMT_PUBLIC key_public(const struct scene *s, TPMA_OBJECT attributes)
{
	TPMT_PUBLIC pub = forge_public(&s->device->credential, attributes);
	pub.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	return pub;
}

static void key_that_can_leave(struct scene *s)
{
	TPMT_PUBLIC pub = key_public(s, TPMA_OBJECT_SENSITIVEDATAORIGIN |
						TPMA_OBJECT_USERWITHAUTH |
						TPMA_OBJECT_SIGN_ENCRYPT);
	key_with(s, &pub);
}

static void key_that_was_imported(struct scene *s)
{
	TPMT_PUBLIC pub = key_public(s, TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_USERWITHAUTH |
						TPMA_OBJECT_SIGN_ENCRYPT);
	key_with(s, &pub);
}

static void key_that_decrypts(struct scene *s)
{
	TPMT_PUBLIC pub = key_public(s, TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_SENSITIVEDATAORIGIN |
						TPMA_OBJECT_DECRYPT | TPMA_OBJECT_SIGN_ENCRYPT);
	key_with(s, &pub);
}

static void key_garbled(struct scene *s)
{
	scene_request(s)->credential_key.n--;
}

/* The attacker's own key, in the place of the one that was quoted. */
static void key_swapped(struct scene *s)
{
	scene_request(s)->credential_key = soft_key_public(s->other);
}

/* ---- its certification ---- */

static void certification_missing(struct scene *s)
{
	scene_request(s)->certify_attest.n = 0;
	scene_request(s)->certify_signature.n = 0;
}

static void certification_half(struct scene *s)
{
	scene_request(s)->certify_signature.n = 0;
}

static void certify_with(struct scene *s, const struct soft_device *signer,
			 const TPMS_ATTEST *a)
{
	soft_sign(signer, a, &s->a.certify);
	scene_request(s)->certify_attest = soft_attest(&s->a.certify);
	scene_request(s)->certify_signature = soft_signature(&s->a.certify);
}

static TPMS_ATTEST certify_fields(struct scene *s, const struct soft_device *d)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/certify", extra);
	return soft_certify_fields(d, extra);
}

static void certification_of_another_key(struct scene *s)
{
	TPMS_ATTEST a = certify_fields(s, s->other);
	a.qualifiedSigner =
		forge_qualified_name(TPM2_RH_ENDORSEMENT, soft_ak_public(s->device));
	certify_with(s, s->device, &a);
}

static void certification_by_another_tpm(struct scene *s)
{
	const TPMS_ATTEST a = certify_fields(s, s->device);
	certify_with(s, s->other, &a);
}

static void certification_for_a_quote(struct scene *s)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/quote", extra);
	const TPMS_ATTEST a = soft_certify_fields(s->device, extra);
	certify_with(s, s->device, &a);
}

static void certification_of_an_earlier_boot(struct scene *s)
{
	TPMS_ATTEST a = certify_fields(s, s->device);
	a.clockInfo.resetCount--;
	certify_with(s, s->device, &a);
}

static void certification_without_magic(struct scene *s)
{
	TPMS_ATTEST a = certify_fields(s, s->device);
	a.magic ^= 1;
	certify_with(s, s->device, &a);
}

/* A record as the issuer would have made it, to be bent; sealed makes its
 * MAC good afterwards. */
struct troth_certification_record *scene_use_record(struct scene *s)
{
	struct troth_certification_record *r = &scene_request(s)->certification;
	struct troth_public key;
	struct troth_digest name;
	certification_missing(s);
	assert_int_equal(troth_public_parse(s->ctx, soft_key_public(s->device), &key),
			 TROTH_OK);
	assert_int_equal(
		troth_hash_one(s->ctx, TROTH_HASH_SHA256, troth_name_view(&key.name), &name),
		TROTH_OK);
	*r = (struct troth_certification_record){ .present = true,
						  .reset_count = s->device->reset_count,
						  .restart_count = s->device->restart_count,
						  .time_ms = troth_now_ms() };
	memcpy(r->key_name_sha256, name.bytes, sizeof r->key_name_sha256);
	return r;
}

void scene_seal_record(struct scene *s, const struct soft_device *d)
{
	struct troth_certification_record *r = &scene_request(s)->certification;
	struct troth_public ak;
	assert_int_equal(troth_public_parse(s->ctx, soft_ak_public(d), &ak), TROTH_OK);
	assert_int_equal(troth_certification_seal(s->ctx, &s->mac, &ak.name, r, r->mac),
			 TROTH_OK);
}

static void record_without_mac(struct scene *s)
{
	(void)scene_use_record(s);
}

static void record_of_another_tpm(struct scene *s)
{
	(void)scene_use_record(s);
	scene_seal_record(s, s->other);
}

static void record_of_another_key(struct scene *s)
{
	scene_use_record(s)->key_name_sha256[0] ^= 1;
	scene_seal_record(s, s->device);
}

static void record_of_an_earlier_boot(struct scene *s)
{
	scene_use_record(s)->reset_count--;
	scene_seal_record(s, s->device);
}

static void record_of_an_earlier_resume(struct scene *s)
{
	scene_use_record(s)->restart_count--;
	scene_seal_record(s, s->device);
}

static void record_too_old(struct scene *s)
{
	scene_use_record(s)->time_ms -= TROTH_CERTIFICATION_LIFE_MS;
	scene_seal_record(s, s->device);
}

static void record_of_tomorrow(struct scene *s)
{
	scene_use_record(s)->time_ms += 10000;
	scene_seal_record(s, s->device);
}

static void record_made_younger(struct scene *s)
{
	struct troth_certification_record *r = scene_use_record(s);
	r->time_ms -= TROTH_CERTIFICATION_LIFE_MS;
	scene_seal_record(s, s->device);
	r->time_ms = troth_now_ms();
}

static void record_not_present(struct scene *s)
{
	(void)scene_use_record(s);
	scene_seal_record(s, s->device);
	scene_request(s)->certification.present = false;
}

/* ---- what is asked for ---- */

static void life_too_long(struct scene *s)
{
	scene_request(s)->ttl_s = TROTH_CERTIFICATE_LIFE_MAX_S + 1;
}

static void life_too_short(struct scene *s)
{
	scene_request(s)->ttl_s = 59;
}

static void life_of_ages(struct scene *s)
{
	scene_request(s)->ttl_s = UINT32_MAX;
}

/* The front chooses names among those of the configuration: here there are none. */
static void name_of_somebody_else(struct scene *s)
{
	static const uint8_t list[] = { 2, 8, 'b', 'a', 'n', 'k', '.', 'o', 'r', 'g' };
	scene_request(s)->names = TROTH_VIEW_OF(list);
}

static void address_of_somebody_else(struct scene *s)
{
	static const uint8_t list[] = { 7, 4, 192, 0, 2, 1 };
	scene_request(s)->names = TROTH_VIEW_OF(list);
}

#define NONE TROTH_FINDING_NONE

const struct forgery FORGED_KEYS[] = {
	{ "a DNS name of somebody else", name_of_somebody_else, TROTH_E_MALFORMED, NONE },
	{ "an address of somebody else", address_of_somebody_else, TROTH_E_MALFORMED, NONE },
	{ "no credential key", key_missing, TROTH_E_MALFORMED, NONE },
	{ "a key that can leave its TPM", key_that_can_leave, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_ATTRIBUTES },
	{ "a key that was imported", key_that_was_imported, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_ATTRIBUTES },
	{ "a key that decrypts", key_that_decrypts, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_ATTRIBUTES },
	{ "a key cut short", key_garbled, TROTH_E_MISMATCH, TROTH_FINDING_KEY_ATTRIBUTES },
	{ "another key than was quoted", key_swapped, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },

	{ "no certification and no record", certification_missing, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a certification without its signature", certification_half, TROTH_E_MALFORMED,
	  NONE },
	{ "a certification of another key", certification_of_another_key, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a certification by another TPM", certification_by_another_tpm, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a certification bound as a quote", certification_for_a_quote, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a certification of an earlier boot", certification_of_an_earlier_boot,
	  TROTH_E_MISMATCH, TROTH_FINDING_KEY_CERTIFICATION },
	{ "a certification without the TPM's magic", certification_without_magic,
	  TROTH_E_MISMATCH, TROTH_FINDING_KEY_CERTIFICATION },

	{ "a record without a MAC", record_without_mac, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of another TPM", record_of_another_tpm, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of another key", record_of_another_key, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of an earlier boot", record_of_an_earlier_boot, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of an earlier resume", record_of_an_earlier_resume, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of yesterday", record_too_old, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record of the future", record_of_tomorrow, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record made younger", record_made_younger, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
	{ "a record that says it is none", record_not_present, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },

	{ "a life over the limit", life_too_long, TROTH_E_LIMIT, NONE },
	{ "a life under the limit", life_too_short, TROTH_E_LIMIT, NONE },
	{ "a life of ages", life_of_ages, TROTH_E_LIMIT, NONE },
};
const size_t N_FORGED_KEYS = TROTH_COUNT(FORGED_KEYS);
