/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal of authenticated evidence.
 *
 * A pure function of its case: the same case gives the same bytes. The caller has authenticated
 * the quote (quote.h, order.h); PCR values given are the quoted ones. */
#ifndef TROTH_CORE_APPRAISE_H
#define TROTH_CORE_APPRAISE_H

#include "ima_appraise.h"
#include "policy.h"
#include "verdict.h"

struct troth_case {
	const struct troth_policy *policy;
	/* NULL when the policy names none or it is missing. */
	const struct troth_reference_set *reference;
	const struct troth_pcr_values *pcrs; /* quoted */
	struct troth_view log_bytes;	     /* the firmware's, as received */
	/* Parsed, with systemd's events behind the firmware's (whole_log.h); NULL when
	 * log_bytes did not parse. */
	const struct troth_log *log;
	const struct troth_replay *replay; /* of log; NULL like it */
	/* why log is NULL; without bytes TROTH_E_TRUNCATED means that an empty log was sent,
	 * anything else that none was */
	enum troth_status log_status;
	size_t log_error_offset;
	/* TROTH_OK: systemd's log is read, and joined to log where there is one;
	 * TROTH_E_NOT_FOUND: none was sent; else why it cannot be read */
	enum troth_status systemd_status;
	size_t systemd_error_offset;
	/* a manufacturer's certificate or the inventory vouches for the TPM */
	bool recognised;
	/* Who made the TPM, by a trusted certificate (NULL or empty: none says), and the
	 * firmwareVersion of the quote. */
	const char *tpm_maker;
	uint64_t tpm_firmware;
	/* What came of the IMA list; read where the policy speaks of IMA. NULL: nothing did. */
	const struct troth_ima_result *ima;
};

/* Never fails on evidence: what cannot be read is a finding. TROTH_E_CRYPTO or _MEMORY when the
 * question could not be answered. */
TROTH_NODISCARD enum troth_status
troth_appraise(struct troth_ctx *ctx, const struct troth_case *c, struct troth_verdict *out);

#endif
