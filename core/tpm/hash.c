/* SPDX-License-Identifier: Apache-2.0 */
#include "hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "reader.h"

struct troth_ctx {
	EVP_MD *md[TROTH_HASH_N]; /* NULL where OpenSSL has none (SM3 may be left out) */
	/* One for each, so that changing from one bank to the next allocates nothing, begun
	 * from a copy: OpenSSL 3.0 copies a state faster than it makes one. */
	EVP_MD_CTX *begun[TROTH_HASH_N], *scratch[TROTH_HASH_N];
	EVP_MAC_CTX *hmac;
};

static const struct {
	const char *name;
	const char *openssl;
	uint16_t tpm;
	uint8_t size;
} HASHES[TROTH_HASH_N] = {
	[TROTH_HASH_SHA1] = { "sha1", "SHA1", TPM2_ALG_SHA1, 20 },
	[TROTH_HASH_SHA256] = { "sha256", "SHA256", TPM2_ALG_SHA256, 32 },
	[TROTH_HASH_SHA384] = { "sha384", "SHA384", TPM2_ALG_SHA384, 48 },
	[TROTH_HASH_SHA512] = { "sha512", "SHA512", TPM2_ALG_SHA512, 64 },
	[TROTH_HASH_SM3_256] = { "sm3_256", "SM3", TPM2_ALG_SM3_256, 32 },
};

static bool known(enum troth_hash hash)
{
	return hash > TROTH_HASH_NONE && hash < TROTH_HASH_N;
}

enum troth_hash troth_hash_from_tpm(uint16_t alg)
{
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++)
		if (HASHES[h].tpm == alg)
			return h;
	return TROTH_HASH_NONE;
}

uint16_t troth_hash_to_tpm(enum troth_hash hash)
{
	return known(hash) ? HASHES[hash].tpm : 0;
}

const char *troth_hash_name(enum troth_hash hash)
{
	return known(hash) ? HASHES[hash].name : NULL;
}

enum troth_hash troth_hash_from_name(struct troth_view name)
{
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++)
		if (troth_view_equal(troth_view_str(HASHES[h].name), name))
			return h;
	return TROTH_HASH_NONE;
}

size_t troth_hash_size(enum troth_hash hash)
{
	return known(hash) ? HASHES[hash].size : 0;
}

bool troth_hash_strong(enum troth_hash hash)
{
	return hash == TROTH_HASH_SHA256 || hash == TROTH_HASH_SHA384 ||
	       hash == TROTH_HASH_SHA512;
}

static EVP_MAC_CTX *hmac_sha256_new(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static bool fetch_all(struct troth_ctx *ctx)
{
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++) {
		ctx->md[h] = EVP_MD_fetch(NULL, HASHES[h].openssl, NULL);
		ctx->begun[h] = EVP_MD_CTX_new();
		ctx->scratch[h] = EVP_MD_CTX_new();
		if (ctx->begun[h] == NULL || ctx->scratch[h] == NULL)
			return false;
		if (ctx->md[h] != NULL &&
		    EVP_DigestInit_ex2(ctx->begun[h], ctx->md[h], NULL) != 1)
			return false;
	}
	ctx->hmac = hmac_sha256_new();
	return ctx->md[TROTH_HASH_SHA256] != NULL && ctx->md[TROTH_HASH_SHA384] != NULL &&
	       ctx->hmac != NULL;
}

enum troth_status troth_ctx_new(struct troth_ctx **out)
{
	struct troth_ctx *ctx = calloc(1, sizeof *ctx);
	if (ctx == NULL)
		return TROTH_E_MEMORY;
	ERR_set_mark();
	const bool made = fetch_all(ctx);
	ERR_pop_to_mark();
	if (!made) {
		troth_ctx_free(ctx);
		return TROTH_E_CRYPTO;
	}
	*out = ctx;
	return TROTH_OK;
}

void troth_ctx_free(struct troth_ctx *ctx)
{
	if (ctx == NULL)
		return;
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++) {
		EVP_MD_CTX_free(ctx->begun[h]);
		EVP_MD_CTX_free(ctx->scratch[h]);
		EVP_MD_free(ctx->md[h]);
	}
	EVP_MAC_CTX_free(ctx->hmac);
	free(ctx);
}

const EVP_MD *troth_ctx_md(const struct troth_ctx *ctx, enum troth_hash hash)
{
	return known(hash) ? ctx->md[hash] : NULL;
}

enum troth_status troth_hash_parts(struct troth_ctx *ctx, enum troth_hash hash,
				   const struct troth_view *parts, size_t n_parts,
				   struct troth_digest *out)
{
	if (troth_ctx_md(ctx, hash) == NULL)
		return TROTH_E_UNSUPPORTED;
	EVP_MD_CTX *state = ctx->scratch[hash];
	if (EVP_MD_CTX_copy_ex(state, ctx->begun[hash]) != 1)
		return TROTH_E_CRYPTO;
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_DigestUpdate(state, parts[i].p, parts[i].n) != 1)
			return TROTH_E_CRYPTO;
	*out = (struct troth_digest){ .alg = TROTH_HASH_NONE };
	if (EVP_DigestFinal_ex(state, out->bytes, NULL) != 1)
		return TROTH_E_CRYPTO;
	out->alg = hash;
	return TROTH_OK;
}

enum troth_status troth_hash_one(struct troth_ctx *ctx, enum troth_hash hash,
				 struct troth_view data, struct troth_digest *out)
{
	return troth_hash_parts(ctx, hash, &data, 1, out);
}

static bool hmac(EVP_MAC_CTX *ctx, struct troth_view key, const struct troth_view *parts,
		 size_t n_parts, uint8_t out[32])
{
	size_t n = 0;
	if (EVP_MAC_init(ctx, key.p, key.n, NULL) != 1)
		return false;
	for (size_t i = 0; i < n_parts; i++)
		if (EVP_MAC_update(ctx, parts[i].p, parts[i].n) != 1)
			return false;
	return EVP_MAC_final(ctx, out, &n, 32) == 1 && n == 32;
}

enum troth_status troth_hmac_sha256(struct troth_ctx *ctx, struct troth_view key,
				    const struct troth_view *parts, size_t n_parts,
				    uint8_t out[32])
{
	static const uint8_t NO_KEY[32] = { 0 };
	uint8_t mac[32];
	/* To OpenSSL an absent key means the key of the call before. */
	if (key.n == 0)
		return TROTH_E_CRYPTO;
	bool made = hmac(ctx->hmac, key, parts, n_parts, mac);
	/* Another key in its place is how the context forgets this one. */
	made = EVP_MAC_init(ctx->hmac, NO_KEY, sizeof NO_KEY, NULL) == 1 && made;
	if (made)
		memcpy(out, mac, sizeof mac);
	OPENSSL_cleanse(mac, sizeof mac);
	return made ? TROTH_OK : TROTH_E_CRYPTO;
}

struct troth_view troth_digest_view(const struct troth_digest *d)
{
	size_t n = troth_hash_size(d->alg);
	return (struct troth_view){ n > 0 ? d->bytes : NULL, n };
}

bool troth_digest_set(struct troth_digest *d, enum troth_hash alg, struct troth_view bytes)
{
	if (!known(alg) || bytes.n != troth_hash_size(alg))
		return false;
	*d = (struct troth_digest){ .alg = alg };
	memcpy(d->bytes, bytes.p, bytes.n);
	return true;
}

bool troth_digest_equal(const struct troth_digest *a, const struct troth_digest *b)
{
	return a->alg == b->alg && troth_view_equal(troth_digest_view(a), troth_digest_view(b));
}
