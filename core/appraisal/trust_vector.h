/* SPDX-License-Identifier: Apache-2.0 */
/* The AR4SI trustworthiness vector (draft-ietf-rats-ar4si-06, 2.3): eight claims, each a signed
 * byte whose tier is as fixed by the draft.
 *
 * Two tables make it, and nothing else: what coverage lets a claim affirm, and which claim a
 * finding speaks against with which value. The worst applies. A claim that no check speaks of
 * is 0: no assertion. docs/findings.md shows the second table.
 *
 * Three claims are never asserted of a bare TPM (the draft's own appendix): runtime-opaque,
 * storage-opaque and sourced-data. */
#ifndef TROTH_CORE_TRUST_VECTOR_H
#define TROTH_CORE_TRUST_VECTOR_H

#include "finding.h"

/* The draft's numbers: keys of the claims in CBOR (draft-ietf-rats-ear, ar4si.cddl). */
enum troth_claim {
	TROTH_CLAIM_INSTANCE_IDENTITY = 0,
	TROTH_CLAIM_CONFIGURATION,
	TROTH_CLAIM_EXECUTABLES,
	TROTH_CLAIM_FILE_SYSTEM,
	TROTH_CLAIM_HARDWARE,
	TROTH_CLAIM_RUNTIME_OPAQUE,
	TROTH_CLAIM_STORAGE_OPAQUE,
	TROTH_CLAIM_SOURCED_DATA,
	TROTH_CLAIM_N
};

struct troth_trust_vector {
	int8_t claim[TROTH_CLAIM_N];
};

struct troth_coverage;

/* What a vector is made of; all borrowed. */
struct troth_trust_case {
	const struct troth_findings *findings;
	const struct troth_coverage *coverage;
	/* A manufacturer's certificate or the inventory vouches for the TPM: without,
	 * instance-identity and hardware never affirm. */
	bool recognised;
};
struct troth_trust_vector troth_trust_vector_make(const struct troth_trust_case *c);

/* "instance-identity": the draft's name, and the key in JSON; "unknown" out of range. */
const char *troth_claim_name(enum troth_claim claim);
/* One plain phrase: what this value says of the claim. Never NULL. */
const char *troth_claim_words(enum troth_claim claim, int8_t value);

/* AR4SI 2.3.1: none is -1 to 1, affirming 2 to 31 and -32 to -2, warning 32 to 95 and -96 to
 * -33, contraindicated the rest. */
enum troth_tier troth_claim_tier(int8_t value);
/* The claim a finding of this code speaks against and the value it gives it, at the severity
 * the code has by itself. False for a code that speaks against none. For a code whose claim
 * depends on the PCR, pcr decides (-1: none known). */
TROTH_NODISCARD bool troth_claim_of_finding(enum troth_finding_code code, int32_t pcr,
					    enum troth_claim *out_claim, int8_t *out_value);

/* The status of an EAR (draft-ietf-rats-ear, 3.2): the tier of the verdict, never better than
 * the worst claim. A question left open (none) ranks below a warning, as in verdict.h: a
 * relying party that accepts warnings must not accept what could not be seen. */
enum troth_tier troth_trust_status(enum troth_tier verdict, const struct troth_trust_vector *v);
/* The draft's number of a status: 0, 2, 32 or 96. */
int troth_status_number(enum troth_tier status);

#endif
