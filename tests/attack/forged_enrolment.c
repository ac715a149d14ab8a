/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolments that prove nothing. */
#include "check.h"

#include "base.h"
#include "forgeries.h"
#include "reader.h"

void scene_enrol(struct scene *s, struct scene_enrolment *e)
{
	struct troth_issuer_reply r;
	e->begin = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ENROLL_BEGIN };
	e->begin.u.enroll_begin = (struct troth_issuer_enroll_begin){
		.ek_template = TROTH_EK_L1_RSA2048,
		.ek_key = TROTH_VIEW_OF(s->device->ek_key),
		.ak_public = soft_ak_public(s->device),
	};
	assert_true(harness_ask(s->channel, &e->begin, &r));
	assert_int_equal(r.status, TROTH_OK);
	const size_t n = r.u.enroll_begin.token.n;
	memcpy(e->token, r.u.enroll_begin.token.p, n);
	const size_t n_secret = soft_activate(s->device, r.u.enroll_begin.credential_blob,
					      r.u.enroll_begin.secret, e->activated,
					      sizeof e->activated);
	e->finish = (struct troth_issuer_request){ .kind = TROTH_ISSUER_ENROLL_FINISH };
	e->finish.u.enroll_finish = (struct troth_issuer_enroll_finish){
		.begin = e->begin.u.enroll_begin,
		.token = { e->token, n },
		.activated = { e->activated, n_secret },
		.name = troth_view_str("pump-3"),
		.segment = troth_view_str("plant"),
		.generation = 1,
	};
}

static void honest_enrolment(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	(void)e;
}

static void guess_the_secret(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	memset(e->activated, 0x55, sizeof e->activated);
}

static void bring_half_the_secret(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.activated.n = 16;
}

static void bring_no_secret(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.activated.n = 0;
}

static void bring_another_ak(struct scene *s, struct scene_enrolment *e)
{
	e->finish.u.enroll_finish.begin.ak_public = soft_ak_public(s->other);
}

static void bring_another_ek(struct scene *s, struct scene_enrolment *e)
{
	e->finish.u.enroll_finish.begin.ek_key = TROTH_VIEW_OF(s->other->ek_key);
}

static void bring_other_facts(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.begin.facts_sha256[0] ^= 1;
}

static void bring_a_quote_token(struct scene *s, struct scene_enrolment *e)
{
	harness_challenge(s->channel, s->row.id, &s->a);
	e->finish.u.enroll_finish.token = (struct troth_view){ s->a.token, s->a.token_len };
}

static void ask_for_a_path(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.name = troth_view_str("../admin");
}

static void ask_for_a_deeper_path(struct scene *s, struct scene_enrolment *e)
{
	(void)s;
	e->finish.u.enroll_finish.segment = troth_view_str("plant/line");
}

const struct forged_enrolment FORGED_ENROLMENTS[] = {
	{ "everything honest", honest_enrolment, TROTH_OK, TROTH_FINDING_NONE },
	{ "a guessed secret", guess_the_secret, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID },
	{ "half the secret", bring_half_the_secret, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "no secret", bring_no_secret, TROTH_E_MISMATCH, TROTH_FINDING_TOKEN_INVALID },
	{ "another AK than began", bring_another_ak, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "another EK than began", bring_another_ek, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "other facts than began", bring_other_facts, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a token made for a quote", bring_a_quote_token, TROTH_E_MISMATCH,
	  TROTH_FINDING_TOKEN_INVALID },
	{ "a name that is a path", ask_for_a_path, TROTH_E_MALFORMED, TROTH_FINDING_NONE },
	{ "a segment of two", ask_for_a_deeper_path, TROTH_E_MALFORMED, TROTH_FINDING_NONE },
};

const size_t N_FORGED_ENROLMENTS = TROTH_COUNT(FORGED_ENROLMENTS);
