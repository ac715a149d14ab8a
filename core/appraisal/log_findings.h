/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the logs beside what they prove: what was allowed for, what cannot be read,
 * what would have helped. */
#ifndef TROTH_CORE_LOG_FINDINGS_H
#define TROTH_CORE_LOG_FINDINGS_H

#include "appraise.h"

/* Known deviations of firmware are shown and decide nothing. */
void troth_quirk_findings(uint32_t quirks, struct troth_findings *findings);

/* SYSTEMD_LOG_MALFORMED where that log cannot be read. */
void troth_systemd_findings(const struct troth_case *c, struct troth_findings *findings);

/* What may be missing where the logs do not lead to a quoted PCR; empty where nothing is known.
 */
const char *troth_replay_advice(const struct troth_case *c, uint32_t pcr);

#endif
