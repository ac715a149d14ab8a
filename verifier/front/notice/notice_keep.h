/* SPDX-License-Identifier: Apache-2.0 */
/* How long notices are kept (`limits.events`, `limits.events_age`): what is past that is
 * forgotten, from the oldest on, a little at a time. Where a webhook has not delivered it, the
 * audit log says how many it has lost. On the administration thread. */
#ifndef TROTH_NOTICE_KEEP_H
#define TROTH_NOTICE_KEEP_H

#include <troth/status.h>

struct troth_admin;
struct troth_notice_keep;

/* Looks from now on, in the administration's loop. */
TROTH_NODISCARD enum troth_status troth_notice_keep_new(struct troth_admin *admin,
							struct troth_notice_keep **out);
/* After the mailbox. Accepts NULL. */
void troth_notice_keep_free(struct troth_notice_keep *k);

#endif
