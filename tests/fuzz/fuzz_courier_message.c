/* SPDX-License-Identifier: Apache-2.0 */
/* Both directions of the courier's channel: what is read is written as it was. */
#include "message.h"
#include "untouched.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_courier_page page;
	struct troth_courier_request q;
	uint8_t again[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	if (troth_courier_request_read((struct troth_view){ data, size }, &q) == TROTH_OK) {
		assert(troth_courier_request_write(&q, again, &n) == TROTH_OK);
		assert(n == size && memcmp(again, data, n) == 0);
	}
	if (troth_courier_page_read((struct troth_view){ data, size }, &page) == TROTH_OK) {
		assert(troth_courier_page_write(&page, again, &n) == TROTH_OK);
		assert(n == size && memcmp(again, data, n) == 0);
	}
	return 0;
}
