/* SPDX-License-Identifier: Apache-2.0 */
/* Health, computed when read: no timer can leave a device looking healthy. */
#ifndef TROTH_CORE_HEALTH_H
#define TROTH_CORE_HEALTH_H

#include "policy.h"

enum troth_device_state {
	TROTH_DEVICE_PENDING = 0,
	TROTH_DEVICE_ACTIVE,
	TROTH_DEVICE_QUARANTINED,
	TROTH_DEVICE_RETIRED,
	TROTH_DEVICE_STATE_N
};

enum troth_health {
	TROTH_HEALTH_UNKNOWN = 0, /* never passed nor failed */
	TROTH_HEALTH_HEALTHY,
	TROTH_HEALTH_STALE,
	TROTH_HEALTH_UNREACHABLE,
	TROTH_HEALTH_UNTRUSTED
};

struct troth_health_case {
	enum troth_device_state state;
	uint64_t last_pass_ms; /* evidence time of the last affirming verdict; 0: none */
	uint64_t last_fail_ms; /* evidence time of the last verdict that was not; 0: none */
	uint32_t stale_after_s, unreachable_after_s;
};

enum troth_health troth_health_at(const struct troth_health_case *c, uint64_t now_ms);
const char *troth_health_name(enum troth_health health);
const char *troth_device_state_name(enum troth_device_state state);

#endif
