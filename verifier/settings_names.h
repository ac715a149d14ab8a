/* SPDX-License-Identifier: Apache-2.0 */
/* The key `certificate_names` of the configuration; for settings.c alone. */
#ifndef TROTH_SETTINGS_NAMES_H
#define TROTH_SETTINGS_NAMES_H

#include "config.h"

/* One item of the list: a domain, or a network as 192.0.2.0/24. */
TROTH_NODISCARD enum troth_status troth_settings_name_rule(struct troth_config_doc *doc,
							   void *settings);

#endif
