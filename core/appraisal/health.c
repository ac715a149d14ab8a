/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include "base.h"
#include "reader.h"

/* Evidence times are challenge times of some replica; clocks agree to
 * about this, milliseconds. */
#define FUTURE_MS 1000

static const char *const STATES[TROTH_DEVICE_STATE_N] = {
	[TROTH_DEVICE_PENDING] = "pending",
	[TROTH_DEVICE_ACTIVE] = "active",
	[TROTH_DEVICE_QUARANTINED] = "quarantined",
	[TROTH_DEVICE_RETIRED] = "retired",
};

/* Attested at all: a pending device has shown nothing yet, a retired one is not missed. */
static bool attests(enum troth_device_state state)
{
	return state == TROTH_DEVICE_ACTIVE || state == TROTH_DEVICE_QUARANTINED;
}

enum troth_health troth_health_at(const struct troth_health_case *c, uint64_t now_ms)
{
	if (!attests(c->state))
		return TROTH_HEALTH_UNKNOWN;
	if (c->last_fail_ms != 0 && c->last_fail_ms >= c->last_pass_ms)
		return TROTH_HEALTH_UNTRUSTED;
	if (c->last_pass_ms == 0)
		return TROTH_HEALTH_UNKNOWN;

	/* A pass from the future means our clock went back: its age is unknown. */
	if (c->last_pass_ms > now_ms && c->last_pass_ms - now_ms > FUTURE_MS)
		return TROTH_HEALTH_STALE;
	uint64_t age_ms = c->last_pass_ms > now_ms ? 0 : now_ms - c->last_pass_ms;
	if (age_ms >= c->unreachable_after_s * UINT64_C(1000))
		return TROTH_HEALTH_UNREACHABLE;
	return age_ms >= c->stale_after_s * UINT64_C(1000) ? TROTH_HEALTH_STALE
							   : TROTH_HEALTH_HEALTHY;
}

const char *troth_health_name(enum troth_health health)
{
	switch (health) {
	case TROTH_HEALTH_UNKNOWN: return "unknown";
	case TROTH_HEALTH_HEALTHY: return "healthy";
	case TROTH_HEALTH_STALE: return "stale";
	case TROTH_HEALTH_UNREACHABLE: return "unreachable";
	case TROTH_HEALTH_UNTRUSTED: return "untrusted";
	}
	return "unknown";
}

const char *troth_device_state_name(enum troth_device_state state)
{
	return state < TROTH_DEVICE_STATE_N ? STATES[state] : "unknown";
}
