/* SPDX-License-Identifier: Apache-2.0 */
/* Changes one component of a recorded boot, as another boot would have measured it.
 *
 * A measurement's digest is changed in every bank; where the digest is of the event's own data
 * (command lines, variables), the data is changed and the digest follows from it. */
#ifndef TROTH_TAMPER_H
#define TROTH_TAMPER_H

#include "eventlog.h"

enum troth_tamper {
	TROTH_TAMPER_NONE,
	TROTH_TAMPER_FIRMWARE,	      /* a firmware blob in PCR 0 */
	TROTH_TAMPER_BOOT_LOADER,     /* the last image the firmware loaded into PCR 4 */
	TROTH_TAMPER_EXTRA_IMAGE,     /* that image measured once more */
	TROTH_TAMPER_COMMAND_LINE,    /* a kernel command line */
	TROTH_TAMPER_INITRD,	      /* the last file in PCR 9 */
	TROTH_TAMPER_SECURE_BOOT_OFF, /* the SecureBoot variable is 0 */
	TROTH_TAMPER_N
};

const char *troth_tamper_name(enum troth_tamper t);
/* TROTH_TAMPER_N for a name nobody knows. */
enum troth_tamper troth_tamper_from_name(struct troth_view name);

/* A changed copy of the log's bytes, freed with free(); *out_event is the index of the event
 * that was changed or added. TROTH_E_NOT_FOUND when this boot has no such component. */
TROTH_NODISCARD enum troth_status troth_tamper_log(struct troth_ctx *ctx,
						   const struct troth_log *log,
						   enum troth_tamper t, uint8_t **out,
						   size_t *out_len, uint32_t *out_event);

#endif
