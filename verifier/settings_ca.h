/* SPDX-License-Identifier: Apache-2.0 */
/* The keys below `ca` of the configuration; for settings.c alone. */
#ifndef TROTH_SETTINGS_CA_H
#define TROTH_SETTINGS_CA_H

#include "config.h"

TROTH_NODISCARD enum troth_status troth_settings_ca_key(struct troth_config_doc *doc,
							void *settings);
TROTH_NODISCARD enum troth_status troth_settings_ca_provider(struct troth_config_doc *doc,
							     void *settings);

#endif
