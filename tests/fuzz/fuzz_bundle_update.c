/* SPDX-License-Identifier: Apache-2.0 */
/* Bundle updates, read without a look at the signature as who passes them on does. */
#include "bundle_update.h"
#include "untouched.h"

#define DOMAIN ((struct troth_view){ (const uint8_t *)"example.org", 11 })

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t sequence;
	POISON(sequence);
	if (troth_bundle_update_peek((struct troth_view){ data, size }, DOMAIN, &sequence) !=
	    TROTH_OK)
		ASSERT_UNTOUCHED(sequence);
	else
		assert(sequence > 0 && sequence <= INT64_MAX);
	return 0;
}
