/* SPDX-License-Identifier: Apache-2.0 */
#include "digest_set.h"

#include <string.h>

#include "base.h"
#include "digest_set_format.h"
#include "reader.h"

static inline struct troth_view part_of(struct troth_view table, size_t from, size_t n)
{
	struct troth_reader r = { table };
	struct troth_view skipped, part;
	if (!troth_get_view(&r, from, &skipped) || !troth_get_view(&r, n, &part))
		return (struct troth_view){ 0 };
	return part;
}

/* The i-th u32 of a table; false past its end. */
static inline bool u32_at(struct troth_view table, size_t i, uint32_t *out)
{
	if (i >= table.n / sizeof *out)
		return false;
	struct troth_reader r = { part_of(table, i * sizeof *out, sizeof *out) };
	return troth_get_u32le(&r, out);
}

/* From 0 to last, never falling. */
static bool ascends(struct troth_view table, size_t last)
{
	struct troth_reader r = { table };
	uint32_t before = 0, now = 0;
	if (!troth_get_u32le(&r, &now) || now != 0)
		return false;
	while (troth_get_u32le(&r, &now)) {
		if (now < before)
			return false;
		before = now;
	}
	return before == last;
}

static enum troth_status get_header(struct troth_reader *r, struct troth_digest_set *set,
				    uint64_t *n_text)
{
	struct troth_view magic;
	uint64_t n[3];
	if (!troth_get_view(r, sizeof TROTH_DIGEST_SET_MAGIC - 1, &magic))
		return TROTH_E_TRUNCATED;
	if (!troth_view_equal(magic, troth_view_str(TROTH_DIGEST_SET_MAGIC)))
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < TROTH_COUNT(n); i++)
		if (!troth_get_u64le(r, &n[i]))
			return TROTH_E_TRUNCATED;
	if (!troth_get_u64le(r, n_text) || !troth_get_bytes(r, sizeof set->id, set->id))
		return TROTH_E_TRUNCATED;
	for (size_t i = 0; i < TROTH_COUNT(n); i++)
		if (n[i] > TROTH_DIGEST_SET_ENTRIES_MAX)
			return TROTH_E_LIMIT;
	if (*n_text > UINT32_MAX)
		return TROTH_E_LIMIT;
	set->n_entries = n[0];
	set->n_paths = n[1];
	set->n_sources = n[2];
	return TROTH_OK;
}

enum troth_status troth_digest_set_open(struct troth_view bytes, struct troth_digest_set *out)
{
	struct troth_reader r = { bytes };
	struct troth_digest_set s = { 0 };
	uint64_t n_text;
	TROTH_TRY(get_header(&r, &s, &n_text));
	if (!troth_get_view(&r, TROTH_DIGEST_SET_FANOUT * sizeof(uint32_t), &s.fanout) ||
	    !troth_get_view(&r, s.n_entries * TROTH_DIGEST_SET_DIGEST, &s.digests) ||
	    !troth_get_view(&r, s.n_entries * TROTH_DIGEST_SET_REF, &s.refs) ||
	    !troth_get_view(&r, (s.n_paths + s.n_sources + 1) * sizeof(uint32_t), &s.offsets) ||
	    !troth_get_view(&r, n_text, &s.text))
		return TROTH_E_TRUNCATED;
	if (!troth_at_end(&r) || !ascends(s.fanout, s.n_entries) || !ascends(s.offsets, n_text))
		return TROTH_E_MALFORMED;
	*out = s;
	return TROTH_OK;
}

enum troth_status troth_digest_set_verify(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_reader r = { bytes };
	struct troth_digest_set s = { 0 };
	struct troth_digest d;
	uint64_t n_text;
	TROTH_TRY(get_header(&r, &s, &n_text));
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, r.left, &d));
	return troth_view_equal(troth_digest_view(&d), TROTH_VIEW_OF(s.id)) ? TROTH_OK
									    : TROTH_E_MISMATCH;
}

struct troth_view troth_digest_set_digest(const struct troth_digest_set *set, size_t entry)
{
	return part_of(set->digests, entry * TROTH_DIGEST_SET_DIGEST, TROTH_DIGEST_SET_DIGEST);
}

static struct troth_view text_at(const struct troth_digest_set *set, size_t i)
{
	uint32_t from, to;
	if (!u32_at(set->offsets, i, &from) || !u32_at(set->offsets, i + 1, &to))
		return (struct troth_view){ 0 };
	return part_of(set->text, from, to - from);
}

struct troth_view troth_digest_set_path(const struct troth_digest_set *set, size_t entry)
{
	uint32_t path;
	if (!u32_at(set->refs, 2 * entry, &path) || path >= set->n_paths)
		return (struct troth_view){ 0 };
	return text_at(set, path);
}

struct troth_view troth_digest_set_source(const struct troth_digest_set *set, size_t entry)
{
	uint32_t source;
	if (!u32_at(set->refs, 2 * entry + 1, &source) || source >= set->n_sources)
		return (struct troth_view){ 0 };
	return text_at(set, set->n_paths + source);
}

/* What entries are in order of. */
typedef struct troth_view (*key_of)(const struct troth_digest_set *set, size_t entry);

/* How many entries of a range in order come before a key; with it those that have it, too. */
static size_t count_below(const struct troth_digest_set *set, struct troth_digest_range in,
			  key_of get, struct troth_view key, bool with)
{
	size_t from = 0, to = in.n;
	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const int order = troth_view_compare(get(set, in.first + middle), key);
		if (order < 0 || (with && order == 0))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The entries of a range in order that have a key. Mostly one or none: asked first. */
static struct troth_digest_range find_equal(const struct troth_digest_set *set,
					    struct troth_digest_range in, key_of get,
					    struct troth_view key)
{
	if (in.n == 1)
		return (struct troth_digest_range){
			in.first, troth_view_equal(get(set, in.first), key) ? 1 : 0
		};
	const size_t below = count_below(set, in, get, key, false);
	struct troth_digest_range out = { in.first + below, in.n - below };
	if (out.n == 0 || !troth_view_equal(get(set, out.first), key))
		out.n = 0;
	else if (out.n > 1 && !troth_view_equal(get(set, out.first + 1), key))
		out.n = 1;
	else
		out.n = count_below(set, out, get, key, true);
	return out;
}

static size_t bucket_number(const uint8_t sha256[32])
{
	return (size_t)sha256[0] << 8 | sha256[1];
}

/* The entries whose digests share their first two bytes with this one. */
static bool bucket_of(const struct troth_digest_set *set, const uint8_t sha256[32],
		      uint32_t *from, uint32_t *to)
{
	const size_t bucket = bucket_number(sha256);
	return u32_at(set->fanout, bucket, from) && u32_at(set->fanout, bucket + 1, to);
}

/* So few that asking each whether it is the one beats halving. */
#define FEW 8

static struct troth_digest_range find_among_few(const struct troth_digest_set *set,
						struct troth_digest_range in,
						const uint8_t sha256[32])
{
	struct troth_reader r = { part_of(set->digests, in.first * TROTH_DIGEST_SET_DIGEST,
					  in.n * TROTH_DIGEST_SET_DIGEST) };
	struct troth_digest_range out = { 0 };
	struct troth_view d;
	for (size_t i = in.first; troth_get_view(&r, TROTH_DIGEST_SET_DIGEST, &d); i++) {
		if (!troth_view_equal((struct troth_view){ d.p, TROTH_DIGEST_SET_DIGEST },
				      (struct troth_view){ sha256, TROTH_DIGEST_SET_DIGEST }))
			continue;
		if (out.n++ == 0)
			out.first = i;
	}
	return out;
}

struct troth_digest_range troth_digest_set_find(const struct troth_digest_set *set,
						const uint8_t sha256[32])
{
	uint32_t from, to;
	if (!bucket_of(set, sha256, &from, &to))
		return (struct troth_digest_range){ 0 };
	if (to - from <= FEW)
		return find_among_few(set, (struct troth_digest_range){ from, to - from },
				      sha256);
	return find_equal(set, (struct troth_digest_range){ from, to - from },
			  troth_digest_set_digest,
			  (struct troth_view){ sha256, TROTH_DIGEST_SET_DIGEST });
}

struct troth_digest_range troth_digest_set_find_path(const struct troth_digest_set *set,
						     struct troth_digest_range of_one_digest,
						     struct troth_view path)
{
	return find_equal(set, of_one_digest, troth_digest_set_path, path);
}

/* ---- many at once ---- */

static void fetch_bucket(const struct troth_digest_set *set, struct troth_digest_lookup *l)
{
	const size_t bucket = bucket_number(l->sha256);
	__builtin_prefetch(part_of(set->fanout, bucket * sizeof(uint32_t), 1).p);
}

/* Looking begins in the middle and ends close by. No more than that: where memory is far,
 * asking for more than is read costs more than it saves. */
static void fetch_digests(const struct troth_digest_set *set, struct troth_digest_lookup *l)
{
	uint32_t from, to;
	if (!bucket_of(set, l->sha256, &from, &to) || from >= to)
		return;
	const size_t middle = from + (to - from) / 2;
	__builtin_prefetch(troth_digest_set_digest(set, middle).p);
}

static void find(const struct troth_digest_set *set, struct troth_digest_lookup *l)
{
	l->found = troth_digest_set_find(set, l->sha256);
	if (l->found.n > 0)
		__builtin_prefetch(
			part_of(set->refs, l->found.first * TROTH_DIGEST_SET_REF, 1).p);
}

static void fetch_path(const struct troth_digest_set *set, struct troth_digest_lookup *l)
{
	if (l->found.n > 0)
		__builtin_prefetch(troth_digest_set_path(set, l->found.first).p);
}

void troth_digest_set_step(const struct troth_digest_set *set, size_t step,
			   struct troth_digest_lookup *lookups, size_t n)
{
	static void (*const STEPS[TROTH_DIGEST_SET_STEPS])(const struct troth_digest_set *,
							   struct troth_digest_lookup *) = {
		fetch_bucket, fetch_digests, find, fetch_path
	};
	for (size_t i = 0; i < n && step < TROTH_DIGEST_SET_STEPS; i++)
		if (lookups[i].sha256 != NULL)
			STEPS[step](set, &lookups[i]);
}
