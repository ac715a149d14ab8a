/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "ima.h"
#include "reader.h"

/* One read of securityfs; a page at a time would be slow, more is not given. */
#define CHUNK 65536
/* A part, and where the next one begins to show. */
#define ROOM (TROTH_IMA_MAX + 2 * CHUNK)

struct troth_ima_reader {
	struct troth_ctx *ctx;
	int fd;
	enum troth_hash hash; /* NONE until the first record is there */
	uint64_t wanted;      /* entry to begin with */
	uint64_t at;	      /* entry that the buffer begins with */
	uint8_t *p;
	size_t n, room;
	size_t n_given; /* bytes of the last part, still in the buffer */
	bool ended;
};

void troth_ima_progress_clear(struct troth_ima_progress *p)
{
	troth_buffer_clear(&p->carry);
	p->next = 0;
}

void troth_ima_reader_free(struct troth_ima_reader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		(void)close(r->fd);
	free(r->p);
	free(r);
}

enum troth_status troth_ima_reader_open(struct troth_ctx *ctx, const char *path, uint64_t first,
					struct troth_ima_reader **out)
{
	struct troth_ima_reader *r = calloc(1, sizeof *r);
	if (r == NULL)
		return TROTH_E_MEMORY;
	*r = (struct troth_ima_reader){ .ctx = ctx, .wanted = first };
	r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		const enum troth_status status = errno == ENOENT ? TROTH_E_NOT_FOUND
								 : TROTH_E_IO;
		troth_ima_reader_free(r);
		return status;
	}
	*out = r;
	return TROTH_OK;
}

/* Grows as the list does: most are far from the largest part. */
static enum troth_status make_room(struct troth_ima_reader *r)
{
	if (r->room - r->n >= CHUNK)
		return TROTH_OK;
	size_t room = r->room + (r->room > CHUNK ? r->room / 2 : CHUNK);
	if (room > ROOM)
		room = ROOM;
	uint8_t *larger = realloc(r->p, room);
	if (larger == NULL)
		return TROTH_E_MEMORY;
	r->p = larger;
	r->room = room;
	return TROTH_OK;
}

static enum troth_status fill(struct troth_ima_reader *r)
{
	ssize_t got;
	TROTH_TRY(make_room(r));
	do
		got = read(r->fd, r->p + r->n, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return TROTH_E_IO;
	r->n += (size_t)got;
	r->ended = got == 0;
	return TROTH_OK;
}

static void drop(struct troth_ima_reader *r, size_t n)
{
	if (n > 0)
		memmove(r->p, r->p + n, r->n - n);
	r->n -= n;
}

/* Where the record behind max records, or the last whole one within max bytes, ends. One cut
 * off waits for its rest. */
static enum troth_status measure(struct troth_ima_reader *r, uint64_t max_records,
				 size_t max_bytes, struct troth_ima_list *out)
{
	struct troth_ima_list list;
	struct troth_ima_record record;
	*out = (struct troth_ima_list){ .n_read = 0 };
	enum troth_status status =
		troth_ima_open(r->ctx, (struct troth_view){ r->p, r->n }, r->hash, &list);
	if (status == TROTH_OK && r->n > 0)
		r->hash = list.hash;
	if (status == TROTH_OK)
		*out = list;
	while (status == TROTH_OK && list.n_read < max_records && !troth_ima_at_end(&list)) {
		status = troth_ima_next(&list, &record);
		if (status == TROTH_OK && troth_ima_offset(&list) > max_bytes)
			break;
		if (status == TROTH_OK)
			*out = list;
	}
	return status == TROTH_E_TRUNCATED && !r->ended ? TROTH_OK : status;
}

/* Nobody wants what comes before the entry to begin with. */
static enum troth_status drop_known(struct troth_ima_reader *r)
{
	struct troth_ima_list list;
	TROTH_TRY(measure(r, r->wanted - r->at, SIZE_MAX, &list));
	r->at += list.n_read;
	if (list.n_read > 0)
		drop(r, troth_ima_offset(&list));
	return TROTH_OK;
}

/* Shorter than what was known of it: another boot, whose list is wanted whole. */
static enum troth_status begin_anew(struct troth_ima_reader *r)
{
	if (lseek(r->fd, 0, SEEK_SET) != 0)
		return TROTH_E_IO;
	r->wanted = r->at = 0;
	r->n = 0;
	r->ended = false;
	r->hash = TROTH_HASH_NONE;
	return TROTH_OK;
}

static enum troth_status fill_part(struct troth_ima_reader *r)
{
	while (!r->ended && r->n <= TROTH_IMA_MAX) {
		TROTH_TRY(fill(r));
		if (r->at < r->wanted)
			TROTH_TRY(drop_known(r));
		if (r->ended && r->at < r->wanted)
			TROTH_TRY(begin_anew(r));
	}
	return TROTH_OK;
}

enum troth_status troth_ima_reader_next(struct troth_ima_reader *r, struct troth_ima_part *out)
{
	struct troth_ima_list list;
	drop(r, r->n_given);
	r->n_given = 0;
	TROTH_TRY(fill_part(r));
	*out = (struct troth_ima_part){ .bytes = { r->p, r->n }, .first = r->at };
	if (r->n <= TROTH_IMA_MAX)
		return TROTH_OK;
	/* What breaks the format goes to the verifier, which says so. */
	const enum troth_status status = measure(r, UINT64_MAX, TROTH_IMA_MAX, &list);
	out->more = status == TROTH_OK && list.n_read > 0;
	out->n_entries = out->more ? list.n_read : 0;
	out->bytes.n = out->more ? troth_ima_offset(&list) : TROTH_IMA_MAX;
	r->n_given = out->bytes.n;
	r->at += out->n_entries;
	return TROTH_OK;
}
