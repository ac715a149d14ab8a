/* SPDX-License-Identifier: Apache-2.0 */
/* What an affirming verdict brings: checked, written, and announced to who uses it. */
#ifndef TROTH_ATTESTER_CREDENTIALS_H
#define TROTH_ATTESTER_CREDENTIALS_H

#include "agent.h"
#include "device.pb-c.h"

/* Certificates, DER; borrowed. */
#define TROTH_RESULT_CHAIN_MAX 4
#define TROTH_RESULT_BUNDLE_MAX 8
struct troth_issued {
	struct troth_view leaf;
	size_t n_chain, n_bundle;
	struct troth_view chain[TROTH_RESULT_CHAIN_MAX], bundle[TROTH_RESULT_BUNDLE_MAX];
};
/* The leaf is a certificate of this key (TPMT_PUBLIC) and nothing else, and leads to an anchor
 * of the bundle. Its time is not judged: the clock may be worse than the verifier's.
 * TROTH_E_MALFORMED, TROTH_E_MISMATCH for another key, TROTH_E_DENIED for no path. */
TROTH_NODISCARD enum troth_status troth_issued_check(struct troth_ctx *ctx,
						     const struct troth_issued *issued,
						     struct troth_view public_area,
						     uint64_t *out_not_before_s);

/* When the last of the certificates in a PEM text ends, Unix seconds. TROTH_E_MALFORMED when
 * there is none. */
TROTH_NODISCARD enum troth_status troth_anchors_end(struct troth_view pem, uint64_t *out_s);

/* Checks, writes the set, runs the hooks. */
void troth_credentials_take(struct troth_agent *a, const Troth__V1__AttestationResult *r,
			    struct troth_outcome *outcome);

#endif
