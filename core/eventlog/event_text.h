/* SPDX-License-Identifier: Apache-2.0 */
/* One event, decoded, for people: as a line of text and as fields.
 *
 * Every type of the PC Client profile has a decoder; data that is not of its type's form, and
 * types nobody knows, are shown as text where they look like it and as hex otherwise. Nothing
 * here says what is believed: that is proof.h. */
#ifndef TROTH_CORE_EVENT_TEXT_H
#define TROTH_CORE_EVENT_TEXT_H

#include "eventlog.h"
#include "fields.h"

/* What the event says, without its type: "SecureBoot: on",
 * "PciRoot(0x0)/.../\EFI\debian\shimx64.efi". */
void troth_event_line(const struct troth_event *ev, struct troth_line *l);
/* The same as fields; docs/eventlog.md lists the names of each type. */
void troth_event_fields(const struct troth_event *ev, const struct troth_fields *f);
/* "EV_SEPARATOR", "EV_0x0000040e". */
void troth_line_event_type(struct troth_line *l, uint32_t type);
/* "PCR 7"; in a log of a confidential VM "MRTD" and "RTMR[0]" to "RTMR[3]"; "index 4294967295"
 * for what is neither. */
void troth_line_register(struct troth_line *l, const struct troth_log *log, uint32_t index);
/* Whether the log's indices are PCRs. They are not in a CCEL. */
TROTH_NODISCARD bool troth_log_has_pcrs(const struct troth_log *log);

#endif
