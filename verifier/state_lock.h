/* SPDX-License-Identifier: Apache-2.0 */
/* One service per state directory: two fronts on one database would each hold a table of
 * devices that the other makes stale. */
#ifndef TROTH_STATE_LOCK_H
#define TROTH_STATE_LOCK_H

#include <stdint.h>
#include <troth/status.h>

/* Locks the file, made where it is missing, for as long as the descriptor is open in this
 * process or in one it forks: the children of a supervisor that was killed keep it until they
 * are gone as well, so it is waited for that long. The caller closes *out_fd. TROTH_E_CONFLICT
 * when another holds it to the end; TROTH_E_IO with errno. */
TROTH_NODISCARD enum troth_status troth_state_lock(const char *path, uint32_t patience_ms,
						   int *out_fd);

#endif
