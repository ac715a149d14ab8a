/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials on disk (in memory, where run_dir is under /run).
 *
 * A set of key, certificate, bundle, state and attestation result is one directory gen-<n>;
 * `current` is a symbolic link to the set in force, and the other names lead through it. A name
 * whose file the set lacks leads nowhere.
 * The link is replaced in one rename: a reader that resolves `current` once has files that
 * belong together, and kill -9 at any time leaves the old set or the new one. Called with
 * run_dir's lock held. */
#ifndef TROTH_ATTESTER_CREDENTIAL_STORE_H
#define TROTH_ATTESTER_CREDENTIAL_STORE_H

#include "tpm_keys.h"

struct troth_file_set {
	struct troth_view key, cert, bundle, state;
	struct troth_view jwt, cwt; /* attestation result: at most one is there */
};
/* Puts a set in force and removes the others. run_dir must exist. TROTH_E_IO. */
TROTH_NODISCARD enum troth_status troth_store_put(const char *run_dir,
						  const struct troth_file_set *set);
/* Takes the set in force away: it has expired. */
void troth_store_remove(const char *run_dir);
/* The key of the set in force. TROTH_E_NOT_FOUND, or what troth_key_file_parse says. */
TROTH_NODISCARD enum troth_status troth_store_read_key(const char *run_dir,
						       struct troth_credential_key *out);

#endif
