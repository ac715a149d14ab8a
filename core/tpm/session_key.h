/* SPDX-License-Identifier: Apache-2.0 */
/* The session key of a device: a software P-256 key, made anew by each run of its attester and
 * never stored, that signs for single calls what the TPM would be too slow for. The quote binds
 * its thumbprint (binding.h); its own signature over the quote's extraData shows that whoever
 * quotes holds it, so that nobody can have another's key written into his result.
 *
 * On the wire it is x || y, and its signatures are ES256's r || s. */
#ifndef TROTH_CORE_SESSION_KEY_H
#define TROTH_CORE_SESSION_KEY_H

#include "es256.h"
#include "jwk.h"

#define TROTH_SESSION_KEY_LEN 64
_Static_assert(sizeof(struct troth_jwk) == TROTH_SESSION_KEY_LEN, "x || y and nothing else");

/* TROTH_E_MALFORMED for another length. Whether the point is on the curve shows when it
 * verifies. */
TROTH_NODISCARD enum troth_status troth_session_key_read(struct troth_view bytes,
							 struct troth_jwk *out);
/* RFC 7638 thumbprint of such bytes. */
TROTH_NODISCARD enum troth_status
troth_session_key_thumbprint(struct troth_ctx *ctx, struct troth_view bytes, uint8_t out[32]);
/* Is signature one of this key over extraData (ES256)? TROTH_E_MISMATCH when not;
 * TROTH_E_MALFORMED for bytes that are no key or no signature. */
TROTH_NODISCARD enum troth_status troth_session_key_prove(struct troth_ctx *ctx,
							  struct troth_view key,
							  struct troth_view signature,
							  struct troth_view extra_data);

#endif
