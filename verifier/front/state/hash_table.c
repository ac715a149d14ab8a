/* SPDX-License-Identifier: Apache-2.0 */
#include "hash_table.h"

#include <stdlib.h>

#define BITS_MIN 4U
#define BITS_MAX 24U

/* Readers come in a stream, the store's writer one at a time: it must not starve. */
static int init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	int failed;

	if (pthread_rwlockattr_init(&attr) != 0)
		return -1;
	(void)pthread_rwlockattr_setkind_np(&attr,
					    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	failed = pthread_rwlock_init(lock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
	return failed;
}

enum troth_status troth_hash_table_init(struct troth_hash_table *t)
{
	*t = (struct troth_hash_table){ 0 };
	return init_lock(&t->lock) == 0 ? TROTH_OK : TROTH_E_MEMORY;
}

void troth_hash_table_free(struct troth_hash_table *t)
{
	size_t bucket = 0;

	for (struct troth_hash_node *n; (n = troth_hash_table_next(t, &bucket)) != NULL;) {
		while (n != NULL) {
			struct troth_hash_node *next = n->next;
			free(n);
			n = next;
		}
		bucket++;
	}
	free(t->buckets);
	(void)pthread_rwlock_destroy(&t->lock);
}

size_t troth_hash_table_bucket(const struct troth_hash_table *t, uint64_t hash)
{
	return (size_t)(hash >> (64 - t->bits));
}

struct troth_hash_node **troth_hash_table_chain(const struct troth_hash_table *t, uint64_t hash)
{
	return t->buckets == NULL ? NULL : &t->buckets[troth_hash_table_bucket(t, hash)];
}

struct troth_hash_node *troth_hash_table_next(const struct troth_hash_table *t, size_t *bucket)
{
	for (; t->buckets != NULL && *bucket < (size_t)1 << t->bits; (*bucket)++) {
		if (t->buckets[*bucket] != NULL)
			return t->buckets[*bucket];
	}
	return NULL;
}

void troth_hash_table_insert(struct troth_hash_table *t, struct troth_hash_node *n)
{
	struct troth_hash_node **to = &t->buckets[troth_hash_table_bucket(t, n->hash)];

	n->next = *to;
	*to = n;
	t->n++;
}

struct troth_hash_node *troth_hash_table_take(struct troth_hash_table *t,
					      struct troth_hash_node **at)
{
	struct troth_hash_node *n = *at;

	*at = n->next;
	t->n--;
	return n;
}

static void move_all(struct troth_hash_table *from, struct troth_hash_table *to)
{
	size_t bucket = 0;

	for (struct troth_hash_node *n; (n = troth_hash_table_next(from, &bucket)) != NULL;) {
		from->buckets[bucket] = n->next;
		troth_hash_table_insert(to, n);
	}
}

enum troth_status troth_hash_table_reserve(struct troth_hash_table *t)
{
	struct troth_hash_table before = *t;
	unsigned bits = t->buckets == NULL ? BITS_MIN : t->bits + 1;
	struct troth_hash_node **fresh;

	if (t->buckets != NULL && (t->n < (size_t)1 << t->bits || bits > BITS_MAX))
		return TROTH_OK;
	fresh = calloc((size_t)1 << bits, sizeof(struct troth_hash_node *));
	if (fresh == NULL)
		return t->buckets == NULL ? TROTH_E_MEMORY : TROTH_OK;
	t->buckets = fresh;
	t->bits = bits;
	t->n = 0;
	move_all(&before, t);
	free(before.buckets);
	return TROTH_OK;
}
