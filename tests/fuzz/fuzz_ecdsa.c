/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA-Sig-Value: there is one encoding, so what is accepted is written again as it was. */
#include "ecdsa.h"
#include "reader.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct troth_view input = { data, size };
	uint8_t again[TROTH_ECDSA_DER_MAX];
	struct troth_view r, s;
	POISON(r);
	POISON(s);
	if (troth_ecdsa_from_der(input, &r, &s) != TROTH_OK) {
		ASSERT_UNTOUCHED(r);
		ASSERT_UNTOUCHED(s);
		return 0;
	}
	assert_within(r, data, size);
	assert_within(s, data, size);
	assert(troth_view_equal(troth_ecdsa_to_der(r, s, again), input));
	return 0;
}
