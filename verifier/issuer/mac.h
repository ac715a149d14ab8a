/* SPDX-License-Identifier: Apache-2.0 */
/* What the issuer vouches for with MACs: rows of the registry, certification records, tickets
 * for secrets. And the keys of tokens, which change every day.
 *
 * Every key is derived from one master by HMAC and a label of its own, so that replicas which
 * share the master need to tell each other nothing. Checks are constant-time. */
#ifndef TROTH_ISSUER_MAC_H
#define TROTH_ISSUER_MAC_H

#include "message.h"

#define TROTH_MAC_KEY_LEN 32

struct troth_mac_keys {
	uint8_t master[TROTH_MAC_KEY_LEN];
	uint8_t row[TROTH_MAC_KEY_LEN];
	uint8_t certification[TROTH_MAC_KEY_LEN];
	uint8_t release[TROTH_MAC_KEY_LEN];
};

TROTH_NODISCARD enum troth_status troth_mac_keys_derive(struct troth_ctx *ctx,
							const uint8_t master[TROTH_MAC_KEY_LEN],
							struct troth_mac_keys *out);
/* The key of the day (UTC) that now_ms falls in and that of the day before; of no trust domain
 * yet. */
TROTH_NODISCARD enum troth_status troth_token_keys_at(struct troth_ctx *ctx,
						      const struct troth_mac_keys *keys,
						      uint64_t now_ms,
						      struct troth_token_keys *out);

/* MAC over everything of the identity but its mac. */
TROTH_NODISCARD enum troth_status troth_row_seal(struct troth_ctx *ctx,
						 const struct troth_mac_keys *keys,
						 const struct troth_identity *id,
						 uint8_t out[32]);
/* TROTH_E_MISMATCH when the issuer never sealed this. */
TROTH_NODISCARD enum troth_status troth_row_check(struct troth_ctx *ctx,
						  const struct troth_mac_keys *keys,
						  const struct troth_identity *id);

/* Likewise of a record about a key of the TPM whose AK has this Name. */
TROTH_NODISCARD enum troth_status
troth_certification_seal(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
			 const struct troth_name *ak,
			 const struct troth_certification_record *record, uint8_t out[32]);
TROTH_NODISCARD enum troth_status
troth_certification_check(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
			  const struct troth_name *ak,
			  const struct troth_certification_record *record);

/* Likewise of a ticket, over everything of it but its mac. */
TROTH_NODISCARD enum troth_status troth_release_seal(struct troth_ctx *ctx,
						     const struct troth_mac_keys *keys,
						     const struct troth_release_ticket *ticket,
						     uint8_t out[32]);
TROTH_NODISCARD enum troth_status
troth_release_check(struct troth_ctx *ctx, const struct troth_mac_keys *keys,
		    const struct troth_release_ticket *ticket);

#endif
