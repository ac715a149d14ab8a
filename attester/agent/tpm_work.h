/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of work with the TPM: opened for it, closed after it, begun anew once if the TPM
 * went away in the middle. */
#ifndef TROTH_ATTESTER_TPM_WORK_H
#define TROTH_ATTESTER_TPM_WORK_H

#include "outcome.h"
#include "settings.h"
#include "tpm_adapter.h"

/* May set the outcome itself, for what only the work can explain. */
typedef enum troth_status troth_tpm_work(struct troth_tpm *tpm, void *arg,
					 struct troth_outcome *outcome);

/* TROTH_OK when the work is done; else the outcome says in words why not. */
TROTH_NODISCARD enum troth_status troth_tpm_do(const struct troth_settings *settings,
					       troth_tpm_work *work, void *arg,
					       struct troth_outcome *outcome);

#endif
