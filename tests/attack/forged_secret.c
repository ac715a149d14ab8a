/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that a front which was taken over would have released: to keys that are not what they
 * must be, and by tickets that are another's. What is sealed is sealed by core/tpm/hpke.c,
 * whose vectors are the RFC's; what comes out is opened with the device's key by OpenSSL's
 * ECDH. */
#include "check.h"

#include "forgeries.h"

#include <openssl/rand.h>

#include "base.h"
#include "reader.h"

static const char VALUE[] = "what opens the disk";
static struct soft_evidence certification;

/* Quote and certifications once more, over what the request says now. */
static void sign_again(struct scene *s)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/quote", extra);
	soft_quote(s->device, extra, HARNESS_MASK, &s->a.quote);
	scene_request(s)->signature = soft_signature(&s->a.quote);
	scene_request(s)->quote = soft_attest(&s->a.quote);
	scene_bind(s, "troth/v1/certify", extra);
	soft_certify(s->device, extra, &s->a.certify);
	scene_request(s)->certify_attest = soft_attest(&s->a.certify);
	scene_request(s)->certify_signature = soft_signature(&s->a.certify);
	if (s->device->session != NULL) {
		scene_bind(s, "troth/v1/quote", extra);
		soft_session_sign(s->device, TROTH_VIEW_OF(extra), s->a.session_signature);
	}
}

static void certify_with(struct scene *s, const struct soft_device *signer, TPMS_ATTEST *a)
{
	soft_sign(signer, a, &certification);
	scene_request(s)->secret_attest = soft_attest(&certification);
	scene_request(s)->secret_signature = soft_signature(&certification);
}

static TPMS_ATTEST fields(struct scene *s, const char *label, uint32_t hierarchy)
{
	uint8_t extra[32];
	scene_bind(s, label, extra);
	return soft_certify_secret_fields(s->device, extra, hierarchy);
}

/* An honest wish for the secret "disk", under a key with these attributes. */
static void ask_with(struct scene *s, TPMA_OBJECT attributes)
{
	soft_device_new_secret_with(s->device, attributes);
	scene_request(s)->secret_name = troth_view_str("disk");
	scene_request(s)->secret_key = soft_secret_public(s->device);
	sign_again(s);
	TPMS_ATTEST a = fields(s, "troth/v1/certify-secret", TPM2_RH_NULL);
	certify_with(s, s->device, &a);
}

static void ask(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES);
}

/* ---- its key ---- */

static void key_that_can_leave(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES & ~(TPMA_OBJECT)TPMA_OBJECT_FIXEDTPM);
}

static void key_that_can_move(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES & ~(TPMA_OBJECT)TPMA_OBJECT_FIXEDPARENT);
}

static void key_that_was_imported(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES & ~(TPMA_OBJECT)TPMA_OBJECT_SENSITIVEDATAORIGIN);
}

static void key_that_signs(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES | TPMA_OBJECT_SIGN_ENCRYPT);
}

static void key_that_is_restricted(struct scene *s)
{
	ask_with(s, SOFT_SECRET_ATTRIBUTES | TPMA_OBJECT_RESTRICTED);
}

static void key_that_signs_only(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_key = soft_key_public(s->device);
	sign_again(s);
}

static void key_garbled(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_key.n--;
}

static void key_missing(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_key.n = 0;
}

/* The attacker's own, in the place of the one that was quoted. */
static void key_swapped(struct scene *s)
{
	ask(s);
	soft_device_new_secret(s->other);
	scene_request(s)->secret_key = soft_secret_public(s->other);
}

static void name_swapped(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_name = troth_view_str("disc");
}

static void name_missing(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_name.n = 0;
}

static void wish_left_out(struct scene *s)
{
	ask(s);
	struct troth_issuer_attest *q = scene_request(s);
	q->secret_name.n = q->secret_key.n = q->secret_attest.n = q->secret_signature.n = 0;
}

/* ---- its certification ---- */

static void certification_missing(struct scene *s)
{
	ask(s);
	scene_request(s)->secret_attest.n = scene_request(s)->secret_signature.n = 0;
}

static void certification_under(struct scene *s, const char *label, uint32_t hierarchy)
{
	ask(s);
	TPMS_ATTEST a = fields(s, label, hierarchy);
	certify_with(s, s->device, &a);
}

static void certification_as_credential_key(struct scene *s)
{
	certification_under(s, "troth/v1/certify", TPM2_RH_NULL);
}

static void certification_as_quote(struct scene *s)
{
	certification_under(s, "troth/v1/quote", TPM2_RH_NULL);
}

/* A key of these hierarchies is there after the next reset, too. */
static void certification_of_the_owner_hierarchy(struct scene *s)
{
	certification_under(s, "troth/v1/certify-secret", TPM2_RH_OWNER);
}

static void certification_of_the_endorsement_hierarchy(struct scene *s)
{
	certification_under(s, "troth/v1/certify-secret", TPM2_RH_ENDORSEMENT);
}

static void certification_of_a_child(struct scene *s)
{
	ask(s);
	TPMS_ATTEST a = fields(s, "troth/v1/certify-secret", TPM2_RH_NULL);
	a.attested.certify.qualifiedName.name[10] ^= 1;
	certify_with(s, s->device, &a);
}

static void certification_of_another_key(struct scene *s)
{
	ask(s);
	uint8_t extra[32];
	scene_bind(s, "troth/v1/certify-secret", extra);
	soft_device_new_secret(s->other);
	TPMS_ATTEST a = soft_certify_secret_fields(s->other, extra, TPM2_RH_NULL);
	a.qualifiedSigner =
		forge_qualified_name(TPM2_RH_ENDORSEMENT, soft_ak_public(s->device));
	certify_with(s, s->device, &a);
}

static void certification_by_another_tpm(struct scene *s)
{
	ask(s);
	TPMS_ATTEST a = fields(s, "troth/v1/certify-secret", TPM2_RH_NULL);
	certify_with(s, s->other, &a);
}

static void certification_of_an_earlier_boot(struct scene *s)
{
	ask(s);
	TPMS_ATTEST a = fields(s, "troth/v1/certify-secret", TPM2_RH_NULL);
	a.clockInfo.resetCount--;
	certify_with(s, s->device, &a);
}

#define ATTRIBUTES TROTH_E_MISMATCH, TROTH_FINDING_KEY_ATTRIBUTES
#define CERTIFICATION TROTH_E_MISMATCH, TROTH_FINDING_KEY_CERTIFICATION
#define BINDING TROTH_E_MISMATCH, TROTH_FINDING_QUALIFYING_DATA

const struct forgery FORGED_SECRETS[] = {
	{ "everything honest", ask, TROTH_OK, TROTH_FINDING_NONE },
	{ "a key that can leave its TPM", key_that_can_leave, ATTRIBUTES },
	{ "a key that can move", key_that_can_move, ATTRIBUTES },
	{ "an imported key", key_that_was_imported, ATTRIBUTES },
	{ "a key that signs as well", key_that_signs, ATTRIBUTES },
	{ "a storage key", key_that_is_restricted, ATTRIBUTES },
	{ "the credential key", key_that_signs_only, ATTRIBUTES },
	{ "half a key", key_garbled, ATTRIBUTES },
	{ "no key", key_missing, ATTRIBUTES },
	{ "a key that was not quoted", key_swapped, BINDING },
	{ "a name that was not quoted", name_swapped, BINDING },
	{ "no name", name_missing, TROTH_E_MALFORMED, TROTH_FINDING_NONE },
	{ "nothing of what was quoted", wish_left_out, BINDING },
	{ "no certification", certification_missing, CERTIFICATION },
	{ "certified as a credential key", certification_as_credential_key, CERTIFICATION },
	{ "certified as a quote binds", certification_as_quote, CERTIFICATION },
	{ "a key of the owner hierarchy", certification_of_the_owner_hierarchy, CERTIFICATION },
	{ "a key of the endorsement hierarchy", certification_of_the_endorsement_hierarchy,
	  CERTIFICATION },
	{ "a key under another", certification_of_a_child, CERTIFICATION },
	{ "the certification of another key", certification_of_another_key, CERTIFICATION },
	{ "another TPM's certification", certification_by_another_tpm, CERTIFICATION },
	{ "a certification of an earlier boot", certification_of_an_earlier_boot,
	  CERTIFICATION },
};
const size_t N_FORGED_SECRETS = TROTH_COUNT(FORGED_SECRETS);

/* ---- tickets ---- */

static uint8_t sealed[TROTH_SECRET_SEALED_MAX], key_bytes[TROTH_PUBLIC_MAX];

/* At rest, as an operator would have it; id: of the device, or NULL for a shared one. */
static struct troth_view at_rest(struct scene *s, const char *name, const uint8_t *id)
{
	uint8_t words[TROTH_SECRET_WORDS_MAX], random[TROTH_AGREE_RANDOM];
	struct troth_writer w = troth_writer_make(sealed, sizeof sealed);
	struct troth_hpke_about about;
	const struct troth_secret_place place = {
		.trust_domain = troth_view_str(HARNESS_DOMAIN),
		.name = troth_view_str(name),
		.device_id = { id, id != NULL ? 32 : 0 },
	};
	assert_int_equal(RAND_bytes(random, sizeof random), 1);
	assert_int_equal(troth_secret_at_rest(&place, &s->secrets_key, words, &about),
			 TROTH_OK);
	assert_int_equal(troth_hpke_seal(s->ctx, &about, random, troth_view_str(VALUE), &w),
			 TROTH_OK);
	return troth_written(&w);
}

bool scene_release(struct scene *s, struct troth_issuer_release *out)
{
	struct troth_issuer_reply r;
	scene_prepare(s);
	ask(s);
	if (!harness_ask(s->channel, &s->a.request, &r) || r.status != TROTH_OK)
		return false;
	*out = (struct troth_issuer_release){ .own = true };
	memcpy(key_bytes, s->device->secret_public, s->device->secret_len);
	out->ticket.key = (struct troth_view){ key_bytes, s->device->secret_len };
	out->ticket.name = troth_view_str("disk");
	out->ticket.time_ms = r.u.attest.token.issued_ms;
	memcpy(out->ticket.device_id, s->row.id, sizeof s->row.id);
	scene_bind(s, "troth/v1/quote", out->ticket.extra_data);
	memcpy(out->ticket.mac, r.u.attest.release_mac, sizeof out->ticket.mac);
	out->sealed = at_rest(s, "disk", s->row.id);
	return true;
}

bool scene_opens(struct scene *s, const struct troth_issuer_release *q, struct troth_view got)
{
	uint8_t point[64], x[32], plain[TROTH_SECRET_MAX];
	struct troth_writer w = troth_writer_make(plain, sizeof plain);
	struct troth_public key;
	struct troth_jwk to;
	if (troth_public_parse(s->ctx, q->ticket.key, &key) != TROTH_OK ||
	    troth_secret_key_point(&key, &to) != TROTH_OK ||
	    troth_hpke_point(got, point) != TROTH_OK ||
	    troth_agree_held(s->device->secret.pkey, point, x) != TROTH_OK)
		return false;
	const struct troth_hpke_about about = troth_secret_released(&to, q->ticket.extra_data);
	return troth_hpke_open(s->ctx, &about, x, got, &w) == TROTH_OK &&
	       troth_view_equal(troth_written(&w), troth_view_str(VALUE));
}

static void honest(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	(void)q;
}

static void shared(struct scene *s, struct troth_issuer_release *q)
{
	q->own = false;
	q->sealed = at_rest(s, "disk", NULL);
}

static void no_ticket(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	memset(q->ticket.mac, 0, sizeof q->ticket.mac);
}

static void ticket_bit(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	q->ticket.mac[31] ^= 1;
}

static void for_another_device(struct scene *s, struct troth_issuer_release *q)
{
	memcpy(q->ticket.device_id, s->other_row.id, sizeof q->ticket.device_id);
	q->sealed = at_rest(s, "disk", s->other_row.id);
}

static void for_another_key(struct scene *s, struct troth_issuer_release *q)
{
	soft_device_new_secret(s->other);
	q->ticket.key = soft_secret_public(s->other);
}

static void for_another_name(struct scene *s, struct troth_issuer_release *q)
{
	q->ticket.name = troth_view_str("root");
	q->sealed = at_rest(s, "root", s->row.id);
}

static void for_another_exchange(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	q->ticket.extra_data[0] ^= 1;
}

static void for_ever(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	q->ticket.time_ms += 1000;
}

/* What is in the store of another device, of another name, or nobody's own. */
static void value_of_another_device(struct scene *s, struct troth_issuer_release *q)
{
	q->sealed = at_rest(s, "disk", s->other_row.id);
}

static void value_of_another_name(struct scene *s, struct troth_issuer_release *q)
{
	q->sealed = at_rest(s, "root", s->row.id);
}

static void own_as_shared(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	q->own = false;
}

static void value_bit(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	sealed[q->sealed.n - 1] ^= 1;
}

static void value_cut(struct scene *s, struct troth_issuer_release *q)
{
	(void)s;
	q->sealed.n = TROTH_HPKE_OVERHEAD - 1;
}

static void of_a_quarantined_device(struct scene *s, struct troth_issuer_release *q)
{
	struct troth_issuer_request deny = { .kind = TROTH_ISSUER_DENY };
	struct troth_issuer_reply r;
	memcpy(deny.u.deny.device_id, q->ticket.device_id, sizeof deny.u.deny.device_id);
	assert_true(harness_ask(s->admin, &deny, &r));
}

const struct forged_release FORGED_RELEASES[] = {
	{ "everything honest", honest, TROTH_OK },
	{ "a shared value", shared, TROTH_OK },
	{ "no ticket", no_ticket, TROTH_E_MISMATCH },
	{ "a ticket with a flipped bit", ticket_bit, TROTH_E_MISMATCH },
	{ "a ticket for another device", for_another_device, TROTH_E_MISMATCH },
	{ "a ticket for another key", for_another_key, TROTH_E_MISMATCH },
	{ "a ticket for another name", for_another_name, TROTH_E_MISMATCH },
	{ "a ticket of another exchange", for_another_exchange, TROTH_E_MISMATCH },
	{ "a ticket that lives longer", for_ever, TROTH_E_MISMATCH },
	{ "another device's value", value_of_another_device, TROTH_E_MISMATCH },
	{ "another secret's value", value_of_another_name, TROTH_E_MISMATCH },
	{ "a device's own as a shared one", own_as_shared, TROTH_E_MISMATCH },
	{ "a value with a flipped bit", value_bit, TROTH_E_MISMATCH },
	{ "less than a value", value_cut, TROTH_E_TRUNCATED },
	{ "a device in quarantine", of_a_quarantined_device, TROTH_E_DENIED },
};
const size_t N_FORGED_RELEASES = TROTH_COUNT(FORGED_RELEASES);
