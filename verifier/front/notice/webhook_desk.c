/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin.h"
#include "admin_json.h"
#include "base.h"
#include "clock.h"
#include "courier/message.h"
#include "notice_read.h"
#include "reader.h"
#include "webhook_progress.h"

/* Asked without a cause too, so that no lost wake holds anything up for long, seconds. */
#define LOOK_S 15
/* Messages taken in one turn of the loop. */
#define TURN_MAX 64
/* A courier that was started again has lost its page: one that says so all the time reads the
 * store no more often than this, milliseconds. */
#define AGAIN_MS 1000
/* Leaves passed over before that is remembered. */
#define PASSED_MAX 4096
/* Waiting notices are counted so far, and then it is "more". */
#define WAITING_MAX 1000

struct hook {
	struct troth_job stored; /* how the store's answer comes back */
	struct troth_webhook_desk *desk;
	bool storing; /* where it is, or was, is on its way to the store */
	bool wants;   /* an answer is owed */
	bool known;   /* where it is */
	struct troth_webhook_progress progress;
	uint64_t saved;		/* committed, or on its way */
	uint64_t again_ms;	/* from then on a page may be read once more, monotonic */
	uint64_t n_delivered;	/* as the courier says, since the front began */
	uint64_t n_refused;	/* reports of what it was not handed */
	uint64_t last_taken_ms; /* 0: none since the front began */
	struct troth_courier_request last; /* report */
};

struct troth_webhook_desk {
	struct troth_admin *admin;
	int fd;
	struct event *readable, *timer;
	struct troth_job wake;
	unsigned int asked; /* atomic: a wake is on its way through the mailbox */
	bool complained;
	struct hook hooks[TROTH_WEBHOOKS_MAX];
};

static const struct troth_webhook *settings_of(const struct troth_webhook_desk *d, size_t i)
{
	return &d->admin->front->settings->webhooks.list[i];
}

static bool is_for(const struct troth_webhook *h, const struct troth_notice *n)
{
	bool any = h->n_events == 0;
	for (size_t i = 0; i < h->n_events; i++)
		any = any || troth_notice_matches(n->kind, h->events[i]);
	return any;
}

/* ---- where a webhook has come to ---- */

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct hook *h = arg;
	(void)row;
	if (status != TROTH_OK) /* after a restart the last one may come twice */
		troth_warn("webhook-cursor", "status=%s", troth_status_name(status));
	troth_mailbox_post(h->desk->admin->mailbox, &h->stored);
}

/* One at a time: however often a courier says how far it is, the store is not flooded. */
static void save(struct hook *h)
{
	struct troth_webhook_desk *d = h->desk;
	struct troth_store_item item = { .kind = TROTH_STORE_CURSOR };
	if (h->storing || h->saved == h->progress.done || d->admin->store_closed)
		return;
	memcpy(item.u.cursor.name, settings_of(d, (size_t)(h - d->hooks))->name,
	       sizeof item.u.cursor.name);
	item.u.cursor.next = h->progress.done;
	enum troth_status status =
		troth_store_submit(d->admin->front->store, &item, on_stored, h);
	if (status != TROTH_OK) {
		troth_warn("webhook-cursor", "status=%s", troth_status_name(status));
		return; /* the next report tries again */
	}
	h->storing = true;
	h->saved = h->progress.done;
}

static void on_saved(struct troth_job *job)
{
	struct hook *h = (struct hook *)((char *)job - offsetof(struct hook, stored));
	h->storing = false;
	save(h);
}

/* What was forgotten meanwhile (notice_keep.h) was not there to be handed over. */
static void begin_at(struct troth_webhook_desk *d, size_t i, uint64_t done, uint64_t first)
{
	struct hook *h = &d->hooks[i];
	troth_webhook_progress_begin(&h->progress, done > first ? done : first);
	h->known = true;
	if (done < first)
		troth_warn("webhook-behind", "name=%s next=%" PRIu64 " kept_from=%" PRIu64,
			   settings_of(d, i)->name, done, first);
}

/* One that is new begins with what comes next. */
static enum troth_status resume(struct troth_webhook_desk *d, size_t i)
{
	struct troth_front *f = d->admin->front;
	struct hook *h = &d->hooks[i];
	struct troth_notices_kept kept;
	uint64_t done = 0;
	if (h->known)
		return TROTH_OK;
	TROTH_TRY(f->store_ops->kept(f->store_backend, &kept));
	enum troth_status status =
		f->store_ops->cursor(f->store_backend, settings_of(d, i)->name, &done);
	h->saved = done;
	if (status == TROTH_E_NOT_FOUND) {
		status = f->store_ops->end(f->store_backend, &done);
		h->saved = UINT64_MAX; /* nothing is */
	}
	TROTH_TRY(status);
	begin_at(d, i, done, kept.first);
	save(h);
	return TROTH_OK;
}

/* ---- answers ---- */

/* Those of a page that are for it, up to as many as a message takes. */
static void choose(const struct troth_webhook_desk *d, size_t i,
		   const struct troth_notice_page *from, struct troth_courier_page *out)
{
	*out = (struct troth_courier_page){ .hook = (uint8_t)i, .next = from->next };
	for (size_t k = 0; k < from->n; k++) {
		if (!is_for(settings_of(d, i), &from->list[k].notice))
			continue;
		if (out->n == TROTH_COURIER_PAGE) {
			out->next = from->list[k].index;
			return;
		}
		out->list[out->n].index = from->list[k].index;
		out->list[out->n++].notice = from->list[k].notice;
	}
}

/* False when the courier does not take it now: it is owed still. */
static bool hand_over(const struct troth_webhook_desk *d, const struct troth_courier_page *page)
{
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	size_t n = 0;
	return troth_courier_page_write(page, bytes, &n) == TROTH_OK &&
	       send(d->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
}

/* Who wants what is next has delivered all before it: what was passed over since need not be
 * looked at again after a restart. */
static void pass_over(struct hook *h, uint64_t next)
{
	struct troth_webhook_progress *p = &h->progress;
	troth_webhook_progress_pass(p, next);
	if (troth_webhook_progress_owes(p) || p->from - p->done < PASSED_MAX)
		return;
	troth_webhook_progress_begin(p, p->from);
	save(h);
}

/* Answers when there is something for it; passes over what is not. */
static void answer(struct troth_webhook_desk *d, size_t i)
{
	struct hook *h = &d->hooks[i];
	struct troth_notice_page page;
	struct troth_courier_page chosen;
	if (resume(d, i) != TROTH_OK)
		return; /* the timer looks again */
	do {
		if (troth_notice_page_read(d->admin->front, h->progress.from, &page) !=
		    TROTH_OK)
			return;
		choose(d, i, &page, &chosen);
		if (chosen.n > 0) {
			h->wants = !hand_over(d, &chosen);
			if (!h->wants)
				troth_webhook_progress_hand(&h->progress, &chosen);
			return;
		}
		pass_over(h, page.next);
	} while (!page.whole);
}

static void answer_all(struct troth_webhook_desk *d)
{
	const size_t n = d->admin->front->settings->webhooks.n;
	for (size_t i = 0; i < n; i++)
		if (d->hooks[i].wants)
			answer(d, i);
}

/* ---- what the courier says ---- */

/* Once, whatever it says: a courier that was taken over writes no log. */
static void complain(struct troth_webhook_desk *d, const char *reason)
{
	if (!d->complained)
		troth_warn("webhook-courier", "reason=\"%s\"", reason);
	d->complained = true;
}

static void take_read(struct troth_webhook_desk *d, size_t i)
{
	struct hook *h = &d->hooks[i];
	if (h->wants)
		return; /* it is owed already */
	h->wants = true;
	if (troth_webhook_progress_owes(&h->progress)) {
		if (troth_mono_ms() < h->again_ms)
			return; /* the timer answers */
		h->again_ms = troth_mono_ms() + AGAIN_MS;
	}
	troth_webhook_progress_again(&h->progress);
	answer(d, i);
}

static void take_report(struct troth_webhook_desk *d, const struct troth_courier_request *q)
{
	struct hook *h = &d->hooks[q->hook];
	switch (troth_webhook_progress_report(&h->progress, q->next)) {
	case TROTH_WEBHOOK_LIE:
		h->n_refused++;
		complain(d, "it says that it has delivered what it was not given");
		return;
	case TROTH_WEBHOOK_TAKEN:
		h->n_delivered++;
		h->last_taken_ms = troth_now_ms();
		save(h);
		break;
	case TROTH_WEBHOOK_STAYS: break;
	}
	h->last = *q;
}

static void take(struct troth_webhook_desk *d, struct troth_view bytes)
{
	struct troth_courier_request q;
	if (troth_courier_request_read(bytes, &q) != TROTH_OK ||
	    q.hook >= d->admin->front->settings->webhooks.n)
		complain(d, "a message that is none");
	else if (q.kind == TROTH_COURIER_READ)
		take_read(d, q.hook);
	else
		take_report(d, &q);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct troth_webhook_desk *d = arg;
	uint8_t bytes[TROTH_COURIER_MESSAGE_MAX];
	(void)what;
	for (int i = 0; i < TURN_MAX; i++) {
		ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (n < 0)
			return;
		take(d, (struct troth_view){ bytes, (size_t)n });
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	answer_all(arg);
}

static void on_wake(struct troth_job *job)
{
	struct troth_webhook_desk *d =
		(struct troth_webhook_desk *)((char *)job -
					      offsetof(struct troth_webhook_desk, wake));
	__atomic_store_n(&d->asked, 0, __ATOMIC_RELEASE);
	if (!d->admin->store_closed)
		answer_all(d);
}

void troth_webhook_desk_wake(struct troth_webhook_desk *d)
{
	if (d->fd >= 0 && __atomic_exchange_n(&d->asked, 1, __ATOMIC_ACQ_REL) == 0)
		troth_mailbox_post(d->admin->mailbox, &d->wake);
}

/* ---- its life ---- */

static enum troth_status listen_to(struct troth_webhook_desk *d)
{
	const struct timeval every = { .tv_sec = LOOK_S };
	d->readable = event_new(d->admin->base, d->fd, EV_READ | EV_PERSIST, on_readable, d);
	d->timer = event_new(d->admin->base, -1, EV_PERSIST, on_timer, d);
	if (d->readable == NULL || d->timer == NULL)
		return TROTH_E_MEMORY;
	return event_add(d->readable, NULL) == 0 && event_add(d->timer, &every) == 0
		       ? TROTH_OK
		       : TROTH_E_IO;
}

enum troth_status troth_webhook_desk_new(struct troth_admin *admin, int fd,
					 struct troth_webhook_desk **out)
{
	struct troth_webhook_desk *d = calloc(1, sizeof *d);
	if (d == NULL)
		return TROTH_E_MEMORY;
	d->admin = admin;
	d->fd = fd;
	d->wake.run = on_wake;
	for (size_t i = 0; i < TROTH_WEBHOOKS_MAX; i++) {
		d->hooks[i].desk = d;
		d->hooks[i].stored.run = on_saved;
	}
	enum troth_status status = fd >= 0 ? listen_to(d) : TROTH_OK;
	if (status != TROTH_OK) {
		troth_webhook_desk_free(d);
		return status;
	}
	*out = d;
	return TROTH_OK;
}

void troth_webhook_desk_free(struct troth_webhook_desk *d)
{
	if (d == NULL)
		return;
	if (d->readable != NULL)
		event_free(d->readable);
	if (d->timer != NULL)
		event_free(d->timer);
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d);
}

/* ---- what is forgotten ---- */

enum troth_status troth_webhook_desk_know(struct troth_webhook_desk *d)
{
	for (size_t i = 0; i < d->admin->front->settings->webhooks.n; i++)
		TROTH_TRY(resume(d, i));
	return TROTH_OK;
}

void troth_webhook_desk_count(const struct troth_webhook_desk *d, uint64_t index,
			      const struct troth_notice *n, uint64_t lost[TROTH_WEBHOOKS_MAX])
{
	for (size_t i = 0; i < d->admin->front->settings->webhooks.n; i++)
		lost[i] += index >= d->hooks[i].progress.done && is_for(settings_of(d, i), n);
}

void troth_webhook_desk_forget(struct troth_webhook_desk *d, uint64_t first)
{
	for (size_t i = 0; i < d->admin->front->settings->webhooks.n; i++) {
		troth_webhook_progress_forget(&d->hooks[i].progress, first);
		save(&d->hooks[i]);
	}
}

/* ---- how they fare ---- */

struct counting {
	const struct troth_webhook *hook;
	size_t n;
};

static enum troth_status count_one(void *arg, uint64_t index, const struct troth_notice *n)
{
	struct counting *c = arg;
	(void)index;
	c->n += is_for(c->hook, n);
	return TROTH_OK;
}

static json_t *one_json(struct troth_webhook_desk *d, size_t i)
{
	struct troth_front *f = d->admin->front;
	const struct hook *h = &d->hooks[i];
	struct counting c = { .hook = settings_of(d, i) };
	if (h->known && f->store_ops->each_notice(f->store_backend, h->progress.done,
						  WAITING_MAX, count_one, &c) != TROTH_OK)
		return NULL;
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:I, s:s}", "name", c.hook->name,
			 "url", c.hook->url, "next", (json_int_t)h->progress.done, "waiting",
			 (json_int_t)c.n, "delivered", (json_int_t)h->n_delivered, "refused",
			 (json_int_t)h->n_refused, "last_success",
			 troth_time_json(h->last_taken_ms), "failures",
			 (json_int_t)h->last.n_failures, "last_error", h->last.error);
}

json_t *troth_webhook_desk_json(struct troth_webhook_desk *d)
{
	json_t *list = json_array();
	for (size_t i = 0; i < d->admin->front->settings->webhooks.n; i++)
		json_array_append_new(list, one_json(d, i));
	return json_pack("{s:o}", "webhooks", list);
}
