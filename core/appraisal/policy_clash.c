/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_clash.h"

#include <string.h>

#include "dns_pattern.h"
#include "line.h"

static struct troth_dns_pattern pattern(const struct troth_policy_names *names, size_t i)
{
	return (struct troth_dns_pattern){ troth_view_str(names->dns[i]),
					   names->dns_shared[i] };
}

static bool dns_clash(const struct troth_policy_names *a, const struct troth_policy_names *b,
		      struct troth_line *why)
{
	for (size_t i = 0; i < a->n_dns; i++) {
		for (size_t k = 0; k < b->n_dns; k++) {
			const struct troth_dns_pattern one = pattern(a, i),
						       other = pattern(b, k);
			if (!troth_dns_patterns_clash(&one, &other))
				continue;
			troth_line_format(
				why,
				"two devices could get one name, or a wildcard of one "
				"the other's: %s and %s",
				a->dns[i], b->dns[k]);
			return true;
		}
	}
	return false;
}

static bool same(const struct troth_policy_address *a, const struct troth_policy_address *b)
{
	return troth_view_equal((struct troth_view){ a->bytes, a->len },
				(struct troth_view){ b->bytes, b->len });
}

static bool addresses_clash(const struct troth_policy_names *a,
			    const struct troth_policy_names *b, struct troth_line *why)
{
	for (size_t i = 0; i < a->n_addresses; i++) {
		for (size_t k = 0; k < b->n_addresses; k++) {
			const struct troth_policy_address *one = &a->addresses[i],
							  *other = &b->addresses[k];
			if (!same(one, other) || strcmp(one->device, other->device) == 0)
				continue;
			troth_line_format(why, "%s and %s would have one address", one->device,
					  other->device);
			return true;
		}
	}
	return false;
}

bool troth_policy_names_clash(const struct troth_policy_names *a,
			      const struct troth_policy_names *b, char *why)
{
	struct troth_line line = troth_line_make(why, TROTH_POLICY_CLASH_TEXT_MAX);
	return dns_clash(a, b, &line) || addresses_clash(a, b, &line);
}
