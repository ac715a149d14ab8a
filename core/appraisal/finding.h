/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: what a check saw that it did not like, as data.
 *
 * A check appends findings and never decides; the verdict is a fold over them (verdict.h).
 * Codes are stable: their names are part of the interface (docs/findings.md lists each
 * with meaning, likely cause and remedy). A new code goes at the end of its group in
 * FINDINGS of finding.c. */
#ifndef TROTH_CORE_FINDING_H
#define TROTH_CORE_FINDING_H

#include "hash.h"

/* AR4SI tiers, worst last (draft-ietf-rats-ar4si). */
enum troth_tier {
	TROTH_TIER_NONE = 0, /* no assertion: what was asked could not be seen */
	TROTH_TIER_AFFIRMING,
	TROTH_TIER_WARNING,
	TROTH_TIER_CONTRAINDICATED
};

enum troth_finding_code {
	TROTH_FINDING_NONE = 0,
	/* message: cannot be read, or is not of this exchange */
	TROTH_FINDING_MESSAGE_MALFORMED,
	TROTH_FINDING_TOKEN_INVALID,
	TROTH_FINDING_TOKEN_EXPIRED,
	TROTH_FINDING_TOKEN_SPENT,
	/* quote: authenticity */
	TROTH_FINDING_ATTEST_MALFORMED,
	TROTH_FINDING_MAGIC,
	TROTH_FINDING_NOT_A_QUOTE,
	TROTH_FINDING_SIGNATURE_MALFORMED,
	TROTH_FINDING_SIGNATURE_SCHEME,
	TROTH_FINDING_HASH_WEAK,
	TROTH_FINDING_SIGNATURE,
	TROTH_FINDING_QUALIFYING_DATA,
	TROTH_FINDING_SELECTION,
	TROTH_FINDING_PCR_VALUES,
	TROTH_FINDING_PCR_DIGEST,
	TROTH_FINDING_QUALIFIED_SIGNER,
	TROTH_FINDING_AK_ATTRIBUTES,
	TROTH_FINDING_AK_SCHEME,
	TROTH_FINDING_KEY_CERTIFICATION,
	TROTH_FINDING_KEY_ATTRIBUTES,
	TROTH_FINDING_POSSESSION,
	TROTH_FINDING_CLOCK_RANGE,
	TROTH_FINDING_ROLLBACK,
	TROTH_FINDING_COUNTERS_REWOUND,
	/* event log */
	TROTH_FINDING_LOG_MISSING,
	TROTH_FINDING_LOG_EMPTY,
	TROTH_FINDING_LOG_MALFORMED,
	TROTH_FINDING_LOG_BANK_MISSING,
	TROTH_FINDING_LOG_PCR_MISSING,
	TROTH_FINDING_REPLAY_MISMATCH,
	TROTH_FINDING_LOG_WEAK_BANK,
	TROTH_FINDING_LOG_QUIRK,
	TROTH_FINDING_EVENT_DATA,
	TROTH_FINDING_SEPARATOR,
	TROTH_FINDING_UNEXPLAINED_RESET,
	TROTH_FINDING_SYSTEMD_LOG_MALFORMED,
	/* boot chain and reference values */
	TROTH_FINDING_SECURE_BOOT_OFF,
	TROTH_FINDING_SECURE_BOOT_UNPROVEN,
	TROTH_FINDING_REFERENCE_MISSING,
	TROTH_FINDING_UNEXPECTED_EVENT,
	TROTH_FINDING_MISSING_COMPONENT,
	TROTH_FINDING_PCR_MISMATCH,
	TROTH_FINDING_REFERENCE_AMBIGUOUS,
	TROTH_FINDING_NOTHING_CHECKED,
	/* IMA */
	TROTH_FINDING_IMA_LOG_MISSING,
	TROTH_FINDING_IMA_EMPTY,
	TROTH_FINDING_IMA_MALFORMED,
	TROTH_FINDING_IMA_REPLAY_MISMATCH,
	TROTH_FINDING_IMA_TRIMMED,
	TROTH_FINDING_IMA_REWOUND,
	TROTH_FINDING_IMA_SKIPPED,
	TROTH_FINDING_IMA_WEAK_BANK,
	TROTH_FINDING_IMA_BOOT_AGGREGATE,
	TROTH_FINDING_IMA_VIOLATION,
	TROTH_FINDING_IMA_KEXEC,
	TROTH_FINDING_IMA_UNKNOWN_FILE,
	TROTH_FINDING_IMA_SIGNATURE,
	TROTH_FINDING_IMA_EVENT,
	TROTH_FINDING_IMA_UNMEASURED,
	TROTH_FINDING_IMA_LIST_MISSING,
	/* EK and enrolment */
	TROTH_FINDING_EK_CERT_MALFORMED,
	TROTH_FINDING_EK_CERT_MISSING,
	TROTH_FINDING_EK_CERT_CHAIN,
	TROTH_FINDING_EK_CERT_EXPIRED,
	TROTH_FINDING_EK_CERT_PROFILE,
	TROTH_FINDING_EK_KEY_MISMATCH,
	TROTH_FINDING_EK_KEY_SIZE,
	TROTH_FINDING_EK_NOT_IN_INVENTORY,
	TROTH_FINDING_EK_TEMPLATE,
	TROTH_FINDING_AK_TAKEN,
	TROTH_FINDING_TPM_FIRMWARE,
	TROTH_FINDING_N
};

/* One finding. Zeroed fields are absent; pcr and event use -1 for absent. */
struct troth_finding {
	enum troth_finding_code code;
	enum troth_tier severity;
	int32_t pcr;
	int32_t event; /* index in the log, the first record is 0 */
	struct troth_digest seen, expected;
	char detail[160]; /* one plain sentence or name, printable ASCII, foreign bytes escaped
			   */
	char reference[128]; /* "component/alternative" nearest to what was seen */
};

struct troth_findings {
	size_t n;
	/* Past TROTH_FINDINGS_MAX. The worst may be among them: not zero is never affirming. */
	size_t n_dropped;
	struct troth_finding list[TROTH_FINDINGS_MAX];
	struct troth_finding scratch; /* takes what is dropped; never read */
};

/* Stable kebab-case name ("replay-mismatch"); "unknown" out of range. */
const char *troth_finding_name(enum troth_finding_code code);
enum troth_finding_code troth_finding_from_name(struct troth_view name);
/* One plain sentence: what it means. */
const char *troth_finding_meaning(enum troth_finding_code code);
/* The severity a code has unless the check says otherwise. */
enum troth_tier troth_finding_severity(enum troth_finding_code code);
/* "none", "affirming", "warning", "contraindicated". */
const char *troth_tier_name(enum troth_tier tier);
/* The worse the higher; of what lies beyond "warning", not knowing is the lesser evil. */
unsigned int troth_tier_rank(enum troth_tier tier);

/* Appends and returns the finding, with pcr and event absent and the code's own severity; past
 * the limit it is counted and a scratch place is returned that holds nothing. Never NULL. */
struct troth_finding *troth_finding_add(struct troth_findings *f, enum troth_finding_code code);
/* Appends copies of all of from, and counts what it dropped. */
void troth_findings_join(struct troth_findings *f, const struct troth_findings *from);
TROTH_NODISCARD bool troth_findings_have(const struct troth_findings *f,
					 enum troth_finding_code code);
/* Writes the text with every byte outside printable ASCII escaped as \xNN, cut at the field's
 * size. A backslash stays one: paths of EFI files are full of them. */
void troth_finding_detail(struct troth_finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
