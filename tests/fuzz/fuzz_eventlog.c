/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs: what is accepted lies in the input and replays; what is not leaves only the
 * offset it was refused at. */
#include <assert.h>

#include "event_text.h"
#include "eventlog.h"
#include "facts.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct troth_log *log, const uint8_t *data, size_t size)
{
	char text[40];
	for (size_t i = 0; i < log->n_events; i++) {
		const struct troth_event *ev = &log->events[i];
		assert(ev->index == i);
		assert_within(ev->data, data, size);
		for (size_t k = 0; k < log->header.n_algs; k++)
			assert_within(ev->digests[k], data, size);
		struct troth_line line = troth_line_make(text, sizeof text);
		troth_event_line(ev, &line);
		assert(strlen(text) < sizeof text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx; /* made once: it keeps no data of a call */
	struct troth_log log;
	struct troth_replay replay;
	struct troth_facts facts = { 0 };
	if (ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK)
		return 0;
	POISON(log);
	if (troth_log_parse((struct troth_view){ data, size }, &log) != TROTH_OK) {
		assert(log.error_offset <= size);
		memset(&log.error_offset, 0xaa, sizeof log.error_offset);
		ASSERT_UNTOUCHED(log);
		return 0;
	}
	look_at(&log, data, size);
	assert(troth_log_replay(ctx, &log, &replay) == TROTH_OK);
	assert(replay.values.n_banks <= log.header.n_algs);
	for (size_t k = 0; k < log.header.n_algs; k++)
		if (troth_ctx_md(ctx, log.header.algs[k].hash) != NULL) {
			assert(troth_facts_read(ctx, &log, log.header.algs[k].hash, &facts) ==
			       TROTH_OK);
			assert(facts.n <= log.n_events);
			troth_facts_release(&facts);
		}
	troth_log_release(&log);
	return 0;
}
