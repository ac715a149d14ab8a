/* SPDX-License-Identifier: Apache-2.0 */
/* The webhooks of the configuration file, one item at a time. */
#ifndef TROTH_SETTINGS_WEBHOOKS_H
#define TROTH_SETTINGS_WEBHOOKS_H

#include <troth/status.h>

struct troth_config_doc;

/* Reads one into struct troth_settings. */
enum troth_status troth_settings_webhook(struct troth_config_doc *doc, void *settings);

#endif
