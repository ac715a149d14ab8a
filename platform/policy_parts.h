/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a policy that have a file of their own; for policy*.c alone. */
#ifndef TROTH_PLATFORM_POLICY_PARTS_H
#define TROTH_PLATFORM_POLICY_PARTS_H

#include "config.h"
#include "policy.h"
#include "tpm_policy.h"

TROTH_NODISCARD enum troth_status troth_policy_read_tpm(struct troth_config_doc *doc,
							struct troth_tpm_policy *out);
TROTH_NODISCARD enum troth_status troth_policy_read_names(struct troth_config_doc *doc,
							  struct troth_policy_names *out);

#endif
