/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "forgeries.h"

#include "base.h"
#include "clock.h"
#include "reader.h"

#define DAY_MS (24 * 3600 * UINT64_C(1000))

struct troth_issuer_attest *scene_request(struct scene *s)
{
	return &s->a.request.u.attest;
}

void scene_bind(struct scene *s, const char *label, uint8_t out[32])
{
	const struct soft_binding b = { .label = label,
					.trust_domain = HARNESS_DOMAIN,
					.device_id = s->row.id,
					.token = { s->a.token, s->a.token_len },
					.key_public = scene_request(s)->credential_key,
					.session_key = scene_request(s)->session_key,
					.secret_key = scene_request(s)->secret_key,
					.secret_name = scene_request(s)->secret_name };
	soft_bind(&b, out);
}

void scene_prepare(struct scene *s)
{
	harness_challenge(s->channel, s->row.id, &s->a);
	harness_prepare(s->device, &s->row, true, &s->a);
}

/* Quote and certification once more, over what the token is now. */
static void prepare_again(struct scene *s)
{
	harness_prepare(s->device, &s->row, true, &s->a);
}

/* A token that the issuer could have made; bend makes it one that it would not take. */
static void with_token(struct scene *s, const struct troth_token *token,
		       const struct troth_token_keys *keys, const char *trust_domain)
{
	struct troth_token_keys of_domain = *keys;
	of_domain.trust_domain = troth_view_str(trust_domain);
	assert_int_equal(
		troth_token_make(s->ctx, &of_domain, token, s->a.token, &s->a.token_len),
		TROTH_OK);
	prepare_again(s);
}

static struct troth_token_keys keys_of(struct scene *s, uint64_t now_ms)
{
	struct troth_token_keys keys;
	assert_int_equal(troth_token_keys_at(s->ctx, &s->mac, now_ms, &keys), TROTH_OK);
	return keys;
}

static struct troth_token good_token(const struct scene *s, const struct troth_token_keys *keys)
{
	struct troth_token t = { .purpose = TROTH_TOKEN_QUOTE,
				 .key_id = keys->current.id,
				 .issued_ms = troth_now_ms() };
	memcpy(t.subject, s->row.id, sizeof t.subject);
	assert_true(troth_pcr_selection_add(&t.selection, TROTH_HASH_SHA256, HARNESS_MASK));
	return t;
}

/* ---- tokens ---- */

static void token_bit(struct scene *s)
{
	s->a.token[s->a.token_len - 1] ^= 1;
	prepare_again(s);
}

static void token_selection(struct scene *s)
{
	/* The last bit of the mask, before the MAC of 32 bytes: one PCR less to answer for. */
	s->a.token[s->a.token_len - 33] ^= 1;
	prepare_again(s);
}

static void token_missing(struct scene *s)
{
	scene_request(s)->token.n = 0;
}

static void token_old(struct scene *s)
{
	const struct troth_token_keys keys = keys_of(s, troth_now_ms());
	struct troth_token t = good_token(s, &keys);
	t.issued_ms -= TROTH_TOKEN_LIFE_MS + 1;
	with_token(s, &t, &keys, HARNESS_DOMAIN);
}

static void token_of_tomorrow(struct scene *s)
{
	const struct troth_token_keys keys = keys_of(s, troth_now_ms());
	struct troth_token t = good_token(s, &keys);
	t.issued_ms += 10000;
	with_token(s, &t, &keys, HARNESS_DOMAIN);
}

static void token_key_of_two_days_ago(struct scene *s)
{
	const struct troth_token_keys keys = keys_of(s, troth_now_ms() - 2 * DAY_MS);
	const struct troth_token t = good_token(s, &keys);
	with_token(s, &t, &keys, HARNESS_DOMAIN);
}

static void token_of_another_domain(struct scene *s)
{
	const struct troth_token_keys keys = keys_of(s, troth_now_ms());
	const struct troth_token t = good_token(s, &keys);
	with_token(s, &t, &keys, "example.com");
}

static void token_for_enrolment(struct scene *s)
{
	const struct troth_token_keys keys = keys_of(s, troth_now_ms());
	struct troth_token t = good_token(s, &keys);
	t.purpose = TROTH_TOKEN_ENROLL;
	with_token(s, &t, &keys, HARNESS_DOMAIN);
}

static void token_of_another_device(struct scene *s)
{
	harness_challenge(s->channel, s->other_row.id, &s->a);
	prepare_again(s);
}

static void token_after_the_quote(struct scene *s)
{
	harness_challenge(s->channel, s->row.id, &s->a);
	scene_request(s)->token = (struct troth_view){ s->a.token, s->a.token_len };
}

/* ---- the row ---- */

static void row_mac(struct scene *s)
{
	scene_request(s)->identity.mac[0] ^= 1;
}

static void row_name(struct scene *s)
{
	scene_request(s)->identity.name = troth_view_str("master-1");
}

static void row_segment(struct scene *s)
{
	scene_request(s)->identity.segment = troth_view_str("vault");
}

/* The name's last letter given to the segment: the same letters in the same order. */
static void row_boundary(struct scene *s)
{
	scene_request(s)->identity.name = troth_view_str("pump-");
	scene_request(s)->identity.segment = troth_view_str("1plant");
}

static void row_generation(struct scene *s)
{
	scene_request(s)->identity.generation++;
}

static void row_with_the_attackers_ak(struct scene *s)
{
	struct soft_device *mine = s->device;
	s->device = s->other; /* signs, and its AK stands in the row */
	prepare_again(s);
	s->device = mine;
}

static void row_of_another_device(struct scene *s)
{
	scene_request(s)->identity = harness_identity(&s->other_row, s->other);
}

static void id_of_another_device(struct scene *s)
{
	memcpy(scene_request(s)->identity.id, s->other_row.id, 32);
}

/* ---- the quote ---- */

static TPMS_ATTEST quote_fields(struct scene *s)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/quote", extra);
	return soft_quote_fields(s->device, extra, HARNESS_MASK);
}

static void quote_with(struct scene *s, const struct soft_device *signer, const TPMS_ATTEST *a)
{
	soft_sign(signer, a, &s->a.quote);
	scene_request(s)->quote = soft_attest(&s->a.quote);
	scene_request(s)->signature = soft_signature(&s->a.quote);
}

static void quote_missing(struct scene *s)
{
	scene_request(s)->quote.n = 0;
}

static void quote_of_another_key(struct scene *s)
{
	const TPMS_ATTEST a = quote_fields(s);
	quote_with(s, s->other, &a);
}

static void quote_bit(struct scene *s)
{
	s->a.quote.attest[s->a.quote.attest_len - 1] ^= 1;
}

static void signature_bit(struct scene *s)
{
	s->a.quote.signature[s->a.quote.signature_len - 1] ^= 1;
}

static void signature_cut(struct scene *s)
{
	scene_request(s)->signature.n--;
}

static void quote_without_magic(struct scene *s)
{
	TPMS_ATTEST a = quote_fields(s);
	a.magic ^= 1;
	quote_with(s, s->device, &a);
}

static void certification_as_quote(struct scene *s)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/quote", extra);
	const TPMS_ATTEST a = soft_certify_fields(s->device, extra);
	quote_with(s, s->device, &a);
}

static void quote_of_fewer_pcrs(struct scene *s)
{
	TPMS_ATTEST a = quote_fields(s);
	a.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[0] = 0x7f;
	quote_with(s, s->device, &a);
}

static void quote_of_nothing(struct scene *s)
{
	TPMS_ATTEST a = quote_fields(s);
	a.attested.quote.pcrSelect.count = 0;
	quote_with(s, s->device, &a);
}

static void quote_by_a_key_of_the_owner(struct scene *s)
{
	TPMS_ATTEST a = quote_fields(s);
	a.qualifiedSigner = forge_qualified_name(TPM2_RH_OWNER, soft_ak_public(s->device));
	quote_with(s, s->device, &a);
}

static void quote_for_another_purpose(struct scene *s)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/certify", extra);
	soft_quote(s->device, extra, HARNESS_MASK, &s->a.quote);
	scene_request(s)->signature = soft_signature(&s->a.quote);
}

static void quote_over_sha1(struct scene *s)
{
	const TPMS_ATTEST a = quote_fields(s);
	struct soft_device weak = *s->device;
	weak.ak.hash = TPM2_ALG_SHA1;
	quote_with(s, &weak, &a);
}

static void facts_added(struct scene *s)
{
	scene_request(s)->has_facts = true;
}

#define NONE TROTH_FINDING_NONE

const struct forgery FORGED_EXCHANGES[] = {
	{ "a token with a flipped bit", token_bit, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token that asks for less", token_selection, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "no token", token_missing, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID },
	{ "an old token", token_old, TROTH_E_EXPIRED, TROTH_FINDING_TOKEN_EXPIRED },
	{ "a token of the future", token_of_tomorrow, TROTH_E_EXPIRED,
	  TROTH_FINDING_TOKEN_EXPIRED },
	{ "a token under a key of two days ago", token_key_of_two_days_ago, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token of another trust domain", token_of_another_domain, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token made for enrolment", token_for_enrolment, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token of another device", token_of_another_device, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a quote older than its token", token_after_the_quote, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },

	{ "a row with a forged MAC", row_mac, TROTH_E_MISMATCH, NONE },
	{ "a row with another name", row_name, TROTH_E_MISMATCH, NONE },
	{ "a row with another segment", row_segment, TROTH_E_MISMATCH, NONE },
	{ "a row with a letter moved from name to segment", row_boundary, TROTH_E_MISMATCH,
	  NONE },
	{ "a row of another generation", row_generation, TROTH_E_MISMATCH, NONE },
	{ "a row with the attacker's AK", row_with_the_attackers_ak, TROTH_E_MISMATCH, NONE },
	{ "the row of another device", row_of_another_device, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "the id of another device", id_of_another_device, TROTH_E_MISMATCH, NONE },

	{ "no quote", quote_missing, TROTH_E_MISMATCH, TROTH_FINDING_ATTEST_MALFORMED },
	{ "a quote by another TPM", quote_of_another_key, TROTH_E_MISMATCH,
	  TROTH_FINDING_SIGNATURE },
	{ "a quote with a flipped bit", quote_bit, TROTH_E_MISMATCH, TROTH_FINDING_SIGNATURE },
	{ "a signature with a flipped bit", signature_bit, TROTH_E_MISMATCH,
	  TROTH_FINDING_SIGNATURE },
	{ "a signature cut short", signature_cut, TROTH_E_MISMATCH,
	  TROTH_FINDING_SIGNATURE_MALFORMED },
	{ "a quote without the TPM's magic", quote_without_magic, TROTH_E_MISMATCH,
	  TROTH_FINDING_MAGIC },
	{ "a certification in place of a quote", certification_as_quote, TROTH_E_MISMATCH,
	  TROTH_FINDING_NOT_A_QUOTE },
	{ "a quote of fewer PCRs", quote_of_fewer_pcrs, TROTH_E_MISMATCH,
	  TROTH_FINDING_SELECTION },
	{ "a quote of nothing", quote_of_nothing, TROTH_E_MISMATCH, TROTH_FINDING_SELECTION },
	{ "a quote by a key of the owner hierarchy", quote_by_a_key_of_the_owner,
	  TROTH_E_MISMATCH, TROTH_FINDING_QUALIFIED_SIGNER },
	{ "a quote bound for certification", quote_for_another_purpose, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },
	{ "a quote over SHA-1", quote_over_sha1, TROTH_E_MISMATCH,
	  TROTH_FINDING_SIGNATURE_SCHEME },
	{ "facts that were not bound", facts_added, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },
};
const size_t N_FORGED_EXCHANGES = TROTH_COUNT(FORGED_EXCHANGES);
