/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for the writer's answers. */
#ifndef TROTH_TEST_STORE_ANSWERS_H
#define TROTH_TEST_STORE_ANSWERS_H

#include <pthread.h>

#include "sample.h"

/* One submission's answer. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned n; /* how often done was called */
	enum troth_status status;
	bool has_row;
	struct troth_device_row row;
};

void answer_init(struct answer *a);
/* A troth_store_done; arg is the answer. */
void answer_done(void *arg, enum troth_status status, const struct troth_device_row *row);
enum troth_status answer_wait(struct answer *a);
/* Submits and waits. */
enum troth_status answer_to(struct troth_store_writer *w, const struct troth_store_item *item);

#endif
