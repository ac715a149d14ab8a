/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of boot loaders: text and rest are the end of the data. */
#include "ipl.h"
#include "payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct troth_ipl ipl = troth_ipl_read((struct troth_view){ data, size });
	render(TROTH_EV_IPL, data, size);
	assert_within(ipl.text, data, size);
	assert_within(ipl.rest, data, size);
	assert(ipl.text.n + ipl.rest.n <= size);
	assert(strlen(troth_ipl_kind_name(ipl.kind)) > 0);
	return 0;
}
