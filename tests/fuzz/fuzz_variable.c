/* SPDX-License-Identifier: Apache-2.0 */
/* UEFI variables, and what lies in them: databases, certificates, boot options. */
#include "payload.h"
#include "signature_list.h"
#include "uefi_variable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t TYPES[] = { TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG,
					  TROTH_EV_EFI_VARIABLE_BOOT,
					  TROTH_EV_EFI_VARIABLE_AUTHORITY };
	struct troth_uefi_variable v;
	struct troth_database_count count;
	for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
		render(TYPES[i], data, size);
	if (!troth_uefi_variable_read((struct troth_view){ data, size }, &v))
		return 0;
	assert(32 + v.name.n + v.data.n == size);
	assert_within(v.data, data, size);
	if (troth_database_count(v.data, &count))
		assert(count.n_lists <= v.data.n / 28);
	return 0;
}
