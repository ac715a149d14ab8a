/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables: as many partitions as announced, each within the data. */
#include "gpt.h"
#include "payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_gpt gpt;
	struct troth_gpt_partition p;
	size_t n = 0;
	render(TROTH_EV_EFI_GPT_EVENT, data, size);
	if (!troth_gpt_read((struct troth_view){ data, size }, &gpt))
		return 0;
	const size_t announced = gpt.n;
	while (troth_gpt_next(&gpt, &p)) {
		assert_within(p.name, data, size);
		n++;
	}
	assert(n == announced);
	return 0;
}
