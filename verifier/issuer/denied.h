/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that get nothing signed: quarantined and retired ones, pushed over the
 * administration channel. In memory only: the front pushes them again when the issuer
 * starts anew. Thread-safe. */
#ifndef TROTH_ISSUER_DENIED_H
#define TROTH_ISSUER_DENIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>

/* Devices; 32 bytes each and at most as much again for free places. */
#define TROTH_DENIED_MAX 500000

struct troth_denied;

TROTH_NODISCARD enum troth_status troth_denied_new(struct troth_denied **out);
void troth_denied_free(struct troth_denied *d);
/* TROTH_E_LIMIT when full. Denying twice is once. */
TROTH_NODISCARD enum troth_status troth_denied_add(struct troth_denied *d,
						   const uint8_t id[32]);
void troth_denied_remove(struct troth_denied *d, const uint8_t id[32]);
TROTH_NODISCARD bool troth_denied_has(struct troth_denied *d, const uint8_t id[32]);

#endif
