/* SPDX-License-Identifier: Apache-2.0 */
/* Order of quotes of one AK.
 *
 * (resetCount, restartCount, clock) is compared lexicographically with the last accepted quote;
 * read only after the signature has been verified. `safe` never decides. */
#ifndef TROTH_CORE_ORDER_H
#define TROTH_CORE_ORDER_H

#include "finding.h"
#include "tpm.h"

struct troth_order {
	bool known; /* false: nothing accepted yet from this AK */
	uint32_t reset_count, restart_count;
	uint64_t clock;
};

struct troth_order troth_order_of(const struct troth_attest *attest);
/* Adds CLOCK_RANGE, ROLLBACK, or COUNTERS_REWOUND (resetCount and clock both fell to a
 * TPM2_Clear's beginning). Equal is legal. */
void troth_order_check(const struct troth_order *last, const struct troth_attest *attest,
		       struct troth_findings *findings);
/* Same (resetCount, restartCount). */
TROTH_NODISCARD bool troth_order_same_boot(const struct troth_order *a,
					   const struct troth_order *b);

#endif
