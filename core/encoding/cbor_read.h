/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR of strangers (RFC 8949), read with libcbor's streaming decoder under budgets of our own,
 * without an allocation.
 *
 * troth_cbor_parse judges the whole before anything of it is used: one item, nothing after it,
 * definite lengths in their shortest form, nesting up to TROTH_CBOR_DEPTH_MAX, keys of maps
 * that are numbers or texts and come once. Floats, undefined and other simple values are
 * refused: nothing we read has them. What it found lies flat in storage of the caller's, each
 * item before those inside it; views borrow from the bytes. Accessors take NULL for an item and
 * then find nothing, so that look-ups can be chained. */
#ifndef TROTH_CORE_CBOR_READ_H
#define TROTH_CORE_CBOR_READ_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

enum troth_cbor_type {
	TROTH_CBOR_NOTHING = 0,
	TROTH_CBOR_UNSIGNED,
	TROTH_CBOR_NEGATIVE, /* -1 - number */
	TROTH_CBOR_BYTES,
	TROTH_CBOR_TEXT, /* UTF-8 */
	TROTH_CBOR_ARRAY,
	TROTH_CBOR_MAP,
	TROTH_CBOR_TAG, /* number, then the one item inside */
	TROTH_CBOR_BOOL,
	TROTH_CBOR_NULL
};

struct troth_cbor_item {
	enum troth_cbor_type type;
	uint64_t number; /* of a number, tag or bool; how many elements or pairs */
	struct troth_view bytes;
	size_t n_inside; /* items inside this one, at every depth; they follow it */
};

struct troth_cbor {
	struct troth_cbor_item *items; /* storage of the caller's; the first is the document */
	size_t max;
	size_t n;
};

/* Parses into the storage. TROTH_E_MALFORMED, TROTH_E_TRUNCATED, TROTH_E_UNSUPPORTED for what
 * we never read, TROTH_E_LIMIT for nesting or more items than the storage holds. *out is
 * untouched then, the storage is not. */
TROTH_NODISCARD enum troth_status troth_cbor_parse(struct troth_view bytes,
						   struct troth_cbor_item *items, size_t max,
						   struct troth_cbor *out);

const struct troth_cbor_item *troth_cbor_root(const struct troth_cbor *cbor);
/* The items directly inside an array, map (key, value, key, ...) or tag; NULL at the end. */
const struct troth_cbor_item *troth_cbor_first(const struct troth_cbor_item *container);
const struct troth_cbor_item *troth_cbor_next(const struct troth_cbor_item *container,
					      const struct troth_cbor_item *item);
/* The value under a key; NULL when there is none or the item is no map. */
const struct troth_cbor_item *troth_cbor_at(const struct troth_cbor_item *map, int64_t key);
const struct troth_cbor_item *troth_cbor_at_text(const struct troth_cbor_item *map,
						 const char *key);

TROTH_NODISCARD bool troth_cbor_bytes(const struct troth_cbor_item *item,
				      struct troth_view *out);
TROTH_NODISCARD bool troth_cbor_text(const struct troth_cbor_item *item,
				     struct troth_view *out);
/* A number, where it fits. */
TROTH_NODISCARD bool troth_cbor_int(const struct troth_cbor_item *item, int64_t *out);

#endif
