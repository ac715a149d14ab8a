/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager: readiness, status, watchdog. Does nothing without NOTIFY_SOCKET. */
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

#endif
