/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct troth_snapshots {
	pthread_mutex_t lock; /* held for a pointer and a count */
	struct troth_snapshot *current;
};

const struct troth_policy *troth_snapshot_policy(const struct troth_snapshot *s,
						 const char *name)
{
	for (size_t i = 0; i < s->n_policies; i++)
		if (strcmp(s->policies[i].name, name) == 0)
			return &s->policies[i];
	return NULL;
}

const struct troth_reference_set *troth_snapshot_reference(const struct troth_snapshot *s,
							   const char *name)
{
	for (size_t i = 0; i < s->n_references; i++)
		if (strcmp(s->references[i].name, name) == 0)
			return &s->references[i];
	return NULL;
}

enum troth_status troth_snapshots_new(struct troth_snapshots **out)
{
	struct troth_snapshots *s = calloc(1, sizeof *s);
	struct troth_snapshot *empty = calloc(1, sizeof *empty);
	if (s == NULL || empty == NULL) {
		free(s);
		free(empty);
		return TROTH_E_MEMORY;
	}
	pthread_mutex_init(&s->lock, NULL);
	empty->refs = 1;
	s->current = empty;
	*out = s;
	return TROTH_OK;
}

void troth_snapshots_free(struct troth_snapshots *s)
{
	if (s == NULL)
		return;
	troth_snapshot_release(s->current);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct troth_snapshot *troth_snapshot_take(struct troth_snapshots *s)
{
	pthread_mutex_lock(&s->lock);
	struct troth_snapshot *current = s->current;
	__atomic_add_fetch(&current->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&s->lock);
	return current;
}

void troth_snapshot_release(struct troth_snapshot *snapshot)
{
	if (snapshot == NULL || __atomic_sub_fetch(&snapshot->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < snapshot->n_references; i++)
		troth_reference_release(&snapshot->references[i]);
	free(snapshot->references);
	free(snapshot->policies);
	free(snapshot);
}

void troth_snapshot_publish(struct troth_snapshots *s, struct troth_snapshot *snapshot)
{
	snapshot->refs = 1;
	pthread_mutex_lock(&s->lock);
	struct troth_snapshot *old = s->current;
	s->current = snapshot;
	pthread_mutex_unlock(&s->lock);
	troth_snapshot_release(old);
}
