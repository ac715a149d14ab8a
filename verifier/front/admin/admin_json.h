/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of the administration API (docs/admin-api.md). */
#ifndef TROTH_ADMIN_JSON_H
#define TROTH_ADMIN_JSON_H

#include <jansson.h>

#include "admin.h"

/* New references, NULL when memory ran out. */
json_t *troth_device_json(struct troth_admin *admin, const struct troth_device_row *row);
json_t *troth_hex_json(struct troth_view bytes);
/* RFC 3339, or null for 0. */
json_t *troth_time_json(uint64_t unix_ms);
/* A serialised AppraisalRecord as the verdict document; NULL when it cannot be read. */
json_t *troth_verdict_json(struct troth_view record);

/* Answers 200 with the value (taken over), or 503 when it is NULL. */
void troth_admin_answer(struct troth_exchange *x, json_t *value);

#endif
