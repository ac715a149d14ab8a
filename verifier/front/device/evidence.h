/* SPDX-License-Identifier: Apache-2.0 */
/* The record of an appraisal as the store keeps it. */
#ifndef TROTH_EVIDENCE_H
#define TROTH_EVIDENCE_H

#include "device.pb-c.h"
#include "device_row.h"
#include "record.pb-c.h"
#include "token.h"
#include "verdict.h"

/* What goes into a stored AppraisalRecord beside the message itself. */
struct troth_record_case {
	const struct troth_device_row *row; /* as it was */
	const Troth__V1__Attestation *attestation;
	const struct troth_verdict *verdict;
	const uint8_t *verdict_digest; /* 32 */
	const uint8_t *log_digest;     /* 32, or NULL */
	const uint8_t *systemd_digest; /* 32, or NULL */
	const char *policy_name, *reference_name;
	struct troth_view policy_id, reference_id;
	struct troth_view ima_parts, ima_learned;
	struct troth_view ima_version;
	uint64_t received_ms, evidence_ms;
	struct troth_view certificate_sha256;
};
/* Serialised record in new memory, freed with free(). */
TROTH_NODISCARD enum troth_status troth_record_pack(const struct troth_record_case *c,
						    uint8_t **out, size_t *out_len);

#endif
