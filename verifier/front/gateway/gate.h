/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in at a relying party: the judgement behind /v1/authorize.
 *
 * Everything it looks at is in memory: registry, policies, published CA certificates, CRL and
 * keys, used proofs. It signs nothing and asks nobody. One gate a worker; what workers share
 * (struct troth_gates) is made for it. */
#ifndef TROTH_GATE_H
#define TROTH_GATE_H

#include <troth/decision.h>

#include "caller.h"
#include "device_row.h"
#include "proof_memory.h"
#include "proof_nonce.h"
#include "published.h"
#include "registry.h"
#include "snapshot.h"

struct troth_gate;

/* Borrowed; outlives every gate. */
struct troth_gates {
	const char *trust_domain;
	struct troth_registry *registry;
	struct troth_snapshots *snapshots;
	struct troth_published *published;
	struct troth_proof_memory *proofs;
	const struct troth_proof_nonces *nonces;
};

TROTH_NODISCARD enum troth_status troth_gate_new(const struct troth_gates *shared,
						 struct troth_ctx *ctx,
						 struct troth_gate **out);
void troth_gate_free(struct troth_gate *g);

/* One call at a relying party, as its gateway describes it. */
struct troth_gate_question {
	const char *audience;
	struct troth_view method, url;
	/* Token and proof, or a certificate (DER) whose key the gateway has seen proven; or
	 * both, which must be of one key then. */
	struct troth_view token, proof, certificate;
	uint64_t now_ms, mono_s;
};

struct troth_gate_answer {
	enum troth_decision decision;
	char device[TROTH_NAME_LEN_MAX + 1]; /* empty until it is known by signature */
	char segment[TROTH_NAME_LEN_MAX + 1];
};

/* Any failure denies: the answer is always written. */
void troth_gate_ask(struct troth_gate *g, const struct troth_gate_question *q,
		    struct troth_gate_answer *out);

#endif
