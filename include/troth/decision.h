/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a caller is let in, and the one reason why not.
 *
 * A refusal is an answer, never a status. Zero is no decision, and only TROTH_ADMITTED lets
 * anybody in. */
#ifndef TROTH_DECISION_H
#define TROTH_DECISION_H

#include <troth/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_decision {
	TROTH_UNDECIDED = 0,
	TROTH_ADMITTED,
	TROTH_DENIED_NO_CREDENTIAL, /* neither certificate nor token, or more than one */
	/* The attestation result. */
	TROTH_DENIED_TOKEN_MALFORMED,
	TROTH_DENIED_TOKEN_KEY, /* signed by no key that is known */
	TROTH_DENIED_TOKEN_SIGNATURE,
	TROTH_DENIED_TOKEN_EXPIRED,
	TROTH_DENIED_TOKEN_EARLY,   /* from the future */
	TROTH_DENIED_TOKEN_UNBOUND, /* names no session key */
	TROTH_DENIED_NOT_AFFIRMING,
	/* The proof of one call. */
	TROTH_DENIED_PROOF_MALFORMED,
	TROTH_DENIED_PROOF_KEY, /* not the key that the result names */
	TROTH_DENIED_PROOF_SIGNATURE,
	TROTH_DENIED_PROOF_METHOD,
	TROTH_DENIED_PROOF_URL,
	TROTH_DENIED_PROOF_TOKEN, /* made for another result */
	TROTH_DENIED_PROOF_TIME,
	TROTH_DENIED_PROOF_NONCE, /* none, or not one of the verifier's that asks */
	TROTH_DENIED_PROOF_USED,
	TROTH_DENIED_BUSY, /* no room to remember one more proof */
	/* The certificate. */
	TROTH_DENIED_CERT_MALFORMED, /* or no X.509-SVID of this trust domain */
	TROTH_DENIED_CERT_CHAIN,
	TROTH_DENIED_CERT_EXPIRED,
	TROTH_DENIED_CERT_REVOKED,
	TROTH_DENIED_CERT_KEY, /* not of the key in the TPM that the result names */
	/* The device. */
	TROTH_DENIED_UNKNOWN_DEVICE,
	TROTH_DENIED_QUARANTINED, /* or retired, or not approved yet */
	TROTH_DENIED_UNHEALTHY,
	TROTH_DENIED_STATUS_EXPIRED, /* bundle, CRL or status feed are too old to say */
	/* What it wants to do. */
	TROTH_DENIED_SEGMENT,
	TROTH_DENIED_AUDIENCE,
	TROTH_DENIED_METHOD,
	/* Who asks has no time to judge by: its clock is behind what the verifier has signed.
	 */
	TROTH_DENIED_CLOCK,
	TROTH_DECISION_N
};

/* A stable lower-case name ("proof-used"), for logs and audits. Never NULL. */
TROTH_API const char *troth_decision_name(enum troth_decision decision);

/* The same for a reader: what is wrong, in words that can end a sentence ("refused: ..."). For
 * your own log: a peer that is refused needs none of it. Never NULL. */
TROTH_API const char *troth_decision_text(enum troth_decision decision);

#ifdef __cplusplus
}
#endif

#endif
