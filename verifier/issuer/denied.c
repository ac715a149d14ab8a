/* SPDX-License-Identifier: Apache-2.0 */
#include "denied.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

#define PLACES_FIRST 1024

struct place {
	bool used;
	uint8_t id[32];
};

/* Open addressing with linear probing; places are a power of two, at most half of them used. */
struct troth_denied {
	pthread_rwlock_t lock;
	struct place *places;
	size_t n_places, n;
};

enum troth_status troth_denied_new(struct troth_denied **out)
{
	struct troth_denied *d = calloc(1, sizeof *d);
	if (d == NULL)
		return TROTH_E_MEMORY;
	d->n_places = PLACES_FIRST;
	d->places = calloc(d->n_places, sizeof *d->places);
	if (d->places == NULL || pthread_rwlock_init(&d->lock, NULL) != 0) {
		free(d->places);
		free(d);
		return TROTH_E_MEMORY;
	}
	*out = d;
	return TROTH_OK;
}

void troth_denied_free(struct troth_denied *d)
{
	if (d == NULL)
		return;
	(void)pthread_rwlock_destroy(&d->lock);
	free(d->places);
	free(d);
}

/* A device id is a SHA-256 of a key that took work to make: its first bytes spread well. */
static size_t home(const uint8_t id[32], size_t n_places)
{
	uint64_t v = 0;
	struct troth_reader r = { { id, 8 } };
	if (!troth_get_u64be(&r, &v))
		return 0;
	return (size_t)v & (n_places - 1);
}

static bool same(const struct place *p, const uint8_t id[32])
{
	return troth_view_equal(TROTH_VIEW_OF(p->id), (struct troth_view){ id, 32 });
}

/* Where the id is, or the free place where it would go. */
static size_t find(const struct place *places, size_t n_places, const uint8_t id[32])
{
	size_t i = home(id, n_places);
	while (places[i].used && !same(&places[i], id))
		i = (i + 1) & (n_places - 1);
	return i;
}

static void put(struct place *places, size_t n_places, const uint8_t id[32])
{
	struct place *p = &places[find(places, n_places, id)];
	p->used = true;
	memcpy(p->id, id, sizeof p->id);
}

static enum troth_status grow(struct troth_denied *d)
{
	size_t n = 2 * d->n_places;
	struct place *places = calloc(n, sizeof *places);
	if (places == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < d->n_places; i++)
		if (d->places[i].used)
			put(places, n, d->places[i].id);
	free(d->places);
	d->places = places;
	d->n_places = n;
	return TROTH_OK;
}

static enum troth_status add(struct troth_denied *d, const uint8_t id[32])
{
	if (d->places[find(d->places, d->n_places, id)].used)
		return TROTH_OK;
	if (d->n == TROTH_DENIED_MAX)
		return TROTH_E_LIMIT;
	if (2 * (d->n + 1) > d->n_places)
		TROTH_TRY(grow(d));
	put(d->places, d->n_places, id);
	d->n++;
	return TROTH_OK;
}

enum troth_status troth_denied_add(struct troth_denied *d, const uint8_t id[32])
{
	if (pthread_rwlock_wrlock(&d->lock) != 0)
		return TROTH_E_MEMORY;
	enum troth_status got = add(d, id);
	(void)pthread_rwlock_unlock(&d->lock);
	return got;
}

/* Closes the gap: what stands behind it and could not reach its home past it moves up. */
static void close_gap(struct troth_denied *d, size_t gap)
{
	const size_t mask = d->n_places - 1;
	for (size_t i = (gap + 1) & mask; d->places[i].used; i = (i + 1) & mask) {
		size_t want = home(d->places[i].id, d->n_places);
		if (((i - want) & mask) < ((i - gap) & mask))
			continue;
		d->places[gap] = d->places[i];
		gap = i;
	}
	d->places[gap].used = false;
}

void troth_denied_remove(struct troth_denied *d, const uint8_t id[32])
{
	if (pthread_rwlock_wrlock(&d->lock) != 0)
		return;
	size_t i = find(d->places, d->n_places, id);
	if (d->places[i].used) {
		close_gap(d, i);
		d->n--;
	}
	(void)pthread_rwlock_unlock(&d->lock);
}

bool troth_denied_has(struct troth_denied *d, const uint8_t id[32])
{
	if (pthread_rwlock_rdlock(&d->lock) != 0)
		return true; /* not knowing denies */
	bool has = d->places[find(d->places, d->n_places, id)].used;
	(void)pthread_rwlock_unlock(&d->lock);
	return has;
}
