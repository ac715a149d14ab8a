/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed, for whoever follows it: server-sent events and webhooks (docs/events.md).
 *
 * A notice goes with an audit leaf, is committed with it and has its index for a number. It
 * says what relying parties may know: names and segments, never a device's id. */
#ifndef TROTH_NOTICE_H
#define TROTH_NOTICE_H

#include <stdbool.h>
#include <stdint.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

/* Stored as numbers: new ones come at the end. */
enum troth_notice_kind {
	TROTH_NOTICE_NONE,
	TROTH_NOTICE_PENDING,
	TROTH_NOTICE_ENROLLED,
	TROTH_NOTICE_APPROVED,
	TROTH_NOTICE_QUARANTINED,
	TROTH_NOTICE_RELEASED,
	TROTH_NOTICE_RETIRED,
	TROTH_NOTICE_CHANGED,
	TROTH_NOTICE_HEALTHY,
	TROTH_NOTICE_UNTRUSTED,
	TROTH_NOTICE_RECOVERED,
	TROTH_NOTICE_POLICY,
	TROTH_NOTICE_REFERENCE,
	TROTH_NOTICE_N
};

/* "<segment>/<name>" with its NUL. */
#define TROTH_NOTICE_WAS_MAX (2 * TROTH_NAME_LEN_MAX + 2)
/* One as JSON, bytes: the longest has less than 600. */
#define TROTH_NOTICE_JSON_MAX 1024

struct troth_notice {
	enum troth_notice_kind kind;
	uint64_t time_s;
	char name[TROTH_NAME_LEN_MAX + 1];    /* of the device, policy or reference set */
	char segment[TROTH_NAME_LEN_MAX + 1]; /* empty: none, or not yet */
	char was[TROTH_NOTICE_WAS_MAX];	      /* of a device under another name before */
	char reason[48];		      /* a finding's name, "operator", or empty */
	bool revoked; /* the certificates that lived are on the CRL from now on */
};

/* "device.quarantined"; "" for NONE. */
const char *troth_notice_type(enum troth_notice_kind kind);
/* Whether a pattern names the type: itself, "device.*", or "*". */
TROTH_NODISCARD bool troth_notice_matches(enum troth_notice_kind kind, const char *pattern);
/* Whether the pattern names any type at all. */
TROTH_NODISCARD bool troth_notice_pattern_valid(const char *pattern);
/* Whether relying parties hear of it: of devices that have a segment, as in the status feed. */
TROTH_NODISCARD bool troth_notice_public(const struct troth_notice *n);
/* {"type","timestamp","data":{...}} into buf. TROTH_E_LIMIT without room; TROTH_E_MALFORMED
 * for NONE. */
TROTH_NODISCARD enum troth_status troth_notice_write(const struct troth_notice *n,
						     uint64_t index, uint8_t *buf, size_t max,
						     size_t *out_len);

#endif
