/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base.h"

TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

struct troth_session {
	pthread_mutex_t lock; /* attestations and proofs are made by two threads */
	struct troth_es256_key *key;
	struct troth_jwk jwk;
};

/* The signing key keeps the only reference: freed, OpenSSL cleanses the private number. */
static enum troth_status furnish(struct troth_session *s)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *pkey = EVP_EC_gen("P-256");

	if (pkey == NULL)
		return TROTH_E_CRYPTO;
	TROTH_TRY(troth_jwk_of(pkey, &s->jwk));
	return troth_es256_key_new(pkey, &s->key);
}

enum troth_status troth_session_new(struct troth_session **out)
{
	struct troth_session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return TROTH_E_MEMORY;
	pthread_mutex_init(&s->lock, NULL);
	enum troth_status status = furnish(s);
	if (status != TROTH_OK) {
		troth_session_free(s);
		return status;
	}
	*out = s;
	return TROTH_OK;
}

void troth_session_free(struct troth_session *s)
{
	if (s == NULL)
		return;
	troth_es256_key_free(s->key);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const struct troth_jwk *troth_session_public(const struct troth_session *s)
{
	return &s->jwk;
}

struct troth_view troth_session_bytes(const struct troth_session *s)
{
	return (struct troth_view){ (const uint8_t *)&s->jwk, sizeof s->jwk };
}

enum troth_status troth_session_sign(struct troth_ctx *ctx, struct troth_session *s,
				     struct troth_view message, uint8_t out[TROTH_ES256_LEN])
{
	pthread_mutex_lock(&s->lock);
	const enum troth_status status = troth_es256_sign(ctx, s->key, message, out);
	pthread_mutex_unlock(&s->lock);
	return status;
}
