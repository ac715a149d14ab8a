/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: findings folded into a tier, with a statement of what was not looked at. */
#ifndef TROTH_CORE_VERDICT_H
#define TROTH_CORE_VERDICT_H

#include "coverage.h"
#include "finding.h"
#include "trust_vector.h"

struct troth_verdict {
	enum troth_tier tier;
	struct troth_findings findings;
	struct troth_coverage coverage;
	struct troth_trust_vector trust;
};

/* Folds findings: nothing later repairs what came before. Contraindicated is worst; a question
 * left open (severity none, or not everything was seen) is worse than a warning, because what
 * was not seen may be anything; findings past TROTH_FINDINGS_MAX count as contraindicated. */
enum troth_tier troth_tier_fold(const struct troth_findings *findings, bool saw_all);

/* SHA-256 of the verdict's canonical bytes: equal verdicts have equal digests. Big-endian; text
 * is a u16 length and its bytes; a digest is a u16 TPM_ALG_ID (0: none) and its bytes:
 *
 *   text "troth/v2/verdict", text name of the tier,
 *   u32 number of findings, then for each: text name of the code, text name of the severity,
 *     u32 pcr, u32 event (two's complement), digest seen, digest expected, text detail,
 *     text reference,
 *   u32 findings dropped,
 *   u32 each of n_checks, pcrs_quoted, pcrs_replayed, pcrs_matched, pcrs_golden, pcrs_empty,
 *     pcrs_unchecked, n_events_matched, n_events_ignored,
 *   u8 secure_boot_checked, u8 ima_checked,
 *   u32 number of ignored classes, then for each: u32 pcr, u32 type, u32 n_events,
 *   u8 each of the eight claims (two's complement), in the order of enum troth_claim.
 *
 * Names, not numbers, so that a new finding code changes no digest. */
TROTH_NODISCARD enum troth_status
troth_verdict_digest(struct troth_ctx *ctx, const struct troth_verdict *v, uint8_t out[32]);

#endif
