/* SPDX-License-Identifier: Apache-2.0 */
/* The session key (core/tpm/session_key.h) as the attester holds it: in this process's memory
 * and nowhere else. It ends with the process; the next one's first attestation binds its own.
 */
#ifndef TROTH_ATTESTER_SESSION_H
#define TROTH_ATTESTER_SESSION_H

#include "session_key.h"

struct troth_session;

TROTH_NODISCARD enum troth_status troth_session_new(struct troth_session **out);
/* Cleanses. Accepts NULL. */
void troth_session_free(struct troth_session *s);

/* Borrowed. As bytes it is what goes on the wire. */
const struct troth_jwk *troth_session_public(const struct troth_session *s);
struct troth_view troth_session_bytes(const struct troth_session *s);
/* ES256 over message. From any thread, with its own ctx. */
TROTH_NODISCARD enum troth_status troth_session_sign(struct troth_ctx *ctx,
						     struct troth_session *s,
						     struct troth_view message,
						     uint8_t out[TROTH_ES256_LEN]);

#endif
