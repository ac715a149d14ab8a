/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel's command line asks for, as far as it matters to whoever judges a boot. */
#ifndef TROTH_CORE_COMMAND_LINE_H
#define TROTH_CORE_COMMAND_LINE_H

#include <troth/status.h>
#include <troth/view.h>

/* The first word that gives whoever is at the console a shell of root's, in the initramfs or
 * instead of the system; empty when none does. Words are separated by blanks, as the kernel
 * has them. Borrows from line. */
TROTH_NODISCARD struct troth_view troth_command_line_shell(struct troth_view line);

#endif
