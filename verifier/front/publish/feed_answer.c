/* SPDX-License-Identifier: Apache-2.0 */
/* GET of the status feed. A delta never changes; the full document is asked for again at once,
 * and its ETag says whether there is another. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "reader.h"
#include "text.h"
#include "worker.h"

#define TYPE "application/vnd.troth.status"

static bool asked_before(const struct troth_exchange *x, const char *etag)
{
	struct troth_view tags;
	return troth_exchange_header(x, TROTH_HTTP_IF_NONE_MATCH, &tags) == 1 &&
	       (troth_view_equal(tags, troth_view_str("*")) ||
		memmem(tags.p, tags.n, etag, strlen(etag)) != NULL);
}

static void answer(struct troth_exchange *x, const struct troth_feed_document *d,
		   const char *cache_control)
{
	char etag[64], line[96];
	(void)snprintf(etag, sizeof etag, "\"%llu-%llu\"", (unsigned long long)d->since,
		       (unsigned long long)d->sequence);
	(void)snprintf(line, sizeof line, "ETag: %s\r\n", etag);
	struct troth_http_reply r = { .status = 304,
				      .cache_control = cache_control,
				      .headers = troth_view_str(line) };
	if (!asked_before(x, etag)) {
		r.status = 200;
		r.content_type = TYPE;
		r.body = (struct troth_view){ d->bytes, d->n };
	}
	troth_exchange_reply(x, &r);
}

void troth_handle_status(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	struct troth_feed_document *d = troth_feed_full(w->front->feed);
	if (d != NULL)
		answer(x, d, "public, no-cache");
	else
		troth_exchange_problem(x, 503, "unavailable",
				       "No status document was signed yet.", 1);
	troth_feed_release(d);
}

void troth_handle_status_delta(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	uint64_t since = 0;
	bool current = false;
	struct troth_feed_document *d = NULL;
	if (troth_parse_u64(troth_exchange_segment(x), INT64_MAX, &since))
		d = troth_feed_delta(w->front->feed, since, &current);
	if (d != NULL)
		answer(x, d, "public, max-age=3600, immutable");
	else if (current)
		troth_exchange_answer(x, 204, NULL, (struct troth_view){ 0 });
	else
		troth_exchange_problem(x, 404, "no-delta",
				       "Nothing is kept that begins there: take the full "
				       "document.",
				       0);
	troth_feed_release(d);
}
