/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's .pcrlock files: a list of records, or a reason. */
#include <assert.h>

#include "pcrlock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	json_t *records = troth_pcrlock_records((struct troth_view){ data, size }, &why);
	assert(records != NULL ? json_is_array(records) : why != NULL);
	json_decref(records);
	return 0;
}
