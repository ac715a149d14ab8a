/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_carry.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "base.h"
#include "random.h"
#include "reader.h"

#define MAC_LEN 32

enum troth_status troth_ima_carry_key_make(struct troth_ima_carry_key *out)
{
	return troth_random(out->bytes, sizeof out->bytes);
}

static enum troth_status mac(struct troth_ctx *ctx, const struct troth_ima_carry_key *key,
			     const uint8_t device_id[32], struct troth_view body,
			     uint8_t out[MAC_LEN])
{
	const struct troth_view parts[] = { { device_id, 32 }, body };
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(key->bytes), parts, TROTH_COUNT(parts),
				 out);
}

enum troth_status troth_ima_carry_seal(struct troth_ctx *ctx,
				       const struct troth_ima_carry_key *key,
				       const uint8_t device_id[32],
				       const struct troth_ima_carry *carry,
				       struct troth_view *out)
{
	uint8_t made[MAC_LEN];
	uint8_t *p = malloc(TROTH_IMA_CARRY_MAX);
	if (p == NULL)
		return TROTH_E_MEMORY;
	struct troth_writer w = troth_writer_make(p, TROTH_IMA_CARRY_MAX);
	troth_put_u64be(&w, carry->begun_ms);
	troth_put_u32be(&w, carry->n_parts);
	troth_put_view16be(&w, carry->state);
	troth_put_view32be(&w, carry->learned);
	enum troth_status status = mac(ctx, key, device_id, troth_written(&w), made);
	troth_put_view(&w, TROTH_VIEW_OF(made));
	if (status == TROTH_OK && !troth_writer_ok(&w))
		status = TROTH_E_LIMIT;
	if (status != TROTH_OK) {
		free(p);
		return status;
	}
	*out = troth_written(&w);
	return TROTH_OK;
}

bool troth_ima_carry_open(struct troth_ctx *ctx, const struct troth_ima_carry_key *key,
			  const uint8_t device_id[32], struct troth_view sealed,
			  struct troth_ima_carry *out)
{
	struct troth_reader r = { sealed };
	struct troth_ima_carry c;
	struct troth_view body, claimed;
	uint8_t made[MAC_LEN];
	if (sealed.n < MAC_LEN || sealed.n > TROTH_IMA_CARRY_MAX ||
	    !troth_get_view(&r, sealed.n - MAC_LEN, &body) ||
	    !troth_get_view(&r, MAC_LEN, &claimed) ||
	    mac(ctx, key, device_id, body, made) != TROTH_OK ||
	    CRYPTO_memcmp(made, claimed.p, MAC_LEN) != 0)
		return false;
	r.left = body;
	if (!troth_get_u64be(&r, &c.begun_ms) || !troth_get_u32be(&r, &c.n_parts) ||
	    !troth_get_view16be(&r, &c.state) || !troth_get_view32be(&r, &c.learned) ||
	    !troth_at_end(&r))
		return false;
	*out = c;
	return true;
}

bool troth_ima_carry_is_late(const struct troth_ima_carry *carry, uint64_t now_ms)
{
	return now_ms > carry->begun_ms + TROTH_IMA_CARRY_LIFE_MS;
}
