/* SPDX-License-Identifier: Apache-2.0 */
/* Audit leaves: the bytes that enter the RFC 6962 tree (docs/audit.md).
 *
 * A leaf is lines of text, each ended by a newline, in a fixed order, so that a person can read
 * it and a program can rebuild it. docs/audit.md is the specification. */
#ifndef TROTH_CORE_AUDIT_H
#define TROTH_CORE_AUDIT_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#define TROTH_AUDIT_LEAF_MAX 2048

enum troth_audit_kind {
	TROTH_AUDIT_VERDICT, /* a verdict, with or without a certificate */
	TROTH_AUDIT_ENROL,   /* a device was enrolled or re-enrolled */
	TROTH_AUDIT_STATE,   /* approve, quarantine, release, retire */
	TROTH_AUDIT_POLICY,
	TROTH_AUDIT_REFERENCE,
	TROTH_AUDIT_SECRET, /* put, granted, removed; released to a device */
	TROTH_AUDIT_WEBHOOK /* events that were not delivered are kept no longer */
};

struct troth_audit_leaf {
	enum troth_audit_kind kind;
	uint64_t time_ms;
	/* Registry name of the device, or of the policy, reference, secret or webhook. */
	struct troth_view name;
	struct troth_view actor;  /* "device", or who acted: "uid:0" */
	struct troth_view detail; /* tier, new state, ...; "release sensor-1" */
	struct troth_view digest; /* 32 bytes: verdict, policy or reference digest; or none */
	struct troth_view policy, reference; /* ids, 32 bytes or none */
	struct troth_view certificate;	     /* SHA-256 of the certificate or none */
};

/* Text into buf (TROTH_AUDIT_LEAF_MAX bytes). TROTH_E_MALFORMED for a control
 * character in a name. */
TROTH_NODISCARD enum troth_status troth_audit_leaf_write(const struct troth_audit_leaf *leaf,
							 uint8_t *buf, size_t max,
							 size_t *out_len);

#endif
