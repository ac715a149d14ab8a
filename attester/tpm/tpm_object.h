/* SPDX-License-Identifier: Apache-2.0 */
/* Steps the key files share: persistent objects and primaries. Private to tpm_*.c. */
#ifndef TROTH_ATTESTER_TPM_OBJECT_H
#define TROTH_ATTESTER_TPM_OBJECT_H

#include "tpm_adapter.h"

/* Refers to what lies under a persistent handle and gives its public area. TROTH_E_NOT_FOUND
 * when nothing does. */
TROTH_NODISCARD enum troth_status troth_tpm_persistent(struct troth_tpm *tpm,
						       TPM2_HANDLE handle,
						       struct troth_tpm_object *out,
						       TPM2B_PUBLIC *out_public);
/* TPM2_CreatePrimary with empty authorisation. */
TROTH_NODISCARD enum troth_status troth_tpm_primary(struct troth_tpm *tpm, ESYS_TR hierarchy,
						    const TPM2B_PUBLIC *tmpl,
						    struct troth_tpm_object *out,
						    TPM2B_PUBLIC *out_public);
/* TPM2_EvictControl: keeps a loaded object under a free persistent handle of the owner. */
TROTH_NODISCARD enum troth_status troth_tpm_persist(struct troth_tpm *tpm,
						    const struct troth_tpm_object *object,
						    TPM2_HANDLE handle);

#endif
