/* SPDX-License-Identifier: Apache-2.0 */
#include "learned_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

struct entry {
	uint8_t name[32];
	uint8_t *p; /* NULL: free */
	size_t n;
	uint64_t used;
};

struct troth_learned_cache {
	pthread_mutex_t lock;
	uint64_t clock; /* counts uses */
	struct entry sets[TROTH_LEARNED_SETS][TROTH_LEARNED_WAYS];
};

enum troth_status troth_learned_cache_new(struct troth_learned_cache **out)
{
	struct troth_learned_cache *c = calloc(1, sizeof *c);
	if (c == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c);
		return TROTH_E_MEMORY;
	}
	*out = c;
	return TROTH_OK;
}

void troth_learned_cache_free(struct troth_learned_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < TROTH_LEARNED_SETS; i++)
		for (size_t k = 0; k < TROTH_LEARNED_WAYS; k++)
			free(c->sets[i][k].p);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct entry *set_of(struct troth_learned_cache *c, const uint8_t name[32])
{
	return c->sets[name[0] % TROTH_LEARNED_SETS];
}

/* With the lock held. */
static struct entry *find(struct troth_learned_cache *c, const uint8_t name[32])
{
	struct entry *set = set_of(c, name);
	for (size_t i = 0; i < TROTH_LEARNED_WAYS; i++)
		if (set[i].p != NULL && troth_view_equal((struct troth_view){ set[i].name, 32 },
							 (struct troth_view){ name, 32 })) {
			set[i].used = ++c->clock;
			return &set[i];
		}
	return NULL;
}

static struct entry *least_used(struct entry *set)
{
	struct entry *least = &set[0];
	for (size_t i = 1; i < TROTH_LEARNED_WAYS; i++)
		if (set[i].used < least->used)
			least = &set[i];
	return least;
}

void troth_learned_cache_put(struct troth_learned_cache *c, const uint8_t name[32],
			     struct troth_view bytes)
{
	if (bytes.n == 0 || bytes.n > TROTH_LEARNED_BYTES_MAX)
		return;
	pthread_mutex_lock(&c->lock);
	uint8_t *copy = find(c, name) == NULL ? malloc(bytes.n) : NULL;
	if (copy != NULL) {
		struct entry *e = least_used(set_of(c, name));
		memcpy(copy, bytes.p, bytes.n);
		free(e->p);
		*e = (struct entry){ .p = copy, .n = bytes.n, .used = ++c->clock };
		memcpy(e->name, name, sizeof e->name);
	}
	pthread_mutex_unlock(&c->lock);
}

bool troth_learned_cache_holds(struct troth_learned_cache *c, const uint8_t name[32])
{
	pthread_mutex_lock(&c->lock);
	const bool held = find(c, name) != NULL;
	pthread_mutex_unlock(&c->lock);
	return held;
}

enum troth_status troth_learned_cache_get(struct troth_learned_cache *c, const uint8_t name[32],
					  struct troth_buffer *out)
{
	struct troth_buffer copy = { 0 };
	pthread_mutex_lock(&c->lock);
	const struct entry *e = find(c, name);
	if (e != NULL && (copy.p = malloc(e->n)) != NULL) {
		memcpy(copy.p, e->p, e->n);
		copy.n = e->n;
	}
	pthread_mutex_unlock(&c->lock);
	if (copy.p == NULL)
		return e != NULL ? TROTH_E_MEMORY : TROTH_E_NOT_FOUND;
	*out = copy;
	return TROTH_OK;
}
