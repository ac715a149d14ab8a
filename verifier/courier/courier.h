/* SPDX-License-Identifier: Apache-2.0 */
/* The courier: a process that carries what changes to webhooks, and the only one of the service
 * that calls anybody.
 *
 * It has no store, no keys but those it signs with, and gets what it carries from the front
 * over a channel of its own (message.h). How far each webhook has come is remembered by the
 * front: a courier that is killed, or killed with the whole service, goes on from there. */
#ifndef TROTH_COURIER_H
#define TROTH_COURIER_H

#include <troth/status.h>

#include "webhook.h"

/* Until the channel ends; returns the process's exit code. */
int troth_courier_run(int channel, const struct troth_webhooks *hooks);
/* Are secrets, keys and anchors in order? Says on the log what is not. */
TROTH_NODISCARD enum troth_status troth_courier_check(const struct troth_webhooks *hooks);

#endif
