/* SPDX-License-Identifier: Apache-2.0 */
/* What a device remembers across boots (state_dir/device.json).
 *
 * All of it can be found out again by enrolling: a lost or unreadable file costs one enrolment,
 * and the id comes out the same. */
#ifndef TROTH_ATTESTER_STATE_H
#define TROTH_ATTESTER_STATE_H

#include <stdbool.h>

#include "settings.h"

struct troth_state {
	bool enrolled;
	char verifier[TROTH_URL_MAX + 1]; /* where it enrolled */
	uint8_t device_id[32];
	enum troth_ek_template ek;
	struct troth_name ak_name;	   /* the AK it enrolled with */
	char name[TROTH_NAME_LEN_MAX + 1]; /* the registry's name for it; empty while pending */
	/* No time before this one can be now: Unix seconds (DESIGN section 6, No clock). */
	uint64_t time_floor_s;
};

/* A state that cannot be read is an empty one. */
void troth_state_load(const char *state_dir, struct troth_state *out);
TROTH_NODISCARD enum troth_status troth_state_save(const char *state_dir,
						   const struct troth_state *state);
/* True when the state is of an enrolment with this verifier by this kind of EK. */
TROTH_NODISCARD bool troth_state_fits(const struct troth_state *state,
				      const struct troth_settings *settings);

#endif
