/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness, from OpenSSL's generator. */
#ifndef TROTH_PLATFORM_RANDOM_H
#define TROTH_PLATFORM_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>

TROTH_NODISCARD enum troth_status troth_random(uint8_t *out, size_t n);
/* Uniform in [0, below). */
TROTH_NODISCARD enum troth_status troth_random_below(uint32_t below, uint32_t *out);

#endif
