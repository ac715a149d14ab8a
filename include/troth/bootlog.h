/* SPDX-License-Identifier: Apache-2.0 */
/* What PCR values does this firmware event log lead to?
 *
 * Reads TCG event logs of both formats and replays them. The log is not believed by that:
 * compare the values with those of a genuine quote. Pure: no I/O, no clock. */
#ifndef TROTH_BOOTLOG_H
#define TROTH_BOOTLOG_H

#include <stddef.h>
#include <stdint.h>

#include <troth/context.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_bootlog;

/* Parses and replays; bytes are copied. *error_offset, when not NULL, is
 * where parsing failed. */
TROTH_API TROTH_NODISCARD enum troth_status troth_bootlog_read(struct troth_ctx *ctx,
							       struct troth_view bytes,
							       struct troth_bootlog **out,
							       size_t *error_offset);
/* Accepts NULL. */
TROTH_API void troth_bootlog_free(struct troth_bootlog *log);

/* Records, the first included. */
TROTH_API size_t troth_bootlog_events(const struct troth_bootlog *log);
/* Value the log leads to; TROTH_E_NOT_FOUND where it extends nothing. Borrowed from the log. */
TROTH_API TROTH_NODISCARD enum troth_status troth_bootlog_pcr(const struct troth_bootlog *log,
							      const char *bank, uint32_t pcr,
							      struct troth_view *out);

#ifdef __cplusplus
}
#endif

#endif
