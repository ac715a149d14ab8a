/* SPDX-License-Identifier: Apache-2.0 */
#include "notice_keep.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin.h"
#include "audit.h"
#include "base.h"
#include "clock.h"
#include "reader.h"
#include "webhook_desk.h"

/* Where there was nothing to forget, seconds. */
#define LOOK_S 10

struct troth_notice_keep {
	struct troth_admin *admin;
	struct event *timer;
	struct troth_job stored; /* how the store's answer comes back */
	bool storing;
	bool more; /* there is more to forget than was taken at once */
	uint64_t first;
	enum troth_status status;
};

/* One look at the oldest of them. */
struct sweep {
	struct troth_admin *admin;
	uint64_t too_many; /* so many of the oldest go, whatever their age */
	uint64_t before_s; /* and those from before */
	uint64_t first, n; /* the first that stays; so many before it go */
	uint64_t lost[TROTH_WEBHOOKS_MAX];
};

/* TROTH_E_EXPIRED ends the visit: this one stays, and with it all after it. */
static enum troth_status look_at(void *arg, uint64_t index, const struct troth_notice *n)
{
	struct sweep *s = arg;
	if (s->n >= s->too_many && n->time_s >= s->before_s)
		return TROTH_E_EXPIRED;
	troth_webhook_desk_count(s->admin->webhooks, index, n, s->lost);
	s->first = index + 1;
	s->n++;
	return TROTH_OK;
}

/* A clock that is wrong has no say in what is old. */
static enum troth_status look(struct troth_admin *admin, struct sweep *out)
{
	struct troth_front *f = admin->front;
	const uint64_t now_s = troth_now_ms() / 1000, age_s = f->settings->events_age_s;
	struct troth_notices_kept kept;
	TROTH_TRY(troth_webhook_desk_know(admin->webhooks));
	TROTH_TRY(f->store_ops->kept(f->store_backend, &kept));
	*out = (struct sweep){ .admin = admin };
	if (kept.n > f->settings->events_kept)
		out->too_many = kept.n - f->settings->events_kept;
	if (troth_clock_jump_now_ms(f->clock) == 0 && now_s > age_s)
		out->before_s = now_s - age_s;
	const enum troth_status status = f->store_ops->each_notice(
		f->store_backend, kept.first, TROTH_EVENTS_FORGOTTEN_MAX, look_at, out);
	return status == TROTH_E_EXPIRED ? TROTH_OK : status;
}

/* ---- what the store is told ---- */

/* Lost for good: said where nothing is forgotten. */
static enum troth_status write_leaf(const struct sweep *s, size_t hook, uint8_t *buf, size_t *n)
{
	char detail[sizeof "lost  before " + 2 * 20];
	const char *name = s->admin->front->settings->webhooks.list[hook].name;
	(void)snprintf(detail, sizeof detail, "lost %" PRIu64 " before %" PRIu64, s->lost[hook],
		       s->first);
	const struct troth_audit_leaf leaf = { .kind = TROTH_AUDIT_WEBHOOK,
					       .time_ms = troth_now_ms(),
					       .name = troth_view_str(name),
					       .actor = troth_view_str("verifier"),
					       .detail = troth_view_str(detail) };
	troth_warn("webhook-lost", "name=%s events=%" PRIu64 " before=%" PRIu64, name,
		   s->lost[hook], s->first);
	return troth_audit_leaf_write(&leaf, buf, TROTH_AUDIT_LEAF_MAX, n);
}

static void on_stored(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct troth_notice_keep *k = arg;
	(void)row;
	k->status = status;
	troth_mailbox_post(k->admin->mailbox, &k->stored);
}

static enum troth_status submit(struct troth_notice_keep *k, const struct sweep *s)
{
	uint8_t text[TROTH_WEBHOOKS_MAX][TROTH_AUDIT_LEAF_MAX];
	struct troth_store_item item = { .kind = TROTH_STORE_FORGET };
	struct troth_store_forget *f = &item.u.forget;
	f->first = s->first;
	f->now_s = troth_now_ms() / 1000;
	for (size_t i = 0; i < k->admin->front->settings->webhooks.n; i++) {
		size_t n = 0;
		if (s->lost[i] == 0)
			continue;
		TROTH_TRY(write_leaf(s, i, text[i], &n));
		f->leaves[f->n_leaves++] = (struct troth_view){ text[i], n };
	}
	return troth_store_submit(k->admin->front->store, &item, on_stored, k);
}

static void forget(struct troth_notice_keep *k)
{
	struct sweep s;
	if (k->storing || k->admin->store_closed || look(k->admin, &s) != TROTH_OK || s.n == 0)
		return;
	k->more = s.n == TROTH_EVENTS_FORGOTTEN_MAX;
	k->first = s.first;
	k->storing = submit(k, &s) == TROTH_OK; /* or the next look tries again */
}

/* Where it failed, nothing was forgotten, and the next look tries again. */
static void on_forgotten(struct troth_job *job)
{
	struct troth_notice_keep *k =
		(struct troth_notice_keep *)((char *)job -
					     offsetof(struct troth_notice_keep, stored));
	k->storing = false;
	if (k->status != TROTH_OK) {
		troth_warn("events-kept", "status=%s", troth_status_name(k->status));
		return;
	}
	troth_webhook_desk_forget(k->admin->webhooks, k->first);
	if (k->more)
		forget(k);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	forget(arg);
}

/* ---- its life ---- */

enum troth_status troth_notice_keep_new(struct troth_admin *admin,
					struct troth_notice_keep **out)
{
	const struct timeval every = { .tv_sec = LOOK_S };
	struct troth_notice_keep *k = calloc(1, sizeof *k);
	if (k == NULL)
		return TROTH_E_MEMORY;
	k->admin = admin;
	k->stored.run = on_forgotten;
	k->timer = event_new(admin->base, -1, EV_PERSIST, on_timer, k);
	if (k->timer == NULL || event_add(k->timer, &every) != 0) {
		troth_notice_keep_free(k);
		return TROTH_E_MEMORY;
	}
	*out = k;
	return TROTH_OK;
}

void troth_notice_keep_free(struct troth_notice_keep *k)
{
	if (k == NULL)
		return;
	if (k->timer != NULL)
		event_free(k->timer);
	free(k);
}
