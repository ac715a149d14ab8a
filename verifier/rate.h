/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a device's evidence was confirmed this minute: a front that was taken over must
 * not be able to stock up on certificates, nor a device to fill the log. Bounded memory,
 * thread-safe.
 *
 * Where a minute sees more devices than the table holds, those asking least are forgotten
 * first: who asks too often stays. */
#ifndef TROTH_ISSUER_RATE_H
#define TROTH_ISSUER_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <troth/status.h>

/* Devices of one minute that are remembered for certain, about 24 bytes each: twice what one
 * core can serve. */
#define TROTH_RATE_SETS 65536
#define TROTH_RATE_WAYS 8

struct troth_rate;

TROTH_NODISCARD enum troth_status troth_rate_new(uint32_t per_minute, struct troth_rate **out);
void troth_rate_free(struct troth_rate *r);
/* Counts one more; false when that is one too many in the minute that now_ms falls in. */
TROTH_NODISCARD bool troth_rate_take(struct troth_rate *r, const uint8_t id[32],
				     uint64_t now_ms);

#endif
