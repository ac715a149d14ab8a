/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <troth/decision.h>

static const char *const NAMES[TROTH_DECISION_N] = {
	[TROTH_UNDECIDED] = "undecided",
	[TROTH_ADMITTED] = "admitted",
	[TROTH_DENIED_NO_CREDENTIAL] = "no-credential",
	[TROTH_DENIED_TOKEN_MALFORMED] = "token-malformed",
	[TROTH_DENIED_TOKEN_KEY] = "token-key",
	[TROTH_DENIED_TOKEN_SIGNATURE] = "token-signature",
	[TROTH_DENIED_TOKEN_EXPIRED] = "token-expired",
	[TROTH_DENIED_TOKEN_EARLY] = "token-early",
	[TROTH_DENIED_TOKEN_UNBOUND] = "token-unbound",
	[TROTH_DENIED_NOT_AFFIRMING] = "not-affirming",
	[TROTH_DENIED_PROOF_MALFORMED] = "proof-malformed",
	[TROTH_DENIED_PROOF_KEY] = "proof-key",
	[TROTH_DENIED_PROOF_SIGNATURE] = "proof-signature",
	[TROTH_DENIED_PROOF_METHOD] = "proof-method",
	[TROTH_DENIED_PROOF_URL] = "proof-url",
	[TROTH_DENIED_PROOF_TOKEN] = "proof-token",
	[TROTH_DENIED_PROOF_TIME] = "proof-time",
	[TROTH_DENIED_PROOF_NONCE] = "proof-nonce",
	[TROTH_DENIED_PROOF_USED] = "proof-used",
	[TROTH_DENIED_BUSY] = "busy",
	[TROTH_DENIED_CERT_MALFORMED] = "certificate-malformed",
	[TROTH_DENIED_CERT_CHAIN] = "certificate-chain",
	[TROTH_DENIED_CERT_EXPIRED] = "certificate-expired",
	[TROTH_DENIED_CERT_REVOKED] = "certificate-revoked",
	[TROTH_DENIED_CERT_KEY] = "certificate-key",
	[TROTH_DENIED_UNKNOWN_DEVICE] = "unknown-device",
	[TROTH_DENIED_QUARANTINED] = "quarantined",
	[TROTH_DENIED_UNHEALTHY] = "unhealthy",
	[TROTH_DENIED_STATUS_EXPIRED] = "status-expired",
	[TROTH_DENIED_SEGMENT] = "segment",
	[TROTH_DENIED_AUDIENCE] = "audience",
	[TROTH_DENIED_METHOD] = "method",
	[TROTH_DENIED_CLOCK] = "clock",
};

static const char *const TEXTS[TROTH_DECISION_N] = {
	[TROTH_UNDECIDED] = "nothing was decided",
	[TROTH_ADMITTED] = "a healthy device of ours",
	[TROTH_DENIED_NO_CREDENTIAL] =
		"there is neither a certificate nor a result with its proof, or more than one",
	[TROTH_DENIED_TOKEN_MALFORMED] = "the attestation result cannot be read",
	[TROTH_DENIED_TOKEN_KEY] = "no key that is known has signed the attestation result",
	[TROTH_DENIED_TOKEN_SIGNATURE] =
		"the signature of the attestation result does not hold",
	[TROTH_DENIED_TOKEN_EXPIRED] = "the attestation result has expired",
	[TROTH_DENIED_TOKEN_EARLY] =
		"the attestation result is from the future: one of two clocks is wrong",
	[TROTH_DENIED_TOKEN_UNBOUND] =
		"the attestation result names no key that proofs could be signed with",
	[TROTH_DENIED_NOT_AFFIRMING] =
		"the attestation result does not call the device healthy",
	[TROTH_DENIED_PROOF_MALFORMED] = "the proof cannot be read",
	[TROTH_DENIED_PROOF_KEY] =
		"the proof is not of the key that the attestation result names",
	[TROTH_DENIED_PROOF_SIGNATURE] = "the signature of the proof does not hold",
	[TROTH_DENIED_PROOF_METHOD] = "the proof was made for another method",
	[TROTH_DENIED_PROOF_URL] = "the proof was made for another address",
	[TROTH_DENIED_PROOF_TOKEN] = "the proof was made for another attestation result",
	[TROTH_DENIED_PROOF_TIME] = "the proof is too old, or from the future",
	[TROTH_DENIED_PROOF_NONCE] = "the proof lacks the nonce that was asked for",
	[TROTH_DENIED_PROOF_USED] = "the proof was used before",
	[TROTH_DENIED_BUSY] = "there is no room to remember one more proof",
	[TROTH_DENIED_CERT_MALFORMED] =
		"the certificate is none of a device of this trust domain",
	[TROTH_DENIED_CERT_CHAIN] = "the certificate was not issued by a CA of the bundle",
	[TROTH_DENIED_CERT_EXPIRED] = "the certificate has expired, or is not valid yet",
	[TROTH_DENIED_CERT_REVOKED] = "the certificate is revoked",
	[TROTH_DENIED_CERT_KEY] =
		"the certificate is not of the TPM's key that the attestation result names",
	[TROTH_DENIED_UNKNOWN_DEVICE] = "the status feed does not know the device",
	[TROTH_DENIED_QUARANTINED] = "the device is quarantined, retired, or not approved yet",
	[TROTH_DENIED_UNHEALTHY] = "the device is not healthy now",
	[TROTH_DENIED_STATUS_EXPIRED] =
		"bundle, CRL or status feed are missing or too old to tell",
	[TROTH_DENIED_SEGMENT] = "the device is of a segment that is not let in",
	[TROTH_DENIED_AUDIENCE] = "the policy does not let the device call this audience",
	[TROTH_DENIED_METHOD] = "the policy does not let the device call with this method",
	[TROTH_DENIED_CLOCK] = "the clock here is behind what the verifier has signed",
};

/* Whatever is no decision is none. */
static size_t index_of(enum troth_decision decision)
{
	return (size_t)decision < TROTH_DECISION_N ? (size_t)decision : TROTH_UNDECIDED;
}

const char *troth_decision_name(enum troth_decision decision)
{
	return NAMES[index_of(decision)];
}

const char *troth_decision_text(enum troth_decision decision)
{
	return TEXTS[index_of(decision)];
}
