/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <string.h>

struct troth_writer troth_writer_make(uint8_t *p, size_t max)
{
	return (struct troth_writer){ .p = p, .max = max };
}

static void put(struct troth_writer *w, const uint8_t *p, size_t n)
{
	if (w->overflow || n > w->max - w->n) {
		w->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

static void put_be(struct troth_writer *w, uint64_t v, size_t n)
{
	uint8_t bytes[sizeof v];
	for (size_t i = n; i > 0; i--) {
		bytes[i - 1] = (uint8_t)v;
		v >>= 8;
	}
	put(w, bytes, n);
}

void troth_put_u8(struct troth_writer *w, uint8_t v)
{
	put_be(w, v, sizeof v);
}

void troth_put_u16be(struct troth_writer *w, uint16_t v)
{
	put_be(w, v, sizeof v);
}

void troth_put_u32be(struct troth_writer *w, uint32_t v)
{
	put_be(w, v, sizeof v);
}

void troth_put_u64be(struct troth_writer *w, uint64_t v)
{
	put_be(w, v, sizeof v);
}

void troth_put_view(struct troth_writer *w, struct troth_view v)
{
	put(w, v.p, v.n);
}

void troth_put_view16be(struct troth_writer *w, struct troth_view v)
{
	if (v.n > UINT16_MAX)
		w->overflow = true;
	troth_put_u16be(w, (uint16_t)v.n);
	put(w, v.p, v.n);
}

void troth_put_view32be(struct troth_writer *w, struct troth_view v)
{
	if (v.n > UINT32_MAX)
		w->overflow = true;
	troth_put_u32be(w, (uint32_t)v.n);
	put(w, v.p, v.n);
}

bool troth_writer_ok(const struct troth_writer *w)
{
	return !w->overflow;
}

struct troth_view troth_written(const struct troth_writer *w)
{
	if (w->overflow || w->n == 0)
		return (struct troth_view){ 0 };
	return (struct troth_view){ w->p, w->n };
}
