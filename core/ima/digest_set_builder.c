/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "digest_set.h"
#include "digest_set_format.h"
#include "reader.h"

struct entry {
	uint8_t digest[TROTH_DIGEST_SET_DIGEST];
	uint32_t path, source; /* indices of texts, in order of arrival; of rank when sorted */
};

/* Texts, each once: found through a table of open addressing, kept one after the other. */
struct texts {
	uint8_t *bytes;
	size_t n_bytes, bytes_room;
	struct text {
		uint32_t at, len;
	} * list;
	size_t n, room;
	uint32_t *slots; /* index + 1; 0 is free */
	size_t n_slots;	 /* a power of two, at least twice n */
};

struct troth_digest_set_builder {
	struct entry *entries;
	size_t n, room;
	struct texts paths, sources;
};

/* Room for one more of size; at least doubles. */
static enum troth_status grow(void **list, size_t *room, size_t need, size_t size)
{
	if (need <= *room)
		return TROTH_OK;
	const size_t more = need > 2 * *room ? need : 2 * *room;
	void *larger = realloc(*list, more * size);
	if (larger == NULL)
		return TROTH_E_MEMORY;
	*list = larger;
	*room = more;
	return TROTH_OK;
}

static struct troth_view text_of(const struct texts *t, size_t i)
{
	return (struct troth_view){ t->bytes + t->list[i].at, t->list[i].len };
}

/* The slot of a text, or the free one where it belongs. */
static size_t slot_of(const struct texts *t, struct troth_view text)
{
	size_t slot = troth_view_hash(text) & (t->n_slots - 1);
	while (t->slots[slot] != 0 && !troth_view_equal(text_of(t, t->slots[slot] - 1), text))
		slot = (slot + 1) & (t->n_slots - 1);
	return slot;
}

static enum troth_status widen(struct texts *t)
{
	if (2 * (t->n + 1) <= t->n_slots)
		return TROTH_OK;
	const size_t n_slots = t->n_slots > 0 ? 2 * t->n_slots : 1024;
	uint32_t *slots = calloc(n_slots, sizeof *slots);
	if (slots == NULL)
		return TROTH_E_MEMORY;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	for (size_t i = 0; i < t->n; i++)
		t->slots[slot_of(t, text_of(t, i))] = (uint32_t)i + 1;
	return TROTH_OK;
}

static enum troth_status intern(struct texts *t, struct troth_view text, uint32_t *out)
{
	TROTH_TRY(widen(t));
	const size_t slot = slot_of(t, text);
	if (t->slots[slot] != 0) {
		*out = t->slots[slot] - 1;
		return TROTH_OK;
	}
	if (t->n_bytes + text.n > UINT32_MAX)
		return TROTH_E_LIMIT;
	TROTH_TRY(grow((void **)&t->bytes, &t->bytes_room, t->n_bytes + text.n + 1, 1));
	TROTH_TRY(grow((void **)&t->list, &t->room, t->n + 1, sizeof *t->list));
	if (text.n > 0)
		memcpy(t->bytes + t->n_bytes, text.p, text.n);
	t->list[t->n] = (struct text){ (uint32_t)t->n_bytes, (uint32_t)text.n };
	t->n_bytes += text.n;
	t->slots[slot] = (uint32_t)++t->n;
	*out = (uint32_t)t->n - 1;
	return TROTH_OK;
}

static void texts_clear(struct texts *t)
{
	free(t->bytes);
	free(t->list);
	free(t->slots);
}

enum troth_status troth_digest_set_builder_new(struct troth_digest_set_builder **out)
{
	struct troth_digest_set_builder *b = calloc(1, sizeof *b);
	if (b == NULL)
		return TROTH_E_MEMORY;
	*out = b;
	return TROTH_OK;
}

void troth_digest_set_builder_free(struct troth_digest_set_builder *b)
{
	if (b == NULL)
		return;
	texts_clear(&b->paths);
	texts_clear(&b->sources);
	free(b->entries);
	free(b);
}

enum troth_status troth_digest_set_add(struct troth_digest_set_builder *b,
				       const uint8_t sha256[32], struct troth_view path,
				       struct troth_view source)
{
	struct entry e;
	if (path.n == 0 || path.p[0] != '/')
		return TROTH_E_MALFORMED;
	if (b->n == TROTH_DIGEST_SET_ENTRIES_MAX || path.n > TROTH_IMA_PATH_MAX ||
	    source.n > TROTH_DIGEST_SET_SOURCE_MAX)
		return TROTH_E_LIMIT;
	memcpy(e.digest, sha256, sizeof e.digest);
	TROTH_TRY(grow((void **)&b->entries, &b->room, b->n + 1, sizeof *b->entries));
	TROTH_TRY(intern(&b->paths, path, &e.path));
	TROTH_TRY(intern(&b->sources, source, &e.source));
	b->entries[b->n++] = e;
	return TROTH_OK;
}

/* ---- order ---- */

struct ranked {
	struct troth_view text;
	uint32_t index;
};

static int by_text(const void *a, const void *b)
{
	return troth_view_compare(((const struct ranked *)a)->text,
				  ((const struct ranked *)b)->text);
}

/* Texts by their bytes; rank[i] is the place of the i-th to arrive. */
static enum troth_status rank(const struct texts *t, struct ranked **out_order,
			      uint32_t **out_rank)
{
	struct ranked *order = malloc((t->n + 1) * sizeof *order);
	uint32_t *place = malloc((t->n + 1) * sizeof *place);
	if (order == NULL || place == NULL) {
		free(order);
		free(place);
		return TROTH_E_MEMORY;
	}
	for (size_t i = 0; i < t->n; i++)
		order[i] = (struct ranked){ text_of(t, i), (uint32_t)i };
	qsort(order, t->n, sizeof *order, by_text);
	for (size_t i = 0; i < t->n; i++)
		place[order[i].index] = (uint32_t)i;
	*out_order = order;
	*out_rank = place;
	return TROTH_OK;
}

static int by_digest(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	const int d = troth_view_compare(TROTH_VIEW_OF(a->digest), TROTH_VIEW_OF(b->digest));
	if (d != 0)
		return d;
	if (a->path != b->path)
		return a->path < b->path ? -1 : 1;
	return a->source < b->source ? -1 : a->source > b->source;
}

static void drop_duplicates(struct troth_digest_set_builder *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (n == 0 || by_digest(&b->entries[n - 1], &b->entries[i]) != 0)
			b->entries[n++] = b->entries[i];
	b->n = n;
}

/* ---- bytes ---- */

/* Little-endian, into a buffer that was measured beforehand. */
static void put(uint8_t **at, const void *p, size_t n)
{
	if (n > 0)
		memcpy(*at, p, n);
	*at += n;
}

static void put_le(uint8_t **at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(*at)++ = (uint8_t)(v >> 8 * i);
}

static void put_fanout(uint8_t **at, const struct troth_digest_set_builder *b)
{
	size_t entry = 0;
	for (size_t bucket = 0; bucket < TROTH_DIGEST_SET_FANOUT; bucket++) {
		while (entry < b->n && ((size_t)b->entries[entry].digest[0] << 8 |
					b->entries[entry].digest[1]) < bucket)
			entry++;
		put_le(at, entry, 4);
	}
}

static void put_offsets(uint8_t **at, const struct ranked *order, size_t n, size_t *text)
{
	for (size_t i = 0; i < n; i++) {
		put_le(at, *text, 4);
		*text += order[i].text.n;
	}
}

static void put_texts(uint8_t **at, const struct ranked *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(at, order[i].text.p, order[i].text.n);
}

static void put_body(uint8_t **at, const struct troth_digest_set_builder *b,
		     const struct ranked *paths, const struct ranked *sources)
{
	size_t text = 0;
	put_fanout(at, b);
	for (size_t i = 0; i < b->n; i++)
		put(at, b->entries[i].digest, TROTH_DIGEST_SET_DIGEST);
	for (size_t i = 0; i < b->n; i++) {
		put_le(at, b->entries[i].path, 4);
		put_le(at, b->entries[i].source, 4);
	}
	put_offsets(at, paths, b->paths.n, &text);
	put_offsets(at, sources, b->sources.n, &text);
	put_le(at, text, 4);
	put_texts(at, paths, b->paths.n);
	put_texts(at, sources, b->sources.n);
}

static enum troth_status write_set(struct troth_ctx *ctx,
				   const struct troth_digest_set_builder *b,
				   const struct ranked *paths, const struct ranked *sources,
				   struct troth_view *out)
{
	const size_t n_text = b->paths.n_bytes + b->sources.n_bytes;
	const size_t body = TROTH_DIGEST_SET_FANOUT * sizeof(uint32_t) +
			    b->n * (TROTH_DIGEST_SET_DIGEST + TROTH_DIGEST_SET_REF) +
			    (b->paths.n + b->sources.n + 1) * sizeof(uint32_t) + n_text;
	struct troth_digest id;
	if (n_text > UINT32_MAX)
		return TROTH_E_LIMIT;
	uint8_t *bytes = malloc(TROTH_DIGEST_SET_HEADER + body);
	if (bytes == NULL)
		return TROTH_E_MEMORY;
	uint8_t *at = bytes + TROTH_DIGEST_SET_HEADER;
	put_body(&at, b, paths, sources);
	const enum troth_status status = troth_hash_one(
		ctx, TROTH_HASH_SHA256,
		(struct troth_view){ bytes + TROTH_DIGEST_SET_HEADER, body }, &id);
	if (status != TROTH_OK) {
		free(bytes);
		return status;
	}
	at = bytes;
	put(&at, TROTH_DIGEST_SET_MAGIC, sizeof TROTH_DIGEST_SET_MAGIC - 1);
	put_le(&at, b->n, 8);
	put_le(&at, b->paths.n, 8);
	put_le(&at, b->sources.n, 8);
	put_le(&at, n_text, 8);
	put(&at, id.bytes, sizeof(uint8_t[32]));
	*out = (struct troth_view){ bytes, TROTH_DIGEST_SET_HEADER + body };
	return TROTH_OK;
}

static enum troth_status finish(struct troth_ctx *ctx, struct troth_digest_set_builder *b,
				struct ranked **order, uint32_t **place, struct troth_view *out)
{
	TROTH_TRY(rank(&b->paths, &order[0], &place[0]));
	TROTH_TRY(rank(&b->sources, &order[1], &place[1]));
	struct troth_digest_set_builder sorted = *b;
	sorted.entries = malloc((b->n + 1) * sizeof *sorted.entries);
	if (sorted.entries == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < b->n; i++) {
		sorted.entries[i] = b->entries[i];
		sorted.entries[i].path = place[0][b->entries[i].path];
		sorted.entries[i].source = place[1][b->entries[i].source];
	}
	qsort(sorted.entries, sorted.n, sizeof *sorted.entries, by_digest);
	drop_duplicates(&sorted);
	const enum troth_status status = write_set(ctx, &sorted, order[0], order[1], out);
	free(sorted.entries);
	return status;
}

enum troth_status troth_digest_set_finish(struct troth_ctx *ctx,
					  struct troth_digest_set_builder *b, uint8_t **out,
					  size_t *out_len)
{
	struct ranked *order[2] = { NULL, NULL };
	uint32_t *place[2] = { NULL, NULL };
	struct troth_view made;
	const enum troth_status status = finish(ctx, b, order, place, &made);
	for (size_t i = 0; i < 2; i++) {
		free(order[i]);
		free(place[i]);
	}
	TROTH_TRY(status);
	*out = (uint8_t *)(uintptr_t)made.p;
	*out_len = made.n;
	return TROTH_OK;
}
