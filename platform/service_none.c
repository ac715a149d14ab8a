/* SPDX-License-Identifier: Apache-2.0 */
/* A device without systemd: nobody is told anything. */
#include "service.h"

void troth_service_ready(void)
{
}

void troth_service_status(const char *text)
{
	(void)text;
}

void troth_service_reloading(void)
{
}

void troth_service_stopping(void)
{
}

uint64_t troth_service_watchdog_us(void)
{
	return 0;
}

void troth_service_ping(void)
{
}

void troth_service_alive(uint64_t patience_us)
{
	(void)patience_us;
}
