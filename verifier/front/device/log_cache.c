/* SPDX-License-Identifier: Apache-2.0 */
#include "log_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

#define N_BUCKETS 4096 /* a power of two; digests spread evenly */

struct entry {
	struct troth_cached_log public; /* first: an entry is what callers hold */
	unsigned int refs;		/* atomic */
	size_t cost;			/* bytes */
	struct entry *chain;		/* bucket */
	struct entry *newer, *older;	/* use order */
	bool cached;
};

struct troth_log_cache {
	pthread_mutex_t lock;
	size_t max_bytes, bytes;
	struct entry *newest, *oldest;
	struct entry *buckets[N_BUCKETS];
};

static struct entry **bucket_of(struct troth_log_cache *c, const uint8_t digest[32])
{
	size_t i = ((size_t)digest[0] << 8 | digest[1]) & (N_BUCKETS - 1);
	return &c->buckets[i];
}

/* The same banks, in whatever order and with whatever PCRs. */
static bool same_banks(const struct troth_pcr_selection *a, const struct troth_pcr_selection *b)
{
	if (b == NULL)
		return a->n_banks == 0;
	for (size_t i = 0; i < a->n_banks; i++)
		if (troth_pcr_selection_mask(b, a->banks[i].bank) == 0)
			return false;
	return a->n_banks == b->n_banks;
}

static struct entry *lookup(struct troth_log_cache *c, const uint8_t digest[32],
			    const struct troth_pcr_selection *banks)
{
	struct entry *e = *bucket_of(c, digest);
	while (e != NULL && (memcmp(e->public.digest, digest, sizeof e->public.digest) != 0 ||
			     !same_banks(&e->public.banks, banks)))
		e = e->chain;
	return e;
}

static void unlink_use(struct troth_log_cache *c, struct entry *e)
{
	*(e->newer != NULL ? &e->newer->older : &c->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct troth_log_cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest != NULL ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop_oldest(struct troth_log_cache *c)
{
	struct entry *e = c->oldest;
	struct entry **at = bucket_of(c, e->public.digest);
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_use(c, e);
	c->bytes -= e->cost;
	e->cached = false;
	troth_cached_log_release(&e->public);
}

enum troth_status troth_log_cache_new(size_t max_bytes, struct troth_log_cache **out)
{
	struct troth_log_cache *c = calloc(1, sizeof *c);
	if (c == NULL)
		return TROTH_E_MEMORY;
	pthread_mutex_init(&c->lock, NULL);
	c->max_bytes = max_bytes;
	*out = c;
	return TROTH_OK;
}

void troth_log_cache_free(struct troth_log_cache *c)
{
	if (c == NULL)
		return;
	while (c->oldest != NULL)
		drop_oldest(c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct troth_cached_log *troth_log_cache_find(struct troth_log_cache *c,
					      const uint8_t digest[32],
					      const struct troth_pcr_selection *banks)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = lookup(c, digest, banks);
	if (e != NULL) {
		unlink_use(c, e);
		link_newest(c, e);
		__atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&c->lock);
	return e != NULL ? &e->public : NULL;
}

bool troth_log_cache_holds(struct troth_log_cache *c, const uint8_t digest[32],
			   const struct troth_pcr_selection *banks)
{
	pthread_mutex_lock(&c->lock);
	bool held = lookup(c, digest, banks) != NULL;
	pthread_mutex_unlock(&c->lock);
	return held;
}

static enum troth_status read_log(struct troth_ctx *ctx, struct troth_cached_log *e)
{
	struct troth_log log = { 0 };
	if (e->banks.n_banks == 0) {
		e->status = troth_userspace_parse(e->bytes, &e->systemd);
		e->error_offset = e->systemd.error_offset;
		return e->status == TROTH_E_MEMORY ? TROTH_E_MEMORY : TROTH_OK;
	}
	e->status = troth_log_parse(e->bytes, &log);
	e->error_offset = log.error_offset;
	if (e->status != TROTH_OK)
		return TROTH_OK; /* an unreadable log is a finding of the appraisal */
	e->log = log;
	return troth_log_replay_banks(ctx, &e->log, &e->banks, &e->replay);
}

enum troth_status troth_cached_log_make(struct troth_ctx *ctx, struct troth_view bytes,
					const struct troth_pcr_selection *banks,
					struct troth_cached_log **out)
{
	struct troth_digest digest;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, bytes, &digest));
	struct entry *e = calloc(1, sizeof *e);
	uint8_t *copy = malloc(bytes.n > 0 ? bytes.n : 1);
	if (e == NULL || copy == NULL) {
		free(e);
		free(copy);
		return TROTH_E_MEMORY;
	}
	if (bytes.n > 0)
		memcpy(copy, bytes.p, bytes.n);
	memcpy(e->public.digest, digest.bytes, sizeof e->public.digest);
	e->public.bytes = (struct troth_view){ copy, bytes.n };
	if (banks != NULL)
		e->public.banks = *banks;
	e->refs = 1;
	enum troth_status status = read_log(ctx, &e->public);
	if (status != TROTH_OK) {
		troth_cached_log_release(&e->public);
		return status;
	}
	e->cost = sizeof *e + bytes.n + e->public.log.n_events * sizeof *e->public.log.events;
	/* Its strings are no longer than the log. */
	if (e->public.systemd.n_events > 0)
		e->cost += bytes.n +
			   e->public.systemd.n_events * sizeof *e->public.systemd.events;
	*out = &e->public;
	return TROTH_OK;
}

void troth_log_cache_put(struct troth_log_cache *c, struct troth_cached_log *public)
{
	struct entry *e = (struct entry *)public;
	pthread_mutex_lock(&c->lock);
	if (!e->cached && e->cost <= c->max_bytes &&
	    lookup(c, public->digest, &public->banks) == NULL) {
		struct entry **at = bucket_of(c, public->digest);
		e->chain = *at;
		*at = e;
		link_newest(c, e);
		e->cached = true;
		c->bytes += e->cost;
		__atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
		while (c->bytes > c->max_bytes)
			drop_oldest(c);
	}
	pthread_mutex_unlock(&c->lock);
}

void troth_cached_log_release(struct troth_cached_log *public)
{
	struct entry *e = (struct entry *)public;
	if (e == NULL || __atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	troth_log_release(&e->public.log);
	troth_userspace_release(&e->public.systemd);
	uint8_t *copy = (uint8_t *)(uintptr_t)e->public.bytes.p;
	free(copy);
	free(e);
}
