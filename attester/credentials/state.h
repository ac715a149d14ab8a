/* SPDX-License-Identifier: Apache-2.0 */
/* What a device remembers across boots (state_dir/device.json).
 *
 * All of it can be found out again by enrolling: a lost or unreadable file costs one enrolment,
 * and the id comes out the same. Where state_dir cannot be written (a read-only root, an
 * initramfs) the file lies in run_dir and lives as long as the boot. */
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
	/* No time before this one can be now: Unix seconds. */
	uint64_t time_floor_s;
};

/* From run_dir, which is newer where it has one, else from state_dir. A state that cannot be
 * read is an empty one. */
void troth_state_load(const struct troth_settings *settings, struct troth_state *out);
/* Into state_dir, else into run_dir, else nowhere; what it cost is logged. */
void troth_state_save(const struct troth_settings *settings, const struct troth_state *state);
/* True when the state is of an enrolment with this verifier by this kind of EK. */
TROTH_NODISCARD bool troth_state_fits(const struct troth_state *state,
				      const struct troth_settings *settings);

#endif
