/* SPDX-License-Identifier: Apache-2.0 */
/* What the Windows boot manager and loader say of themselves in tagged events ("SIPA"). Part of
 * facts.h. */
#ifndef TROTH_CORE_FACTS_WINDOWS_H
#define TROTH_CORE_FACTS_WINDOWS_H

#include "facts.h"

struct troth_windows_reading {
	struct troth_windows_facts facts;
	uint32_t closed; /* PCRs that Windows' separator has ended, bit mask */
};

/* Every event of the log, in order. Believes proven tagged events of PCR 12 and 13 up to the
 * separator "WBCL": what comes later the running system could have extended. */
void troth_windows_take(struct troth_windows_reading *r, const struct troth_event *ev,
			const struct troth_event_proof *p);
/* Whether the data is the record by which Windows quotes its log itself. Unauthenticated here.
 */
TROTH_NODISCARD bool troth_windows_is_trust_point(struct troth_view data);

#endif
