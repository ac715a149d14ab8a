/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of life for the service manager's watchdog.
 *
 * Work gives them at its steps. A sleep is announced with its length instead (the manager's
 * deadline moves past it), so that nobody wakes up only to say that all is well, and a sleeper
 * that never comes back is noticed all the same. Without a watchdog nothing here does
 * anything. */
#ifndef TROTH_ATTESTER_PULSE_H
#define TROTH_ATTESTER_PULSE_H

#include <stdint.h>

/* Reads what the manager expects (WATCHDOG_USEC). */
void troth_pulse_start(void);
/* The work goes on. Cheap: tells the manager at most a few times in each of its periods. */
void troth_pulse(void);
/* Nothing will be heard for so long. */
void troth_pulse_rest(uint64_t for_ms);

#endif
