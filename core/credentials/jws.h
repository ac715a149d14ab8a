/* SPDX-License-Identifier: Apache-2.0 */
/* Signed JSON in compact form (RFC 7515, 7.1): header "." payload "." signature, each in
 * base64url. ES256 and nothing else; which key counts is the caller's choice, never the
 * message's. */
#ifndef TROTH_CORE_JWS_H
#define TROTH_CORE_JWS_H

#include "es256.h"
#include "jwk.h"

/* What the header says beside alg. */
struct troth_jws_header {
	const char *typ;
	struct troth_view kid;	     /* none: left out */
	const struct troth_jwk *jwk; /* NULL: left out */
};

/* Writes the whole of it. A payload is JSON, but any bytes are signed. TROTH_E_LIMIT when it
 * does not fit, and what the signer says. */
TROTH_NODISCARD enum troth_status troth_jws_build(const struct troth_jws_header *header,
						  struct troth_view payload,
						  const struct troth_es256_signer *signer,
						  struct troth_writer *out);

/* A JWS taken apart and not yet believed: views borrow from the text. There is no way to the
 * payload but through its signature. */
struct troth_jws {
	struct troth_view signed_part;
	struct troth_view payload_text;
	uint8_t signature[TROTH_ES256_LEN];
	uint8_t kid[TROTH_KEY_ID_MAX];
	size_t kid_len; /* 0: none */
	bool has_jwk;
	struct troth_jwk jwk;
};

/* Takes it apart. The header must say alg ES256 and exactly this typ, which keeps one kind of
 * token from standing in for another (RFC 8725, 3.11). TROTH_E_UNSUPPORTED for another alg
 * ("none" too), typ, curve, or anything critical; TROTH_E_MALFORMED, and TROTH_E_LIMIT for a
 * header past its size. The whole has no limit here: who reads a token from a stranger sets
 * one. */
TROTH_NODISCARD enum troth_status troth_jws_read(struct troth_view compact, const char *typ,
						 struct troth_jws *out);
/* Verifies the signature, then writes the payload to buf, TROTH_JWS_MAX bytes always suffice
 * for a token; *out borrows from it. TROTH_E_MISMATCH, TROTH_E_MALFORMED, TROTH_E_LIMIT. */
TROTH_NODISCARD enum troth_status
troth_jws_open(struct troth_ctx *ctx, const struct troth_jws *jws, struct troth_key *key,
	       struct troth_writer *buf, struct troth_view *out);

#endif
