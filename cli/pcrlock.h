/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's .pcrlock files (systemd.pcrlock(5)): a component is one file, or a directory
 * NAME.pcrlock.d with a file for each alternative; components come in the order of their names.
 */
#ifndef TROTH_CLI_PCRLOCK_H
#define TROTH_CLI_PCRLOCK_H

#include "cli.h"

#define TROTH_PCRLOCK_SUFFIX ".pcrlock"
#define TROTH_PCRLOCK_DIRECTORY_SUFFIX ".pcrlock.d"

/* The records of one file, without what systemd leaves unread of CEL-JSON: recnum, content and
 * content_type. What is left is checked with the set. NULL, and why, for what is no such file.
 * Owned by the caller. */
json_t *troth_pcrlock_records(struct troth_view text, const char **why);
/* The name of a component or alternative from a file's: without its suffix, and what a name of
 * ours cannot have as "-". NULL when nothing is left or it is too long. */
json_t *troth_pcrlock_name(const char *file);

/* Our document from the directories; of files with one name the first directory's counts. Says
 * what is wrong. Owned by the caller. */
json_t *troth_pcrlock_read(const char *set_name, const char *const *directories, size_t n);
/* One directory from our document; it must be empty or not there. Says what is wrong. */
TROTH_NODISCARD bool troth_pcrlock_write(const json_t *document, const char *directory);

#endif
