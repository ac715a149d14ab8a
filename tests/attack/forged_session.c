/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "forgeries.h"

#include "base.h"
#include "reader.h"

/* The quote, and the session key's signature, over what the request says now; signer: whose
 * session key signs. */
static void sign_again(struct scene *s, const struct soft_device *signer)
{
	uint8_t extra[32];
	scene_bind(s, "troth/v1/quote", extra);
	soft_quote(s->device, extra, HARNESS_MASK, &s->a.quote);
	scene_request(s)->signature = soft_signature(&s->a.quote);
	scene_bind(s, "troth/v1/certify", extra);
	soft_certify(s->device, extra, &s->a.certify);
	scene_request(s)->certify_attest = soft_attest(&s->a.certify);
	scene_request(s)->certify_signature = soft_signature(&s->a.certify);
	scene_bind(s, "troth/v1/quote", extra);
	soft_session_sign(signer, TROTH_VIEW_OF(extra), s->a.session_signature);
}

/* A key that is its owner's, with a good signature: only the quote does not name it. */
static void key_not_in_the_quote(struct scene *s)
{
	uint8_t extra[32];
	soft_session_public(s->other, s->a.session_key);
	scene_bind(s, "troth/v1/quote", extra);
	soft_session_sign(s->other, TROTH_VIEW_OF(extra), s->a.session_signature);
}

static void key_left_out(struct scene *s)
{
	scene_request(s)->session_key = (struct troth_view){ 0 };
	scene_request(s)->session_signature = (struct troth_view){ 0 };
}

/* What would put another's key into this device's result. */
static void key_of_another(struct scene *s)
{
	soft_session_public(s->other, s->a.session_key);
	sign_again(s, s->device);
}

static void signature_left_out(struct scene *s)
{
	scene_request(s)->session_signature = (struct troth_view){ 0 };
}

static void signature_without_a_key(struct scene *s)
{
	scene_request(s)->session_key = (struct troth_view){ 0 };
}

static void signature_bit(struct scene *s)
{
	s->a.session_signature[40] ^= 1;
}

static void signature_of_zeros(struct scene *s)
{
	memset(s->a.session_signature, 0, sizeof s->a.session_signature);
}

static void signature_over_something_else(struct scene *s)
{
	soft_session_sign(s->device, troth_view_str("another exchange"),
			  s->a.session_signature);
}

static void key_off_the_curve(struct scene *s)
{
	s->a.session_key[63] ^= 1;
	sign_again(s, s->device);
}

static void key_cut_short(struct scene *s)
{
	scene_request(s)->session_key.n--;
}

/* A record that says the key was proven, which its MAC does not cover. */
static void record_says_proven(struct scene *s)
{
	struct troth_certification_record *r = scene_use_record(s);
	scene_seal_record(s, s->device);
	soft_session_public(s->other, s->a.session_key);
	sign_again(s, s->device);
	scene_request(s)->certify_attest = (struct troth_view){ 0 };
	scene_request(s)->certify_signature = (struct troth_view){ 0 };
	assert_int_equal(troth_session_key_thumbprint(s->ctx, TROTH_VIEW_OF(s->a.session_key),
						      r->session_thumbprint),
			 TROTH_OK);
}

#define POSSESSION TROTH_E_MISMATCH, TROTH_FINDING_POSSESSION

const struct forgery FORGED_SESSIONS[] = {
	{ "a session key the quote does not name", key_not_in_the_quote, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },
	{ "the session key left out", key_left_out, TROTH_E_MISMATCH,
	  TROTH_FINDING_QUALIFYING_DATA },
	{ "another device's session key, quoted", key_of_another, POSSESSION },
	{ "no session signature", signature_left_out, POSSESSION },
	{ "a session signature without its key", signature_without_a_key, POSSESSION },
	{ "a session signature with a flipped bit", signature_bit, POSSESSION },
	{ "a session signature of zeros", signature_of_zeros, POSSESSION },
	{ "a session signature over something else", signature_over_something_else,
	  POSSESSION },
	{ "a session key off the curve", key_off_the_curve, POSSESSION },
	{ "a session key cut short", key_cut_short, POSSESSION },
	{ "a record that claims possession", record_says_proven, TROTH_E_MISMATCH,
	  TROTH_FINDING_KEY_CERTIFICATION },
};
const size_t N_FORGED_SESSIONS = TROTH_COUNT(FORGED_SESSIONS);
