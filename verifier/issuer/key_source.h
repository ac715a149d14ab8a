/* SPDX-License-Identifier: Apache-2.0 */
/* CA keys that are not in files: in a TPM, a token, or wherever an OpenSSL provider reaches.
 *
 * In the key directory stands, in the key's place, where it is: a text of a few lines that is
 * copied and renamed as a key file is, so that a rotation does not know the difference. The
 * providers are loaded into a library context of their own, once for the process and for as
 * long as it lives: a provider for a TPM would otherwise also offer its hashes and its
 * randomness to everything else. */
#ifndef TROTH_ISSUER_KEY_SOURCE_H
#define TROTH_ISSUER_KEY_SOURCE_H

#include <openssl/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

struct troth_key_source {
	char uri[TROTH_KEY_URI_MAX + 1]; /* "handle:0x81000010", "pkcs11:..."; empty: a file */
	size_t n_providers;
	char providers[TROTH_KEY_PROVIDERS_MAX][TROTH_NAME_LEN_MAX + 1];
};

/* A URI of printable characters, and providers by names of letters, digits, '-' and '_'. */
TROTH_NODISCARD bool troth_key_uri_valid(struct troth_view uri);
TROTH_NODISCARD bool troth_key_provider_valid(struct troth_view name);

/* Why a key cannot be used. */
struct troth_key_trouble {
	char text[400];
};
/* TROTH_E_CONFIG with the reason: a provider that cannot be loaded, no private key there, a key
 * of another kind than P-256. */
TROTH_NODISCARD enum troth_status troth_key_source_open(const struct troth_key_source *source,
							EVP_PKEY **out,
							struct troth_key_trouble *why);

/* The text that stands for the key, 0600. */
TROTH_NODISCARD enum troth_status troth_key_source_write(const char *dir, const char *name,
							 const struct troth_key_source *source);
/* Whether a file's text is one, and not a key. */
bool troth_key_source_is(struct troth_view text);
TROTH_NODISCARD enum troth_status troth_key_source_read(struct troth_view text,
							struct troth_key_source *out);

/* A new key in memory, or the one that the source names. */
TROTH_NODISCARD enum troth_status troth_key_new(const struct troth_key_source *source,
						EVP_PKEY **out);
/* Writes it, or where it is. */
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

bool troth_key_is_p256(const EVP_PKEY *key);
/* What serialises the use of a key whose provider talks to one device; NULL for keys that are
 * in memory. */
pthread_mutex_t *troth_key_lock(const EVP_PKEY *key);

#endif
