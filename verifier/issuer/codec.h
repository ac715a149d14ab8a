/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed messages as tables of fields: one function writes any of them, one reads any of them,
 * so that the two directions cannot drift apart.
 *
 * What is read borrows from the bytes. A reader refuses every prefix (TROTH_E_TRUNCATED), every
 * trailing byte and every value that has no meaning (TROTH_E_MALFORMED), and a length or number
 * past its field's limit (TROTH_E_LIMIT). */
#ifndef TROTH_ISSUER_CODEC_H
#define TROTH_ISSUER_CODEC_H

#include <stddef.h>

#include "pcr.h"
#include "reader.h"
#include "writer.h"

enum troth_field_kind {
	TROTH_FIELD_BOOL,     /* bool: one byte, 0 or 1 */
	TROTH_FIELD_U8,	      /* uint8_t */
	TROTH_FIELD_U32,      /* uint32_t (or an enum); limit is the largest value */
	TROTH_FIELD_U64,      /* uint64_t */
	TROTH_FIELD_SIZE,     /* size_t as four bytes; limit is the largest value */
	TROTH_FIELD_BYTES,    /* uint8_t[limit] */
	TROTH_FIELD_VIEW,     /* view of at most limit bytes behind a two-byte length */
	TROTH_FIELD_VIEW32,   /* the same behind a four-byte length */
	TROTH_FIELD_SELECTION /* PCR selection: count, then algorithm and mask of each bank */
};

struct troth_field {
	enum troth_field_kind kind;
	size_t offset; /* in the message's struct */
	size_t limit;
};

struct troth_layout {
	const struct troth_field *fields;
	size_t n;
};

#define TROTH_FIELD(kind, type, member, limit)                    \
	{                                                         \
		TROTH_FIELD_##kind, offsetof(type, member), limit \
	}
#define TROTH_FIELD_ARRAY(type, member)                      \
	{                                                    \
		TROTH_FIELD_BYTES, offsetof(type, member),   \
			sizeof(((const type *)NULL)->member) \
	}

/* Writes the fields of the struct at from; overflow is remembered by the writer. */
TROTH_NODISCARD enum troth_status troth_codec_put(struct troth_writer *w,
						  struct troth_layout layout, const void *from);
/* Reads to the end of the message. to may be half-filled after a failure. */
TROTH_NODISCARD enum troth_status troth_codec_get(struct troth_reader *r,
						  struct troth_layout layout, void *to);

#endif
