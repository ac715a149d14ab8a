/* SPDX-License-Identifier: Apache-2.0 */
/* The anchors of the verifier's TLS certificate: those of the `ca` file, until an update signed
 * by the pinned update key replaced them (core/credentials/bundle_update.h).
 *
 * An update is kept as it was signed, in state_dir/anchors.jws, by one rename, and verified
 * again each time it is read: without the right update key it counts for nothing. */
#ifndef TROTH_ATTESTER_ANCHORS_H
#define TROTH_ATTESTER_ANCHORS_H

#include "file.h"
#include "hash.h"
#include "settings.h"

struct troth_anchors {
	uint64_t sequence;	 /* 0: no update, the ca file counts */
	struct troth_buffer pem; /* of the update */
};
void troth_anchors_clear(struct troth_anchors *a);

/* Reads what is kept. Nothing kept, and no key pinned, are no fault; a file that cannot be read
 * or is no longer good is, with a line on the log: to go on without it would be to go back to
 * anchors that were replaced, perhaps because their keys were stolen. */
TROTH_NODISCARD enum troth_status troth_anchors_load(const struct troth_settings *settings,
						     struct troth_ctx *ctx,
						     struct troth_anchors *out);
/* Takes an update, if it is signed by the pinned key, for the device's trust domain and newer
 * than what is there: keeps it and puts it in force. TROTH_E_NOT_FOUND where no key is pinned,
 * TROTH_E_CONFLICT for one that is not newer, else why it is not taken. */
TROTH_NODISCARD enum troth_status troth_anchors_take(const struct troth_settings *settings,
						     struct troth_ctx *ctx,
						     struct troth_view update,
						     struct troth_anchors *anchors);

#endif
