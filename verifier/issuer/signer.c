/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base.h"
#include "ca_key.h"

struct troth_signer {
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx;
	pthread_mutex_t *lock; /* NULL: the key is in memory */
};

static bool prepare(struct troth_signer *s)
{
	return s->ctx != NULL && EVP_PKEY_sign_init(s->ctx) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(s->ctx, EVP_sha256()) == 1;
}

enum troth_status troth_signer_new(EVP_PKEY *key, struct troth_signer **out)
{
	struct troth_signer *s = calloc(1, sizeof *s);
	if (s == NULL)
		return TROTH_E_MEMORY;
	s->lock = troth_key_lock(key);
	/* A copy of its own: threads would otherwise meet at the key's reference count. Of a
	 * key elsewhere there is none. */
	if (s->lock == NULL)
		s->key = EVP_PKEY_dup(key);
	if (s->key == NULL && EVP_PKEY_up_ref(key) == 1)
		s->key = key;
	const struct troth_key_place place = troth_key_place(key);
	if (s->key != NULL)
		s->ctx = EVP_PKEY_CTX_new_from_pkey(place.context, s->key, place.properties);
	if (!prepare(s)) {
		troth_signer_free(s);
		return TROTH_E_CRYPTO;
	}
	*out = s;
	return TROTH_OK;
}

void troth_signer_free(struct troth_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_CTX_free(s->ctx);
	EVP_PKEY_free(s->key);
	free(s);
}

static bool sign(struct troth_signer *s, const struct troth_digest *d, uint8_t *out, size_t *n)
{
	if (s->lock != NULL)
		(void)pthread_mutex_lock(s->lock);
	const bool done = EVP_PKEY_sign(s->ctx, out, n, d->bytes, troth_hash_size(d->alg)) == 1;
	if (s->lock != NULL)
		(void)pthread_mutex_unlock(s->lock);
	return done;
}

enum troth_status troth_signer_sign(struct troth_signer *s, struct troth_ctx *ctx,
				    struct troth_view data, uint8_t *out, size_t *out_len)
{
	struct troth_digest d;
	size_t n = TROTH_SIGNER_MAX;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, data, &d));
	if (!sign(s, &d, out, &n))
		return TROTH_E_CRYPTO;
	*out_len = n;
	return TROTH_OK;
}
