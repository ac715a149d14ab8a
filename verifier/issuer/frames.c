/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "writer.h"

/* The first allocation; most channels never need a second, bytes. */
#define ROOM_FIRST (64 * 1024)

void troth_frames_clear(struct troth_frames *f)
{
	if (f->p != NULL)
		OPENSSL_cleanse(f->p, f->room);
	free(f->p);
	*f = (struct troth_frames){ .max = f->max };
}

static size_t grown(const struct troth_frames *f, size_t need)
{
	size_t room = f->room > 0 ? f->room : ROOM_FIRST;
	while (room < need)
		room *= 2;
	return room < f->max ? room : f->max;
}

enum troth_status troth_frames_reserve(struct troth_frames *f, size_t n)
{
	size_t held = f->end - f->begin;
	if (n > f->max || held > f->max - n)
		return TROTH_E_LIMIT;
	if (n <= f->room - f->end)
		return TROTH_OK;
	if (held + n <= f->room) {
		memmove(f->p, f->p + f->begin, held);
	} else {
		size_t room = grown(f, held + n);
		uint8_t *p = malloc(room);
		if (p == NULL)
			return TROTH_E_MEMORY;
		if (held > 0)
			memcpy(p, f->p + f->begin, held);
		if (f->p != NULL)
			OPENSSL_cleanse(f->p, f->room);
		free(f->p);
		f->p = p;
		f->room = room;
	}
	f->begin = 0;
	f->end = held;
	return TROTH_OK;
}

uint8_t *troth_frames_tail(struct troth_frames *f)
{
	return f->p + f->end;
}

void troth_frames_added(struct troth_frames *f, size_t n)
{
	assert(n <= f->room - f->end);
	f->end += n;
}

void troth_frames_close(struct troth_frames *f, size_t n)
{
	struct troth_writer w = troth_writer_make(f->p + f->end, TROTH_FRAME_HEADER);
	troth_put_u32be(&w, (uint32_t)n);
	troth_frames_added(f, TROTH_FRAME_HEADER + n);
}

struct troth_view troth_frames_held(const struct troth_frames *f)
{
	size_t n = f->end - f->begin;
	return (struct troth_view){ n > 0 ? f->p + f->begin : NULL, n };
}

void troth_frames_drop(struct troth_frames *f, size_t n)
{
	assert(n <= f->end - f->begin);
	f->begin += n;
	if (f->begin == f->end)
		f->begin = f->end = 0;
}

enum troth_status troth_frames_take(struct troth_frames *f, size_t frame_max,
				    struct troth_view *out)
{
	struct troth_reader r = { troth_frames_held(f) };
	struct troth_view body;
	uint32_t n;
	if (!troth_get_u32be(&r, &n))
		return TROTH_E_TRUNCATED;
	if (n > frame_max)
		return TROTH_E_LIMIT;
	if (!troth_get_view(&r, n, &body))
		return TROTH_E_TRUNCATED;
	troth_frames_drop(f, TROTH_FRAME_HEADER + n);
	*out = body;
	return TROTH_OK;
}
