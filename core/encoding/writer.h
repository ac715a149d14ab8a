/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded writer into a buffer of the caller's.
 *
 * Writing past the end writes nothing and is remembered; one check of troth_writer_ok at the
 * finish is enough. Big-endian, as TPM structures and our own fixed messages are. */
#ifndef TROTH_CORE_WRITER_H
#define TROTH_CORE_WRITER_H

#include <troth/status.h>
#include <troth/view.h>

struct troth_writer {
	uint8_t *p;
	size_t n;   /* bytes written */
	size_t max; /* bytes p has room for */
	bool overflow;
};

struct troth_writer troth_writer_make(uint8_t *p, size_t max);

void troth_put_u8(struct troth_writer *w, uint8_t v);
void troth_put_u16be(struct troth_writer *w, uint16_t v);
void troth_put_u32be(struct troth_writer *w, uint32_t v);
void troth_put_u64be(struct troth_writer *w, uint64_t v);
void troth_put_view(struct troth_writer *w, struct troth_view v);
/* A length prefix of two or four bytes, then the bytes; a view too long for
 * its prefix overflows. */
void troth_put_view16be(struct troth_writer *w, struct troth_view v);
void troth_put_view32be(struct troth_writer *w, struct troth_view v);

TROTH_NODISCARD bool troth_writer_ok(const struct troth_writer *w);
/* What was written; borrowed from the buffer. Empty after an overflow. */
struct troth_view troth_written(const struct troth_writer *w);

#endif
