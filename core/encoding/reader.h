/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded cursor over bytes we do not trust.
 *
 * A getter either succeeds and advances, or returns false and changes neither the cursor nor
 * *out. Nothing here allocates, logs or aborts. Lengths are in bytes. A view borrows: it dies
 * with the buffer the reader was made from. */
#ifndef TROTH_CORE_READER_H
#define TROTH_CORE_READER_H

#include <string.h>

#include <troth/status.h>
#include <troth/view.h>

struct troth_reader {
	struct troth_view left; /* what has not been read yet */
};

/* Takes the next n bytes without copying them. The only bounds check there is: written so that
 * it cannot wrap. Inline, as what a list of 100,000 records is read with has to be. */
TROTH_NODISCARD static inline bool troth_get_view(struct troth_reader *r, size_t n,
						  struct troth_view *out)
{
	if (n > r->left.n)
		return false;
	*out = (struct troth_view){ n > 0 ? r->left.p : NULL, n };
	if (n > 0)
		r->left.p += n;
	r->left.n -= n;
	return true;
}

/* Little-endian, as in TCG event logs and IMA lists. */
TROTH_NODISCARD bool troth_get_u16le(struct troth_reader *r, uint16_t *out);
TROTH_NODISCARD bool troth_get_u64le(struct troth_reader *r, uint64_t *out);
TROTH_NODISCARD static inline bool troth_get_u32le(struct troth_reader *r, uint32_t *out)
{
	struct troth_view v;
	if (!troth_get_view(r, sizeof *out, &v))
		return false;
	*out = (uint32_t)v.p[0] | (uint32_t)v.p[1] << 8 | (uint32_t)v.p[2] << 16 |
	       (uint32_t)v.p[3] << 24;
	return true;
}

/* Big-endian, as in TPM structures and our own fixed messages. */
TROTH_NODISCARD bool troth_get_u8(struct troth_reader *r, uint8_t *out);
TROTH_NODISCARD bool troth_get_u16be(struct troth_reader *r, uint16_t *out);
TROTH_NODISCARD bool troth_get_u32be(struct troth_reader *r, uint32_t *out);
TROTH_NODISCARD bool troth_get_u64be(struct troth_reader *r, uint64_t *out);

/* Copies the next n bytes to out, which holds at least n. */
TROTH_NODISCARD bool troth_get_bytes(struct troth_reader *r, size_t n, uint8_t *out);
/* A u16 (big-endian) length and that many bytes: TPM2B, and the strings of
 * our fixed messages. */
TROTH_NODISCARD bool troth_get_view16be(struct troth_reader *r, struct troth_view *out);
TROTH_NODISCARD bool troth_get_view32be(struct troth_reader *r, struct troth_view *out);

/* True once every byte is consumed. Parsers of whole messages must end on it. */
TROTH_NODISCARD static inline bool troth_at_end(const struct troth_reader *r)
{
	return r->left.n == 0;
}

/* Same length and same bytes. Not constant-time: never for secrets or MACs. */
TROTH_NODISCARD static inline bool troth_view_equal(struct troth_view a, struct troth_view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* By bytes, as memcmp; of two that agree so far the shorter comes first. */
int troth_view_compare(struct troth_view a, struct troth_view b);
/* FNV-1a, 64 bit: spreads over a table what nobody gains by making collide. */
uint64_t troth_view_hash(struct troth_view v);
/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct troth_view troth_view_str(const char *s)
{
	const size_t n = strlen(s);
	return (struct troth_view){ n > 0 ? (const uint8_t *)s : NULL, n };
}

#endif
