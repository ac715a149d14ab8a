/* SPDX-License-Identifier: Apache-2.0 */
#include "mac.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

#define DAY_MS (24 * 3600 * UINT64_C(1000))
/* The numbers and length prefixes beside the label and the parts, bytes. */
#define FIXED_MAX 96

static enum troth_status derive(struct troth_ctx *ctx, const uint8_t *master, const char *label,
				uint8_t out[TROTH_MAC_KEY_LEN])
{
	const struct troth_view part = troth_view_str(label);
	return troth_hmac_sha256(ctx, (struct troth_view){ master, TROTH_MAC_KEY_LEN }, &part,
				 1, out);
}

enum troth_status troth_mac_keys_derive(struct troth_ctx *ctx,
					const uint8_t master[TROTH_MAC_KEY_LEN],
					struct troth_mac_keys *out)
{
	struct troth_mac_keys keys;
	TROTH_TRY(derive(ctx, master, "troth/v1/row-key", keys.row));
	TROTH_TRY(derive(ctx, master, "troth/v1/certification-key", keys.certification));
	TROTH_TRY(derive(ctx, master, "troth/v1/release-key", keys.release));
	memcpy(keys.master, master, sizeof keys.master);
	*out = keys;
	OPENSSL_cleanse(&keys, sizeof keys);
	return TROTH_OK;
}

static enum troth_status token_key(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				   uint64_t day, struct troth_token_key *out)
{
	uint8_t number[8];
	struct troth_writer w = troth_writer_make(number, sizeof number);
	troth_put_u64be(&w, day);
	const struct troth_view parts[] = { troth_view_str("troth/v1/token-key"),
					    troth_written(&w) };
	TROTH_TRY(troth_hmac_sha256(ctx, TROTH_VIEW_OF(keys->master), parts, TROTH_COUNT(parts),
				    out->key));
	out->id = (uint8_t)day;
	out->present = true;
	return TROTH_OK;
}

enum troth_status troth_token_keys_at(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				      uint64_t now_ms, struct troth_token_keys *out)
{
	struct troth_token_keys made = { 0 };
	uint64_t day = now_ms / DAY_MS;
	if (day == 0)
		return TROTH_E_IO; /* no clock */
	TROTH_TRY(token_key(ctx, keys, day, &made.current));
	TROTH_TRY(token_key(ctx, keys, day - 1, &made.previous));
	*out = made;
	OPENSSL_cleanse(&made, sizeof made);
	return TROTH_OK;
}

enum troth_status troth_row_seal(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				 const struct troth_identity *id, uint8_t out[32])
{
	uint8_t buf[FIXED_MAX + 2 * TROTH_NAME_LEN_MAX + TROTH_PUBLIC_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	troth_put_view(&w, TROTH_VIEW_OF(id->id));
	troth_put_u64be(&w, id->generation);
	troth_put_view16be(&w, id->name);
	troth_put_view16be(&w, id->segment);
	troth_put_view16be(&w, id->ak_public);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	const struct troth_view parts[] = { troth_view_str("troth/v1/row"), troth_written(&w) };
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(keys->row), parts, TROTH_COUNT(parts), out);
}

enum troth_status troth_row_check(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				  const struct troth_identity *id)
{
	uint8_t mac[32];
	TROTH_TRY(troth_row_seal(ctx, keys, id, mac));
	return CRYPTO_memcmp(mac, id->mac, sizeof mac) == 0 ? TROTH_OK : TROTH_E_MISMATCH;
}

enum troth_status troth_certification_seal(struct troth_ctx *ctx,
					   const struct troth_mac_keys *keys,
					   const struct troth_name *ak,
					   const struct troth_certification_record *record,
					   uint8_t out[32])
{
	uint8_t buf[FIXED_MAX + TROTH_NAME_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	troth_put_view16be(&w, troth_name_view(ak));
	troth_put_view(&w, TROTH_VIEW_OF(record->key_name_sha256));
	troth_put_view(&w, TROTH_VIEW_OF(record->session_thumbprint));
	troth_put_u32be(&w, record->reset_count);
	troth_put_u32be(&w, record->restart_count);
	troth_put_u64be(&w, record->time_ms);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	const struct troth_view parts[] = { troth_view_str("troth/v1/certification"),
					    troth_written(&w) };
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(keys->certification), parts,
				 TROTH_COUNT(parts), out);
}

enum troth_status troth_certification_check(struct troth_ctx *ctx,
					    const struct troth_mac_keys *keys,
					    const struct troth_name *ak,
					    const struct troth_certification_record *record)
{
	uint8_t mac[32];
	TROTH_TRY(troth_certification_seal(ctx, keys, ak, record, mac));
	return CRYPTO_memcmp(mac, record->mac, sizeof mac) == 0 ? TROTH_OK : TROTH_E_MISMATCH;
}

enum troth_status troth_release_seal(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				     const struct troth_release_ticket *ticket, uint8_t out[32])
{
	uint8_t buf[FIXED_MAX + TROTH_PUBLIC_MAX + TROTH_NAME_LEN_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	troth_put_view(&w, TROTH_VIEW_OF(ticket->device_id));
	troth_put_view(&w, TROTH_VIEW_OF(ticket->extra_data));
	troth_put_u64be(&w, ticket->time_ms);
	troth_put_view16be(&w, ticket->key);
	troth_put_view16be(&w, ticket->name);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	const struct troth_view parts[] = { troth_view_str("troth/v1/release"),
					    troth_written(&w) };
	return troth_hmac_sha256(ctx, TROTH_VIEW_OF(keys->release), parts, TROTH_COUNT(parts),
				 out);
}

enum troth_status troth_release_check(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
				      const struct troth_release_ticket *ticket)
{
	uint8_t mac[32];
	TROTH_TRY(troth_release_seal(ctx, keys, ticket, mac));
	return CRYPTO_memcmp(mac, ticket->mac, sizeof mac) == 0 ? TROTH_OK : TROTH_E_MISMATCH;
}
