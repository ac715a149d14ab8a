/* SPDX-License-Identifier: Apache-2.0 */
/* Hash algorithms as TPMs name them, and digests made through a context.
 *
 * A context holds the algorithms fetched from OpenSSL and one scratch state per hash, so that a
 * hash costs no fetch and no allocation. It serves one thread at a time; every thread makes its
 * own. There is no global state. */
#ifndef TROTH_CORE_HASH_H
#define TROTH_CORE_HASH_H

#include <openssl/types.h>

#include <troth/context.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

enum troth_hash {
	TROTH_HASH_NONE = 0,
	TROTH_HASH_SHA1,
	TROTH_HASH_SHA256,
	TROTH_HASH_SHA384,
	TROTH_HASH_SHA512,
	TROTH_HASH_SM3_256,
	TROTH_HASH_N
};

/* A digest with its algorithm; alg NONE means absent. */
struct troth_digest {
	enum troth_hash alg;
	uint8_t bytes[TROTH_DIGEST_MAX]; /* the first troth_hash_size(alg), then zeros */
};

/* TPM_ALG_ID to ours and back (TCG Algorithm Registry); NONE and 0 for what we do not know. */
enum troth_hash troth_hash_from_tpm(uint16_t alg);
uint16_t troth_hash_to_tpm(enum troth_hash hash);
/* "sha256"; NULL for NONE. */
const char *troth_hash_name(enum troth_hash hash);
enum troth_hash troth_hash_from_name(struct troth_view name);
/* Bytes; 0 for NONE. */
size_t troth_hash_size(enum troth_hash hash);

/* SHA-256, SHA-384 or SHA-512: what may sign or name. */
bool troth_hash_strong(enum troth_hash hash);

/* The OpenSSL algorithm, borrowed from the context; NULL where OpenSSL has none. */
const EVP_MD *troth_ctx_md(const struct troth_ctx *ctx, enum troth_hash hash);

/* Hash of the parts, one after the other; they may lie in *out. TROTH_E_UNSUPPORTED without
 * such a hash. TROTH_E_CRYPTO may leave *out absent. */
TROTH_NODISCARD enum troth_status troth_hash_parts(struct troth_ctx *ctx, enum troth_hash hash,
						   const struct troth_view *parts,
						   size_t n_parts, struct troth_digest *out);
TROTH_NODISCARD enum troth_status troth_hash_one(struct troth_ctx *ctx, enum troth_hash hash,
						 struct troth_view data,
						 struct troth_digest *out);
/* HMAC-SHA256 over the parts. The key is not kept; an empty one is refused (TROTH_E_CRYPTO). */
TROTH_NODISCARD enum troth_status troth_hmac_sha256(struct troth_ctx *ctx,
						    struct troth_view key,
						    const struct troth_view *parts,
						    size_t n_parts, uint8_t out[32]);

/* The bytes of a digest; borrowed. Empty when alg is NONE. */
struct troth_view troth_digest_view(const struct troth_digest *d);
/* Copies bytes of exactly the right length; false otherwise. */
TROTH_NODISCARD bool troth_digest_set(struct troth_digest *d, enum troth_hash alg,
				      struct troth_view bytes);
TROTH_NODISCARD bool troth_digest_equal(const struct troth_digest *a,
					const struct troth_digest *b);

#endif
