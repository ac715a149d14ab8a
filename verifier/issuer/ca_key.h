/* SPDX-License-Identifier: Apache-2.0 */
/* A CA's key, in memory or wherever its source says.
 *
 * The providers are loaded into a library context of their own, once for the process and for as
 * long as it lives: a provider for a TPM would otherwise also offer its hashes and its
 * randomness to everything else. */
#ifndef TROTH_ISSUER_CA_KEY_H
#define TROTH_ISSUER_CA_KEY_H

#include <openssl/types.h>
#include <pthread.h>

#include "key_source.h"

/* A new key in memory, or the one that the source names: TROTH_E_CONFIG, with the reason on the
 * log, when no P-256 key can be had there. source: NULL is memory. */
TROTH_NODISCARD enum troth_status troth_key_new(const struct troth_key_source *source,
						EVP_PKEY **out);
/* Writes it, or where it is; 0600. */
TROTH_NODISCARD enum troth_status troth_key_keep(const char *dir, const char *name,
						 EVP_PKEY *key,
						 const struct troth_key_source *source);

/* Where what the key does is to be fetched from: its own provider. OpenSSL would otherwise hand
 * the public half to its default one, and miss the private. Zeros for keys in memory. */
struct troth_key_place {
	OSSL_LIB_CTX *context;
	char properties[TROTH_NAME_LEN_MAX + sizeof "?provider="];
};
struct troth_key_place troth_key_place(const EVP_PKEY *key);

/* What serialises the use of a key whose provider talks to one device; NULL for keys that are
 * in memory. */
pthread_mutex_t *troth_key_lock(const EVP_PKEY *key);

#endif
