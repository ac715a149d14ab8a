/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct troth_mailbox {
	pthread_mutex_t lock;
	struct troth_job *first, **last;
	int wake; /* eventfd */
	struct event *event;
};

static struct troth_job *take_all(struct troth_mailbox *m)
{
	pthread_mutex_lock(&m->lock);
	struct troth_job *jobs = m->first;
	m->first = NULL;
	m->last = &m->first;
	pthread_mutex_unlock(&m->lock);
	return jobs;
}

static void run_all(struct troth_mailbox *m)
{
	struct troth_job *job = take_all(m);
	while (job != NULL) {
		struct troth_job *next = job->next; /* the job may free itself */
		job->run(job);
		job = next;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	eventfd_t count;
	(void)eventfd_read(fd, &count);
	run_all(arg);
}

enum troth_status troth_mailbox_new(struct event_base *base, struct troth_mailbox **out)
{
	struct troth_mailbox *m = calloc(1, sizeof *m);
	if (m == NULL)
		return TROTH_E_MEMORY;
	m->last = &m->first;
	pthread_mutex_init(&m->lock, NULL);
	m->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->event = m->wake < 0 ? NULL
			       : event_new(base, m->wake, EV_READ | EV_PERSIST, on_wake, m);
	if (m->event == NULL || event_add(m->event, NULL) != 0) {
		troth_mailbox_free(m);
		return TROTH_E_IO;
	}
	*out = m;
	return TROTH_OK;
}

void troth_mailbox_free(struct troth_mailbox *m)
{
	if (m == NULL)
		return;
	run_all(m);
	if (m->event != NULL)
		event_free(m->event);
	if (m->wake >= 0)
		close(m->wake);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

void troth_mailbox_post(struct troth_mailbox *m, struct troth_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&m->lock);
	bool was_empty = m->first == NULL;
	*m->last = job;
	m->last = &job->next;
	pthread_mutex_unlock(&m->lock);
	/* One wake-up for a batch: whoever found the box empty rings. */
	if (was_empty) {
		int rung = eventfd_write(m->wake, 1);
		assert(rung == 0);
		(void)rung;
	}
}
