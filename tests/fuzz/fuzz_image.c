/* SPDX-License-Identifier: Apache-2.0 */
/* Images loaded, and device paths: a node has at least four bytes, so that a path ends. */
#include "device_path.h"
#include "payload.h"
#include "uefi_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_uefi_image image;
	struct troth_device_node node;
	struct troth_reader path = { { data, size } };
	size_t n = 0;
	render(TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, data, size);
	if (troth_uefi_image_read((struct troth_view){ data, size }, &image))
		assert(image.path.n + 32 == size);
	while (troth_device_node_next(&path, &node)) {
		assert_within(node.body, data, size);
		n++;
	}
	assert(n <= size / 4);
	return 0;
}
