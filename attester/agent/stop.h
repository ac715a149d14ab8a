/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving when asked to: SIGTERM and SIGINT stop, SIGHUP reloads.
 *
 * Signals are blocked except while waiting here or between open and close, so that a TPM
 * command is never cut in half. Process-wide state, because signals are. */
#ifndef TROTH_ATTESTER_STOP_H
#define TROTH_ATTESTER_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <troth/status.h>

TROTH_NODISCARD enum troth_status troth_stop_install(void);
bool troth_stop_wanted(void);
/* True once after each SIGHUP. */
bool troth_stop_take_reload(void);

/* Lets signals in around a call that has its own wait (an HTTPS request). */
void troth_stop_open(void);
void troth_stop_close(void);

enum troth_wake { TROTH_WAKE_SIGNAL, TROTH_WAKE_TIME, TROTH_WAKE_FD };
/* Sleeps until a signal, until fd is readable (-1: none), or for the time, which goes on
 * through suspend. No wake-up before. */
enum troth_wake troth_stop_wait(int fd, uint64_t for_ms);

#endif
