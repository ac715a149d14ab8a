/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation results whose signature was verified, so that the next proof under one costs one
 * verification and not two. A bounded, direct-mapped cache of one thread. Whether a result is
 * still good is asked each time anew. */
#ifndef TROTH_KNOWN_TOKENS_H
#define TROTH_KNOWN_TOKENS_H

#include <troth/decision.h>

#include "ear.h"

struct troth_known_tokens;

/* What counts of a result. */
struct troth_known_token {
	uint8_t sha256[32]; /* of its text */
	uint8_t thumbprint[32];
	uint8_t serial[16];
	uint8_t key_sha256[32]; /* of the SubjectPublicKeyInfo of the key in the TPM */
	uint64_t issued_s, expires_s;
	bool affirming;
	char name[TROTH_NAME_LEN_MAX + 1], segment[TROTH_NAME_LEN_MAX + 1];
};

TROTH_NODISCARD enum troth_status troth_known_tokens_new(struct troth_known_tokens **out);
void troth_known_tokens_free(struct troth_known_tokens *k);
/* Forgets all: the keys have changed. */
void troth_known_tokens_clear(struct troth_known_tokens *k);

/* Verified and read, or why not. *out is borrowed until the next call. */
struct troth_token_reading {
	struct troth_view text, trust_domain;
	const struct troth_ear_keys *keys;
};
TROTH_NODISCARD enum troth_status
troth_known_tokens_read(struct troth_known_tokens *k, struct troth_ctx *ctx,
			const struct troth_token_reading *reading,
			enum troth_decision *out_decision,
			const struct troth_known_token **out);

#endif
