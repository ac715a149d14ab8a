/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: where what changes is sent to (docs/events.md). */
#ifndef TROTH_WEBHOOK_H
#define TROTH_WEBHOOK_H

#include <limits.h>
#include <stddef.h>
#include <troth/limits.h>

struct troth_config_doc;

struct troth_webhook {
	char name[TROTH_NAME_LEN_MAX + 1];
	char url[TROTH_WEBHOOK_URL_MAX + 1];
	char ca[PATH_MAX];			   /* PEM anchors; empty: the system's */
	char secret[PATH_MAX];			   /* file of whsec_ lines; empty: none */
	char key[PATH_MAX];			   /* Ed25519, PEM; empty: none */
	size_t n_events;			   /* none: all */
	char events[TROTH_WEBHOOK_EVENTS_MAX][32]; /* patterns of notice.h */
};

struct troth_webhooks {
	size_t n;
	struct troth_webhook list[TROTH_WEBHOOKS_MAX];
};

#endif
