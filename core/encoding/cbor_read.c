/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_read.h"

#include <cbor.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "utf8.h"

/* Major type 6 (RFC 8949, 3.4). */
enum { SHORT_TAG = 0xc0 };
/* Additional information: the argument is in the eight bytes behind (RFC 8949, 3). */
enum { EIGHT_BYTES = 27 };

/* ---- one item, as libcbor calls it out ---- */

struct sink {
	struct troth_cbor_item item; /* type NOTHING: something we do not read */
};

static void set(void *arg, enum troth_cbor_type type, uint64_t number)
{
	struct sink *s = arg;
	s->item = (struct troth_cbor_item){ .type = type, .number = number };
}

static void on_uint8(void *arg, uint8_t v)
{
	set(arg, TROTH_CBOR_UNSIGNED, v);
}

static void on_uint16(void *arg, uint16_t v)
{
	set(arg, TROTH_CBOR_UNSIGNED, v);
}

static void on_uint32(void *arg, uint32_t v)
{
	set(arg, TROTH_CBOR_UNSIGNED, v);
}

static void on_uint64(void *arg, uint64_t v)
{
	set(arg, TROTH_CBOR_UNSIGNED, v);
}

static void on_negint8(void *arg, uint8_t v)
{
	set(arg, TROTH_CBOR_NEGATIVE, v);
}

static void on_negint16(void *arg, uint16_t v)
{
	set(arg, TROTH_CBOR_NEGATIVE, v);
}

static void on_negint32(void *arg, uint32_t v)
{
	set(arg, TROTH_CBOR_NEGATIVE, v);
}

static void on_negint64(void *arg, uint64_t v)
{
	set(arg, TROTH_CBOR_NEGATIVE, v);
}

static void on_bytes(void *arg, cbor_data data, size_t n)
{
	struct sink *s = arg;
	set(arg, TROTH_CBOR_BYTES, n);
	s->item.bytes = (struct troth_view){ data, n };
}

static void on_text(void *arg, cbor_data data, size_t n)
{
	struct sink *s = arg;
	set(arg, TROTH_CBOR_TEXT, n);
	s->item.bytes = (struct troth_view){ data, n };
}

static void on_array(void *arg, size_t n)
{
	set(arg, TROTH_CBOR_ARRAY, n);
}

static void on_map(void *arg, size_t n)
{
	set(arg, TROTH_CBOR_MAP, n);
}

static void on_tag(void *arg, uint64_t tag)
{
	set(arg, TROTH_CBOR_TAG, tag);
}

static void on_bool(void *arg, bool v)
{
	set(arg, TROTH_CBOR_BOOL, v);
}

static void on_null(void *arg)
{
	set(arg, TROTH_CBOR_NULL, 0);
}

/* What is not named here leaves the item as it was: nothing. */
static struct cbor_callbacks callbacks(void)
{
	struct cbor_callbacks c = cbor_empty_callbacks;
	c.uint8 = on_uint8;
	c.uint16 = on_uint16;
	c.uint32 = on_uint32;
	c.uint64 = on_uint64;
	c.negint8 = on_negint8;
	c.negint16 = on_negint16;
	c.negint32 = on_negint32;
	c.negint64 = on_negint64;
	c.byte_string = on_bytes;
	c.string = on_text;
	c.array_start = on_array;
	c.map_start = on_map;
	c.tag = on_tag;
	c.boolean = on_bool;
	c.null = on_null;
	return c;
}

/* RFC 8949, 4.1: the argument stands in the shortest head that holds it. */
static size_t shortest_head(const struct troth_cbor_item *item)
{
	if (item->type == TROTH_CBOR_BOOL || item->type == TROTH_CBOR_NULL || item->number < 24)
		return 1;
	if (item->number <= UINT8_MAX)
		return 2;
	if (item->number <= UINT16_MAX)
		return 3;
	return item->number <= UINT32_MAX ? 5 : 9;
}

/* A tag below 24 is one byte. libcbor 0.8 refuses those RFC 7049 had not assigned, COSE's 18
 * among them. */
static bool get_short_tag(struct troth_reader *r, struct troth_cbor_item *out)
{
	struct troth_reader ahead = *r;
	uint8_t head;
	if (!troth_get_u8(&ahead, &head) || head < SHORT_TAG || head >= SHORT_TAG + 24)
		return false;
	*r = ahead;
	*out = (struct troth_cbor_item){ .type = TROTH_CBOR_TAG,
					 .number = (uint64_t)(head - SHORT_TAG) };
	return true;
}

/* libcbor counts in size_t, which has 32 bits on small devices: a count that needs more is
 * taken from its head. */
static void take_whole_count(struct troth_view from, struct troth_cbor_item *item)
{
	struct troth_reader r = { from };
	uint8_t head;
	uint64_t n;
	if ((item->type == TROTH_CBOR_ARRAY || item->type == TROTH_CBOR_MAP) &&
	    troth_get_u8(&r, &head) && (head & 0x1f) == EIGHT_BYTES && troth_get_u64be(&r, &n))
		item->number = n;
}

static enum troth_status get_item(struct troth_reader *r, const struct cbor_callbacks *c,
				  struct troth_cbor_item *out)
{
	struct sink s = { 0 };
	struct troth_view taken;
	if (troth_at_end(r))
		return TROTH_E_TRUNCATED;
	if (get_short_tag(r, out))
		return TROTH_OK;
	const struct cbor_decoder_result got = cbor_stream_decode(r->left.p, r->left.n, c, &s);
	if (got.status == CBOR_DECODER_NEDATA)
		return TROTH_E_TRUNCATED;
	if (got.status != CBOR_DECODER_FINISHED)
		return TROTH_E_MALFORMED;
	if (s.item.type == TROTH_CBOR_NOTHING)
		return TROTH_E_UNSUPPORTED;
	take_whole_count(r->left, &s.item);
	if (!troth_get_view(r, got.read, &taken) ||
	    got.read - s.item.bytes.n != shortest_head(&s.item) ||
	    (s.item.type == TROTH_CBOR_TEXT && !troth_utf8_valid(s.item.bytes)))
		return TROTH_E_MALFORMED;
	*out = s.item;
	return TROTH_OK;
}

/* ---- the whole ---- */

struct open_container {
	size_t at;     /* its index */
	uint64_t left; /* items that belong directly inside and have not come yet */
};

struct parse {
	struct troth_reader r;
	struct cbor_callbacks callbacks;
	struct troth_cbor_item *items;
	size_t max, n;
	struct open_container open[TROTH_CBOR_DEPTH_MAX];
	size_t depth;
};

static uint64_t n_directly_inside(const struct troth_cbor_item *item)
{
	switch (item->type) {
	case TROTH_CBOR_ARRAY: return item->number;
	case TROTH_CBOR_MAP: return 2 * item->number; /* counts are far below 2^63 */
	case TROTH_CBOR_TAG: return 1;
	case TROTH_CBOR_NOTHING:
	case TROTH_CBOR_UNSIGNED:
	case TROTH_CBOR_NEGATIVE:
	case TROTH_CBOR_BYTES:
	case TROTH_CBOR_TEXT:
	case TROTH_CBOR_BOOL:
	case TROTH_CBOR_NULL: break;
	}
	return 0;
}

/* One item has come whole: it may be the last of what holds it, and that of what holds that. */
static void close_full(struct parse *p)
{
	while (p->depth > 0 && --p->open[p->depth - 1].left == 0) {
		const size_t at = p->open[--p->depth].at;
		p->items[at].n_inside = p->n - at - 1;
	}
}

static enum troth_status take_item(struct parse *p)
{
	struct troth_cbor_item item;
	if (p->n == p->max)
		return TROTH_E_LIMIT;
	TROTH_TRY(get_item(&p->r, &p->callbacks, &item));
	const bool container = item.type == TROTH_CBOR_ARRAY || item.type == TROTH_CBOR_MAP;
	if (container && item.number > p->max) /* before it is doubled */
		return TROTH_E_LIMIT;
	p->items[p->n++] = item;
	const uint64_t inside = n_directly_inside(&item);
	if (inside == 0) {
		close_full(p);
		return TROTH_OK;
	}
	if (p->depth == TROTH_CBOR_DEPTH_MAX)
		return TROTH_E_LIMIT;
	p->open[p->depth++] = (struct open_container){ p->n - 1, inside };
	return TROTH_OK;
}

static bool same_key(const struct troth_cbor_item *a, const struct troth_cbor_item *b)
{
	return a->type == b->type && a->number == b->number &&
	       troth_view_equal(a->bytes, b->bytes);
}

static bool is_key(const struct troth_cbor_item *item)
{
	return item->type == TROTH_CBOR_UNSIGNED || item->type == TROTH_CBOR_NEGATIVE ||
	       item->type == TROTH_CBOR_TEXT;
}

/* The value after a key is skipped with all that is in it. */
static const struct troth_cbor_item *next_key(const struct troth_cbor_item *map,
					      const struct troth_cbor_item *key)
{
	return troth_cbor_next(map, troth_cbor_next(map, key));
}

static bool keys_sound(const struct troth_cbor_item *map)
{
	for (const struct troth_cbor_item *k = troth_cbor_first(map); k != NULL;
	     k = next_key(map, k)) {
		if (!is_key(k))
			return false;
		for (const struct troth_cbor_item *e = troth_cbor_first(map); e != k;
		     e = next_key(map, e))
			if (same_key(e, k))
				return false;
	}
	return true;
}

enum troth_status troth_cbor_parse(struct troth_view bytes, struct troth_cbor_item *items,
				   size_t max, struct troth_cbor *out)
{
	struct parse p = {
		.r = { bytes }, .callbacks = callbacks(), .items = items, .max = max
	};
	do
		TROTH_TRY(take_item(&p));
	while (p.depth > 0);
	if (!troth_at_end(&p.r))
		return TROTH_E_MALFORMED;
	for (size_t i = 0; i < p.n; i++)
		if (items[i].type == TROTH_CBOR_MAP && !keys_sound(&items[i]))
			return TROTH_E_MALFORMED;
	*out = (struct troth_cbor){ items, max, p.n };
	return TROTH_OK;
}

/* ---- looking at it ---- */

const struct troth_cbor_item *troth_cbor_root(const struct troth_cbor *cbor)
{
	return cbor->n > 0 ? cbor->items : NULL;
}

const struct troth_cbor_item *troth_cbor_first(const struct troth_cbor_item *container)
{
	return container != NULL && container->n_inside > 0 ? container + 1 : NULL;
}

const struct troth_cbor_item *troth_cbor_next(const struct troth_cbor_item *container,
					      const struct troth_cbor_item *item)
{
	if (container == NULL || item == NULL)
		return NULL;
	const struct troth_cbor_item *next = item + 1 + item->n_inside;
	return next <= container + container->n_inside ? next : NULL;
}

static const struct troth_cbor_item *find(const struct troth_cbor_item *map,
					  const struct troth_cbor_item *key)
{
	if (map == NULL || map->type != TROTH_CBOR_MAP)
		return NULL;
	for (const struct troth_cbor_item *k = troth_cbor_first(map); k != NULL;
	     k = next_key(map, k))
		if (same_key(k, key))
			return troth_cbor_next(map, k);
	return NULL;
}

const struct troth_cbor_item *troth_cbor_at(const struct troth_cbor_item *map, int64_t key)
{
	const struct troth_cbor_item wanted = {
		.type = key >= 0 ? TROTH_CBOR_UNSIGNED : TROTH_CBOR_NEGATIVE,
		.number = key >= 0 ? (uint64_t)key : (uint64_t)(-(key + 1)),
	};
	return find(map, &wanted);
}

const struct troth_cbor_item *troth_cbor_at_text(const struct troth_cbor_item *map,
						 const char *key)
{
	const struct troth_view text = troth_view_str(key);
	const struct troth_cbor_item wanted = { .type = TROTH_CBOR_TEXT,
						.number = text.n,
						.bytes = text };
	return find(map, &wanted);
}

static bool take(const struct troth_cbor_item *item, enum troth_cbor_type type,
		 struct troth_view *out)
{
	if (item == NULL || item->type != type)
		return false;
	*out = item->bytes;
	return true;
}

bool troth_cbor_bytes(const struct troth_cbor_item *item, struct troth_view *out)
{
	return take(item, TROTH_CBOR_BYTES, out);
}

bool troth_cbor_text(const struct troth_cbor_item *item, struct troth_view *out)
{
	return take(item, TROTH_CBOR_TEXT, out);
}

bool troth_cbor_int(const struct troth_cbor_item *item, int64_t *out)
{
	if (item == NULL || item->number > INT64_MAX)
		return false;
	if (item->type == TROTH_CBOR_UNSIGNED)
		*out = (int64_t)item->number;
	else if (item->type == TROTH_CBOR_NEGATIVE)
		*out = -1 - (int64_t)item->number;
	else
		return false;
	return true;
}
