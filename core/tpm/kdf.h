/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM's key derivations (TPM 2.0 Part 1, 11.4.10), through OpenSSL's KBKDF and SSKDF. */
#ifndef TROTH_CORE_KDF_H
#define TROTH_CORE_KDF_H

#include "hash.h"

/* U and V together, bytes: two Names, or two coordinates of the largest curve. */
#define TROTH_KDF_CONTEXT_MAX ((size_t)2 * TROTH_NAME_MAX)

struct troth_kdf {
	enum troth_hash hash;
	struct troth_view key; /* KDFa: the HMAC key; KDFe: Z */
	const char *label;
	struct troth_view u, v; /* contexts, may be empty */
};

/* KDFa: SP 800-108 counter mode over HMAC. Fills out. TROTH_E_LIMIT for long contexts;
 * TROTH_E_CRYPTO when OpenSSL refuses; out is untouched then. */
TROTH_NODISCARD enum troth_status troth_kdfa(const struct troth_kdf *in, uint8_t *out,
					     size_t out_len);
/* KDFe: SP 800-56A one-step derivation. Likewise. */
TROTH_NODISCARD enum troth_status troth_kdfe(const struct troth_kdf *in, uint8_t *out,
					     size_t out_len);

#endif
