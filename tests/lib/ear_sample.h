/* SPDX-License-Identifier: Apache-2.0 */
/* A result with something in every field, and a key to sign it. Include after check.h. */
#ifndef TROTH_TESTS_EAR_SAMPLE_H
#define TROTH_TESTS_EAR_SAMPLE_H

#include "ear.h"
#include "jose.h"

#define EAR_SAMPLE_IAT UINT64_C(1732230000)
#define EAR_SAMPLE_LIFE_S 900

struct ear_sample {
	struct troth_ctx *ctx;
	struct jose_key signer, holder;
	uint8_t key_id[32];
	struct troth_key *key;
	struct troth_ear_key trusted;
	struct troth_ear ear;
};

static inline enum troth_status ear_sample_sign(void *arg, struct troth_view message,
						uint8_t out[TROTH_ES256_LEN])
{
	struct ear_sample *s = arg;
	return troth_es256_sign(s->ctx, s->signer.ready, message, out);
}

static inline void ear_sample_make(struct ear_sample *s, struct troth_ctx *ctx)
{
	static const uint8_t spki[] = { 0x30, 3, 1, 2, 3 };
	*s = (struct ear_sample){ .ctx = ctx,
				  .signer = jose_key_make(),
				  .holder = jose_key_make() };
	assert_int_equal(troth_jwk_thumbprint(ctx, &s->signer.jwk, s->key_id), TROTH_OK);
	assert_int_equal(troth_jwk_key(&s->signer.jwk, &s->key), TROTH_OK);
	memcpy(s->trusted.id, s->key_id, sizeof s->key_id);
	s->trusted.key = s->key;
	s->ear = (struct troth_ear){
		.issuer = troth_view_str("spiffe://example.org"),
		.subject = troth_view_str("spiffe://example.org/plant/pump-1"),
		.segment = troth_view_str("plant"),
		.id = { 0x40, 1, 2, 3 },
		.issued_s = EAR_SAMPLE_IAT,
		.expires_s = EAR_SAMPLE_IAT + EAR_SAMPLE_LIFE_S,
		.nonce = troth_view_str("a nonce of somebody"),
		.build = troth_view_str("troth-verifier 0.1"),
		.status = TROTH_TIER_WARNING,
		.trust = { { 2, -40, 3, 0, 32, 0, 0, 0 } },
		.policy = troth_view_str("plant@sha256:00"),
		.key = s->holder.jwk,
		.attested_key = TROTH_VIEW_OF(spki),
	};
	memset(s->ear.evidence_nonce, 0xee, sizeof s->ear.evidence_nonce);
	assert_int_equal(troth_jwk_thumbprint(ctx, &s->ear.key, s->ear.thumbprint), TROTH_OK);
}

static inline void ear_sample_free(struct ear_sample *s)
{
	jose_key_free(&s->signer);
	jose_key_free(&s->holder);
	troth_key_free(s->key);
}

static inline struct troth_ear_keys ear_sample_keys(const struct ear_sample *s)
{
	return (struct troth_ear_keys){ &s->trusted, 1 };
}

/* Written in one form or the other; borrows from buf. */
static inline struct troth_view ear_sample_write(struct ear_sample *s, enum troth_ear_format f,
						 uint8_t *buf, size_t max)
{
	const struct troth_es256_signer signer = { ear_sample_sign, s };
	struct troth_writer w = troth_writer_make(buf, max);
	assert_int_equal(f == TROTH_EAR_JWT
				 ? troth_ear_jwt_write(&s->ear, s->key_id, &signer, &w)
				 : troth_ear_cwt_write(&s->ear, s->key_id, &signer, &w),
			 TROTH_OK);
	return troth_written(&w);
}

#endif
