/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: the queue, the groups, the answers.
 *
 * A group is whatever waits when the thread comes round, so nothing waits for company: one
 * request alone is committed at once, and under load the items that arrive while a commit is
 * being made durable are the next group. docs/store.md has the measurements. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "item.h"

struct waiting {
	struct waiting *next;
	uint64_t number; /* in order of submission */
	troth_store_done *done;
	void *arg;
	enum troth_status status;
	size_t n_bytes; /* of bytes */
	struct troth_store_item item;
	uint8_t bytes[]; /* what the item's views point at */
};

struct troth_store_writer {
	const struct troth_store_ops *ops;
	struct troth_store_backend *backend;
	void (*on_commit)(void *arg, const struct troth_device_row *row);
	void *arg;
	pthread_t thread;

	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t wake;
	struct waiting *first, **last;
	size_t n_items, n_bytes;
	uint64_t n_submitted;
	bool stopping;
};

/* ---- a group: only the writer thread ---- */

/* Documents first, so that a tightened policy holds for the verdicts beside it; then by device,
 * so that two writers on one database can never wait for each other; then as submitted. */
static int compare(const void *pa, const void *pb)
{
	const struct waiting *a = *(const struct waiting *const *)pa;
	const struct waiting *b = *(const struct waiting *const *)pb;
	const uint8_t *id_a = troth_store_item_device(&a->item);
	const uint8_t *id_b = troth_store_item_device(&b->item);
	int order = (id_a != NULL) - (id_b != NULL);

	if (order == 0 && id_a != NULL)
		order = memcmp(id_a, id_b, sizeof a->item.u.verdict.device_id);
	if (order != 0)
		return order;
	return a->number < b->number ? -1 : 1;
}

/* One item's refusal is its own; a fault of the database is everybody's. */
static bool faulty(enum troth_status status)
{
	return status == TROTH_E_IO || status == TROTH_E_MEMORY;
}

/* Applies all; *out_accepted counts those that are to be committed. */
static enum troth_status apply_all(struct troth_store_writer *w, struct waiting **group,
				   size_t n, size_t *out_accepted)
{
	size_t accepted = 0;

	for (size_t i = 0; i < n; i++) {
		group[i]->status = w->ops->apply(w->backend, &group[i]->item);
		if (faulty(group[i]->status))
			return TROTH_E_IO;
		accepted += group[i]->status == TROTH_OK;
	}
	*out_accepted = accepted;
	return TROTH_OK;
}

static enum troth_status transact(struct troth_store_writer *w, struct waiting **group,
				  size_t n)
{
	size_t accepted = 0;
	enum troth_status status = w->ops->begin(w->backend);

	if (status != TROTH_OK)
		return status;
	status = apply_all(w, group, n, &accepted);
	if (status == TROTH_OK && accepted > 0)
		return w->ops->commit(w->backend);
	w->ops->rollback(w->backend);
	return status;
}

/* All rows reach the registry before the first answer leaves. */
static void answer(struct troth_store_writer *w, struct waiting **group, size_t n)
{
	struct troth_device_row row;

	for (size_t i = 0; i < n; i++) {
		if (group[i]->status == TROTH_OK && w->on_commit != NULL &&
		    troth_store_row_after(&group[i]->item, &row))
			w->on_commit(w->arg, &row);
	}
	for (size_t i = 0; i < n; i++) {
		bool has_row = group[i]->status == TROTH_OK &&
			       troth_store_row_after(&group[i]->item, &row);
		group[i]->done(group[i]->arg, group[i]->status, has_row ? &row : NULL);
		free(group[i]);
	}
}

static void write_group(struct troth_store_writer *w, struct waiting **group, size_t n)
{
	qsort(group, n, sizeof(struct waiting *), compare); /* NOLINT: of pointers, yes */
	if (transact(w, group, n) != TROTH_OK) {
		/* Rolled back, or its fate unknown: nobody is told it worked. */
		for (size_t i = 0; i < n; i++)
			group[i]->status = TROTH_E_IO;
	}
	answer(w, group, n);
}

/* ---- the queue ---- */

/* Waits for work and takes up to a group of it; 0 once all is done and the writer stops. */
static size_t take_group(struct troth_store_writer *w, struct waiting **group)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->stopping)
		(void)pthread_cond_wait(&w->wake, &w->lock);
	while (w->first != NULL && n < TROTH_STORE_GROUP_MAX) {
		group[n] = w->first;
		w->first = group[n]->next;
		w->n_bytes -= group[n]->n_bytes;
		n++;
	}
	if (w->first == NULL)
		w->last = &w->first;
	w->n_items -= n;
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

static void *write_groups(void *arg)
{
	struct troth_store_writer *w = arg;
	struct waiting *group[TROTH_STORE_GROUP_MAX];

	for (;;) {
		size_t n = take_group(w, group);
		if (n == 0)
			return NULL;
		write_group(w, group, n);
	}
}

static enum troth_status enqueue(struct troth_store_writer *w, struct waiting *item)
{
	enum troth_status status = TROTH_E_BUSY;

	(void)pthread_mutex_lock(&w->lock);
	if (!w->stopping && w->n_items < TROTH_STORE_QUEUE_MAX &&
	    item->n_bytes <= TROTH_STORE_QUEUE_BYTES_MAX - w->n_bytes) {
		item->number = w->n_submitted++;
		*w->last = item;
		w->last = &item->next;
		w->n_items++;
		w->n_bytes += item->n_bytes;
		(void)pthread_cond_signal(&w->wake);
		status = TROTH_OK;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return status;
}

enum troth_status troth_store_submit(struct troth_store_writer *w,
				     const struct troth_store_item *item,
				     troth_store_done *done, void *arg)
{
	struct waiting *copy;
	size_t n_bytes;
	enum troth_status status;

	TROTH_TRY(troth_store_item_check(item)); /* sizes, before anything is copied */
	n_bytes = troth_store_item_bytes(item);
	copy = malloc(sizeof *copy + n_bytes);
	if (copy == NULL)
		return TROTH_E_MEMORY;
	*copy = (struct waiting){ .done = done, .arg = arg, .n_bytes = n_bytes };
	troth_store_item_copy(item, &copy->item, copy->bytes);
	status = enqueue(w, copy);
	if (status != TROTH_OK)
		free(copy);
	return status;
}

/* ---- its life ---- */

/* Signals are for the threads that have handlers to run. */
static int start_thread(struct troth_store_writer *w)
{
	sigset_t all, before;
	int failed;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, write_groups, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static void writer_free(struct troth_store_writer *w)
{
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

enum troth_status
troth_store_writer_start(const struct troth_store_ops *ops, struct troth_store_backend *backend,
			 void (*on_commit)(void *arg, const struct troth_device_row *row),
			 void *arg, struct troth_store_writer **out)
{
	struct troth_store_writer *w = malloc(sizeof *w);

	if (w == NULL)
		return TROTH_E_MEMORY;
	*w = (struct troth_store_writer){ .ops = ops,
					  .backend = backend,
					  .on_commit = on_commit,
					  .arg = arg,
					  .lock = PTHREAD_MUTEX_INITIALIZER,
					  .wake = PTHREAD_COND_INITIALIZER };
	w->last = &w->first;
	if (start_thread(w) != 0) {
		writer_free(w);
		return TROTH_E_MEMORY;
	}
	*out = w;
	return TROTH_OK;
}

void troth_store_writer_stop(struct troth_store_writer *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	w->ops->close(w->backend);
	writer_free(w);
}
