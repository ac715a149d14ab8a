/* SPDX-License-Identifier: Apache-2.0 */
/* New anchors for devices, signed by the offline update key.
 *
 * A JWS (ES256) over {"trust_domain": "...", "sequence": n, "anchors": [DER as base64url,
 * ...]}. It authenticates itself: devices hold the update key's public half, take an update
 * from anywhere, and only one that is for their trust domain and whose sequence is higher than
 * what they have. The anchors replace those before them. */
#ifndef TROTH_CORE_BUNDLE_UPDATE_H
#define TROTH_CORE_BUNDLE_UPDATE_H

#include "jws.h"

#define TROTH_BUNDLE_UPDATE_TYPE "troth-bundle+jwt"
/* Beside an old anchor stands a new one; more are for mergers. */
#define TROTH_BUNDLE_UPDATE_ANCHORS_MAX 8

struct troth_bundle_update {
	struct troth_view trust_domain;
	uint64_t sequence; /* from 1 */
	size_t n_anchors;
	struct troth_view anchors[TROTH_BUNDLE_UPDATE_ANCHORS_MAX]; /* DER */
};

/* TROTH_E_MALFORMED for no trust domain and a sequence of 0, TROTH_E_LIMIT for no anchors, too
 * many or too long. */
TROTH_NODISCARD enum troth_status
troth_bundle_update_write(const struct troth_bundle_update *update,
			  const struct troth_es256_signer *signer, struct troth_writer *out);
/* Verifies, then reads. buf has room for TROTH_BUNDLE_UPDATE_MAX bytes; views borrow from it.
 * TROTH_E_MISMATCH when the key did not sign it; statuses of jws.h; each anchor is one DER
 * SEQUENCE. Whether that is a certificate, and the trust domain the right one, is for its user
 * to find out. */
TROTH_NODISCARD enum troth_status troth_bundle_update_open(struct troth_ctx *ctx,
							   struct troth_view compact,
							   struct troth_key *update_key,
							   struct troth_writer *buf,
							   struct troth_bundle_update *out);
/* The sequence it claims, without a look at the signature: for who passes it on.
 * TROTH_E_MISMATCH when it claims to be for another trust domain. */
TROTH_NODISCARD enum troth_status troth_bundle_update_peek(struct troth_view compact,
							   struct troth_view trust_domain,
							   uint64_t *out_sequence);

#endif
