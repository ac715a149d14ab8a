/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by device id and ids by name, each in shards of their own.
 *
 * A device id is a SHA-256, so it is its own hash: the first byte chooses the shard and the
 * next ones the bucket, which puts the rows in order of id and lets a visitor go on after any
 * id with no lock held in between. A row is kept without the room its AK and IMA state do not
 * fill. Locks are taken rows before names, never the other way. */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "hash_table.h"
#include "reader.h"

#define ID_LEN 32
#define SHARDS 256 /* of a million devices, 4,000 share a lock */
/* Devices looked at for one name: two while a name changes hands. */
#define NAMESAKES_MAX 8

struct row_node {
	struct troth_hash_node node;
	/* A struct troth_device_row up to its AK, the AK, the IMA state. */
	uint8_t bytes[];
};

struct name_node {
	struct troth_hash_node node;
	uint8_t id[ID_LEN];
};

struct troth_registry {
	struct troth_hash_table rows[SHARDS];
	struct troth_hash_table names[SHARDS];
};

/* ---- rows ---- */

static uint64_t id_hash(const uint8_t id[ID_LEN])
{
	uint64_t h = 0;

	for (size_t i = 1; i <= sizeof h; i++)
		h = h << 8 | id[i];
	return h;
}

static const uint8_t *row_id(const struct row_node *r)
{
	return r->bytes + offsetof(struct troth_device_row, id);
}

static struct troth_view row_name(const struct row_node *r)
{
	const uint8_t *name = r->bytes + offsetof(struct troth_device_row, name);

	return (struct troth_view){ name, strnlen((const char *)name, TROTH_NAME_LEN_MAX) };
}

static uint64_t row_version(const struct row_node *r)
{
	uint64_t version;

	memcpy(&version, r->bytes + offsetof(struct troth_device_row, version), sizeof version);
	return version;
}

static void row_copy(const struct row_node *r, struct troth_device_row *out)
{
	const size_t head = offsetof(struct troth_device_row, ak_public);

	memset(out, 0, sizeof *out);
	memcpy(out, r->bytes, head);
	memcpy(out->ak_public, r->bytes + head, out->ak_len);
	memcpy(out->ima, r->bytes + head + out->ak_len, out->ima_len);
}

static struct row_node *row_new(const struct troth_device_row *row)
{
	const size_t head = offsetof(struct troth_device_row, ak_public);
	struct row_node *r = malloc(sizeof *r + head + row->ak_len + row->ima_len);

	if (r == NULL)
		return NULL;
	r->node = (struct troth_hash_node){ .hash = id_hash(row->id) };
	memcpy(r->bytes, row, head);
	memcpy(r->bytes + head, row->ak_public, row->ak_len);
	memcpy(r->bytes + head + row->ak_len, row->ima, row->ima_len);
	return r;
}

/* The place that points at the row of this id; NULL when there is none. */
static struct troth_hash_node **row_find(const struct troth_hash_table *t,
					 const uint8_t id[ID_LEN])
{
	struct troth_hash_node **at = troth_hash_table_chain(t, id_hash(id));

	for (; at != NULL && *at != NULL; at = &(*at)->next) {
		if (memcmp(row_id((const struct row_node *)*at), id, ID_LEN) == 0)
			return at;
	}
	return NULL;
}

/* ---- names ---- */

/* The leading bits mixed once more for the bucket. Names are given by the registry,
 * never by devices: nobody can choose collisions. */
static uint64_t name_hash(struct troth_view name)
{
	uint64_t h = troth_view_hash(name);
	return (h ^ h >> 29) * 0x9e3779b97f4a7c15U;
}

static struct troth_hash_table *name_shard(struct troth_registry *r, uint64_t hash)
{
	return &r->names[hash >> 16 & (SHARDS - 1)];
}

static enum troth_status name_add(struct troth_registry *r, struct troth_view name,
				  const uint8_t id[ID_LEN])
{
	uint64_t hash = name_hash(name);
	struct troth_hash_table *t = name_shard(r, hash);
	struct name_node *n = malloc(sizeof *n);
	enum troth_status status;

	if (n == NULL)
		return TROTH_E_MEMORY;
	n->node = (struct troth_hash_node){ .hash = hash };
	memcpy(n->id, id, ID_LEN);

	(void)pthread_rwlock_wrlock(&t->lock);
	status = troth_hash_table_reserve(t);
	if (status == TROTH_OK)
		troth_hash_table_insert(t, &n->node);
	(void)pthread_rwlock_unlock(&t->lock);
	if (status != TROTH_OK)
		free(n);
	return status;
}

static void name_remove(struct troth_registry *r, struct troth_view name,
			const uint8_t id[ID_LEN])
{
	uint64_t hash = name_hash(name);
	struct troth_hash_table *t = name_shard(r, hash);
	struct troth_hash_node **at, *found = NULL;

	(void)pthread_rwlock_wrlock(&t->lock);
	at = troth_hash_table_chain(t, hash);
	while (at != NULL && *at != NULL && found == NULL) {
		const struct name_node *n = (const struct name_node *)*at;
		if (n->node.hash == hash && memcmp(n->id, id, ID_LEN) == 0)
			found = troth_hash_table_take(t, at);
		else
			at = &(*at)->next;
	}
	(void)pthread_rwlock_unlock(&t->lock);
	free(found);
}

/* Ids filed under the name's hash: the right one among them, if there is one. */
static size_t name_ids(struct troth_registry *r, struct troth_view name,
		       uint8_t out[NAMESAKES_MAX][ID_LEN])
{
	uint64_t hash = name_hash(name);
	struct troth_hash_table *t = name_shard(r, hash);
	struct troth_hash_node **at;
	size_t n = 0;

	(void)pthread_rwlock_rdlock(&t->lock);
	at = troth_hash_table_chain(t, hash);
	for (; at != NULL && *at != NULL && n < NAMESAKES_MAX; at = &(*at)->next) {
		if ((*at)->hash == hash)
			memcpy(out[n++], ((const struct name_node *)*at)->id, ID_LEN);
	}
	(void)pthread_rwlock_unlock(&t->lock);
	return n;
}

/* ---- the registry ---- */

enum troth_status troth_registry_new(struct troth_registry **out)
{
	struct troth_registry *r = calloc(1, sizeof *r);

	if (r == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < SHARDS; i++) {
		if (troth_hash_table_init(&r->rows[i]) != TROTH_OK ||
		    troth_hash_table_init(&r->names[i]) != TROTH_OK) {
			free(r); /* glibc's locks own nothing */
			return TROTH_E_MEMORY;
		}
	}
	*out = r;
	return TROTH_OK;
}

void troth_registry_free(struct troth_registry *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		troth_hash_table_free(&r->rows[i]);
		troth_hash_table_free(&r->names[i]);
	}
	free(r);
}

static enum troth_status insert_row(struct troth_registry *r, struct troth_hash_table *t,
				    struct row_node *fresh)
{
	TROTH_TRY(troth_hash_table_reserve(t));
	TROTH_TRY(name_add(r, row_name(fresh), row_id(fresh)));
	troth_hash_table_insert(t, &fresh->node);
	return TROTH_OK;
}

/* The new name is filed before the old one goes: a device can always be found by one. */
static enum troth_status replace_row(struct troth_registry *r, struct troth_hash_table *t,
				     struct troth_hash_node **at, struct row_node *fresh)
{
	struct row_node *stale = (struct row_node *)*at;
	bool renamed = !troth_view_equal(row_name(stale), row_name(fresh));

	if (renamed)
		TROTH_TRY(name_add(r, row_name(fresh), row_id(fresh)));
	(void)troth_hash_table_take(t, at);
	troth_hash_table_insert(t, &fresh->node);
	if (renamed)
		name_remove(r, row_name(stale), row_id(stale));
	free(stale);
	return TROTH_OK;
}

enum troth_status troth_registry_put(struct troth_registry *r,
				     const struct troth_device_row *row)
{
	struct troth_hash_table *t = &r->rows[row->id[0]];
	struct row_node *fresh = row_new(row);
	struct troth_hash_node **at;
	enum troth_status status;
	bool older = false;

	if (fresh == NULL)
		return TROTH_E_MEMORY;
	(void)pthread_rwlock_wrlock(&t->lock);
	at = row_find(t, row->id);
	if (at == NULL) {
		status = insert_row(r, t, fresh);
	} else {
		older = row->version < row_version((const struct row_node *)*at);
		status = older ? TROTH_OK : replace_row(r, t, at, fresh);
	}
	(void)pthread_rwlock_unlock(&t->lock);
	if (status != TROTH_OK || older)
		free(fresh);
	return status;
}

bool troth_registry_get(struct troth_registry *r, const uint8_t id[32],
			struct troth_device_row *out)
{
	struct troth_hash_table *t = &r->rows[id[0]];
	struct troth_hash_node **at;

	(void)pthread_rwlock_rdlock(&t->lock);
	at = row_find(t, id);
	if (at != NULL)
		row_copy((const struct row_node *)*at, out);
	(void)pthread_rwlock_unlock(&t->lock);
	return at != NULL;
}

bool troth_registry_find(struct troth_registry *r, struct troth_view name,
			 struct troth_device_row *out)
{
	uint8_t ids[NAMESAKES_MAX][ID_LEN];
	size_t n = name_ids(r, name, ids);
	struct troth_device_row row;

	for (size_t i = 0; i < n; i++) {
		/* It may have been given another name since. */
		if (troth_registry_get(r, ids[i], &row) &&
		    troth_view_equal(troth_view_str(row.name), name)) {
			*out = row;
			return true;
		}
	}
	return false;
}

/* The lowest row of the shard with an id above `after` (NULL: the lowest of all). */
static const struct row_node *row_after(const struct troth_hash_table *t, const uint8_t *after)
{
	size_t bucket = 0;
	const struct row_node *best = NULL;

	if (t->buckets != NULL && after != NULL)
		bucket = troth_hash_table_bucket(t, id_hash(after));
	for (struct troth_hash_node *n;
	     best == NULL && (n = troth_hash_table_next(t, &bucket)) != NULL; bucket++) {
		for (; n != NULL; n = n->next) {
			const struct row_node *row = (const struct row_node *)n;
			bool above = after == NULL || memcmp(row_id(row), after, ID_LEN) > 0;
			if (above &&
			    (best == NULL || memcmp(row_id(row), row_id(best), ID_LEN) < 0))
				best = row;
		}
	}
	return best;
}

void troth_registry_each(struct troth_registry *r,
			 bool (*visit)(void *arg, const struct troth_device_row *row),
			 void *arg)
{
	struct troth_device_row row;

	for (size_t i = 0; i < SHARDS; i++) {
		struct troth_hash_table *t = &r->rows[i];
		const uint8_t *after = NULL;
		for (;;) {
			const struct row_node *found;
			(void)pthread_rwlock_rdlock(&t->lock);
			found = row_after(t, after);
			if (found != NULL)
				row_copy(found, &row);
			(void)pthread_rwlock_unlock(&t->lock);
			if (found == NULL)
				break;
			if (!visit(arg, &row))
				return;
			after = row.id;
		}
	}
}

size_t troth_registry_count(struct troth_registry *r)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		(void)pthread_rwlock_rdlock(&r->rows[i].lock);
		n += r->rows[i].n;
		(void)pthread_rwlock_unlock(&r->rows[i].lock);
	}
	return n;
}
