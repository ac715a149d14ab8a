/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier publishes about everybody, kept in run_dir/peers for programs of this
 * device that judge other devices by themselves (troth/peer.h), also while no verifier answers.
 *
 * A document goes to the disk only after libtroth has taken it: whole, signed, and not older
 * than the one there, whichever process wrote that. When one has ended its reader's clock says;
 * nothing is taken away here. */
#ifndef TROTH_ATTESTER_PEER_FILES_H
#define TROTH_ATTESTER_PEER_FILES_H

#include <troth/peer.h>

/* The longest of them, a status feed of 400,000 devices, bytes. */
#define TROTH_PEER_FILE_MAX (16 * 1024 * 1024)

/* In the order in which each is needed to judge the next. */
enum troth_peer_file {
	TROTH_PEER_BUNDLE,     /* bundle.pem */
	TROTH_PEER_KEYS,       /* keys.json */
	TROTH_PEER_CRL,	       /* crl.der */
	TROTH_PEER_FORMER_CRL, /* crl-former.der, of the CA before, while it is rotated */
	TROTH_PEER_STATUS,     /* status */
	TROTH_PEER_FILE_N
};

struct troth_peer_files;

/* Makes the directory, and takes what an earlier process has left there as far as it holds. */
TROTH_NODISCARD enum troth_status troth_peer_files_open(const char *run_dir,
							const char *trust_domain,
							struct troth_peer_files **out);
/* Accepts NULL. */
void troth_peer_files_free(struct troth_peer_files *f);

/* Checks a document and writes it, where it is another than the one there. TROTH_E_CONFLICT for
 * an older one, TROTH_E_IO, else what libtroth says of it; the file stays as it was then. */
TROTH_NODISCARD enum troth_status troth_peer_files_take(struct troth_peer_files *f,
							enum troth_peer_file which,
							struct troth_view document);
/* Of the status feed that is there; 0: none. */
uint64_t troth_peer_files_sequence(const struct troth_peer_files *f);

#endif
