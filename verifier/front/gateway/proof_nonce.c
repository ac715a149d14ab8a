/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_nonce.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "base64.h"
#include "random.h"
#include "reader.h"

enum { SIGNED_LEN = 16, MAC_LEN = 16, BYTES = SIGNED_LEN + MAC_LEN };

enum troth_status troth_proof_nonces_init(struct troth_proof_nonces *out)
{
	TROTH_TRY(troth_random(out->start_id, sizeof out->start_id));
	return troth_random(out->key, sizeof out->key);
}

static enum troth_status seal(struct troth_ctx *ctx, const struct troth_proof_nonces *n,
			      uint64_t time_s, uint8_t out[BYTES])
{
	uint8_t mac[32];
	struct troth_writer w = troth_writer_make(out, SIGNED_LEN);
	troth_put_view(&w, TROTH_VIEW_OF(n->start_id));
	troth_put_u64be(&w, time_s);
	const struct troth_view part = troth_written(&w);
	TROTH_TRY(troth_hmac_sha256(ctx, TROTH_VIEW_OF(n->key), &part, 1, mac));
	memcpy(out + SIGNED_LEN, mac, MAC_LEN);
	return TROTH_OK;
}

enum troth_status troth_proof_nonce_make(struct troth_ctx *ctx,
					 const struct troth_proof_nonces *n, uint64_t mono_s,
					 char out[TROTH_PROOF_NONCE_LEN])
{
	uint8_t bytes[BYTES];
	struct troth_writer w = troth_writer_make((uint8_t *)out, TROTH_PROOF_NONCE_LEN);
	TROTH_TRY(seal(ctx, n, mono_s, bytes));
	troth_put_base64url(&w, TROTH_VIEW_OF(bytes));
	return troth_writer_ok(&w) ? TROTH_OK : TROTH_E_LIMIT;
}

bool troth_proof_nonce_good(struct troth_ctx *ctx, const struct troth_proof_nonces *n,
			    struct troth_view nonce, uint64_t mono_s)
{
	uint8_t got[BYTES], want[BYTES];
	uint64_t time_s = 0;
	if (troth_base64url_exact(nonce, got, sizeof got) != TROTH_OK)
		return false;
	struct troth_reader r = { TROTH_VIEW_OF(got) };
	struct troth_view start;
	if (!troth_get_view(&r, sizeof n->start_id, &start) || !troth_get_u64be(&r, &time_s) ||
	    seal(ctx, n, time_s, want) != TROTH_OK || CRYPTO_memcmp(got, want, sizeof got) != 0)
		return false;
	return time_s <= mono_s && mono_s <= time_s + TROTH_PROOF_NONCE_LIFE_S;
}
