/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_grounds.h"

#include "base.h"
#include "ima_rule.h"
#include "reader.h"

/* The entry of the first rule's list that allows it. */
static bool find_ground(const struct troth_ima_case *c, const struct troth_ima_entry *e,
			struct troth_ima_ground *out)
{
	const struct troth_ima_policy *p = c->policy;
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct troth_digest_set *set = c->sets[i];
		size_t entry;
		if (set == NULL)
			continue;
		const struct troth_digest_range found =
			troth_digest_set_find(set, e->file.bytes.p);
		if (!troth_ima_rule_pick(p, &p->rules[i], set,
					 troth_ima_rule_narrow(p, &p->rules[i], set, e, found),
					 &entry))
			continue;
		*out = (struct troth_ima_ground){ i, troth_digest_set_digest(set, entry),
						  troth_digest_set_path(set, entry),
						  troth_digest_set_source(set, entry) };
		return true;
	}
	return false;
}

enum troth_status
troth_ima_grounds_each(struct troth_ctx *ctx, const struct troth_ima_case *c,
		       enum troth_status (*each)(void *arg, const struct troth_ima_ground *g),
		       void *arg)
{
	struct troth_ima_decoder decoder = { 0 };
	struct troth_ima_entry e = { 0 };
	struct troth_ima_record r;
	struct troth_ima_list list;
	struct troth_ima_ground ground;
	if (c->list.n == 0 || troth_ima_open(ctx, c->list, TROTH_HASH_NONE, &list) != TROTH_OK)
		return TROTH_OK;
	while (!troth_ima_at_end(&list) && troth_ima_next(&list, &r) == TROTH_OK)
		if (troth_ima_decode_next(&decoder, &r, &e) == TROTH_OK &&
		    troth_ima_listable(&e) && find_ground(c, &e, &ground))
			TROTH_TRY(each(arg, &ground));
	return TROTH_OK;
}
