/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of DNS names in policies, with {name} and {segment}: which of them could give two
 * devices one name. Registry names are unique; a pattern keeps that when the name can be read
 * back from what it makes, and two patterns do when no text is made by both for two devices. */
#ifndef TROTH_CORE_DNS_PATTERN_H
#define TROTH_CORE_DNS_PATTERN_H

#include <stdbool.h>
#include <troth/view.h>

struct troth_dns_pattern {
	struct troth_view text;
	bool shared; /* the name of a service: each device of the policy gets it */
};

/* Why nobody may have it, or NULL: no DNS name; two placeholders in one label ("a-b" and "c" or
 * "a" and "b-c" would make one); no {name}, where it is not shared, or one where it is. */
const char *troth_dns_pattern_fault(const struct troth_dns_pattern *p);

/* Whether a device could get a name by one that another device has by the other. A wildcard is
 * every name that it matches. Both without a fault. */
bool troth_dns_patterns_clash(const struct troth_dns_pattern *a,
			      const struct troth_dns_pattern *b);

#endif
