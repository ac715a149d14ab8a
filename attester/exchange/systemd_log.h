/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd measured after the firmware was gone: its own log of that. */
#ifndef TROTH_ATTESTER_SYSTEMD_LOG_H
#define TROTH_ATTESTER_SYSTEMD_LOG_H

#include "file.h"

/* Reads the log after a quote, so that it has what the quote has: systemd holds the file's lock
 * from before it extends a PCR until the record is written, and so does the reader. Whole
 * records only, at most TROTH_SYSTEMD_LOG_MAX bytes. A log that is not there, as on machines
 * with older systemd, is no bytes; so is one that cannot be read, which the program's log says.
 * An empty path: none is wanted. */
void troth_systemd_log_read(const char *path, struct troth_buffer *out);

#endif
