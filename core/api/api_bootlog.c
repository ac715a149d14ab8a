/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <troth/bootlog.h>

#include "base.h"
#include "eventlog.h"
#include "reader.h"

struct troth_bootlog {
	uint8_t *bytes;
	struct troth_log log;
	struct troth_replay replay;
};

TROTH_DEFINE_AUTO(struct troth_bootlog, troth_bootlog_free)

static enum troth_status read_copy(struct troth_ctx *ctx, struct troth_bootlog *b, size_t n,
				   size_t *error_offset)
{
	struct troth_log log = { 0 };
	enum troth_status status = troth_log_parse((struct troth_view){ b->bytes, n }, &log);
	if (status != TROTH_OK) {
		if (error_offset != NULL)
			*error_offset = log.error_offset;
		return status;
	}
	b->log = log;
	return troth_log_replay(ctx, &b->log, &b->replay);
}

enum troth_status troth_bootlog_read(struct troth_ctx *ctx, struct troth_view bytes,
				     struct troth_bootlog **out, size_t *error_offset)
{
	if (bytes.n > TROTH_LOG_MAX)
		return TROTH_E_LIMIT;
	if (bytes.n == 0)
		return TROTH_E_TRUNCATED;
	TROTH_AUTO(troth_bootlog_free_p) struct troth_bootlog *b = calloc(1, sizeof *b);
	if (b == NULL || (b->bytes = malloc(bytes.n)) == NULL)
		return TROTH_E_MEMORY;
	memcpy(b->bytes, bytes.p, bytes.n);
	TROTH_TRY(read_copy(ctx, b, bytes.n, error_offset));
	*out = b;
	b = NULL;
	return TROTH_OK;
}

void troth_bootlog_free(struct troth_bootlog *log)
{
	if (log == NULL)
		return;
	troth_log_release(&log->log);
	free(log->bytes);
	free(log);
}

size_t troth_bootlog_events(const struct troth_bootlog *log)
{
	return log->log.n_events;
}

enum troth_status troth_bootlog_pcr(const struct troth_bootlog *log, const char *bank,
				    uint32_t pcr, struct troth_view *out)
{
	enum troth_hash hash = troth_hash_from_name(troth_view_str(bank));
	struct troth_view value = troth_pcr_value(&log->replay.values, hash, pcr);
	if (value.n == 0)
		return TROTH_E_NOT_FOUND;
	*out = value;
	return TROTH_OK;
}
