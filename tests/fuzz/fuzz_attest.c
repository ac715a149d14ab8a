/* SPDX-License-Identifier: Apache-2.0 */
/* TPMS_ATTEST: what is accepted lies in the input and is whole; what is not leaves no trace. */
#include "tpm.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct troth_attest a, shorter;
	POISON(a);
	if (troth_attest_parse((struct troth_view){ data, size }, &a) != TROTH_OK) {
		ASSERT_UNTOUCHED(a);
		return 0;
	}
	assert_within(a.qualified_signer, data, size);
	assert_within(a.extra_data, data, size);
	assert_within(a.pcr_digest, data, size);
	assert_within(a.name, data, size);
	assert_within(a.qualified_name, data, size);
	assert(a.selection.n_banks <= TROTH_BANKS_MAX);
	for (size_t i = 0; i < a.selection.n_banks; i++)
		assert(troth_hash_size(a.selection.banks[i].bank) > 0 &&
		       a.selection.banks[i].mask >> TROTH_PCR_COUNT == 0);
	assert(size >= 6);
	if (a.type != TROTH_ATTEST_OTHER) /* of the others only the first six bytes count */
		assert(troth_attest_parse((struct troth_view){ data, size - 1 }, &shorter) !=
		       TROTH_OK);
	return 0;
}
