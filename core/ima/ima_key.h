/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that sign files: configured ones, and those that a list shows being added to keyrings.
 */
#ifndef TROTH_CORE_IMA_KEY_H
#define TROTH_CORE_IMA_KEY_H

#include <openssl/types.h>

#include "ima.h"
#include "ima_signature.h"

struct troth_ima_key {
	/* What a signature may call it: the end of the SHA-1 of the key (keyid of
	 * ima-evm-utils) and, where it came in a certificate, of the certificate's own
	 * identifier. */
	uint32_t id[2];
	EVP_PKEY *pkey;
};

struct troth_ima_keys {
	size_t n;
	struct troth_ima_key list[TROTH_IMA_KEYS_MAX + TROTH_IMA_LEARNED_MAX];
};
void troth_ima_keys_release(struct troth_ima_keys *keys);

/* A public key or certificate as PEM. TROTH_E_MALFORMED for what is neither,
 * TROTH_E_UNSUPPORTED for another kind of key than RSA of 2048 bits and more and P-256 or
 * P-384; TROTH_E_LIMIT when there is no room, or TROTH_IMA_NAMESAKES_MAX keys have its
 * identifier. One that is there already is TROTH_OK. */
TROTH_NODISCARD enum troth_status troth_ima_keys_add_pem(struct troth_ima_keys *keys,
							 struct troth_view pem);
/* A certificate as DER. */
TROTH_NODISCARD enum troth_status troth_ima_keys_add_cert(struct troth_ima_keys *keys,
							  struct troth_view der);

/* TROTH_OK: one of the keys signed this digest of a file. TROTH_E_NOT_FOUND: no key has the
 * signature's id. TROTH_E_MISMATCH: it does not verify. TROTH_E_UNSUPPORTED: not a signature
 * of a file, or over SHA-1. */
TROTH_NODISCARD enum troth_status troth_ima_keys_verify(struct troth_ctx *ctx,
							const struct troth_ima_keys *keys,
							const struct troth_ima_signature *s,
							const struct troth_ima_digest *file);

#endif
