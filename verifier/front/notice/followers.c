/* SPDX-License-Identifier: Apache-2.0 */
#include "followers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base.h"
#include "front.h"
#include "notice_read.h"
#include "problems.h"
#include "reader.h"
#include "text.h"
#include "writer.h"

/* A page as text: each notice with its id, type and data. */
#define PAGE_TEXT_MAX (TROTH_NOTICE_PAGE * (TROTH_NOTICE_JSON_MAX + 128) + 256)
/* A client that lost its stream comes again after this, milliseconds. */
#define RETRY "retry: 2000\n"

struct follower {
	LIST_ENTRY(follower) link;
	struct troth_followers *all;
	struct troth_exchange *exchange; /* until its place is known */
	struct troth_stream *stream;
	struct troth_follow how;
	uint64_t next;
	bool behind; /* there may be something after next */
	bool full;
};

struct troth_followers {
	struct troth_front *front;
	struct troth_mailbox *mailbox;
	struct event *heartbeat;
	struct troth_job wake;
	unsigned int asked; /* atomic: a wake is on its way through the mailbox */
	bool reading;
	LIST_HEAD(, follower) list;
	uint8_t text[PAGE_TEXT_MAX];
};

static void pump(struct troth_followers *f);

static void forget(struct follower *w)
{
	__atomic_sub_fetch(w->how.seat, 1, __ATOMIC_RELAXED);
	LIST_REMOVE(w, link);
	free(w);
}

/* ---- what is written ---- */

static void put_number(struct troth_writer *w, const char *before, uint64_t n)
{
	char line[64];
	(void)snprintf(line, sizeof line, "%s%" PRIu64 "\n", before, n);
	troth_put_view(w, troth_view_str(line));
}

static void put_event(struct troth_writer *w, const char *type, struct troth_view data)
{
	troth_put_view(w, troth_view_str("event: "));
	troth_put_view(w, troth_view_str(type));
	troth_put_view(w, troth_view_str("\ndata: "));
	troth_put_view(w, data);
	troth_put_view(w, troth_view_str("\n\n"));
}

static void put_notice(struct troth_writer *w, uint64_t index, const struct troth_notice *n)
{
	uint8_t json[TROTH_NOTICE_JSON_MAX];
	size_t len = 0;
	if (troth_notice_write(n, index, json, sizeof json, &len) != TROTH_OK)
		return; /* no name is as long as that */
	put_number(w, "id: ", index);
	put_event(w, troth_notice_type(n->kind), (struct troth_view){ json, len });
}

static void put_page(struct troth_writer *w, const struct follower *to,
		     const struct troth_notice_page *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].index >= to->next &&
		    (to->how.everything || troth_notice_public(&p->list[i].notice)))
			put_notice(w, p->list[i].index, &p->list[i].notice);
}

/* The id without an event: who loses the stream before the first one comes again after it. */
static void put_beginning(struct troth_writer *w, const struct troth_notice_page *p)
{
	troth_put_view(w, troth_view_str(RETRY));
	if (p->from > 0)
		put_number(w, "id: ", p->from - 1);
	troth_put_view(w, troth_view_str("\n"));
	if (p->reset)
		put_event(w, "reset",
			  troth_view_str("{\"reason\":\"the log ends before this id, or is "
					 "kept from a later one on\"}"));
}

static void say(struct follower *w, struct troth_view text)
{
	if (text.n > 0 && w->stream != NULL && !troth_stream_write(w->stream, text))
		w->full = true;
}

/* ---- turns ---- */

static void on_room(void *arg)
{
	struct follower *w = arg;
	w->full = false;
	pump(w->all);
}

static void on_end(void *arg)
{
	forget(arg);
}

/* False when its peer has gone meanwhile, and the follower with it. */
static bool begin(struct follower *w, struct troth_writer *text,
		  const struct troth_notice_page *p)
{
	static const struct troth_http_reply HEAD = { .status = 200,
						      .content_type = "text/event-stream" };
	const struct troth_stream_owner owner = { on_room, on_end, w };
	struct troth_exchange *x = w->exchange;
	w->exchange = NULL;
	w->next = p->from;
	w->stream = troth_exchange_stream(x, &HEAD, owner);
	if (w->stream == NULL) {
		forget(w);
		return false;
	}
	put_beginning(text, p);
	return true;
}

/* Whom a page that was read from a place concerns: who waits for what lies there. */
static bool concerns(const struct follower *w, const struct troth_notice_page *p)
{
	if (w->full || !w->behind)
		return false;
	return w->exchange != NULL ? w->how.from == p->asked
				   : w->next >= p->from && w->next <= p->next;
}

static void give(struct follower *w, const struct troth_notice_page *p)
{
	struct troth_writer text = troth_writer_make(w->all->text, sizeof w->all->text);
	if (w->exchange != NULL && !begin(w, &text, p))
		return;
	put_page(&text, w, p);
	w->next = p->next;
	w->behind = !p->whole;
	say(w, troth_written(&text));
}

static void on_page(void *arg, const struct troth_notice_page *page)
{
	struct troth_followers *f = arg;
	struct follower *w, *after;
	f->reading = false;
	if (page == NULL)
		return; /* the next heartbeat tries again */
	for (w = LIST_FIRST(&f->list); w != NULL; w = after) {
		after = LIST_NEXT(w, link);
		if (concerns(w, page))
			give(w, page);
	}
	pump(f);
}

/* From where to read next: what the one that is furthest behind lacks. */
static bool lowest(const struct troth_followers *f, uint64_t *out)
{
	const struct follower *w;
	bool any = false;
	LIST_FOREACH(w, &f->list, link)
	{
		const uint64_t at = w->exchange != NULL ? w->how.from : w->next;
		if (!w->behind || w->full || (any && at >= *out))
			continue;
		*out = at;
		any = true;
	}
	return any;
}

static void pump(struct troth_followers *f)
{
	uint64_t from = 0;
	if (f->reading || !lowest(f, &from))
		return;
	f->reading = troth_notice_read(f->front, f->mailbox, from, on_page, f) == TROTH_OK;
}

static void look_again(struct troth_followers *f)
{
	struct follower *w;
	LIST_FOREACH(w, &f->list, link)
	w->behind = true;
	pump(f);
}

static void on_wake(struct troth_job *job)
{
	struct troth_followers *f =
		(struct troth_followers *)((char *)job -
					   offsetof(struct troth_followers, wake));
	__atomic_store_n(&f->asked, 0, __ATOMIC_RELEASE);
	look_again(f);
}

void troth_followers_wake(struct troth_followers *f)
{
	if (__atomic_exchange_n(&f->asked, 1, __ATOMIC_ACQ_REL) == 0)
		troth_mailbox_post(f->mailbox, &f->wake);
}

/* A comment to each that has room; and a look, for what nobody woke us for. */
static void on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
	struct troth_followers *f = arg;
	struct follower *w;
	(void)fd;
	(void)what;
	LIST_FOREACH(w, &f->list, link)
	if (!w->full)
		say(w, troth_view_str(":\n\n"));
	look_again(f);
}

void troth_followers_end(struct troth_followers *f)
{
	struct follower *w;
	LIST_FOREACH(w, &f->list, link)
	{
		if (w->stream == NULL)
			continue;
		say(w, troth_view_str("event: end\ndata: {\"reason\":\"restart\"}\n\n"));
		troth_stream_end(w->stream);
	}
}

/* ---- coming and going ---- */

bool troth_follow_from(const struct troth_exchange *x, uint64_t *out)
{
	struct troth_view id;
	uint64_t last;
	const size_t n = troth_exchange_header(x, TROTH_HTTP_LAST_EVENT_ID, &id);
	*out = TROTH_NOTICE_FROM_NOW;
	if (n == 0)
		return true;
	if (n != 1 || !troth_parse_u64(id, INT64_MAX, &last))
		return false;
	*out = last + 1;
	return true;
}

void troth_followers_add(struct troth_followers *f, struct troth_exchange *x,
			 const struct troth_follow *how)
{
	if (__atomic_add_fetch(how->seat, 1, __ATOMIC_RELAXED) > TROTH_FOLLOWERS_PER_CALLER) {
		__atomic_sub_fetch(how->seat, 1, __ATOMIC_RELAXED);
		troth_exchange_problem(x, 429, "too-many-streams",
				       "This caller follows as often as it may.", 5);
		return;
	}
	struct follower *w = malloc(sizeof *w);
	if (w == NULL) {
		__atomic_sub_fetch(how->seat, 1, __ATOMIC_RELAXED);
		troth_problem_memory(x);
		return;
	}
	*w = (struct follower){ .all = f, .exchange = x, .how = *how, .behind = true };
	LIST_INSERT_HEAD(&f->list, w, link);
	pump(f);
}

enum troth_status troth_followers_new(struct troth_front *front, struct event_base *base,
				      struct troth_mailbox *mailbox,
				      struct troth_followers **out)
{
	const struct timeval every = { .tv_sec = TROTH_HEARTBEAT_S };
	struct troth_followers *f = calloc(1, sizeof *f);
	if (f == NULL)
		return TROTH_E_MEMORY;
	f->front = front;
	f->mailbox = mailbox;
	f->wake.run = on_wake;
	LIST_INIT(&f->list);
	f->heartbeat = event_new(base, -1, EV_PERSIST, on_heartbeat, f);
	if (f->heartbeat == NULL || event_add(f->heartbeat, &every) != 0) {
		troth_followers_free(f);
		return TROTH_E_MEMORY;
	}
	*out = f;
	return TROTH_OK;
}

/* Those left still wait for their first page: their exchanges answer into nothing. */
void troth_followers_free(struct troth_followers *f)
{
	struct follower *w;
	if (f == NULL)
		return;
	while ((w = LIST_FIRST(&f->list)) != NULL) {
		if (w->exchange != NULL)
			troth_problem_memory(w->exchange);
		forget(w);
	}
	if (f->heartbeat != NULL)
		event_free(f->heartbeat);
	free(f);
}
