/* SPDX-License-Identifier: Apache-2.0 */
/* One scalar of a configuration into one field. Knows no YAML. */
#ifndef TROTH_PLATFORM_CONFIG_SCALAR_H
#define TROTH_PLATFORM_CONFIG_SCALAR_H

#include "config.h"

/* Room for what a scalar was refused for. */
#define TROTH_CONFIG_WHY_MAX 160

/* Reads text as the field's type into target. plain is false for quoted text, which is a string
 * whatever it looks like. TROTH_E_CONFIG with why filled; target is then untouched. */
TROTH_NODISCARD enum troth_status
troth_config_scalar_set(const struct troth_config_field *field, struct troth_view text,
			bool plain, void *target, char why[TROTH_CONFIG_WHY_MAX]);

/* The text for a message: at most 40 bytes, foreign ones as \xNN. out holds 200. */
void troth_config_show(struct troth_view text, char *out);

#endif
