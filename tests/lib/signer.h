/* SPDX-License-Identifier: Apache-2.0 */
/* One signer of each kind of key and scheme. Include after check.h. */
#ifndef TROTH_TESTS_SIGNER_H
#define TROTH_TESTS_SIGNER_H

#include <openssl/evp.h>

#include "forge.h"

#include "key.h"

static const struct troth_view DATA = { (const uint8_t *)"signed data", 11 };

static const struct {
	const char *name;
	enum forge_kind kind;
	TPM2_ALG_ID scheme, hash;
	size_t bits;
	enum troth_key_type type;
} KEYS[] = {
	{ "P-256", FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256, 256, TROTH_KEY_ECC },
	{ "P-256 over SHA-512", FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA512, 256,
	  TROTH_KEY_ECC },
	{ "P-256 over SHA-1", FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA1, 256, TROTH_KEY_ECC },
	{ "P-384", FORGE_P384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, 384, TROTH_KEY_ECC },
	{ "RSASSA", FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256, 2048, TROTH_KEY_RSA },
	{ "RSASSA over SHA-1", FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA1, 2048,
	  TROTH_KEY_RSA },
	{ "RSAPSS", FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256, 2048, TROTH_KEY_RSA },
	{ "RSAPSS of 3072 bits", FORGE_RSA3072, TPM2_ALG_RSAPSS, TPM2_ALG_SHA384, 3072,
	  TROTH_KEY_RSA },
};
#define N_KEYS (sizeof KEYS / sizeof *KEYS)

/* A key, its public area's bytes and facts, a signature over DATA, and ours of the same. */
struct signer {
	struct forge_key forged;
	uint8_t public_buf[TROTH_PUBLIC_MAX], sig_buf[TROTH_SIGNATURE_MAX];
	struct troth_public pub;
	struct troth_signature sig;
	struct troth_key *key;
};

/* Key pairs are made once a program: RSA ones are slow. */
static EVP_PKEY *key_pairs[N_KEYS];

static struct signer *signer_new(struct troth_ctx *ctx, size_t i)
{
	struct signer *s = calloc(1, sizeof *s);
	assert_non_null(s);
	if (key_pairs[i] == NULL)
		key_pairs[i] = forge_key(KEYS[i].kind, KEYS[i].scheme, KEYS[i].hash).pkey;
	EVP_PKEY_up_ref(key_pairs[i]);
	s->forged =
		(struct forge_key){ key_pairs[i], KEYS[i].kind, KEYS[i].scheme, KEYS[i].hash };
	TPMT_PUBLIC pub = forge_public(&s->forged, FORGE_AK_ATTRIBUTES);
	struct troth_view bytes = forge_public_bytes(&pub, s->public_buf, sizeof s->public_buf);
	assert_int_equal(troth_public_parse(ctx, bytes, &s->pub), TROTH_OK);
	bytes = forge_sign(&s->forged, DATA, s->sig_buf, sizeof s->sig_buf);
	assert_int_equal(troth_signature_parse(bytes, &s->sig), TROTH_OK);
	assert_int_equal(troth_key_from_public(&s->pub, &s->key), TROTH_OK);
	return s;
}

static void signer_free(struct signer *s)
{
	troth_key_free(s->key);
	forge_key_free(&s->forged);
	free(s);
}

static int signers_teardown(void **state)
{
	for (size_t i = 0; i < N_KEYS; i++)
		EVP_PKEY_free(key_pairs[i]);
	return context_teardown(state);
}

#endif
