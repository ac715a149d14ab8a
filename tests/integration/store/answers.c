/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

void answer_init(struct answer *a)
{
	*a = (struct answer){ .lock = PTHREAD_MUTEX_INITIALIZER,
			      .came = PTHREAD_COND_INITIALIZER };
}

void answer_done(void *arg, enum troth_status status, const struct troth_device_row *row)
{
	struct answer *a = arg;

	(void)pthread_mutex_lock(&a->lock);
	a->n++;
	a->status = status;
	a->has_row = row != NULL;
	if (row != NULL)
		a->row = *row;
	(void)pthread_cond_broadcast(&a->came);
	(void)pthread_mutex_unlock(&a->lock);
}

enum troth_status answer_wait(struct answer *a)
{
	enum troth_status status;

	(void)pthread_mutex_lock(&a->lock);
	while (a->n == 0)
		(void)pthread_cond_wait(&a->came, &a->lock);
	status = a->status;
	(void)pthread_mutex_unlock(&a->lock);
	return status;
}

enum troth_status answer_to(struct troth_store_writer *w, const struct troth_store_item *item)
{
	struct answer a;
	enum troth_status status;

	answer_init(&a);
	status = troth_store_submit(w, item, answer_done, &a);
	return status == TROTH_OK ? answer_wait(&a) : status;
}
