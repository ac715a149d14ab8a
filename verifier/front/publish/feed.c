/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "base.h"
#include "writer.h"

struct troth_feed {
	pthread_mutex_t lock;
	struct troth_feed_document *full;
	size_t n_deltas; /* oldest first */
	struct troth_feed_document *deltas[TROTH_FEED_DELTAS_MAX];
};

enum troth_status troth_feed_new(struct troth_feed **out)
{
	struct troth_feed *f = calloc(1, sizeof *f);
	if (f == NULL)
		return TROTH_E_MEMORY;
	pthread_mutex_init(&f->lock, NULL);
	*out = f;
	return TROTH_OK;
}

static void forget_deltas(struct troth_feed *f)
{
	for (size_t i = 0; i < f->n_deltas; i++)
		troth_feed_release(f->deltas[i]);
	f->n_deltas = 0;
}

void troth_feed_free(struct troth_feed *f)
{
	if (f == NULL)
		return;
	forget_deltas(f);
	troth_feed_release(f->full);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct troth_feed_document *hold(struct troth_feed_document *d)
{
	if (d != NULL)
		__atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED);
	return d;
}

void troth_feed_release(struct troth_feed_document *d)
{
	if (d == NULL || __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(d->bytes);
	free(d);
}

struct troth_feed_document *troth_feed_full(struct troth_feed *f)
{
	pthread_mutex_lock(&f->lock);
	struct troth_feed_document *d = hold(f->full);
	pthread_mutex_unlock(&f->lock);
	return d;
}

struct troth_feed_document *troth_feed_delta(struct troth_feed *f, uint64_t since,
					     bool *out_current)
{
	struct troth_feed_document *d = NULL;
	pthread_mutex_lock(&f->lock);
	*out_current = f->full != NULL && f->full->sequence == since;
	for (size_t i = 0; i < f->n_deltas && d == NULL; i++)
		if (f->deltas[i]->since == since)
			d = hold(f->deltas[i]);
	pthread_mutex_unlock(&f->lock);
	return d;
}

enum troth_status troth_feed_document_new(struct troth_view head, struct troth_view list,
					  struct troth_feed_document **out)
{
	struct troth_feed_document *d = calloc(1, sizeof *d);
	const size_t n = head.n + 1 + list.n;
	uint8_t *bytes = malloc(n);
	if (d == NULL || bytes == NULL) {
		free(d);
		free(bytes);
		return TROTH_E_MEMORY;
	}
	struct troth_writer w = troth_writer_make(bytes, n);
	troth_put_view(&w, head);
	troth_put_u8(&w, '\n');
	troth_put_view(&w, list);
	*d = (struct troth_feed_document){ .n = n, .bytes = bytes, .refs = 1 };
	*out = d;
	return TROTH_OK;
}

static void keep_delta(struct troth_feed *f, struct troth_feed_document *delta)
{
	if (f->n_deltas == TROTH_FEED_DELTAS_MAX) {
		troth_feed_release(f->deltas[0]);
		for (size_t i = 1; i < f->n_deltas; i++)
			f->deltas[i - 1] = f->deltas[i];
		f->n_deltas--;
	}
	f->deltas[f->n_deltas++] = delta;
}

void troth_feed_publish(struct troth_feed *f, struct troth_feed_document *full,
			struct troth_feed_document *delta)
{
	pthread_mutex_lock(&f->lock);
	struct troth_feed_document *old = f->full;
	f->full = full;
	if (delta != NULL)
		keep_delta(f, delta);
	else
		forget_deltas(f);
	pthread_mutex_unlock(&f->lock);
	troth_feed_release(old);
}
