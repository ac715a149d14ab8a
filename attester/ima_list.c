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

struct reading {
	struct troth_ctx *ctx;
	int fd;
	enum troth_hash hash; /* NONE until the first record is there */
	uint64_t first, n_dropped;
	uint8_t *p;
	size_t n, room;
	bool ended;
};

static void reading_clear(struct reading *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	free(r->p);
}

static enum troth_status fill(struct reading *r)
{
	if (r->n > TROTH_IMA_MAX)
		return TROTH_E_LIMIT;
	if (r->room - r->n < CHUNK) {
		const size_t room = r->room + (r->room > CHUNK ? r->room / 2 : CHUNK);
		uint8_t *larger = realloc(r->p, room);
		if (larger == NULL)
			return TROTH_E_MEMORY;
		r->p = larger;
		r->room = room;
	}
	ssize_t got;
	do
		got = read(r->fd, r->p + r->n, CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return TROTH_E_IO;
	r->n += (size_t)got;
	r->ended = got == 0;
	return TROTH_OK;
}

/* Drops the records in the buffer that nobody wants. One cut off waits for its rest. */
static enum troth_status drop_known(struct reading *r)
{
	struct troth_ima_list list;
	struct troth_ima_record record;
	enum troth_status status =
		troth_ima_open(r->ctx, (struct troth_view){ r->p, r->n }, r->hash, &list);
	if (status == TROTH_OK && r->n > 0)
		r->hash = list.hash;
	while (status == TROTH_OK && r->n_dropped < r->first && !troth_ima_at_end(&list)) {
		status = troth_ima_next(&list, &record);
		r->n_dropped += status == TROTH_OK;
	}
	if (status != TROTH_OK && (status != TROTH_E_TRUNCATED || r->ended))
		return status;
	if (status != TROTH_OK && r->hash == TROTH_HASH_NONE)
		return TROTH_OK;
	const size_t known = troth_ima_offset(&list);
	if (known > 0)
		memmove(r->p, r->p + known, r->n - known);
	r->n -= known;
	return TROTH_OK;
}

static enum troth_status read_all(struct reading *r)
{
	while (!r->ended) {
		TROTH_TRY(fill(r));
		if (r->n_dropped < r->first)
			TROTH_TRY(drop_known(r));
	}
	return r->n > TROTH_IMA_MAX ? TROTH_E_LIMIT : TROTH_OK;
}

enum troth_status troth_ima_list_read(struct troth_ctx *ctx, const char *path, uint64_t first,
				      struct troth_ima_part *out)
{
	TROTH_AUTO(reading_clear) struct reading r = { .ctx = ctx, .fd = -1, .first = first };
	r.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return errno == ENOENT ? TROTH_E_NOT_FOUND : TROTH_E_IO;
	TROTH_TRY(read_all(&r));
	/* Shorter than what was known of it: another boot, whose list is wanted whole. */
	if (r.n_dropped < first)
		return troth_ima_list_read(ctx, path, 0, out);
	*out = (struct troth_ima_part){ .bytes = { r.p, r.n }, .first = first };
	r.p = NULL;
	return TROTH_OK;
}
