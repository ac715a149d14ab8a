/* SPDX-License-Identifier: Apache-2.0 */
/* Shards with a lock each, and in each two generations: new proofs go into the young one, and
 * after a period longer than a proof's life the old one is cleared and becomes the young one.
 * So a proof is remembered for one period at least, and nothing is ever deleted singly. */
#include "proof_memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <troth/limits.h>

#include "base.h"
#include "proof_share.h"
#include "random.h"
#include "reader.h"

enum {
	SHARDS = 64,
	SPARE = 1024,
	KEY_LEN = 16, /* of a keyed hash: as hard to meet as it is to guess */
	/* No proof counts for longer than its nonce, and nonces go by a clock that nobody sets:
	 * whatever happens to the time of day, a used proof is still known. */
	PERIOD_S = TROTH_PROOF_NONCE_LIFE_S + 1
};

struct generation {
	size_t n;
	uint8_t (*slots)[KEY_LEN]; /* zero: free */
};

struct shard {
	pthread_mutex_t lock;
	uint64_t since_s; /* when the young generation began */
	struct generation young, old;
};

struct troth_proof_memory {
	/* Where a proof lies depends on it: who picks ids so that they meet cannot know. */
	uint8_t secret[32];
	size_t n_slots; /* of a generation: a power of two */
	struct troth_proof_shares shares;
	struct shard shards[SHARDS];
};

/* No fuller than this, so that probing stays short. */
static size_t filled(size_t n_slots)
{
	return n_slots / 4 * 3;
}

static bool make_generation(struct generation *g, size_t n_slots)
{
	g->slots = calloc(n_slots, KEY_LEN); /* pages nobody touches cost nothing */
	return g->slots != NULL;
}

static enum troth_status make_shards(struct troth_proof_memory *m, size_t max)
{
	m->n_slots = 16;
	while (filled(m->n_slots) * SHARDS <
	       max + max / 4 + SPARE) /* ids do not spread evenly */
		m->n_slots *= 2;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&m->shards[i].lock, NULL);
	for (size_t i = 0; i < SHARDS; i++)
		if (!make_generation(&m->shards[i].young, m->n_slots) ||
		    !make_generation(&m->shards[i].old, m->n_slots))
			return TROTH_E_MEMORY;
	return TROTH_OK;
}

enum troth_status troth_proof_memory_new(size_t max, uint32_t share,
					 struct troth_proof_memory **out)
{
	struct troth_proof_memory *m = calloc(1, sizeof *m);
	if (m == NULL)
		return TROTH_E_MEMORY;
	troth_proof_shares_init(&m->shares, share);
	enum troth_status status = make_shards(m, max);
	if (status == TROTH_OK)
		status = troth_random(m->secret, sizeof m->secret);
	if (status != TROTH_OK) {
		troth_proof_memory_free(m);
		return status;
	}
	*out = m;
	return TROTH_OK;
}

void troth_proof_memory_free(struct troth_proof_memory *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		free(m->shards[i].young.slots);
		free(m->shards[i].old.slots);
		pthread_mutex_destroy(&m->shards[i].lock);
	}
	troth_proof_shares_release(&m->shares);
	free(m);
}

static bool is_free(const uint8_t slot[KEY_LEN])
{
	static const uint8_t ZERO[KEY_LEN];
	return memcmp(slot, ZERO, KEY_LEN) == 0;
}

/* Where key is, or the free slot where it would be: there always is one. */
static uint8_t *find(const struct generation *g, size_t n_slots, const uint8_t key[KEY_LEN],
		     uint64_t hash)
{
	size_t at = hash & (n_slots - 1);
	while (!is_free(g->slots[at]) && memcmp(g->slots[at], key, KEY_LEN) != 0)
		at = (at + 1) & (n_slots - 1);
	return g->slots[at];
}

static void clear(struct generation *g, size_t n_slots)
{
	if (g->n > 0)
		memset(g->slots, 0, n_slots * KEY_LEN);
	g->n = 0;
}

static void grow_older(struct shard *s, size_t n_slots, uint64_t now_s)
{
	const uint64_t age_s = now_s > s->since_s ? now_s - s->since_s : 0;
	if (age_s < PERIOD_S)
		return;
	const struct generation oldest = s->old;
	s->old = s->young;
	s->young = oldest;
	clear(&s->young, n_slots);
	if (age_s >= 2 * (uint64_t)PERIOD_S)
		clear(&s->old, n_slots);
	s->since_s = now_s;
}

static enum troth_decision use(struct shard *s, size_t n_slots, const uint8_t key[KEY_LEN],
			       uint64_t hash)
{
	uint8_t *slot = find(&s->young, n_slots, key, hash);
	if (!is_free(slot) || !is_free(find(&s->old, n_slots, key, hash)))
		return TROTH_DENIED_PROOF_USED;
	if (s->young.n == filled(n_slots))
		return TROTH_DENIED_BUSY;
	memcpy(slot, key, KEY_LEN);
	s->young.n++;
	return TROTH_ADMITTED;
}

/* What stands for some bytes in here. */
struct place {
	uint8_t key[KEY_LEN];
	uint64_t hash;
};

static enum troth_status locate(const struct troth_proof_memory *m, struct troth_ctx *ctx,
				struct troth_view bytes, struct place *out)
{
	uint8_t mac[32];
	TROTH_TRY(troth_hmac_sha256(ctx, TROTH_VIEW_OF(m->secret), &bytes, 1, mac));
	struct troth_reader r = { TROTH_VIEW_OF(mac) };
	if (!troth_get_bytes(&r, sizeof out->key, out->key) ||
	    !troth_get_u64be(&r, &out->hash) || is_free(out->key))
		return TROTH_E_CRYPTO; /* all zeros stand for a free slot; nobody meets them */
	return TROTH_OK;
}

static enum troth_decision remember(struct troth_proof_memory *m, const struct place *p,
				    uint64_t now_s)
{
	struct shard *s = &m->shards[p->hash % SHARDS];
	pthread_mutex_lock(&s->lock);
	grow_older(s, m->n_slots, now_s);
	const enum troth_decision d = use(s, m->n_slots, p->key, p->hash / SHARDS);
	pthread_mutex_unlock(&s->lock);
	return d;
}

enum troth_decision troth_proof_memory_use(struct troth_proof_memory *m, struct troth_ctx *ctx,
					   const struct troth_proof_use *u)
{
	struct place proof, device;
	if (locate(m, ctx, (struct troth_view){ u->id, 32 }, &proof) != TROTH_OK ||
	    locate(m, ctx, u->device, &device) != TROTH_OK)
		return TROTH_DENIED_BUSY;
	/* A share is counted by fixed periods, a proof remembered by sliding ones: what is
	 * remembered of one device is at most two shares. */
	const bool some = troth_proof_share_take(&m->shares, device.hash, u->now_s, PERIOD_S);
	if (!some)
		return TROTH_DENIED_BUSY;
	const enum troth_decision d = remember(m, &proof, u->now_s);
	if (d != TROTH_ADMITTED)
		troth_proof_share_return(&m->shares, device.hash);
	return d;
}
