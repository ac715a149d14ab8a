/* SPDX-License-Identifier: Apache-2.0 */
/* The trust bundle as SPIFFE has it: a JWK Set of the X.509 authorities (SPIFFE Trust Domain
 * and Bundle, 4). There are no keys of JWT-SVIDs in it: results are none, and their keys are
 * published by themselves, so that nobody takes one for the other. */
#ifndef TROTH_SPIFFE_BUNDLE_H
#define TROTH_SPIFFE_BUNDLE_H

#include "writer.h"

/* How long a copy may be used, seconds. */
#define TROTH_SPIFFE_REFRESH_HINT_S 300
/* Room for one authority besides its certificate in base64, bytes. */
#define TROTH_SPIFFE_AUTHORITY_MAX 256

/* The writer holds nothing yet. TROTH_E_MALFORMED for an anchor that is no certificate,
 * TROTH_E_UNSUPPORTED for one whose key is not of P-256. */
TROTH_NODISCARD enum troth_status troth_spiffe_bundle_put(struct troth_writer *w,
							  uint64_t sequence,
							  const struct troth_view *anchors,
							  size_t n_anchors);

#endif
