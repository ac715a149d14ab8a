/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

/* Shifts past this would overflow; the cap is reached long before. */
#define FAILURES_MAX 16

/* 90 % to 110 %. */
static uint64_t around(uint64_t ms, uint32_t random)
{
	return ms * (900 + random % 201) / 1000;
}

static uint64_t backoff_ms(uint32_t failures, uint32_t random)
{
	uint64_t ms = UINT64_C(1000) << (failures < FAILURES_MAX ? failures : FAILURES_MAX);
	if (ms > TROTH_BACKOFF_MAX_S * UINT64_C(1000))
		ms = TROTH_BACKOFF_MAX_S * UINT64_C(1000);
	return ms / 2 + random % (ms / 2 + 1);
}

static uint64_t asked_for_ms(const struct troth_outcome *o, uint32_t random)
{
	uint64_t s = o->retry_after_s < TROTH_RETRY_AFTER_MAX_S ? o->retry_after_s
								: TROTH_RETRY_AFTER_MAX_S;
	/* Later by up to a fifth: those turned away together must not come back together. */
	return s * 1000 + s * (random % 201);
}

static uint64_t renewal_ms(const struct troth_outcome *o, uint32_t random)
{
	uint64_t s = o->renew_after_s;
	if (s == 0 || s >= o->life_s)
		s = (uint64_t)o->life_s * 2 / 3;
	return around((s > 0 ? s : 1) * 1000, random);
}

uint64_t troth_schedule_next(struct troth_schedule *s, const struct troth_outcome *o,
			     uint32_t random)
{
	uint64_t ms;

	if (o->ending == TROTH_ENDED_WELL) {
		s->failures = 0;
		return renewal_ms(o, random);
	}
	if (o->ending == TROTH_ENDED_PENDING) {
		s->failures = 0;
		ms = around(TROTH_PENDING_POLL_S * UINT64_C(1000), random);
	} else {
		ms = backoff_ms(s->failures, random);
		if (s->failures < FAILURES_MAX)
			s->failures++;
	}
	const uint64_t asked_ms = asked_for_ms(o, random);
	return ms > asked_ms ? ms : asked_ms;
}
