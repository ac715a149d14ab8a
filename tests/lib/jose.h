/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that nobody of ours would write: any header, any payload, signed with any key. Include
 * after check.h. */
#ifndef TROTH_TESTS_JOSE_H
#define TROTH_TESTS_JOSE_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base64.h"
#include "es256.h"
#include "jwk.h"
#include "reader.h"

struct jose_key {
	EVP_PKEY *pkey;
	struct troth_es256_key *ready;
	struct troth_jwk jwk;
};

static inline struct jose_key jose_key_make(void)
{
	struct jose_key k = { .pkey = EVP_EC_gen("P-256") };
	assert_non_null(k.pkey);
	assert_int_equal(troth_es256_key_new(k.pkey, &k.ready), TROTH_OK);
	assert_int_equal(troth_jwk_of(k.pkey, &k.jwk), TROTH_OK);
	return k;
}

static inline void jose_key_free(struct jose_key *k)
{
	troth_es256_key_free(k->ready);
	EVP_PKEY_free(k->pkey);
}

/* The key as a JWK, in a buffer of its own. */
static inline const char *jose_jwk_text(const struct jose_key *k, char out[200])
{
	struct troth_writer w = troth_writer_make((uint8_t *)out, 199);
	troth_jwk_put(&w, &k->jwk);
	out[w.n] = '\0';
	return out;
}

/* The ready key of a jose_key signs: the callback of whoever writes tokens himself. */
static inline enum troth_status jose_signer(void *ready, struct troth_view message,
					    uint8_t out[TROTH_ES256_LEN])
{
	struct troth_ctx *ctx = NULL;
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	const enum troth_status s = troth_es256_sign(ctx, ready, message, out);
	troth_ctx_free(ctx);
	return s;
}

/* header "." payload "." signature in out (max bytes), NUL-terminated. */
static inline const char *jose_sign(const struct jose_key *k, const char *header,
				    const char *payload, char *out, size_t max)
{
	uint8_t signature[TROTH_ES256_LEN];
	struct troth_writer w = troth_writer_make((uint8_t *)out, max - 1);
	troth_put_base64url(&w, troth_view_str(header));
	troth_put_u8(&w, '.');
	troth_put_base64url(&w, troth_view_str(payload));
	assert_int_equal(jose_signer(k->ready, troth_written(&w), signature), TROTH_OK);
	troth_put_u8(&w, '.');
	troth_put_base64url(&w, TROTH_VIEW_OF(signature));
	assert_true(troth_writer_ok(&w));
	out[w.n] = '\0';
	return out;
}

#endif
