/* SPDX-License-Identifier: Apache-2.0 */
/* The front's end of the courier's channel: hands out what webhooks are to carry, and remembers
 * how far each has come. On the administration thread.
 *
 * What the courier says is foreign bytes: it meets the network. */
#ifndef TROTH_WEBHOOK_DESK_H
#define TROTH_WEBHOOK_DESK_H

#include <jansson.h>

#include "mailbox.h"

struct troth_admin;
struct troth_webhook_desk;

/* fd: -1 where there is no courier. */
TROTH_NODISCARD enum troth_status troth_webhook_desk_new(struct troth_admin *admin, int fd,
							 struct troth_webhook_desk **out);
/* After the mailbox. Accepts NULL. */
void troth_webhook_desk_free(struct troth_webhook_desk *d);
/* From any thread: something was committed that may be told. */
void troth_webhook_desk_wake(struct troth_webhook_desk *d);
/* Each webhook, where it stands and how it fares; a new reference. */
json_t *troth_webhook_desk_json(struct troth_webhook_desk *d);

#endif
