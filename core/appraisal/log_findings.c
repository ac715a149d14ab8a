/* SPDX-License-Identifier: Apache-2.0 */
#include "log_findings.h"

#include <stdio.h>

/* PCRs that systemd extends from userspace, or lets be extended (systemd-pcrextend(8)). */
static const uint32_t SYSTEMD_PCRS = 1U << 11 | 1U << 12 | 1U << 13 | 1U << 15;

void troth_quirk_findings(uint32_t quirks, struct troth_findings *findings)
{
	for (uint32_t i = 0; i < TROTH_QUIRK_N; i++) {
		const uint32_t bit = 1U << i;
		if ((quirks & bit) == 0)
			continue;
		struct troth_finding *f = troth_finding_add(findings, TROTH_FINDING_LOG_QUIRK);
		f->severity = TROTH_TIER_AFFIRMING;
		troth_finding_detail(f, "%s", troth_quirk_name((enum troth_quirk)bit));
		/* The rules that allowed it, as a reference value would be named. */
		(void)snprintf(f->reference, sizeof f->reference, "quirks/%d",
			       TROTH_QUIRKS_VERSION);
	}
}

void troth_systemd_findings(const struct troth_case *c, struct troth_findings *findings)
{
	if (c->systemd_status == TROTH_OK || c->systemd_status == TROTH_E_NOT_FOUND)
		return;
	struct troth_finding *f =
		troth_finding_add(findings, TROTH_FINDING_SYSTEMD_LOG_MALFORMED);
	troth_finding_detail(f, "%s at offset %zu", troth_status_name(c->systemd_status),
			     c->systemd_error_offset);
}

const char *troth_replay_advice(const struct troth_case *c, uint32_t pcr)
{
	if (c->systemd_status != TROTH_E_NOT_FOUND || (SYSTEMD_PCRS & 1U << pcr) == 0)
		return "";
	return "systemd extends it, too, and no log of systemd's came with the evidence "
	       "(attester: systemd_log)";
}
