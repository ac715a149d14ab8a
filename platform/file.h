/* SPDX-License-Identifier: Apache-2.0 */
/* Files: bounded reads, atomic writes. O_CLOEXEC always. */
#ifndef TROTH_PLATFORM_FILE_H
#define TROTH_PLATFORM_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <troth/status.h>
#include <troth/view.h>

struct troth_buffer {
	uint8_t *p; /* owned, free() */
	size_t n;
};
/* Cleanses and frees; for TROTH_AUTO(troth_buffer_clear). */
void troth_buffer_clear(struct troth_buffer *b);
struct troth_view troth_buffer_view(const struct troth_buffer *b);

/* Reads a file or pseudo-file (size not known beforehand) of at most max bytes.
 * TROTH_E_NOT_FOUND, TROTH_E_LIMIT, TROTH_E_IO (errno kept). A NUL is added past the end. */
TROTH_NODISCARD enum troth_status troth_file_read(const char *path, size_t max,
						  struct troth_buffer *out);
/* Writes beside, fsyncs, renames, fsyncs the directory: the old file or the new one, never a
 * part. What is written has no name until it is whole, so that nothing of a secret stays behind
 * a writer that is killed; where the file system has no nameless files, the next write of the
 * same file removes what stayed. */
TROTH_NODISCARD enum troth_status troth_file_write(const char *path, struct troth_view data,
						   mode_t mode);
/* Makes a directory (and its parents) if missing. */
TROTH_NODISCARD enum troth_status troth_dir_make(const char *path, mode_t mode);
/* Calls with the path of each regular file of a directory, in name order; stops at the first
 * status that is not TROTH_OK and returns it. Names starting with '.' are passed over. */
TROTH_NODISCARD enum troth_status
troth_dir_each(const char *path, enum troth_status (*each)(void *arg, const char *file),
	       void *arg);

#endif
