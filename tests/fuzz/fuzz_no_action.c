/* SPDX-License-Identifier: Apache-2.0 */
/* What firmware says without measuring it, and its version. */
#include "no_action.h"
#include "payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_platform_id id;
	const struct troth_event ev = { .type = TROTH_EV_NO_ACTION, .data = { data, size } };
	uint8_t locality = 0xaa;
	render(TROTH_EV_NO_ACTION, data, size);
	render(TROTH_EV_S_CRTM_VERSION, data, size);
	render(TROTH_EV_SEPARATOR, data, size);
	if (!troth_startup_locality_read(&ev, &locality))
		assert(locality == 0xaa);
	if (troth_platform_id_read(ev.data, &id))
		assert_within(id.firmware_version, data, size);
	return 0;
}
