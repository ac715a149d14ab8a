/* SPDX-License-Identifier: Apache-2.0 */
/* Stateless challenge and enrolment tokens.
 *
 * A token is MACed, not secret. Any verifier with the key can check it; nobody else can
 * make one. Its 16 random bytes and the MAC make it the nonce of the exchange: extraData
 * covers the whole token. Reading a token without opening it (troth_token_read) gives
 * fields nobody has vouched for; only troth_token_open authenticates. Time and randomness
 * come in as arguments. */
#ifndef TROTH_CORE_TOKEN_H
#define TROTH_CORE_TOKEN_H

#include "pcr.h"

enum troth_token_purpose { TROTH_TOKEN_QUOTE = 1, TROTH_TOKEN_ENROLL = 2 };

/* What the verifier asks the device to send; bits of wants. */
enum {
	TROTH_WANT_LOG = 1 << 0,     /* the whole event log: the verifier does not hold it */
	TROTH_WANT_CERTIFY = 1 << 1, /* a fresh TPM2_Certify of the credential key */
	TROTH_WANT_IMA = 1 << 2,     /* the IMA list */
	TROTH_WANT_SYSTEMD = 1 << 3  /* systemd's log, or the digest of one that is held */
};

struct troth_token {
	enum troth_token_purpose purpose;
	uint8_t key_id;
	uint64_t issued_ms; /* Unix time; also the evidence time */
	uint8_t random[16];
	uint8_t subject[32];  /* QUOTE: device id. ENROLL: digest of the request */
	uint64_t row_version; /* of the device row when the token was made; 0: there was none */
	uint32_t wants;
	struct troth_pcr_selection selection;
};

struct troth_token_key {
	uint8_t id;
	bool present;
	uint8_t key[32];
};

/* What stays the same over many tokens. The current key first, then the one before it: two are
 * accepted. */
struct troth_token_keys {
	struct troth_view trust_domain; /* under every MAC; borrowed */
	struct troth_token_key current, previous;
};

/* What a token is opened for, and when. */
struct troth_token_use {
	enum troth_token_purpose purpose;
	uint64_t now_ms;
};

/* Writes the token (at most TROTH_TOKEN_MAX bytes) with the current key. */
TROTH_NODISCARD enum troth_status troth_token_make(struct troth_ctx *ctx,
						   const struct troth_token_keys *keys,
						   const struct troth_token *token,
						   uint8_t *out, size_t *out_len);
/* Parses without authenticating. */
TROTH_NODISCARD enum troth_status troth_token_read(struct troth_view bytes,
						   struct troth_token *out);
/* Parses, then checks MAC (constant-time), purpose, trust domain and age:
 * TROTH_E_MISMATCH for a MAC, TROTH_E_EXPIRED for age above TROTH_TOKEN_LIFE_MS or a time
 * in the future beyond 1 s. */
TROTH_NODISCARD enum troth_status troth_token_open(struct troth_ctx *ctx,
						   const struct troth_token_keys *keys,
						   const struct troth_token_use *use,
						   struct troth_view bytes,
						   struct troth_token *out);
/* The secret that credential activation must bring back: HMAC(key,
 * "troth/v1/activation" || token). */
TROTH_NODISCARD enum troth_status troth_token_secret(struct troth_ctx *ctx,
						     const struct troth_token_keys *keys,
						     struct troth_view bytes, uint8_t out[32]);

#endif
