/* SPDX-License-Identifier: Apache-2.0 */
/* EV_NO_ACTION: what firmware tells the reader of a log and measures nowhere
 * (PFP 1.05, 10.4.5).
 *
 * Nothing authenticates any of it, with one exception: a StartupLocality that is wrong gives a
 * PCR 0 that no TPM quotes. Views borrow from the event. */
#ifndef TROTH_CORE_NO_ACTION_H
#define TROTH_CORE_NO_ACTION_H

#include "eventlog.h"
#include "fields.h"

/* False unless the event is a StartupLocality of PCR 0. */
TROTH_NODISCARD bool troth_startup_locality_read(const struct troth_event *ev, uint8_t *out);

/* TCG_Sp800_155_PlatformId_Event and its successors: whose reference manifest this firmware's
 * is (PFP 1.05, 10.4.5.2). */
struct troth_platform_id {
	unsigned int version;				  /* 1 to 3 */
	struct troth_view manifest;			  /* GUID */
	struct troth_view platform_maker, platform_model; /* ASCII */
	struct troth_view firmware_maker, firmware_version;
};
TROTH_NODISCARD bool troth_platform_id_read(struct troth_view data,
					    struct troth_platform_id *out);

TROTH_NODISCARD bool troth_no_action_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_no_action_fields(const struct troth_fields *f,
					    const struct troth_event *ev);

#endif
