/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of TPM-held keys ("TSS2 PRIVATE KEY"): what OpenSSL with a TPM provider,
 * curl and nginx load. The private part is wrapped by the storage root key: the file is
 * of use in this TPM only, and still kept at mode 0600, because whoever can read it and
 * reach the TPM can sign. */
#ifndef TROTH_ATTESTER_KEY_FILE_H
#define TROTH_ATTESTER_KEY_FILE_H

#include "pem.h"
#include "tpm_keys.h"

/* A loadable key without authorisation under TROTH_SRK_HANDLE, as PEM into an empty file. */
TROTH_NODISCARD enum troth_status troth_key_file_format(const struct troth_credential_key *key,
							struct troth_pem *out);
/* Reads what format wrote, and nothing else of what the format allows: TROTH_E_MALFORMED. */
TROTH_NODISCARD enum troth_status troth_key_file_parse(struct troth_view pem,
						       struct troth_credential_key *out);

#endif
