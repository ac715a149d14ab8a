/* SPDX-License-Identifier: Apache-2.0 */
/* Policies and reference sets as workers see them: immutable, stamped with the store's epoch.
 *
 * A worker takes a reference for as long as one appraisal lasts; a change makes a new snapshot
 * and never touches an old one, so that a verdict is always of one consistent state. */
#ifndef TROTH_SNAPSHOT_H
#define TROTH_SNAPSHOT_H

#include "policy.h"

struct troth_snapshot {
	uint64_t epoch;
	size_t n_policies;
	struct troth_policy *policies;
	size_t n_references;
	struct troth_reference_set *references;
	unsigned int refs; /* atomic; through the functions below */
};

/* The named thing or NULL. Borrowed from the snapshot. */
const struct troth_policy *troth_snapshot_policy(const struct troth_snapshot *s,
						 const char *name);
const struct troth_reference_set *troth_snapshot_reference(const struct troth_snapshot *s,
							   const char *name);

struct troth_snapshots; /* the place where the current one hangs */

TROTH_NODISCARD enum troth_status troth_snapshots_new(struct troth_snapshots **out);
void troth_snapshots_free(struct troth_snapshots *s);
/* The current one; release it when done. Never NULL. */
struct troth_snapshot *troth_snapshot_take(struct troth_snapshots *s);
void troth_snapshot_release(struct troth_snapshot *snapshot);
/* Makes snapshot (taken over, refs 0) the current one. */
void troth_snapshot_publish(struct troth_snapshots *s, struct troth_snapshot *snapshot);

#endif
