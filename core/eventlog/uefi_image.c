/* SPDX-License-Identifier: Apache-2.0 */
#include "uefi_image.h"

#include "device_path.h"
#include "reader.h"

bool troth_uefi_image_read(struct troth_view data, struct troth_uefi_image *out)
{
	struct troth_reader r = { data };
	struct troth_uefi_image image;
	uint64_t path_len;
	if (!troth_get_u64le(&r, &image.location) || !troth_get_u64le(&r, &image.length) ||
	    !troth_get_u64le(&r, &image.link_time) || !troth_get_u64le(&r, &path_len))
		return false;
	if (path_len != r.left.n)
		return false;
	image.path = r.left;
	*out = image;
	return true;
}

bool troth_image_line(struct troth_line *l, const struct troth_event *ev)
{
	struct troth_uefi_image image;
	if (!troth_uefi_image_read(ev->data, &image))
		return false;
	if (image.path.n == 0)
		troth_line_str(l, "an image without a path");
	else
		troth_line_device_path(l, image.path);
	if (troth_device_path_is_rom(image.path))
		troth_line_str(l, " (option ROM)");
	return true;
}

bool troth_image_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	struct troth_uefi_image image;
	struct troth_field_line path;
	if (!troth_uefi_image_read(ev->data, &image))
		return false;
	troth_line_device_path(troth_field_begin(&path), image.path);
	troth_field_end(f, "path", &path);
	troth_field_number(f, "image_length", image.length);
	troth_field_text(f, "option_rom", troth_device_path_is_rom(image.path) ? "yes" : "no");
	return true;
}
