/* SPDX-License-Identifier: Apache-2.0 */
/* UEFI_IMAGE_LOAD_EVENT: a boot application or driver (PFP 1.05, 10.2.3).
 *
 * The digest of such an event is the image's Authenticode digest; address and path are what the
 * firmware says beside it, and nothing proves them. */
#ifndef TROTH_CORE_UEFI_IMAGE_H
#define TROTH_CORE_UEFI_IMAGE_H

#include "eventlog.h"
#include "fields.h"

struct troth_uefi_image {
	uint64_t location, length, link_time;
	struct troth_view path; /* device path, with its end */
};

/* False unless the data is the three numbers and a path of the length it says. */
TROTH_NODISCARD bool troth_uefi_image_read(struct troth_view data,
					   struct troth_uefi_image *out);

TROTH_NODISCARD bool troth_image_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_image_fields(const struct troth_fields *f,
					const struct troth_event *ev);

#endif
