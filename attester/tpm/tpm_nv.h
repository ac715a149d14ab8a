/* SPDX-License-Identifier: Apache-2.0 */
/* Reading NV indices. Private to tpm_*.c. */
#ifndef TROTH_ATTESTER_TPM_NV_H
#define TROTH_ATTESTER_TPM_NV_H

#include "tpm_adapter.h"

/* Reads a whole index of at most max bytes. TROTH_E_NOT_FOUND when it is not defined, or never
 * written; TROTH_E_LIMIT when it is longer. */
TROTH_NODISCARD enum troth_status troth_tpm_nv_read(struct troth_tpm *tpm, TPM2_HANDLE index,
						    uint8_t *out, size_t max, size_t *out_len);

#endif
