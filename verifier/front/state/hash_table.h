/* SPDX-License-Identifier: Apache-2.0 */
/* A chained hash table behind a reader-writer lock: one shard of the registry.
 *
 * Nodes are embedded first in the caller's structs and owned by the caller until inserted. The
 * caller holds the lock around every call but init and free. Buckets go by the leading bits of
 * the hash, so that going through them in turn goes through the hashes in order. */
#ifndef TROTH_HASH_TABLE_H
#define TROTH_HASH_TABLE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/status.h>

struct troth_hash_node {
	struct troth_hash_node *next;
	uint64_t hash;
};

struct troth_hash_table {
	pthread_rwlock_t lock;
	struct troth_hash_node **buckets; /* NULL while there are none */
	unsigned bits;			  /* 2^bits buckets */
	size_t n;
};

TROTH_NODISCARD enum troth_status troth_hash_table_init(struct troth_hash_table *t);
/* Frees every node with free(). */
void troth_hash_table_free(struct troth_hash_table *t);

/* Makes room for one more node. TROTH_E_MEMORY only while there is no bucket at all: later a
 * table that cannot grow gets longer chains. */
TROTH_NODISCARD enum troth_status troth_hash_table_reserve(struct troth_hash_table *t);
/* After a reserve. */
void troth_hash_table_insert(struct troth_hash_table *t, struct troth_hash_node *n);
/* The place that points at the first node of the bucket the hash belongs to, for walking and
 * for troth_hash_table_take; NULL when there are no buckets. */
struct troth_hash_node **troth_hash_table_chain(const struct troth_hash_table *t,
						uint64_t hash);
/* Unlinks the node *at points at and returns it to the caller. */
struct troth_hash_node *troth_hash_table_take(struct troth_hash_table *t,
					      struct troth_hash_node **at);
/* Moves *bucket to the next bucket that holds nodes, starting with *bucket
 * itself; NULL at the end. */
struct troth_hash_node *troth_hash_table_next(const struct troth_hash_table *t, size_t *bucket);
size_t troth_hash_table_bucket(const struct troth_hash_table *t, uint64_t hash);

#endif
