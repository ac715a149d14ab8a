/* SPDX-License-Identifier: Apache-2.0 */
#include "watched.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool shut, at_gate;
	enum watched_fault fault;
	long at, calls, commits, rollbacks;
	char order[8192];
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

void watched_reset(enum watched_fault fault, long at)
{
	seen.fault = fault;
	seen.at = at;
	seen.calls = 0;
	seen.commits = 0;
	seen.rollbacks = 0;
	seen.order[0] = 0;
}

long watched_calls(void)
{
	return seen.calls;
}

long watched_commits(void)
{
	return seen.commits;
}

long watched_rollbacks(void)
{
	return seen.rollbacks;
}

const char *watched_order(void)
{
	return seen.order;
}

void watched_gate(bool shut)
{
	(void)pthread_mutex_lock(&seen.lock);
	seen.shut = shut;
	(void)pthread_cond_broadcast(&seen.changed);
	(void)pthread_mutex_unlock(&seen.lock);
}

void watched_wait_for_begin(void)
{
	(void)pthread_mutex_lock(&seen.lock);
	while (!seen.at_gate)
		(void)pthread_cond_wait(&seen.changed, &seen.lock);
	(void)pthread_mutex_unlock(&seen.lock);
}

static void pass_gate(void)
{
	(void)pthread_mutex_lock(&seen.lock);
	seen.at_gate = true;
	(void)pthread_cond_broadcast(&seen.changed);
	while (seen.shut)
		(void)pthread_cond_wait(&seen.changed, &seen.lock);
	seen.at_gate = false;
	(void)pthread_mutex_unlock(&seen.lock);
}

static enum watched_fault next_fault(void)
{
	return ++seen.calls == seen.at ? seen.fault : WATCHED_NONE;
}

static enum troth_status after(enum watched_fault fault, enum troth_status status)
{
	return fault == WATCHED_AFTER ? TROTH_E_IO : status;
}

static enum troth_status watched_begin(struct troth_store_backend *b)
{
	enum watched_fault fault = next_fault();

	pass_gate();
	if (fault == WATCHED_INSTEAD)
		return TROTH_E_IO;
	return after(fault, troth_store_sqlite.begin(b));
}

static const char *name_of(const struct troth_store_item *item)
{
	switch (item->kind) {
	case TROTH_STORE_ENROL: return item->u.enrol.row.name;
	case TROTH_STORE_VERDICT: return item->u.verdict.row.name;
	case TROTH_STORE_STATE: return item->u.state.row.name;
	case TROTH_STORE_CURSOR: return item->u.cursor.name;
	case TROTH_STORE_SECRET: return item->u.secret.name;
	case TROTH_STORE_FORGET: return "forget";
	case TROTH_STORE_DOCUMENT: break;
	}
	return item->u.document.name;
}

static enum troth_status watched_apply(struct troth_store_backend *b,
				       const struct troth_store_item *item)
{
	enum watched_fault fault = next_fault();
	size_t n = strlen(seen.order);

	(void)snprintf(seen.order + n, sizeof seen.order - n, "%s ", name_of(item));
	if (fault == WATCHED_INSTEAD)
		return TROTH_E_IO;
	return after(fault, troth_store_sqlite.apply(b, item));
}

static enum troth_status watched_commit(struct troth_store_backend *b)
{
	enum watched_fault fault = next_fault();

	seen.commits++;
	if (fault == WATCHED_INSTEAD) {
		troth_store_sqlite.rollback(b);
		return TROTH_E_IO;
	}
	return after(fault, troth_store_sqlite.commit(b));
}

static enum troth_status watched_open(const char *where, struct troth_store_backend **out)
{
	return troth_store_sqlite.open(where, out);
}

static void watched_close(struct troth_store_backend *b)
{
	troth_store_sqlite.close(b);
}

static void watched_rollback(struct troth_store_backend *b)
{
	seen.rollbacks++;
	troth_store_sqlite.rollback(b);
}

/* The reads are not watched: the tests ask the store itself. */
const struct troth_store_ops watched_ops = {
	.open = watched_open,
	.close = watched_close,
	.begin = watched_begin,
	.apply = watched_apply,
	.commit = watched_commit,
	.rollback = watched_rollback,
};
