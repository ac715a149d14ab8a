/* SPDX-License-Identifier: Apache-2.0 */
/* The status feed: which device is how, in a signed document that works offline.
 *
 * A document is one line of JWS (typ TROTH_STATUS_TYPE, signed by a key of results), and the
 * list that it holds the digest of: "<segment>/<name> <status>\n" for each device, in order of
 * bytes, none twice. It is full, or a delta: what is other than in the document of a sequence
 * number before. Statuses: the healths of health.h, else the state ("quarantined", "retired",
 * "pending"), and in deltas "gone" for a name that is no more. */
#ifndef TROTH_CORE_STATUS_FEED_H
#define TROTH_CORE_STATUS_FEED_H

#include "ear.h"

#define TROTH_STATUS_TYPE "troth-status+jwt"

struct troth_status_head {
	struct troth_view issuer; /* "spiffe://<trust domain>" */
	uint64_t sequence;
	uint64_t since; /* 0: full */
	uint64_t issued_s, expires_s;
	uint8_t list_sha256[32];
};

/* Writes and signs the line, without its end. */
TROTH_NODISCARD enum troth_status
troth_status_head_write(const struct troth_status_head *head, const uint8_t key_id[32],
			const struct troth_es256_signer *signer, struct troth_writer *out);

/* A document that has been verified; views borrow from its bytes. */
struct troth_status_document {
	struct troth_status_head head; /* issuer is empty: it was compared */
	struct troth_view list;
};

/* Verifies signature, issuer ("spiffe://" trust_domain), the list's digest and its order.
 * TROTH_E_NOT_FOUND for a key we do not know, TROTH_E_MISMATCH for a signature, issuer or
 * digest, TROTH_E_MALFORMED. Whether it is still good is the caller's to ask. */
TROTH_NODISCARD enum troth_status troth_status_open(struct troth_ctx *ctx,
						    struct troth_view document,
						    const struct troth_ear_keys *keys,
						    struct troth_view trust_domain,
						    struct troth_status_document *out);
/* The status of "<segment>/<name>"; false when it is not listed. */
TROTH_NODISCARD bool troth_status_find(const struct troth_status_document *document,
				       struct troth_view device, struct troth_view *out);

#endif
