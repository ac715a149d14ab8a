/* SPDX-License-Identifier: Apache-2.0 */
/* The key directory (0700), whose files only the issuer opens:
 *
 *   root.key root.crt   root CA; the key may be taken off line after `init`, and is not there
 *                       under an operator's own root
 *   ca.key ca.crt       issuing CA, and behind it the CAs between it and the root
 *   ear.key             signs attestation results
 *   secrets.key         opens secrets at rest
 *   mac.keys            master of every MAC key
 *   ca-next.*, root-next.crt, ear-next.key, ca-old.*, root-old.crt, ear-old.pub
 *                       while they are rotated: rotate.h
 *   ca-request.key      of a CA that an operator's root is to certify: request.h
 *
 * Keys are PKCS #8 PEM, 0600, or say where a CA's key is (key_source.h); certificates are PEM.
 */
#ifndef TROTH_ISSUER_KEYS_H
#define TROTH_ISSUER_KEYS_H

#include "ear_keys.h"
#include "file.h"
#include "mac.h"

#define TROTH_KEY_FILE_MAX (16 * 1024)

struct troth_issuer_keys {
	EVP_PKEY *ca;
	EVP_PKEY *result; /* signs attestation results */
	struct troth_jwk result_jwk;
	uint8_t result_id[32]; /* its thumbprint: the key id in results */
	EVP_PKEY *secrets;     /* opens secrets at rest */
	struct troth_jwk secrets_jwk;
	struct troth_mac_keys mac;
	/* As they are published. The chain: the issuing CA, those above it, without the root.
	 * Others: the issuing CA that is next, and the former. Anchors: the root, and the one
	 * that is next or was before. */
	struct troth_buffer chain[TROTH_AUTHORITY_CHAIN_MAX], others[2], anchors[3];
	size_t n_chain, n_others, n_anchors;
	struct troth_buffer subject; /* DER Name of the issuing CA */
	struct troth_buffer key_id;
	/* Keys of results as they are published: the present one, the next, the former. */
	struct troth_jwk results[TROTH_EAR_KEYS_MAX];
	size_t n_results;
	/* The former issuing CA, which signs its CRL still; NULL: none. */
	EVP_PKEY *former;
	struct troth_buffer former_subject, former_key_id;
	uint64_t not_before_s, not_after_s; /* of the issuing CA and all above it */
};

/* Reads and checks everything: files readable by others, a key that is not its certificate's or
 * a certificate that the root did not sign are TROTH_E_CONFIG, with a line on the log. */
TROTH_NODISCARD enum troth_status troth_issuer_keys_load(struct troth_ctx *ctx,
							 const char *key_dir,
							 struct troth_issuer_keys *out);
/* Cleanses and frees. */
void troth_issuer_keys_clear(struct troth_issuer_keys *keys);

/* key_dir/name into out (PATH_MAX bytes). */
TROTH_NODISCARD enum troth_status troth_key_path(const char *key_dir, const char *name,
						 char *out);
TROTH_NODISCARD enum troth_status troth_key_read(const char *key_dir, const char *name,
						 EVP_PKEY **out);
TROTH_NODISCARD enum troth_status troth_cert_read(const char *key_dir, const char *name,
						  X509 **out);

/* The text of mac.keys around a master, TROTH_MAC_FILE_LEN bytes; and the master out of it. */
#define TROTH_MAC_FILE_LEN 84
void troth_mac_file_write(const uint8_t master[TROTH_MAC_KEY_LEN], char *out);
TROTH_NODISCARD enum troth_status troth_mac_file_read(struct troth_view text,
						      uint8_t out[TROTH_MAC_KEY_LEN]);

#endif
