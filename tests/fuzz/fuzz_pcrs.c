/* SPDX-License-Identifier: Apache-2.0 */
/* PCR files of trothctl: what is taken has a value, and every bank is one that has a size. */
#include <assert.h>

#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_pcr_values v = { 0 };
	size_t line = 0;
	if (!troth_cli_pcrs_parse((struct troth_view){ size > 0 ? data : NULL, size }, &v,
				  &line)) {
		assert(v.n_banks == 0 && line <= size);
		return 0;
	}
	assert(v.n_banks > 0);
	for (size_t i = 0; i < v.n_banks; i++)
		assert(v.banks[i].have != 0 && v.banks[i].have >> TROTH_PCR_COUNT == 0 &&
		       troth_hash_size(v.banks[i].bank) > 0);
	return 0;
}
