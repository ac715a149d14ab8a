/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager: readiness, status, watchdog. Does nothing without NOTIFY_SOCKET,
 * nor in a minimal build (service_none.c). */
#ifndef TROTH_PLATFORM_SERVICE_H
#define TROTH_PLATFORM_SERVICE_H

#include <stdint.h>

void troth_service_ready(void);
void troth_service_status(const char *text);
void troth_service_reloading(void);
void troth_service_stopping(void);
/* Microseconds between two pings asked for, 0 for none. */
uint64_t troth_service_watchdog_us(void);
void troth_service_ping(void);
/* A ping, after which the manager waits this long for the next, whatever it asked for before.
 */
void troth_service_alive(uint64_t patience_us);

#endif
