/* SPDX-License-Identifier: Apache-2.0 */
/* A gate with all it looks at in good order - registry, policies, published keys and CRL as the
 * front has them - and the results, proofs and certificate of a sound caller. Include after
 * check.h. */
#ifndef TROTH_TESTS_GATE_WORLD_H
#define TROTH_TESTS_GATE_WORLD_H

#include <stdio.h>

#include "authority.h"
#include "ear.h"
#include "gate.h"
#include "jose.h"

#define DOMAIN "example.org"
#define ID "spiffe://example.org/line-a/press-4"
#define NOW_S UINT64_C(1764000000)
#define MONO_S UINT64_C(5000)
#define URL "https://historian.example.org/v1/points"
#define SERIAL 7

/* In *state of every test. */
struct world {
	struct troth_ctx *ctx;
	struct troth_gates shared;
	struct troth_proof_nonces nonces;
	struct troth_gate *gate;
	struct authority ca;
	struct jose_key verifier, session;
	struct troth_device_row row;
	struct authority_der certificate;
};

/* A text into an array of a struct. */
static inline void set_text(char *out, size_t max, const char *text)
{
	(void)snprintf(out, max, "%s", text);
}
#define SET(field, text) set_text(field, sizeof(field), text)

/* The device as w->row has it, in its next version. */
void put_row(struct world *w);
/* With one serial on it; 0: with none. */
void publish_crl(struct world *w, uint64_t number, uint8_t serial);

/* As the issuer sends them: CAs, anchors, no CA that is next or former, keys of results, with
 * an empty one between. */
void publish_bundle(struct world *w, const struct jose_key *k);
/* For cmocka. */
int gate_setup(void **state);
int gate_teardown(void **state);

/* What a caller shows. */
struct credentials {
	char token[TROTH_JWS_MAX], proof[TROTH_JWS_MAX], nonce[TROTH_PROOF_NONCE_LEN + 1];
	size_t token_len, proof_len;
};

/* A result that would do, to be bent; then a token of it by any key, a proof with any key, and
 * all three together as they should be. */
struct troth_ear sound_result(struct world *w);
void write_token(struct world *w, const struct troth_ear *ear, const struct jose_key *signer,
		 struct credentials *out);
struct troth_view token_of(const struct credentials *c);
void write_proof(struct world *w, const struct jose_key *key, const char *method,
		 const char *url, struct credentials *c);
void fresh_nonce(struct world *w, struct credentials *c);
void sound_credentials(struct world *w, struct credentials *c);
/* The call that these credentials are for, and what is decided. */
struct troth_gate_question question(const struct credentials *c);
enum troth_decision ask(struct world *w, const struct troth_gate_question *q);
enum troth_decision ask_with(struct world *w, const struct credentials *c);
/* The same call by certificate alone. */
struct troth_gate_question by_certificate(struct world *w);

#endif
