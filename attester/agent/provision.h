/* SPDX-License-Identifier: Apache-2.0 */
/* The provision command: keys made and kept, and what this device would enrol with. */
#ifndef TROTH_ATTESTER_PROVISION_H
#define TROTH_ATTESTER_PROVISION_H

#include "outcome.h"
#include "settings.h"

/* Makes the storage root key if it is missing, keeps the AK under ak_handle where one is set,
 * and prints device id, EK and AK. */
void troth_provision(const struct troth_settings *settings, struct troth_ctx *ctx, bool json,
		     struct troth_outcome *outcome);

#endif
