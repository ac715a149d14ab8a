/* SPDX-License-Identifier: Apache-2.0 */
/* PCR values, findings and verdicts between the core's form and the messages'.
 *
 * Messages made here borrow every string and byte from what they were made of, and live as long
 * as it does and as the struct they are filled into. What is read is foreign: a message from a
 * device, or a record that was kept somewhere. */
#ifndef TROTH_PROTO_VERDICT_WIRE_H
#define TROTH_PROTO_VERDICT_WIRE_H

#include "device.pb-c.h"
#include "pcr.h"
#include "record.pb-c.h"
#include "verdict.h"

/* PCR values of a message; TROTH_E_MALFORMED for unknown or repeated banks, and lengths that do
 * not fit the mask, TROTH_E_LIMIT past TROTH_BANKS_MAX. */
TROTH_NODISCARD enum troth_status troth_wire_pcrs(Troth__V1__PcrBank *const *banks, size_t n,
						  struct troth_pcr_values *out);

Troth__V1__Tier troth_tier_message(enum troth_tier tier);
/* NONE for a tier there is not. */
enum troth_tier troth_tier_from_message(Troth__V1__Tier tier);

struct troth_finding_messages {
	size_t n;
	Troth__V1__Finding *list[TROTH_FINDINGS_MAX];
	Troth__V1__Finding items[TROTH_FINDINGS_MAX];
};
void troth_finding_messages_fill(const struct troth_findings *findings,
				 struct troth_finding_messages *out);

struct troth_coverage_message {
	Troth__V1__Coverage coverage; /* the message; the rest is what it points at */
	Troth__V1__ImaCounts ima;
	Troth__V1__IgnoredClass *list[TROTH_IGNORE_RULES_MAX];
	Troth__V1__IgnoredClass items[TROTH_IGNORE_RULES_MAX];
};

struct troth_verdict_message {
	Troth__V1__Verdict verdict; /* likewise */
	struct troth_coverage_message coverage;
	Troth__V1__TrustVector trust;
	struct troth_finding_messages findings;
};
void troth_verdict_message_fill(const struct troth_verdict *v, const uint8_t digest[32],
				struct troth_verdict_message *out);

/* TROTH_E_LIMIT for more ignored classes than there are rules. */
TROTH_NODISCARD enum troth_status troth_coverage_from_message(const Troth__V1__Coverage *m,
							      struct troth_coverage *out);
/* The vector of a message, by the numbers of enum troth_claim; all zero for NULL, and for a
 * value that is no signed byte -1, the verifier's failure. */
struct troth_trust_vector troth_trust_from_message(const Troth__V1__TrustVector *m);

#endif
