/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule of the policy takes from its allow-list for one entry. */
#ifndef TROTH_CORE_IMA_RULE_H
#define TROTH_CORE_IMA_RULE_H

#include "digest_set.h"
#include "ima.h"
#include "ima_policy.h"

/* Allow-lists are of SHA-256 over a file's bytes. */
TROTH_NODISCARD bool troth_ima_listable(const struct troth_ima_entry *e);
/* Of what the list has under the entry's digest, what the rule's directories and paths leave; a
 * package is still to be looked for among it. */
TROTH_NODISCARD struct troth_digest_range
troth_ima_rule_narrow(const struct troth_ima_policy *p, const struct troth_ima_rule *rule,
		      const struct troth_digest_set *set, const struct troth_ima_entry *e,
		      struct troth_digest_range found);
/* The first of these that came in a package of the rule's. */
TROTH_NODISCARD bool troth_ima_rule_pick(const struct troth_ima_policy *p,
					 const struct troth_ima_rule *rule,
					 const struct troth_digest_set *set,
					 struct troth_digest_range found, size_t *out_entry);

#endif
