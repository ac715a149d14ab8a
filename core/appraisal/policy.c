/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include "ima_appraise.h"

struct troth_pcr_selection troth_policy_log_selection(const struct troth_policy *policy)
{
	const uint32_t ima = policy->ima.present ? 1U << TROTH_IMA_PCR : 0;
	struct troth_pcr_selection s = { 0 };
	for (size_t i = 0; i < policy->selection.n_banks; i++) {
		const struct troth_pcr_bank_selection *bank = &policy->selection.banks[i];
		if ((bank->mask & ~ima) != 0)
			s.banks[s.n_banks++] =
				(struct troth_pcr_bank_selection){ bank->bank,
								   bank->mask & ~ima };
	}
	return s;
}
