/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the key directory, written whole or not at all (platform/file.h). */
#ifndef TROTH_ISSUER_KEY_WRITE_H
#define TROTH_ISSUER_KEY_WRITE_H

#include <openssl/types.h>
#include <stddef.h>
#include <sys/types.h>
#include <troth/status.h>
#include <troth/view.h>

TROTH_NODISCARD enum troth_status troth_key_file_write(const char *dir, const char *name,
						       struct troth_view bytes, mode_t mode);
/* Byte by byte: a key that is not in its file is named by it (key_source.h). */
TROTH_NODISCARD enum troth_status troth_key_copy(const char *dir, const char *from,
						 const char *to, mode_t mode);
/* PKCS #8 PEM, 0600. */
TROTH_NODISCARD enum troth_status troth_key_write(const char *dir, const char *name,
						  EVP_PKEY *key);
/* The public half, SubjectPublicKeyInfo PEM, 0644. */
TROTH_NODISCARD enum troth_status troth_public_write(const char *dir, const char *name,
						     EVP_PKEY *key);
/* PEM, 0644. */
TROTH_NODISCARD enum troth_status troth_cert_write(const char *dir, const char *name,
						   X509 *cert);
TROTH_NODISCARD enum troth_status troth_crl_write(const char *dir, const char *name,
						  X509_CRL *crl);
/* What root has written there becomes the directory's owner's: the service, which under systemd
 * is another user, reads it next. Nothing to do for anybody else. TROTH_E_IO with errno. */
TROTH_NODISCARD enum troth_status troth_keys_hand_over(const char *dir);
/* TROTH_E_CONFLICT when one is there: nothing is overwritten, a lost authority cannot be
 * brought back. */
TROTH_NODISCARD enum troth_status troth_keys_none_exist(const char *dir,
							const char *const *names, size_t n);

#endif
