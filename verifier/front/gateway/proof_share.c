/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_share.h"

#include <string.h>

void troth_proof_shares_init(struct troth_proof_shares *s, uint32_t max)
{
	pthread_mutex_init(&s->lock, NULL);
	s->since_s = 0;
	s->max = max;
	memset(s->counts, 0, sizeof s->counts);
}

void troth_proof_shares_release(struct troth_proof_shares *s)
{
	pthread_mutex_destroy(&s->lock);
}

static uint32_t *count_of(struct troth_proof_shares *s, uint64_t device_hash)
{
	return &s->counts[device_hash & (TROTH_PROOF_COUNTERS - 1)];
}

bool troth_proof_share_take(struct troth_proof_shares *s, uint64_t device_hash, uint64_t now_s,
			    uint64_t period_s)
{
	pthread_mutex_lock(&s->lock);
	if (now_s >= s->since_s + period_s) {
		memset(s->counts, 0, sizeof s->counts);
		s->since_s = now_s;
	}
	uint32_t *count = count_of(s, device_hash);
	const bool some = *count < s->max;
	*count += some;
	pthread_mutex_unlock(&s->lock);
	return some;
}

/* A new period may have begun meanwhile: it owes nothing. */
void troth_proof_share_return(struct troth_proof_shares *s, uint64_t device_hash)
{
	pthread_mutex_lock(&s->lock);
	uint32_t *count = count_of(s, device_hash);
	*count -= *count > 0;
	pthread_mutex_unlock(&s->lock);
}
