/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured into a machine's PCRs since it was switched on, as one log: the firmware's
 * events, then those of systemd's log, which are replayed, matched and explained as the others.
 *
 * systemd's log grows while the machine comes up and may be newer than a quote. So of each
 * selected PCR the longest beginning is taken that leads to the quoted value; nothing proves
 * what comes behind it, and it is left out. Where no beginning leads there, all is taken, and
 * the replay says what came of it. Of PCRs that are not selected nothing is taken at all.
 *
 * systemd cannot stand in for the firmware: banks that the firmware's log does not replay stay
 * without values. */
#ifndef TROTH_CORE_WHOLE_LOG_H
#define TROTH_CORE_WHOLE_LOG_H

#include "eventlog.h"
#include "userspace_log.h"

/* PCRs that nobody extends once the firmware is gone, and IMA's: for these alone systemd's log
 * has nothing to tell (UAPI Linux TPM PCR registry). */
#define TROTH_PCRS_WITHOUT_SYSTEMD (0xffU | 1U << 10)

struct troth_whole_case {
	const struct troth_log *firmware;
	const struct troth_replay *replay; /* of it */
	const struct troth_userspace_log *systemd;
	const struct troth_pcr_selection *selection;
	const struct troth_pcr_values *pcrs; /* quoted */
};

struct troth_whole_log {
	/* Its events are owned, what they view is the firmware's log's and systemd's. They are
	 * numbered on from the firmware's. */
	struct troth_log log;
	struct troth_replay replay;
	size_t n_firmware; /* events of the log that are the firmware's */
};

/* TROTH_E_MEMORY, TROTH_E_CRYPTO. Released by troth_whole_log_release. */
TROTH_NODISCARD enum troth_status troth_whole_log_make(struct troth_ctx *ctx,
						       const struct troth_whole_case *c,
						       struct troth_whole_log *out);
/* Accepts a zeroed one. */
void troth_whole_log_release(struct troth_whole_log *w);

/* A PCR of the selection can have been extended by systemd. */
TROTH_NODISCARD bool troth_systemd_matters(const struct troth_pcr_selection *selection);

#endif
