/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the firmware and tables it hands over: EV_EFI_PLATFORM_FIRMWARE_BLOB(2),
 * EV_EFI_HANDOFF_TABLES(2), and EV_EFI_SPDM_* of devices that measure themselves (PFP 1.05,
 * 10.2.4 and 10.2.5; PFP 1.06, 10.2.7). The digests are of contents that the log does not
 * hold, so nothing proves what the data says. Views borrow from the event. */
#ifndef TROTH_CORE_FIRMWARE_EVENT_H
#define TROTH_CORE_FIRMWARE_EVENT_H

#include "eventlog.h"
#include "fields.h"

struct troth_firmware_blob {
	struct troth_view description; /* ASCII; of the second form only */
	uint64_t base, length;
};
TROTH_NODISCARD bool troth_firmware_blob_read(const struct troth_event *ev,
					      struct troth_firmware_blob *out);

struct troth_handoff_tables {
	struct troth_view description; /* ASCII; of the second form only */
	struct troth_view tables;      /* n times a GUID and an 8-byte pointer */
	size_t n;
};
TROTH_NODISCARD bool troth_handoff_tables_read(const struct troth_event *ev,
					       struct troth_handoff_tables *out);

/* What is before the measurement of a device that speaks SPDM. */
struct troth_spdm_device {
	uint16_t version;     /* of the structure: 1 or 2 */
	uint32_t device_type; /* 0 none, 1 PCI, 2 USB */
	uint8_t auth_state;   /* version 2: 0 is an authenticated device */
	struct troth_view measurement;
};
TROTH_NODISCARD bool troth_spdm_device_read(struct troth_view data,
					    struct troth_spdm_device *out);

TROTH_NODISCARD bool troth_blob_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_blob_fields(const struct troth_fields *f,
				       const struct troth_event *ev);
TROTH_NODISCARD bool troth_handoff_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_handoff_fields(const struct troth_fields *f,
					  const struct troth_event *ev);
TROTH_NODISCARD bool troth_spdm_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_spdm_fields(const struct troth_fields *f,
				       const struct troth_event *ev);

#endif
