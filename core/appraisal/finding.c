/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "base.h"
#include "reader.h"
#include "text.h"

#define NONE TROTH_TIER_NONE
#define AFFIRMING TROTH_TIER_AFFIRMING
#define WARNING TROTH_TIER_WARNING
#define CONTRAINDICATED TROTH_TIER_CONTRAINDICATED

/* Severity: contraindicated where an attack or a forbidden state would look like this; none
 * where the question stays open (nothing can be affirmed, but nothing speaks against the device
 * either); affirming for what is only shown. docs/findings.md says more of each.
 * The formatter would tear the rows of this table apart. */
/* clang-format off */
static const struct {
	const char *name;
	enum troth_tier severity;
	const char *meaning;
} FINDINGS[TROTH_FINDING_N] = {
	[TROTH_FINDING_NONE] = { "none", NONE,
		"Nothing was found." },

	[TROTH_FINDING_MESSAGE_MALFORMED] = { "message-malformed", CONTRAINDICATED,
		"The message cannot be read." },
	[TROTH_FINDING_TOKEN_INVALID] = { "token-invalid", CONTRAINDICATED,
		"The challenge token was not issued by this verifier for this device." },
	[TROTH_FINDING_TOKEN_EXPIRED] = { "token-expired", NONE,
		"The challenge token is older than a challenge may be." },
	[TROTH_FINDING_TOKEN_SPENT] = { "token-spent", NONE,
		"The challenge token was used before, or the device changed since it was issued." },

	[TROTH_FINDING_ATTEST_MALFORMED] = { "attest-malformed", CONTRAINDICATED,
		"The attestation is not one well-formed TPMS_ATTEST." },
	[TROTH_FINDING_MAGIC] = { "magic", CONTRAINDICATED,
		"The attestation does not begin with the value only a TPM may sign." },
	[TROTH_FINDING_NOT_A_QUOTE] = { "not-a-quote", CONTRAINDICATED,
		"The attestation is of another type than a quote." },
	[TROTH_FINDING_SIGNATURE_MALFORMED] = { "signature-malformed", CONTRAINDICATED,
		"The signature is not one well-formed TPMT_SIGNATURE." },
	[TROTH_FINDING_SIGNATURE_SCHEME] = { "signature-scheme", CONTRAINDICATED,
		"The signature uses a scheme or hash that is not the attestation key's." },
	[TROTH_FINDING_HASH_WEAK] = { "hash-weak", CONTRAINDICATED,
		"The signature uses SHA-1." },
	[TROTH_FINDING_SIGNATURE] = { "signature", CONTRAINDICATED,
		"The signature does not verify under the attestation key." },
	[TROTH_FINDING_QUALIFYING_DATA] = { "qualifying-data", CONTRAINDICATED,
		"The quote answers another challenge, or binds other keys." },
	[TROTH_FINDING_SELECTION] = { "selection", CONTRAINDICATED,
		"The PCRs quoted are not the PCRs asked for." },
	[TROTH_FINDING_PCR_VALUES] = { "pcr-values", CONTRAINDICATED,
		"The PCR values sent are not those of the PCRs quoted." },
	[TROTH_FINDING_PCR_DIGEST] = { "pcr-digest", CONTRAINDICATED,
		"The PCR values sent do not hash to the digest that was signed." },
	[TROTH_FINDING_QUALIFIED_SIGNER] = { "qualified-signer", CONTRAINDICATED,
		"The signer is not this key as a primary key of its hierarchy." },
	[TROTH_FINDING_AK_ATTRIBUTES] = { "ak-attributes", CONTRAINDICATED,
		"The attestation key could sign statements that no TPM made." },
	[TROTH_FINDING_AK_SCHEME] = { "ak-scheme", CONTRAINDICATED,
		"The attestation key has a weak or missing scheme, hash or size." },
	[TROTH_FINDING_KEY_CERTIFICATION] = { "key-certification", CONTRAINDICATED,
		"The TPM's statement that it holds the credential key does not hold." },
	[TROTH_FINDING_KEY_ATTRIBUTES] = { "key-attributes", CONTRAINDICATED,
		"The credential key is not a TPM-made P-256 signing key that cannot leave." },
	[TROTH_FINDING_POSSESSION] = { "possession", CONTRAINDICATED,
		"The session key did not sign what the quote binds." },
	[TROTH_FINDING_CLOCK_RANGE] = { "clock-range", CONTRAINDICATED,
		"The TPM's clock is above what an honest clock reaches." },
	[TROTH_FINDING_ROLLBACK] = { "rollback", CONTRAINDICATED,
		"The quote is older than one accepted before." },
	[TROTH_FINDING_COUNTERS_REWOUND] = { "counters-rewound", NONE,
		"The TPM's counters began anew: it was cleared and must be activated again." },

	[TROTH_FINDING_LOG_MISSING] = { "log-missing", CONTRAINDICATED,
		"No event log explains the quoted PCRs." },
	[TROTH_FINDING_LOG_EMPTY] = { "log-empty", CONTRAINDICATED,
		"The event log holds no measurement although PCRs were extended." },
	[TROTH_FINDING_LOG_MALFORMED] = { "log-malformed", CONTRAINDICATED,
		"The event log breaks its format." },
	[TROTH_FINDING_LOG_BANK_MISSING] = { "log-bank-missing", CONTRAINDICATED,
		"The event log has no digests for a quoted bank." },
	[TROTH_FINDING_LOG_PCR_MISSING] = { "log-pcr-missing", CONTRAINDICATED,
		"A quoted PCR was extended but the event log does not mention it." },
	[TROTH_FINDING_REPLAY_MISMATCH] = { "replay-mismatch", CONTRAINDICATED,
		"Replaying the event log does not give the quoted PCR." },
	[TROTH_FINDING_LOG_WEAK_BANK] = { "log-weak-bank", CONTRAINDICATED,
		"Only a SHA-1 bank vouches for the measurements." },
	[TROTH_FINDING_LOG_QUIRK] = { "log-quirk", AFFIRMING,
		"A known peculiarity of firmware was seen and allowed for." },
	[TROTH_FINDING_EVENT_DATA] = { "event-data", WARNING,
		"An event's data is not what its digest was taken of." },
	[TROTH_FINDING_SEPARATOR] = { "separator", CONTRAINDICATED,
		"A separator is missing, repeated or reports a firmware error." },
	[TROTH_FINDING_UNEXPLAINED_RESET] = { "unexplained-reset", CONTRAINDICATED,
		"The TPM was reset or resumed without the boot that should go with it." },
	[TROTH_FINDING_SYSTEMD_LOG_MALFORMED] = { "systemd-log-malformed", CONTRAINDICATED,
		"systemd's log of its own measurements breaks its format." },

	[TROTH_FINDING_SECURE_BOOT_OFF] = { "secure-boot-off", CONTRAINDICATED,
		"Secure boot is required and is off." },
	[TROTH_FINDING_SECURE_BOOT_UNPROVEN] = { "secure-boot-unproven", CONTRAINDICATED,
		"Secure boot is required and the boot chain does not show that it was enforced." },
	[TROTH_FINDING_REFERENCE_MISSING] = { "reference-missing", NONE,
		"There are no reference values to compare with." },
	[TROTH_FINDING_UNEXPECTED_EVENT] = { "unexpected-event", CONTRAINDICATED,
		"Something was measured that no reference value and no ignore rule covers." },
	[TROTH_FINDING_MISSING_COMPONENT] = { "missing-component", CONTRAINDICATED,
		"A required component was not measured." },
	[TROTH_FINDING_PCR_MISMATCH] = { "pcr-mismatch", CONTRAINDICATED,
		"A PCR differs from its golden value." },
	[TROTH_FINDING_REFERENCE_AMBIGUOUS] = { "reference-ambiguous", NONE,
		"The reference values fit in too many ways to decide." },
	[TROTH_FINDING_NOTHING_CHECKED] = { "nothing-checked", NONE,
		"The policy checked nothing, so nothing can be affirmed." },

	[TROTH_FINDING_IMA_LOG_MISSING] = { "ima-log-missing", CONTRAINDICATED,
		"No IMA list explains the quoted PCR 10." },
	[TROTH_FINDING_IMA_EMPTY] = { "ima-empty", CONTRAINDICATED,
		"IMA is required and nothing was measured." },
	[TROTH_FINDING_IMA_MALFORMED] = { "ima-malformed", CONTRAINDICATED,
		"The IMA list breaks its format." },
	[TROTH_FINDING_IMA_REPLAY_MISMATCH] = { "ima-replay-mismatch", CONTRAINDICATED,
		"No part of the IMA list leads to the quoted PCR 10." },
	[TROTH_FINDING_IMA_TRIMMED] = { "ima-trimmed", CONTRAINDICATED,
		"The beginning of the IMA list is missing." },
	[TROTH_FINDING_IMA_REWOUND] = { "ima-rewound", CONTRAINDICATED,
		"The IMA list is shorter than what was proven of it in this boot." },
	[TROTH_FINDING_IMA_SKIPPED] = { "ima-skipped", CONTRAINDICATED,
		"Entries of the IMA list were left out." },
	[TROTH_FINDING_IMA_WEAK_BANK] = { "ima-weak-bank", CONTRAINDICATED,
		"Only SHA-1 vouches for the IMA list." },
	[TROTH_FINDING_IMA_BOOT_AGGREGATE] = { "ima-boot-aggregate", CONTRAINDICATED,
		"The IMA list's boot_aggregate is not of the quoted PCRs." },
	[TROTH_FINDING_IMA_VIOLATION] = { "ima-violation", CONTRAINDICATED,
		"A file was changed while it was measured, so IMA could not tell what was used." },
	[TROTH_FINDING_IMA_KEXEC] = { "ima-kexec", CONTRAINDICATED,
		"A kernel was started by another, past firmware and boot loader." },
	[TROTH_FINDING_IMA_UNKNOWN_FILE] = { "ima-unknown-file", CONTRAINDICATED,
		"A file was used that no allow-list, key or pattern covers." },
	[TROTH_FINDING_IMA_SIGNATURE] = { "ima-signature", CONTRAINDICATED,
		"The signature of a file does not make it acceptable." },
	[TROTH_FINDING_IMA_EVENT] = { "ima-event", CONTRAINDICATED,
		"The kernel measured data that the policy does not cover." },
	[TROTH_FINDING_IMA_UNMEASURED] = { "ima-unmeasured", NONE,
		"What should have been measured was not." },
	[TROTH_FINDING_IMA_LIST_MISSING] = { "ima-list-missing", NONE,
		"An allow-list that the policy names is not there." },

	[TROTH_FINDING_EK_CERT_MALFORMED] = { "ek-cert-malformed", CONTRAINDICATED,
		"The endorsement certificate cannot be read." },
	[TROTH_FINDING_EK_CERT_MISSING] = { "ek-cert-missing", NONE,
		"The device has no endorsement certificate." },
	[TROTH_FINDING_EK_CERT_CHAIN] = { "ek-cert-chain", CONTRAINDICATED,
		"The endorsement certificate does not chain to a configured root." },
	[TROTH_FINDING_EK_CERT_EXPIRED] = { "ek-cert-expired", WARNING,
		"A certificate of the endorsement chain is outside its validity." },
	[TROTH_FINDING_EK_CERT_PROFILE] = { "ek-cert-profile", CONTRAINDICATED,
		"The endorsement certificate is not one of an endorsement key." },
	[TROTH_FINDING_EK_KEY_MISMATCH] = { "ek-key-mismatch", CONTRAINDICATED,
		"The endorsement certificate is for another key." },
	[TROTH_FINDING_EK_KEY_SIZE] = { "ek-key-size", CONTRAINDICATED,
		"A key of the endorsement chain is too small, too large or of an unknown kind." },
	[TROTH_FINDING_EK_NOT_IN_INVENTORY] = { "ek-not-in-inventory", CONTRAINDICATED,
		"The endorsement key is not on the inventory." },
	[TROTH_FINDING_EK_TEMPLATE] = { "ek-template", CONTRAINDICATED,
		"The endorsement key is not of the template that its group enrols by." },
	[TROTH_FINDING_AK_TAKEN] = { "ak-taken", CONTRAINDICATED,
		"The attestation key is, or once was, another device's." },
	[TROTH_FINDING_TPM_FIRMWARE] = { "tpm-firmware", CONTRAINDICATED,
		"The TPM's maker or firmware version is one that the policy does not take." },
};
/* clang-format on */

static bool known(enum troth_finding_code code)
{
	return (unsigned int)code < TROTH_FINDING_N;
}

const char *troth_finding_name(enum troth_finding_code code)
{
	return known(code) ? FINDINGS[code].name : "unknown";
}

enum troth_finding_code troth_finding_from_name(struct troth_view name)
{
	for (enum troth_finding_code c = TROTH_FINDING_NONE + 1; c < TROTH_FINDING_N; c++)
		if (troth_view_equal(troth_view_str(FINDINGS[c].name), name))
			return c;
	return TROTH_FINDING_NONE;
}

const char *troth_finding_meaning(enum troth_finding_code code)
{
	return known(code) ? FINDINGS[code].meaning : "This finding is not known.";
}

/* A code we do not know is never harmless. */
enum troth_tier troth_finding_severity(enum troth_finding_code code)
{
	return known(code) ? FINDINGS[code].severity : CONTRAINDICATED;
}

const char *troth_tier_name(enum troth_tier tier)
{
	switch (tier) {
	case TROTH_TIER_NONE: return "none";
	case TROTH_TIER_AFFIRMING: return "affirming";
	case TROTH_TIER_WARNING: return "warning";
	case TROTH_TIER_CONTRAINDICATED: return "contraindicated";
	}
	return "unknown";
}

unsigned int troth_tier_rank(enum troth_tier tier)
{
	switch (tier) {
	case TROTH_TIER_AFFIRMING: return 0;
	case TROTH_TIER_WARNING: return 1;
	case TROTH_TIER_NONE: return 2;
	case TROTH_TIER_CONTRAINDICATED: break;
	}
	return 3;
}

struct troth_finding *troth_finding_add(struct troth_findings *f, enum troth_finding_code code)
{
	struct troth_finding *place = &f->scratch;
	if (f->n < TROTH_COUNT(f->list))
		place = &f->list[f->n++];
	else
		f->n_dropped++;
	*place = (struct troth_finding){
		.code = code,
		.severity = troth_finding_severity(code),
		.pcr = -1,
		.event = -1,
	};
	return place;
}

void troth_findings_join(struct troth_findings *f, const struct troth_findings *from)
{
	for (size_t i = 0; i < from->n; i++)
		*troth_finding_add(f, from->list[i].code) = from->list[i];
	f->n_dropped += from->n_dropped;
}

bool troth_findings_have(const struct troth_findings *f, enum troth_finding_code code)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].code == code)
			return true;
	return false;
}

void troth_finding_detail(struct troth_finding *f, const char *format, ...)
{
	char text[sizeof f->detail] = "";
	va_list args;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
	if (vsnprintf(text, sizeof text, format, args) < 0)
		text[0] = '\0';
	va_end(args);
	troth_escape(troth_view_str(text), 0, f->detail, sizeof f->detail);
}
