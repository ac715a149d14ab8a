/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_maker.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base.h"
#include "clock.h"
#include "feed.h"
#include "reader.h"
#include "writer.h"

#define LOOK_MS 500
/* "<segment>/<name>" and the longest status, bytes with NULs. */
#define DEVICE_MAX (2 * TROTH_NAME_LEN_MAX + 2)
#define STATUS_LINE_MAX (DEVICE_MAX + 16)

struct line {
	char device[DEVICE_MAX];
	const char *status; /* static */
};

struct list {
	struct line *lines;
	size_t n, max;
	bool failed;
};

struct troth_feed_maker {
	struct troth_admin *admin;
	struct event *timer;
	bool changed; /* atomic */
	bool signing; /* an answer of the issuer's is awaited */
	uint64_t made_ms, sequence;
	struct list now, next; /* published, and being signed */
	struct troth_feed_document *full;
	struct troth_snapshot *snapshot; /* while a list is made */
};

/* ---- what shows ---- */

static const char *status_of(const struct troth_snapshot *snapshot,
			     const struct troth_device_row *row)
{
	if (row->state != TROTH_DEVICE_ACTIVE)
		return troth_device_state_name(row->state);
	const struct troth_policy *p = troth_snapshot_policy(snapshot, row->group);
	const struct troth_health_case c = { .state = row->state,
					     .last_pass_ms = row->last_pass_ms,
					     .last_fail_ms = row->last_fail_ms,
					     .stale_after_s = p != NULL ? p->stale_after_s : 0,
					     .unreachable_after_s =
						     p != NULL ? p->unreachable_after_s : 0 };
	return troth_health_name(troth_health_at(&c, troth_now_ms()));
}

static bool looks_alike(const struct troth_snapshot *s, const struct troth_device_row *a,
			const struct troth_device_row *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->segment, b->segment) == 0 &&
	       strcmp(status_of(s, a), status_of(s, b)) == 0;
}

void troth_feed_maker_note(struct troth_feed_maker *m, const struct troth_device_row *old,
			   const struct troth_device_row *now)
{
	struct troth_snapshot *s = troth_snapshot_take(m->admin->front->snapshots);
	if (old == NULL || !looks_alike(s, old, now))
		__atomic_store_n(&m->changed, true, __ATOMIC_RELEASE);
	troth_snapshot_release(s);
}

/* ---- lists ---- */

static bool add_row(void *arg, const struct troth_device_row *row)
{
	struct troth_feed_maker *m = arg;
	struct list *l = &m->next;
	if (row->segment[0] == '\0') /* nobody has put it anywhere yet */
		return true;
	if (l->n == l->max) {
		const size_t max = l->max == 0 ? 64 : 2 * l->max;
		struct line *lines = realloc(l->lines, max * sizeof *lines);
		l->failed = lines == NULL;
		if (lines == NULL)
			return false;
		l->lines = lines;
		l->max = max;
	}
	struct line *line = &l->lines[l->n++];
	(void)snprintf(line->device, sizeof line->device, "%s/%s", row->segment, row->name);
	line->status = status_of(m->snapshot, row);
	return true;
}

static int by_device(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->device, ((const struct line *)b)->device);
}

/* Two rows of one name are seen while a name changes hands: the next list has one. */
static void drop_doubles(struct list *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || strcmp(l->lines[n - 1].device, l->lines[i].device) != 0)
			l->lines[n++] = l->lines[i];
	l->n = n;
}

static enum troth_status make_list(struct troth_feed_maker *m)
{
	m->next.n = 0;
	m->next.failed = false;
	m->snapshot = troth_snapshot_take(m->admin->front->snapshots);
	troth_registry_each(m->admin->front->registry, add_row, m);
	troth_snapshot_release(m->snapshot);
	m->snapshot = NULL;
	if (m->next.failed)
		return TROTH_E_MEMORY;
	if (m->next.n > 0)
		qsort(m->next.lines, m->next.n, sizeof *m->next.lines, by_device);
	drop_doubles(&m->next);
	return TROTH_OK;
}

static void put_line(struct troth_writer *w, const char *device, const char *status)
{
	troth_put_view(w, troth_view_str(device));
	troth_put_u8(w, ' ');
	troth_put_view(w, troth_view_str(status));
	troth_put_u8(w, '\n');
}

static void put_full(const struct troth_feed_maker *m, struct troth_writer *w)
{
	for (size_t i = 0; i < m->next.n; i++)
		put_line(w, m->next.lines[i].device, m->next.lines[i].status);
}

/* What is other in the next list than in the one before, both in order. */
static void put_delta(const struct troth_feed_maker *m, struct troth_writer *w)
{
	const struct list *a = &m->now, *b = &m->next;
	size_t i = 0, k = 0;
	while (i < a->n || k < b->n) {
		const int order = i == a->n   ? 1
				  : k == b->n ? -1
					      : strcmp(a->lines[i].device, b->lines[k].device);
		if (order < 0) {
			put_line(w, a->lines[i++].device, "gone");
			continue;
		}
		if (order > 0 || strcmp(a->lines[i].status, b->lines[k].status) != 0)
			put_line(w, b->lines[k].device, b->lines[k].status);
		i += order == 0;
		k++;
	}
}

/* ---- signing ---- */

/* A list as text, in memory of its own. */
static uint8_t *write_list(const struct troth_feed_maker *m, bool full, struct troth_view *out)
{
	const size_t max = (m->now.n + m->next.n + 1) * (size_t)STATUS_LINE_MAX;
	uint8_t *bytes = malloc(max);
	if (bytes == NULL)
		return NULL;
	struct troth_writer w = troth_writer_make(bytes, max);
	if (full)
		put_full(m, &w);
	else
		put_delta(m, &w);
	*out = troth_written(&w);
	return bytes;
}

static enum troth_status ask(struct troth_feed_maker *m, uint64_t since, struct troth_view list,
			     troth_issuer_done *done)
{
	struct troth_issuer_request q = { .kind = TROTH_ISSUER_STATUS };
	struct troth_digest d;
	TROTH_TRY(troth_hash_one(m->admin->ctx, TROTH_HASH_SHA256, list, &d));
	q.u.status.sequence = m->sequence;
	q.u.status.since = since;
	q.u.status.life_s = m->admin->front->settings->status_life_s;
	memcpy(q.u.status.list_sha256, d.bytes, sizeof q.u.status.list_sha256);
	return troth_issuer_call(m->admin->issuer, &q, done, m);
}

/* The document of a line that was signed and its list, which is made again. */
static struct troth_feed_document *finish(struct troth_feed_maker *m, bool full,
					  const struct troth_issuer_reply *reply)
{
	struct troth_feed_document *d = NULL;
	struct troth_view list = { 0 };
	uint8_t *bytes = reply->status == TROTH_OK ? write_list(m, full, &list) : NULL;
	if (bytes == NULL || troth_feed_document_new(reply->u.der, list, &d) != TROTH_OK) {
		troth_error("status-feed", "status=%s", troth_status_name(reply->status));
		free(bytes);
		return NULL;
	}
	free(bytes);
	d->sequence = m->sequence;
	return d;
}

static void publish(struct troth_feed_maker *m, struct troth_feed_document *delta)
{
	const struct list old = m->now;
	troth_feed_publish(m->admin->front->feed, m->full, delta);
	m->full = NULL;
	m->now = m->next;
	m->next = old;
	m->signing = false;
}

static uint64_t published_sequence(const struct troth_feed_maker *m)
{
	struct troth_feed_document *d = troth_feed_full(m->admin->front->feed);
	const uint64_t sequence = d != NULL ? d->sequence : 0;
	troth_feed_release(d);
	return sequence;
}

static void on_delta(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_feed_maker *m = arg;
	struct troth_feed_document *delta = finish(m, false, reply);
	if (delta != NULL)
		delta->since = published_sequence(m);
	publish(m, delta);
}

static void on_full(void *arg, const struct troth_issuer_reply *reply)
{
	struct troth_feed_maker *m = arg;
	const uint64_t since = published_sequence(m);
	struct troth_view list = { 0 };
	m->full = finish(m, true, reply);
	if (m->full == NULL) {
		m->signing = false;
		return;
	}
	uint8_t *bytes = since != 0 ? write_list(m, false, &list) : NULL;
	if (bytes == NULL || ask(m, since, list, on_delta) != TROTH_OK)
		publish(m, NULL);
	free(bytes);
}

/* Numbers only grow, also over a restart: they follow the clock, or the last one. */
static void make(struct troth_feed_maker *m)
{
	const uint64_t now_ms = troth_now_ms();
	struct troth_view list = { 0 };
	uint8_t *bytes = make_list(m) == TROTH_OK ? write_list(m, true, &list) : NULL;
	m->sequence = now_ms > m->sequence ? now_ms : m->sequence + 1;
	m->made_ms = troth_mono_ms();
	m->signing = bytes != NULL && ask(m, 0, list, on_full) == TROTH_OK;
	if (!m->signing)
		troth_error("status-feed", "cannot be made");
	free(bytes);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct troth_feed_maker *m = arg;
	const uint64_t quarter_ms = m->admin->front->settings->status_life_s * UINT64_C(250);
	(void)fd;
	(void)what;
	if (m->signing || m->admin->store_closed)
		return;
	if (__atomic_exchange_n(&m->changed, false, __ATOMIC_ACQ_REL) ||
	    troth_mono_ms() - m->made_ms >= quarter_ms)
		make(m);
}

/* ---- life ---- */

enum troth_status troth_feed_maker_new(struct troth_admin *admin, struct troth_feed_maker **out)
{
	struct troth_feed_maker *m = calloc(1, sizeof *m);
	if (m == NULL)
		return TROTH_E_MEMORY;
	m->admin = admin;
	m->changed = true;
	m->timer = event_new(admin->base, -1, EV_PERSIST, on_timer, m);
	if (m->timer == NULL) {
		free(m);
		return TROTH_E_MEMORY;
	}
	*out = m;
	return TROTH_OK;
}

void troth_feed_maker_free(struct troth_feed_maker *m)
{
	if (m == NULL)
		return;
	event_free(m->timer);
	troth_feed_release(m->full);
	free(m->now.lines);
	free(m->next.lines);
	free(m);
}

enum troth_status troth_feed_maker_start(struct troth_feed_maker *m)
{
	const struct timeval look = { .tv_usec = LOOK_MS * 1000 };
	return event_add(m->timer, &look) == 0 ? TROTH_OK : TROTH_E_IO;
}
