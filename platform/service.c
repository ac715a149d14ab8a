/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void troth_service_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void troth_service_status(const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof line, "STATUS=%s", text);
	/* A line break would start another assignment of the notification. */
	for (int i = 0; i < n && line[i] != '\0'; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	(void)sd_notify(0, line);
}

/* Type=notify-reload wants the time at which the reload began (sd_notify(3)). */
void troth_service_reloading(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
}

void troth_service_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

uint64_t troth_service_watchdog_us(void)
{
	uint64_t us = 0;
	return sd_watchdog_enabled(0, &us) > 0 ? us / 2 : 0;
}

void troth_service_ping(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

void troth_service_alive(uint64_t patience_us)
{
	(void)sd_notifyf(0, "WATCHDOG=1\nWATCHDOG_USEC=%" PRIu64, patience_us);
}
