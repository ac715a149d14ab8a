/* SPDX-License-Identifier: Apache-2.0 */
#include "name_rules.h"

#include <string.h>

static bool in_domain(const struct troth_name_rule *rule, struct troth_view name)
{
	const struct troth_view domain = troth_view_str(rule->domain);
	if (domain.n == 0 || name.n < domain.n)
		return false;
	const struct troth_view end = { name.p + name.n - domain.n, domain.n };
	return troth_view_equal(end, domain) &&
	       (name.n == domain.n || name.p[name.n - domain.n - 1] == '.');
}

static bool in_network(const struct troth_name_rule *rule, struct troth_view address)
{
	if (rule->domain[0] != '\0' || rule->len != address.n)
		return false;
	for (size_t bit = 0; bit < rule->prefix; bit++) {
		const uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		if ((address.p[bit / 8] & mask) != (rule->network[bit / 8] & mask))
			return false;
	}
	return true;
}

bool troth_name_rules_allow(const struct troth_name_rules *rules,
			    const struct troth_svid_name *name)
{
	bool allowed = false;
	for (size_t i = 0; rules != NULL && i < rules->n && !allowed; i++)
		allowed = name->kind == TROTH_SVID_DNS
				  ? in_domain(&rules->list[i], name->value)
				  : in_network(&rules->list[i], name->value);
	return allowed;
}

bool troth_name_rules_allow_all(const struct troth_name_rules *rules, struct troth_view list)
{
	struct troth_reader r = { list };
	struct troth_svid_name name;
	if (troth_svid_names_check(list) != TROTH_OK)
		return false;
	while (troth_svid_name_next(&r, &name))
		if (!troth_name_rules_allow(rules, &name))
			return false;
	return true;
}
