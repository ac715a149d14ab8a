/* SPDX-License-Identifier: Apache-2.0 */
/* The allow-lists of files, by name: NAME.digests in one directory.
 *
 * Mapped once, shared by all threads and every device, immutable. The front maps them when it
 * starts, before it gives up the right to open files; a reload starts a new front. */
#ifndef TROTH_PLATFORM_IMA_LISTS_H
#define TROTH_PLATFORM_IMA_LISTS_H

#include "digest_set.h"
#include "policy.h"

#define TROTH_IMA_LISTS_MAX 64

struct troth_ima_list_file {
	char name[TROTH_NAME_LEN_MAX + 1];
	struct troth_view map;
	struct troth_digest_set set;
};

struct troth_ima_lists {
	size_t n;
	struct troth_ima_list_file list[TROTH_IMA_LISTS_MAX];
};

/* Says on the log which file is wrong. An empty path is a directory without lists. */
TROTH_NODISCARD enum troth_status troth_ima_lists_load(const char *directory,
						       struct troth_ima_lists *out);
void troth_ima_lists_release(struct troth_ima_lists *lists);
/* The lists of a policy's rules, NULL for what is not there, and the version of policy and
 * lists together: what an appraisal of IMA goes by. */
struct troth_ima_yardstick {
	const struct troth_digest_set *sets[TROTH_IMA_RULES_MAX];
	uint8_t version[32];
};
TROTH_NODISCARD enum troth_status troth_ima_yardstick_find(struct troth_ctx *ctx,
							   const struct troth_ima_lists *lists,
							   const struct troth_policy *policy,
							   struct troth_ima_yardstick *out);
/* The version of a policy and the lists in out->sets. */
TROTH_NODISCARD enum troth_status troth_ima_yardstick_mark(struct troth_ctx *ctx,
							   const struct troth_policy *policy,
							   struct troth_ima_yardstick *out);
/* NULL when there is none of that name. */
const struct troth_digest_set *troth_ima_lists_find(const struct troth_ima_lists *lists,
						    const char *name);

#endif
