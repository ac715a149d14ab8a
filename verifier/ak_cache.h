/* SPDX-License-Identifier: Apache-2.0 */
/* Parsed attestation keys, by their public area: parsing costs more than it should to repeat.
 *
 * A bounded, direct-mapped cache of one thread. A hit compares the whole public area, so an
 * entry can never serve another key. */
#ifndef TROTH_AK_CACHE_H
#define TROTH_AK_CACHE_H

#include "key.h"

/* Slots; a slot holds one key of about 2 KB. */
#define TROTH_AK_CACHE_SLOTS 4096

struct troth_ak_cache;

/* A parsed AK. Borrowed from the cache until the next call. */
struct troth_ak {
	struct troth_public public;
	struct troth_key *key;
};

TROTH_NODISCARD enum troth_status troth_ak_cache_new(struct troth_ak_cache **out);
void troth_ak_cache_free(struct troth_ak_cache *cache);
/* ak_public: TPMT_PUBLIC. Fails as troth_public_parse and troth_key_from_public do. */
TROTH_NODISCARD enum troth_status troth_ak_cache_get(struct troth_ak_cache *cache,
						     struct troth_ctx *ctx,
						     struct troth_view ak_public,
						     const struct troth_ak **out);

#endif
