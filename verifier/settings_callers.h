/* SPDX-License-Identifier: Apache-2.0 */
/* The list `callers` of the configuration file. Internal to settings.c. */
#ifndef TROTH_SETTINGS_CALLERS_H
#define TROTH_SETTINGS_CALLERS_H

#include <troth/status.h>

struct troth_config_doc;

/* One item, into struct troth_settings. */
enum troth_status troth_settings_caller(struct troth_config_doc *doc, void *settings);

#endif
