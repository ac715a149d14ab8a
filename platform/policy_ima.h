/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a policy that speaks of IMA; for policy_yaml.c alone. */
#ifndef TROTH_PLATFORM_POLICY_IMA_H
#define TROTH_PLATFORM_POLICY_IMA_H

#include "config.h"
#include "ima_policy.h"

/* Reads the value of the key "ima". */
TROTH_NODISCARD enum troth_status troth_policy_ima_read(struct troth_config_doc *doc,
							struct troth_ima_policy *out);

#endif
