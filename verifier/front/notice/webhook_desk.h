/* SPDX-License-Identifier: Apache-2.0 */
/* The front's end of the courier's channel: hands out what webhooks are to carry, and remembers
 * how far each has come. On the administration thread.
 *
 * What the courier says is foreign bytes: it meets the network (webhook_progress.h). */
#ifndef TROTH_WEBHOOK_DESK_H
#define TROTH_WEBHOOK_DESK_H

#include <jansson.h>

#include "mailbox.h"
#include "notice.h"

struct troth_admin;
struct troth_webhook_desk;

/* fd: -1 where there is no courier. */
TROTH_NODISCARD enum troth_status troth_webhook_desk_new(struct troth_admin *admin, int fd,
							 struct troth_webhook_desk **out);
/* After the mailbox. Accepts NULL. */
void troth_webhook_desk_free(struct troth_webhook_desk *d);
/* From any thread: something was committed that may be told. */
void troth_webhook_desk_wake(struct troth_webhook_desk *d);
/* Asks the store where each webhook is, if that was not asked yet. */
TROTH_NODISCARD enum troth_status troth_webhook_desk_know(struct troth_webhook_desk *d);
/* One that is about to be forgotten: adds it to what each webhook, of which it is known where
 * it is, loses by that. */
void troth_webhook_desk_count(const struct troth_webhook_desk *d, uint64_t index,
			      const struct troth_notice *notice,
			      uint64_t lost[TROTH_WEBHOOKS_MAX]);
/* Those before `first` are. */
void troth_webhook_desk_forget(struct troth_webhook_desk *d, uint64_t first);
/* Each webhook, where it stands and how it fares; a new reference. */
json_t *troth_webhook_desk_json(struct troth_webhook_desk *d);

#endif
