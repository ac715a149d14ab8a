/* SPDX-License-Identifier: Apache-2.0 */
/* What a GRUB image for EFI carries with it: the script it starts with, its prefix, its fonts.
 *
 * GRUB's core image ends with a list of modules (the PE section "mods"); among them are the
 * built-in configuration, the prefix and a memory disk. None of these is measured apart from
 * the image itself, but what they say decides what is measured next. */
#ifndef TROTH_CORE_GRUB_IMAGE_H
#define TROTH_CORE_GRUB_IMAGE_H

#include "reader.h"

struct troth_grub_image {
	struct troth_view prefix;  /* "/EFI/debian"; may name a device: "(hd0,gpt1)/grub" */
	struct troth_view script;  /* what runs first; empty: $prefix/grub.cfg does */
	struct troth_view memdisk; /* a FAT image, or empty */
};

/* TROTH_E_NOT_FOUND for a PE image without modules; what troth_pe_parse says of others.
 * TROTH_E_UNSUPPORTED for a built-in configuration or memory disk we do not know how to
 * follow. Borrows from the file. */
TROTH_NODISCARD enum troth_status troth_grub_image_parse(struct troth_view file,
							 struct troth_grub_image *out);
/* Whether the memory disk has a font of this name ("unicode"). */
bool troth_grub_image_has_font(const struct troth_grub_image *image, struct troth_view name);

#endif
