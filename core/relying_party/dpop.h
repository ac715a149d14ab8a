/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of one call (RFC 9449, DPoP): method, address, time and the attestation result it
 * goes with, signed by the session key which that result names.
 *
 * It covers method and address, not query or body. Pure: time and randomness come in. Whether a
 * proof was used before is the caller's to remember; id is what to remember it by. */
#ifndef TROTH_CORE_DPOP_H
#define TROTH_CORE_DPOP_H

#include <troth/decision.h>

#include "jws.h"

/* Random bytes of a proof's id: RFC 9449, 4.2 wants 96 bits. */
#define TROTH_DPOP_JTI_BYTES 16

struct troth_dpop_call {
	struct troth_view method; /* "GET" */
	struct troth_view url;	  /* any spelling; query and fragment do not count */
	struct troth_view token;  /* the result that travels with it */
	struct troth_view nonce;  /* what the server asked for; empty: none */
};

/* The one who makes proofs: the session key's public part, and whoever can sign with it. */
struct troth_dpop_maker {
	struct troth_jwk jwk;
	struct troth_es256_signer signer;
};

/* Writes the proof. TROTH_E_MALFORMED for a URL troth_uri_normal refuses or a method that is no
 * token of RFC 9110, TROTH_E_LIMIT when something is too long. */
TROTH_NODISCARD enum troth_status
troth_dpop_make(struct troth_ctx *ctx, const struct troth_dpop_maker *maker,
		const struct troth_dpop_call *call, uint64_t now_s,
		const uint8_t jti[TROTH_DPOP_JTI_BYTES], struct troth_writer *out);

/* What the call really is, and which key may prove it. The nonce of call is not looked at. */
struct troth_dpop_check {
	const struct troth_dpop_call *call;
	uint64_t now_s;
	const uint8_t *thumbprint; /* of the session key that the result names, 32 bytes */
	const uint8_t *token_hash; /* SHA-256 of the result, 32 bytes */
};

struct troth_dpop_proof {
	uint8_t id[32]; /* SHA-256 over key and jti */
	uint64_t issued_s;
	size_t nonce_len; /* 0: none */
	uint8_t nonce[TROTH_DPOP_NONCE_MAX];
};

/* TROTH_ADMITTED: the proof is of this call, this result, this key, and between
 * TROTH_DPOP_AGE_MAX_S old and TROTH_DPOP_SKEW_S young. Otherwise why not. *out is written for
 * TROTH_ADMITTED only. A status other than TROTH_OK: the question could not be answered. */
TROTH_NODISCARD enum troth_status troth_dpop_verify(struct troth_ctx *ctx,
						    struct troth_view proof,
						    const struct troth_dpop_check *check,
						    enum troth_decision *out_decision,
						    struct troth_dpop_proof *out);

/* A method: 1 to TROTH_HTTP_METHOD_MAX letters and '-' '_', as RFC 9110's registry has them.
 * Case counts. */
TROTH_NODISCARD bool troth_http_method_sound(struct troth_view method);

#endif
