/* SPDX-License-Identifier: Apache-2.0 */
/* Files in a small FAT image: what GRUB carries with it as its memory disk.
 *
 * FAT12 and FAT16, short names only, and files that lie in one piece, as tools that make such
 * an image leave them. Everything else is refused: nothing is put together, a file is a view.
 */
#ifndef TROTH_CORE_FAT_H
#define TROTH_CORE_FAT_H

#include "reader.h"

/* path is "grub.cfg" or "fonts/unicode.pf2", in any case. TROTH_E_NOT_FOUND without it;
 * TROTH_E_TRUNCATED, TROTH_E_MALFORMED or TROTH_E_UNSUPPORTED for an image or file of another
 * make. */
TROTH_NODISCARD enum troth_status troth_fat_file(struct troth_view image, const char *path,
						 struct troth_view *out);

#endif
