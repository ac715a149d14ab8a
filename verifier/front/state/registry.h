/* SPDX-License-Identifier: Apache-2.0 */
/* The device table in memory: read by every worker, written by the store writer after commits.
 *
 * Sharded, each shard behind a reader-writer lock held for the copy of one row. */
#ifndef TROTH_REGISTRY_H
#define TROTH_REGISTRY_H

#include "device_row.h"

struct troth_registry;

TROTH_NODISCARD enum troth_status troth_registry_new(struct troth_registry **out);
void troth_registry_free(struct troth_registry *r);
/* Inserts or replaces (a row never goes back in version). TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_registry_put(struct troth_registry *r,
						     const struct troth_device_row *row);
/* Copies the row out; false when there is none. */
TROTH_NODISCARD bool troth_registry_get(struct troth_registry *r, const uint8_t id[32],
					struct troth_device_row *out);
/* By registry name. */
TROTH_NODISCARD bool troth_registry_find(struct troth_registry *r, struct troth_view name,
					 struct troth_device_row *out);
/* Visits copies in order of id, with no lock held meanwhile (visit may call the
 * registry); stops when visit returns false. A row that changes during the walk is seen
 * as it was or as it is. */
void troth_registry_each(struct troth_registry *r,
			 bool (*visit)(void *arg, const struct troth_device_row *row),
			 void *arg);
size_t troth_registry_count(struct troth_registry *r);

#endif
