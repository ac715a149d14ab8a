/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded events as JSON. */
#ifndef TROTH_CLI_FIELDS_JSON_H
#define TROTH_CLI_FIELDS_JSON_H

#include "cli.h"
#include "fields.h"
#include "quirk.h"

/* A sink that puts fields into an object (borrowed): texts, numbers, and lists where a name may
 * come more than once. */
struct troth_fields troth_cli_fields_to(json_t *object);
/* What a line holds. */
json_t *troth_cli_line_json(const struct troth_line *l);
/* The names of a set of quirks. */
json_t *troth_cli_quirks_json(uint32_t quirks);

#endif
