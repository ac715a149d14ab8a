/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier found, as log lines. */
#ifndef TROTH_ATTESTER_MESSAGE_LOG_H
#define TROTH_ATTESTER_MESSAGE_LOG_H

#include <stddef.h>

#include "device.pb-c.h"

/* One line per finding. */
void troth_log_findings(Troth__V1__Finding *const *findings, size_t n);

#endif
