/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware blobs, tables handed over, and devices that measure themselves. */
#include "firmware_event.h"
#include "payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t TYPES[] = { TROTH_EV_POST_CODE,
					  TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB,
					  TROTH_EV_EFI_HANDOFF_TABLES,
					  TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2,
					  TROTH_EV_EFI_HANDOFF_TABLES2,
					  TROTH_EV_EFI_SPDM_FIRMWARE_BLOB,
					  TROTH_EV_EFI_SPDM_FIRMWARE_CONFIG };
	struct troth_spdm_device device;
	struct troth_handoff_tables tables;
	const struct troth_event ev = { .type = TROTH_EV_EFI_HANDOFF_TABLES2,
					.data = { data, size } };
	for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
		render(TYPES[i], data, size);
	if (troth_handoff_tables_read(&ev, &tables))
		assert(tables.tables.n == tables.n * 24 && tables.tables.n < size);
	if (troth_spdm_device_read(ev.data, &device))
		assert_within(device.measurement, data, size);
	return 0;
}
