/* SPDX-License-Identifier: Apache-2.0 */
/* Is the other side a healthy device of ours? For programs that have no gateway in front of
 * them, and for devices that talk to each other: offline, from four documents that the verifier
 * publishes and that may be fetched and kept by any means.
 *
 *   GET /v1/bundle       troth_peers_set_bundle   PEM: who signs certificates
 *   GET /v1/keys.json    troth_peers_set_keys     JWK Set: who signs results and status
 *   GET /v1/crl          troth_peers_set_crl      DER
 *   GET /v1/status       troth_peers_set_status   which device is how; and its deltas
 *
 * Take the bundle over a channel you trust: it is what everything else hangs on. CRL and status
 * have a next update; once it has passed, nobody is let in. A document older than the one held
 * is refused. An object serves one thread at a time, keeps copies of what it is given, and asks
 * nobody for anything, not even for the time. docs/relying-parties.md has an example. */
#ifndef TROTH_PEER_H
#define TROTH_PEER_H

#include <troth/context.h>
#include <troth/decision.h>
#include <troth/view.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_peers;

TROTH_API TROTH_NODISCARD enum troth_status troth_peers_new(const char *trust_domain,
							    struct troth_peers **out);
/* Accepts NULL. */
TROTH_API void troth_peers_free(struct troth_peers *peers);

/* Each TROTH_E_MALFORMED when it cannot be read; the one before stays in force then, as it does
 * with any status but TROTH_OK. A bundle without the CA that signed the CRL takes the CRL with
 * it: give another. */
TROTH_API TROTH_NODISCARD enum troth_status troth_peers_set_bundle(struct troth_peers *peers,
								   struct troth_view pem);
TROTH_API TROTH_NODISCARD enum troth_status troth_peers_set_keys(struct troth_peers *peers,
								 struct troth_view jwks);
/* One for each CA of the bundle; while the verifier's CA is rotated there is a second one, GET
 * /v1/crl/former. What is on either is revoked. TROTH_E_MISMATCH: not signed by a CA of the
 * bundle. TROTH_E_CONFLICT: older than the one of the same CA. */
TROTH_API TROTH_NODISCARD enum troth_status troth_peers_set_crl(struct troth_peers *peers,
								struct troth_view der);
/* A full document, or the delta that begins where the one in force ends (TROTH_E_CONFLICT for
 * another, and for an older one). TROTH_E_NOT_FOUND, TROTH_E_MISMATCH: not signed by a key that
 * was set. TROTH_E_LIMIT after 64 deltas: take a full one. */
TROTH_API TROTH_NODISCARD enum troth_status troth_peers_set_status(struct troth_peers *peers,
								   struct troth_view document);
/* Sequence number of the status in force, for /v1/status/delta/<sequence>; 0: none. */
TROTH_API uint64_t troth_peers_status_sequence(const struct troth_peers *peers);

/* Until when the documents in force count, Unix seconds: the next update of CRL or status,
 * whichever is first. 0: something is missing. From then on every answer is
 * TROTH_DENIED_STATUS_EXPIRED, so fetch well before. */
TROTH_API uint64_t troth_peers_good_until(const struct troth_peers *peers);

/* Whom a signature of the verifier's has named. */
struct troth_peer {
	char id[513]; /* SPIFFE ID */
	char segment[64], name[64];
	uint64_t expires_s; /* of certificate or result, Unix time */
};

/* Segments that are let in; none: any. */
struct troth_peer_rule {
	const char *const *segments;
	size_t n_segments;
};

struct troth_peer_certificate {
	struct troth_view leaf;		/* DER; that its key was proven is TLS's affair */
	const struct troth_view *chain; /* what came with it, DER; may be none */
	size_t n_chain;
	uint64_t now_s; /* Unix time */
};

/* TROTH_ADMITTED, or the one reason why not, in *out_decision; *out is written for
 * TROTH_ADMITTED only. A status other than TROTH_OK: the question could not be answered, which
 * lets nobody in either. */
TROTH_API TROTH_NODISCARD enum troth_status
troth_peer_verify(struct troth_peers *peers, const struct troth_peer_certificate *certificate,
		  const struct troth_peer_rule *rule, enum troth_decision *out_decision,
		  struct troth_peer *out);

/* An attestation result and the proof of one call (docs/proofs.md). */
struct troth_peer_call {
	struct troth_view token, proof; /* of the headers Authorization: DPoP and DPoP */
	struct troth_view method, url;	/* as they were really called */
	struct troth_view nonce;	/* that was asked for; empty: none was */
	uint64_t now_s;
};

/* Likewise. *out_proof_id names the proof: who has seen it in the last 65 seconds must not take
 * it again. */
TROTH_API TROTH_NODISCARD enum troth_status
troth_peer_verify_call(struct troth_peers *peers, const struct troth_peer_call *call,
		       const struct troth_peer_rule *rule, enum troth_decision *out_decision,
		       struct troth_peer *out, uint8_t out_proof_id[32]);

#ifdef __cplusplus
}
#endif

#endif
