/* SPDX-License-Identifier: Apache-2.0 */
/* One appraisal to be done again: fetched from a verifier, or read from files.
 *
 * Nothing is taken on trust: where a record names its parts by digest, each must be the one
 * named. Every function says itself what was wrong. */
#ifndef TROTH_CLI_CASE_H
#define TROTH_CLI_CASE_H

#include "appraise.h"
#include "cli.h"
#include "file.h"
#include "record.pb-c.h"
#include "whole_log.h"

/* Where it comes from: a device of a running verifier, an exported case, or loose files. NULL:
 * not given. */
struct troth_cli_case_source {
	const char *device, *socket;
	const char *file;
	const char *record, *log, *systemd, *policy, *reference, *pcrs, *good_log,
		*trust_domain;
	const char *ima_lists; /* directory of allow-lists; NULL: those of the case */
};

struct troth_cli_case {
	struct troth_ctx *ctx;
	/* Parts as bytes: owned, or borrowed from the exported case's message. */
	struct troth_buffer owned[7];
	struct troth_view log_bytes, systemd_bytes, policy_bytes, reference_bytes, record_bytes,
		good_log_bytes, good_log_digest;
	ProtobufCMessage *exported, *unpacked;
	const Troth__V1__AppraisalRecord *record; /* NULL from loose files without one */
	struct troth_view trust_domain;
	bool log_sent; /* also an empty one */

	struct troth_policy policy;
	struct troth_reference_set reference;
	bool has_reference;
	struct troth_pcr_values pcrs;
	enum troth_status log_status;
	struct troth_log log, good_log;
	bool has_good_log, good_elsewhere;
	struct troth_replay replay;
	enum troth_status systemd_status; /* TROTH_E_NOT_FOUND: none was sent */
	struct troth_userspace_log systemd;
	bool joined; /* whole is log with systemd behind it */
	struct troth_whole_log whole;
	const char *ima_lists;
	bool ima_in_part;	      /* allow-lists: only what the case has of them */
	struct troth_ima_result *ima; /* owned; NULL: no word of IMA */

	struct troth_case appraised;
	struct troth_verdict verdict; /* as it comes out now */
	uint8_t digest[32];
};

/* Loads, parses and appraises. NO for what was read and is not sound, UNSURE for what could not
 * be read or is no longer there. Cleared by the caller in any case. */
enum troth_cli_exit troth_cli_case_load(const struct troth_cli_case_source *source,
					struct troth_cli_case *out);
/* Accepts a zeroed one. */
void troth_cli_case_clear(struct troth_cli_case *c);

/* Fetches a device's last appraisal as the verifier exports it. */
enum troth_cli_exit troth_cli_case_fetch(const char *device, const char *socket,
					 struct troth_buffer *out);

#endif
