/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_rule.h"

#include "reader.h"

bool troth_ima_listable(const struct troth_ima_entry *e)
{
	return e->file.hash == TROTH_HASH_SHA256 && !e->file.verity;
}

static bool in_directories(const struct troth_ima_policy *p, const struct troth_ima_rule *rule,
			   struct troth_view path)
{
	for (size_t i = 0; i < rule->n_under; i++)
		if (troth_ima_path_under(troth_ima_policy_text(p, rule->under[i]), path))
			return true;
	return rule->n_under == 0;
}

struct troth_digest_range troth_ima_rule_narrow(const struct troth_ima_policy *p,
						const struct troth_ima_rule *rule,
						const struct troth_digest_set *set,
						const struct troth_ima_entry *e,
						struct troth_digest_range found)
{
	if (found.n == 0 || !in_directories(p, rule, e->path))
		return (struct troth_digest_range){ found.first, 0 };
	return rule->any_path ? found : troth_digest_set_find_path(set, found, e->path);
}

static bool in_packages(const struct troth_ima_policy *p, const struct troth_ima_rule *rule,
			const struct troth_digest_set *set, size_t entry)
{
	if (rule->n_packages == 0)
		return true;
	const struct troth_view source = troth_digest_set_source(set, entry);
	for (size_t i = 0; i < rule->n_packages; i++)
		if (troth_view_equal(troth_ima_policy_text(p, rule->packages[i]), source))
			return true;
	return false;
}

bool troth_ima_rule_pick(const struct troth_ima_policy *p, const struct troth_ima_rule *rule,
			 const struct troth_digest_set *set, struct troth_digest_range found,
			 size_t *out_entry)
{
	for (size_t k = 0; k < found.n; k++)
		if (in_packages(p, rule, set, found.first + k)) {
			*out_entry = found.first + k;
			return true;
		}
	return false;
}
