/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier publishes about its devices, made by a test. Include after check.h. */
#ifndef TROTH_TESTS_PUBLICATIONS_H
#define TROTH_TESTS_PUBLICATIONS_H

#include <openssl/pem.h>

#include "authority.h"
#include "ear_keys.h"
#include "jose.h"
#include "status_feed.h"

/* A status document, and what may be wrong with it. */
struct published_status {
	const struct jose_key *key;
	const char *issuer, *list;
	const char *signed_list; /* NULL: the list itself */
	uint64_t sequence, since, issued_s, expires_s;
};

static inline enum troth_status published_sign(void *arg, struct troth_view message,
					       uint8_t out[TROTH_ES256_LEN])
{
	struct troth_ctx *ctx;
	assert_int_equal(troth_ctx_new(&ctx), TROTH_OK);
	enum troth_status s = troth_es256_sign(ctx, arg, message, out);
	troth_ctx_free(ctx);
	return s;
}

static inline struct troth_view published_status(struct troth_ctx *ctx,
						 const struct published_status *p,
						 struct troth_writer out)
{
	const struct troth_es256_signer signer = { published_sign, p->key->ready };
	struct troth_status_head head = { .issuer = troth_view_str(p->issuer),
					  .sequence = p->sequence,
					  .since = p->since,
					  .issued_s = p->issued_s,
					  .expires_s = p->expires_s };
	struct troth_digest d;
	uint8_t id[32];
	const char *list = p->signed_list != NULL ? p->signed_list : p->list;
	assert_int_equal(troth_hash_one(ctx, TROTH_HASH_SHA256, troth_view_str(list), &d),
			 TROTH_OK);
	memcpy(head.list_sha256, d.bytes, 32);
	assert_int_equal(troth_jwk_thumbprint(ctx, &p->key->jwk, id), TROTH_OK);
	assert_int_equal(troth_status_head_write(&head, id, &signer, &out), TROTH_OK);
	troth_put_u8(&out, '\n');
	troth_put_view(&out, troth_view_str(p->list));
	return troth_written(&out);
}

/* also: another CA, or NULL. */
static inline struct troth_view published_bundle(const struct authority *ca,
						 const struct authority *also,
						 struct troth_writer out)
{
	char *pem = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, ca->cert), 1);
	if (also != NULL)
		assert_int_equal(PEM_write_bio_X509(bio, also->cert), 1);
	const long n = BIO_get_mem_data(bio, &pem);
	troth_put_view(&out, (struct troth_view){ (uint8_t *)pem, (size_t)n });
	BIO_free(bio);
	return troth_written(&out);
}

static inline struct troth_view published_keys(struct troth_ctx *ctx, const struct jose_key *k,
					       struct troth_writer out)
{
	troth_ear_keys_put_jwks(&out, &k->jwk, 1, ctx);
	return troth_written(&out);
}

#endif
