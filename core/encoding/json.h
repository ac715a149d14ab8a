/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of strangers (RFC 8259), read strictly and without an allocation.
 *
 * troth_json_parse judges the whole text before anything of it is used: one object, nothing
 * after it, UTF-8, names written without escapes and none of them twice in one object, nesting
 * up to TROTH_JSON_DEPTH_MAX. What it found lies flat in storage of the caller's, each value
 * before those inside it; views borrow from the text. Accessors take NULL for a value and then
 * find nothing, so that look-ups can be chained. */
#ifndef TROTH_CORE_JSON_H
#define TROTH_CORE_JSON_H

#include "writer.h"

#include <troth/limits.h>

enum troth_json_type {
	TROTH_JSON_NONE = 0,
	TROTH_JSON_OBJECT,
	TROTH_JSON_ARRAY,
	TROTH_JSON_STRING,
	TROTH_JSON_NUMBER,
	TROTH_JSON_TRUE,
	TROTH_JSON_FALSE,
	TROTH_JSON_NULL
};

struct troth_json_value {
	enum troth_json_type type;
	bool escaped; /* a string with escapes in it */
	/* The member's name; empty in an array, and of the document itself. */
	struct troth_view name;
	struct troth_view text; /* a number, or a string between its quotes, as written */
	size_t n_inside;	/* values inside this one, at every depth; they follow it */
};

struct troth_json {
	struct troth_json_value
		*values; /* storage of the caller's; the first is the document */
	size_t max;
	size_t n;
};

/* Parses text into the storage. TROTH_E_MALFORMED, TROTH_E_LIMIT for nesting or more values
 * than the storage holds; *out is untouched then, the storage is not. */
TROTH_NODISCARD enum troth_status troth_json_parse(struct troth_view text,
						   struct troth_json_value *values, size_t max,
						   struct troth_json *out);

/* The document: an object. */
const struct troth_json_value *troth_json_root(const struct troth_json *json);
/* The member of that name; NULL when there is none or value is no object. */
const struct troth_json_value *troth_json_member(const struct troth_json_value *value,
						 const char *name);
/* The values directly inside an object or array, in the order of the text: the first, and the
 * one after another. NULL at the end. */
const struct troth_json_value *troth_json_first(const struct troth_json_value *value);
const struct troth_json_value *troth_json_next(const struct troth_json_value *container,
					       const struct troth_json_value *value);

/* A string's bytes. One with escapes is written out into scratch and borrows from it. False for
 * no string, and when scratch is full. */
TROTH_NODISCARD bool troth_json_string(const struct troth_json_value *value,
				       struct troth_writer *scratch, struct troth_view *out);
/* A string without escapes, as what we write has them. */
TROTH_NODISCARD bool troth_json_plain(const struct troth_json_value *value,
				      struct troth_view *out);
/* That very string, without escapes. */
TROTH_NODISCARD bool troth_json_is(const struct troth_json_value *value, const char *text);
/* A number from 0 to INT64_MAX without sign, fraction or exponent. */
TROTH_NODISCARD bool troth_json_u63(const struct troth_json_value *value, uint64_t *out);

#endif
