/* SPDX-License-Identifier: Apache-2.0 */
#include "session_key.h"

#include <string.h>

#include "base.h"

TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

enum troth_status troth_session_key_read(struct troth_view bytes, struct troth_jwk *out)
{
	if (bytes.n != TROTH_SESSION_KEY_LEN)
		return TROTH_E_MALFORMED;
	memcpy(out, bytes.p, sizeof *out);
	return TROTH_OK;
}

enum troth_status troth_session_key_thumbprint(struct troth_ctx *ctx, struct troth_view bytes,
					       uint8_t out[32])
{
	struct troth_jwk jwk;
	TROTH_TRY(troth_session_key_read(bytes, &jwk));
	return troth_jwk_thumbprint(ctx, &jwk, out);
}

enum troth_status troth_session_key_prove(struct troth_ctx *ctx, struct troth_view key,
					  struct troth_view signature,
					  struct troth_view extra_data)
{
	TROTH_AUTO(troth_key_free_p) struct troth_key *parsed = NULL;
	struct troth_jwk jwk;
	TROTH_TRY(troth_session_key_read(key, &jwk));
	if (signature.n != TROTH_ES256_LEN)
		return TROTH_E_MALFORMED;
	TROTH_TRY(troth_jwk_key(&jwk, &parsed));
	return troth_es256_verify(ctx, parsed, extra_data, signature.p);
}
