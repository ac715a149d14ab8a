/* SPDX-License-Identifier: Apache-2.0 */
/* Files mapped into memory, read-only: as large as need be, shared by every process that maps
 * them, and in memory only as far as they are read. */
#ifndef TROTH_PLATFORM_MAPPED_FILE_H
#define TROTH_PLATFORM_MAPPED_FILE_H

#include <troth/status.h>
#include <troth/view.h>

/* Maps a regular file of at most max bytes; an empty one gives an empty view.
 * TROTH_E_NOT_FOUND, TROTH_E_LIMIT, TROTH_E_IO (errno kept). Replace such a file by renaming
 * another over it: cutting it short would take the ground from under its readers. */
TROTH_NODISCARD enum troth_status troth_file_map(const char *path, size_t max,
						 struct troth_view *out);
/* Accepts an empty view. */
void troth_file_unmap(struct troth_view map);

#endif
