/* SPDX-License-Identifier: Apache-2.0 */
#include "rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

#define MINUTE_MS 60000
/* So much of a device id tells it from the others of its set. */
#define TAG_LEN 16

struct entry {
	uint8_t tag[TAG_LEN];
	uint32_t minute, count;
};

struct troth_rate {
	pthread_mutex_t lock;
	uint32_t per_minute;
	struct entry sets[TROTH_RATE_SETS][TROTH_RATE_WAYS];
};

enum troth_status troth_rate_new(uint32_t per_minute, struct troth_rate **out)
{
	struct troth_rate *r = calloc(1, sizeof *r);
	if (r == NULL || pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return TROTH_E_MEMORY;
	}
	r->per_minute = per_minute;
	*out = r;
	return TROTH_OK;
}

void troth_rate_free(struct troth_rate *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

static bool is(const struct entry *e, const uint8_t *tag, uint32_t minute)
{
	return e->minute == minute && troth_view_equal((struct troth_view){ e->tag, TAG_LEN },
						       (struct troth_view){ tag, TAG_LEN });
}

/* The device's entry of this minute, or the one to give up for it. */
static struct entry *find(struct entry set[TROTH_RATE_WAYS], const uint8_t *tag,
			  uint32_t minute)
{
	struct entry *least = &set[0];
	for (size_t i = 0; i < TROTH_RATE_WAYS; i++) {
		struct entry *e = &set[i];
		if (is(e, tag, minute))
			return e;
		uint32_t worth = e->minute == minute ? e->count : 0;
		uint32_t least_worth = least->minute == minute ? least->count : 0;
		if (worth < least_worth)
			least = e;
	}
	return least;
}

bool troth_rate_take(struct troth_rate *r, const uint8_t id[32], uint64_t now_ms)
{
	const uint32_t minute = (uint32_t)(now_ms / MINUTE_MS);
	const uint8_t *tag = id + TAG_LEN;
	const size_t set = ((size_t)id[0] << 8 | id[1]) % TROTH_RATE_SETS;
	if (pthread_mutex_lock(&r->lock) != 0)
		return false;
	struct entry *e = find(r->sets[set], tag, minute);
	if (!is(e, tag, minute)) {
		*e = (struct entry){ .minute = minute };
		memcpy(e->tag, tag, TAG_LEN);
	}
	bool allowed = e->count < r->per_minute;
	if (allowed)
		e->count++;
	(void)pthread_mutex_unlock(&r->lock);
	return allowed;
}
