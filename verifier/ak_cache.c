/* SPDX-License-Identifier: Apache-2.0 */
#include "ak_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

struct slot {
	struct troth_ak ak; /* its views borrow from bytes */
	size_t n;
	uint8_t bytes[]; /* TPMT_PUBLIC */
};

struct troth_ak_cache {
	struct slot *slots[TROTH_AK_CACHE_SLOTS];
};

static void slot_free(struct slot *s)
{
	if (s == NULL)
		return;
	troth_key_free(s->ak.key);
	free(s);
}

TROTH_DEFINE_AUTO(struct slot, slot_free)

/* The end of a public area is the key itself: bytes nobody can choose freely
 * and spread evenly. */
static size_t index_of(struct troth_view ak_public)
{
	size_t n = ak_public.n > 32 ? 32 : ak_public.n;
	struct troth_view end = { ak_public.p + ak_public.n - n, n };
	return (size_t)(troth_view_hash(end) % TROTH_AK_CACHE_SLOTS);
}

static enum troth_status slot_new(struct troth_ctx *ctx, struct troth_view ak_public,
				  struct slot **out)
{
	if (ak_public.n == 0 || ak_public.n > TROTH_PUBLIC_MAX)
		return TROTH_E_LIMIT;
	TROTH_AUTO(slot_free_p) struct slot *s = calloc(1, sizeof *s + ak_public.n);
	if (s == NULL)
		return TROTH_E_MEMORY;
	memcpy(s->bytes, ak_public.p, ak_public.n);
	s->n = ak_public.n;
	TROTH_TRY(
		troth_public_parse(ctx, (struct troth_view){ s->bytes, s->n }, &s->ak.public));
	TROTH_TRY(troth_key_from_public(&s->ak.public, &s->ak.key));
	*out = s;
	s = NULL;
	return TROTH_OK;
}

enum troth_status troth_ak_cache_new(struct troth_ak_cache **out)
{
	*out = calloc(1, sizeof **out);
	return *out != NULL ? TROTH_OK : TROTH_E_MEMORY;
}

void troth_ak_cache_free(struct troth_ak_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < TROTH_AK_CACHE_SLOTS; i++)
		slot_free(cache->slots[i]);
	free(cache);
}

enum troth_status troth_ak_cache_get(struct troth_ak_cache *cache, struct troth_ctx *ctx,
				     struct troth_view ak_public, const struct troth_ak **out)
{
	struct slot **at = &cache->slots[index_of(ak_public)];
	if (*at == NULL ||
	    !troth_view_equal((struct troth_view){ (*at)->bytes, (*at)->n }, ak_public)) {
		struct slot *fresh;
		TROTH_TRY(slot_new(ctx, ak_public, &fresh));
		slot_free(*at);
		*at = fresh;
	}
	*out = &(*at)->ak;
	return TROTH_OK;
}
