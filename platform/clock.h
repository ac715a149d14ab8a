/* SPDX-License-Identifier: Apache-2.0 */
/* Time, as the programs see it. */
#ifndef TROTH_PLATFORM_CLOCK_H
#define TROTH_PLATFORM_CLOCK_H

#include <stdint.h>

/* Unix time in milliseconds. */
uint64_t troth_now_ms(void);
/* Monotonic milliseconds (CLOCK_BOOTTIME: goes on through suspend). */
uint64_t troth_mono_ms(void);
/* The same clock in microseconds. */
uint64_t troth_mono_us(void);
/* "2026-11-22T05:28:38Z" into out (at least 21 bytes). */
void troth_format_time(uint64_t unix_s, char *out);

#endif
