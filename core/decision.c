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
	[TROTH_DENIED_UNKNOWN_DEVICE] = "unknown-device",
	[TROTH_DENIED_QUARANTINED] = "quarantined",
	[TROTH_DENIED_UNHEALTHY] = "unhealthy",
	[TROTH_DENIED_STATUS_EXPIRED] = "status-expired",
	[TROTH_DENIED_SEGMENT] = "segment",
	[TROTH_DENIED_AUDIENCE] = "audience",
	[TROTH_DENIED_METHOD] = "method",
};

const char *troth_decision_name(enum troth_decision decision)
{
	const char *name = (size_t)decision < TROTH_DECISION_N ? NAMES[decision] : NULL;
	return name != NULL ? name : "undecided";
}
