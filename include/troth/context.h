/* SPDX-License-Identifier: Apache-2.0 */
/* The context every call that hashes or verifies takes.
 *
 * It holds the cryptographic algorithms, fetched once. It serves one thread at a time: make one
 * per thread. It keeps no data of any call. */
#ifndef TROTH_CONTEXT_H
#define TROTH_CONTEXT_H

#include <troth/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_ctx;

/* Makes a context. TROTH_E_CRYPTO when OpenSSL lacks SHA-256, SHA-384
 * or HMAC, TROTH_E_MEMORY. */
TROTH_API TROTH_NODISCARD enum troth_status troth_ctx_new(struct troth_ctx **out);
/* Accepts NULL. */
TROTH_API void troth_ctx_free(struct troth_ctx *ctx);

#ifdef __cplusplus
}
#endif

#endif
