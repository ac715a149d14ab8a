/* SPDX-License-Identifier: Apache-2.0 */
#include "es256.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "ecdsa.h"
#include "key.h"

enum { HALF = TROTH_ES256_LEN / 2, P256_BITS = 256 };

struct troth_es256_key {
	EVP_PKEY_CTX *sign;
};

enum troth_status troth_es256_key_new(EVP_PKEY *pkey, struct troth_es256_key **out)
{
	if (!troth_key_is_p256(pkey))
		return TROTH_E_UNSUPPORTED;
	struct troth_es256_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return TROTH_E_MEMORY;
	ERR_set_mark();
	key->sign = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	const bool ready = key->sign != NULL && EVP_PKEY_sign_init(key->sign) == 1;
	ERR_pop_to_mark();
	if (!ready) {
		troth_es256_key_free(key);
		return TROTH_E_CRYPTO;
	}
	*out = key;
	return TROTH_OK;
}

void troth_es256_key_free(struct troth_es256_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_CTX_free(key->sign);
	free(key);
}

/* Right-aligned in its half; the numbers OpenSSL makes are never wider. */
static bool put_number(struct troth_view number, uint8_t out[HALF])
{
	if (number.n > HALF)
		return false;
	memset(out, 0, HALF);
	memcpy(out + HALF - number.n, number.p, number.n);
	return true;
}

enum troth_status troth_es256_sign(struct troth_ctx *ctx, struct troth_es256_key *key,
				   struct troth_view message, uint8_t out[TROTH_ES256_LEN])
{
	struct troth_digest d;
	struct troth_view r, s;
	uint8_t der[TROTH_ECDSA_DER_MAX], signature[TROTH_ES256_LEN];
	size_t n = sizeof der;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, message, &d));
	const struct troth_view digest = troth_digest_view(&d);
	ERR_set_mark();
	const bool made = EVP_PKEY_sign(key->sign, der, &n, digest.p, digest.n) == 1;
	ERR_pop_to_mark();
	if (!made)
		return TROTH_E_CRYPTO;
	TROTH_TRY(troth_ecdsa_from_der((struct troth_view){ der, n }, &r, &s));
	if (!put_number(r, signature) || !put_number(s, signature + HALF))
		return TROTH_E_CRYPTO;
	memcpy(out, signature, sizeof signature);
	return TROTH_OK;
}

enum troth_status troth_es256_verify(struct troth_ctx *ctx, struct troth_key *key,
				     struct troth_view message,
				     const uint8_t signature[TROTH_ES256_LEN])
{
	if (troth_key_type_of(key) != TROTH_KEY_ECC || troth_key_bits(key) != P256_BITS)
		return TROTH_E_UNSUPPORTED;
	const struct troth_signature sig = { .scheme = TROTH_SIG_ECDSA,
					     .hash = TROTH_HASH_SHA256,
					     .r = { signature, HALF },
					     .s = { signature + HALF, HALF } };
	return troth_key_verify(ctx, key, &sig, message);
}
