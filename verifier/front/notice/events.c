/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events for relying parties, and the same for operators (docs/events.md). */
#include <string.h>

#include "admin_json.h"
#include "admin_requests.h"
#include "base.h"
#include "followers.h"
#include "notice_read.h"
#include "reader.h"
#include "text.h"
#include "webhook_desk.h"
#include "worker.h"

static void bad_id(struct troth_exchange *x)
{
	troth_exchange_problem(x, 400, "malformed", "Last-Event-ID is a number given as an id.",
			       0);
}

/* Those who may ask about devices may hear about them. */
void troth_handle_events(struct troth_exchange *x, void *worker)
{
	struct troth_worker *w = worker;
	const struct troth_caller *caller = troth_caller_of(x, w);
	if (caller == NULL) {
		troth_info("denied", "reason=unknown-caller peer=%s", troth_exchange_peer(x));
		troth_exchange_problem(x, 403, "denied", "Only known callers may follow.", 0);
		return;
	}
	const size_t place = (size_t)(caller - w->front->settings->callers.list);
	struct troth_follow how = { .seat = &w->front->n_following[place] };
	if (!troth_follow_from(x, &how.from))
		bad_id(x);
	else
		troth_followers_add(w->followers, x, &how);
}

void troth_admin_event_stream(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_follow how = { .everything = true,
				    .seat = &admin->front->n_following[TROTH_CALLERS_MAX] };
	const bool by_query = troth_exchange_query(x).n > 0;
	if (by_query && !troth_admin_from(x, &how.from))
		return;
	if (!by_query && !troth_follow_from(x, &how.from))
		bad_id(x);
	else
		troth_followers_add(admin->followers, x, &how);
}

static json_t *event_json(uint64_t index, const struct troth_notice *n)
{
	uint8_t text[TROTH_NOTICE_JSON_MAX];
	size_t len = 0;
	if (troth_notice_write(n, index, text, sizeof text, &len) != TROTH_OK)
		return NULL;
	return json_loadb((const char *)text, len, 0, NULL);
}

static json_t *page_json(const struct troth_notice_page *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(list, event_json(p->list[i].index, &p->list[i].notice));
	return json_pack("{s:o, s:I, s:b}", "events", list, "next", (json_int_t)p->next,
			 "whole", p->whole);
}

void troth_admin_events(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	struct troth_notice_page page;
	uint64_t from = 0;
	if (!troth_admin_from(x, &from))
		return;
	if (troth_notice_page_read(admin->front, from, &page) != TROTH_OK)
		troth_exchange_problem(x, 503, "unavailable", "The store cannot be read.", 1);
	else
		troth_admin_answer(x, page_json(&page));
}

void troth_admin_webhooks(struct troth_exchange *x, void *arg)
{
	struct troth_admin *admin = arg;
	troth_admin_answer(x, troth_webhook_desk_json(admin->webhooks));
}
