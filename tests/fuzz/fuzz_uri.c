/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what is normal stays as it is when it is normalised again. */
#include "reader.h"
#include "untouched.h"
#include "uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[512], second[512];
	struct troth_writer a = troth_writer_make(first, sizeof first);
	struct troth_writer b = troth_writer_make(second, sizeof second);
	if (troth_uri_normal((struct troth_view){ data, size }, &a) != TROTH_OK) {
		assert(a.n == 0);
		return 0;
	}
	assert(troth_uri_normal(troth_written(&a), &b) == TROTH_OK);
	assert(troth_view_equal(troth_written(&a), troth_written(&b)));
	return 0;
}
