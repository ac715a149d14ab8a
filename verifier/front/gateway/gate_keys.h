/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate verifies with: the published set, made ready. Made anew when it changes. One
 * thread at a time. */
#ifndef TROTH_GATE_KEYS_H
#define TROTH_GATE_KEYS_H

#include "ear.h"
#include "gate.h"
#include "svid_trust.h"

struct troth_gate_keys {
	struct troth_published_set *made_of; /* held; NULL: of nothing yet */
	struct troth_svid_trust *trust;
	struct troth_ear_keys results;
	struct troth_ear_key list[TROTH_EAR_KEYS_MAX];
};

TROTH_NODISCARD enum troth_status troth_gate_keys_new(struct troth_gate_keys **out);
void troth_gate_keys_free(struct troth_gate_keys *k);
/* Of what is published now. *out_changed: keys that verified before may verify no more. */
TROTH_NODISCARD enum troth_status troth_gate_keys_refresh(struct troth_gate_keys *k,
							  struct troth_ctx *ctx,
							  const struct troth_gates *shared,
							  bool *out_changed);

#endif
