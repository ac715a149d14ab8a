/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include <inttypes.h>

/* Firmware that clears a TPM on request resets the machine at once, so the first quote after a
 * TPM2_Clear may be one reset past zero. */
#define RESETS_AFTER_CLEAR_MAX 1

struct troth_order troth_order_of(const struct troth_attest *attest)
{
	return (struct troth_order){
		.known = true,
		.reset_count = attest->reset_count,
		.restart_count = attest->restart_count,
		.clock = attest->clock,
	};
}

static bool before(const struct troth_order *a, const struct troth_order *b)
{
	if (a->reset_count != b->reset_count)
		return a->reset_count < b->reset_count;
	if (a->restart_count != b->restart_count)
		return a->restart_count < b->restart_count;
	return a->clock < b->clock;
}

/* Only TPM2_Clear lowers resetCount; it zeroes restartCount and clock with it (TPM 2.0 Part 1,
 * 36; Part 3, 24.6). The device's remedy differs from a roll-back's: it activates again. */
static bool looks_cleared(const struct troth_order *last, const struct troth_order *now)
{
	if (now->restart_count != 0 || now->clock >= last->clock)
		return false;
	return now->reset_count == 0 || (now->reset_count <= RESETS_AFTER_CLEAR_MAX &&
					 now->reset_count < last->reset_count);
}

void troth_order_check(const struct troth_order *last, const struct troth_attest *attest,
		       struct troth_findings *findings)
{
	const struct troth_order now = troth_order_of(attest);
	if (now.clock > TROTH_TPM_CLOCK_MAX) {
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_CLOCK_RANGE),
				     "clock %" PRIu64 " ms is past what a TPM can have counted",
				     now.clock);
		return;
	}
	if (!last->known || !before(&now, last))
		return;
	enum troth_finding_code code = looks_cleared(last, &now)
					       ? TROTH_FINDING_COUNTERS_REWOUND
					       : TROTH_FINDING_ROLLBACK;
	troth_finding_detail(troth_finding_add(findings, code),
			     "resets %" PRIu32 ", restarts %" PRIu32 ", clock %" PRIu64
			     " ms after %" PRIu32 ", %" PRIu32 ", %" PRIu64 " ms",
			     now.reset_count, now.restart_count, now.clock, last->reset_count,
			     last->restart_count, last->clock);
}

bool troth_order_same_boot(const struct troth_order *a, const struct troth_order *b)
{
	return a->known && b->known && a->reset_count == b->reset_count &&
	       a->restart_count == b->restart_count;
}
