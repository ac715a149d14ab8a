/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with two disks that runs a GRUB configuration. Include after check.h. */
#ifndef TROTH_TESTS_GRUB_MACHINE_H
#define TROTH_TESTS_GRUB_MACHINE_H

#include "grub.h"

/* Whether the second disk has more than what is listed of it, nobody knows. */
extern bool grub_disk_in_part;
/* Its environment block, and the kernel of the last run. */
extern const char GRUB_ENVIRONMENT[];
extern uint8_t grub_kernel[4096];

/* Runs a configuration from GRUB's start on; p is the caller's to release. */
enum troth_status grub_run(void **state, const char *config, struct troth_prediction *p,
			   struct troth_grub_error *error);

/* Requires exactly these texts, one a line, to be the events of a component. */
void events_are(void **state, const char *name, const struct troth_prediction *p,
		const char *component, const char *lines);

/* How a script that boots the kernel ends, what is measured of that, and of its beginning. */
#define END "linux /kernel\nboot\n"
#define MEASURED_END "linux /kernel\n/kernel\nboot"
#define FIRST "source (hd0,gpt1)/EFI/debian/grub.cfg\n"

#endif
