/* SPDX-License-Identifier: Apache-2.0 */
/* Structures inside the data of UEFI events.
 *
 * All of it is foreign and, unless a digest proves it, forged at will: facts.h decides what is
 * believed, the description is for people only. Views borrow from the event. */
#ifndef TROTH_CORE_UEFI_H
#define TROTH_CORE_UEFI_H

#include "eventlog.h"

/* UEFI_VARIABLE_DATA (PFP 1.05, 10.2.6). */
struct troth_uefi_variable {
	struct troth_view guid; /* 16 bytes as they lie in memory */
	struct troth_view name; /* UTF-16LE, without NUL */
	struct troth_view data;
};

/* False unless the data is exactly one variable. */
TROTH_NODISCARD bool troth_uefi_variable_read(struct troth_view data,
					      struct troth_uefi_variable *out);
/* Same text, the other side in ASCII. */
TROTH_NODISCARD bool troth_utf16_equal(struct troth_view text, const char *ascii);

/* Writes what an event says of itself: a command, a variable's name, a file path;
 * empty when it holds no text. Printable ASCII, '?' for anything else, cut at size
 * (not 0), NUL-terminated. */
void troth_event_describe(const struct troth_event *ev, char *out, size_t size);

#endif
