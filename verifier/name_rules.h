/* SPDX-License-Identifier: Apache-2.0 */
/* Which DNS names and addresses certificates may have at all: `certificate_names` of the
 * configuration. Policies choose among them; the issuer holds to these rules whatever the front
 * asks for, so that a front that was taken over certifies no host of somebody else's. */
#ifndef TROTH_NAME_RULES_H
#define TROTH_NAME_RULES_H

#include <stddef.h>
#include <troth/limits.h>

#include "svid_names.h"

/* A domain, itself and what is below it; or a network. */
struct troth_name_rule {
	char domain[TROTH_DNS_NAME_MAX + 1]; /* empty: a network */
	uint8_t network[16], len, prefix;    /* 4 or 16 bytes, bits of them */
};
struct troth_name_rules {
	size_t n;
	struct troth_name_rule list[TROTH_NAME_RULES_MAX];
};

/* NULL rules allow nothing. */
bool troth_name_rules_allow(const struct troth_name_rules *rules,
			    const struct troth_svid_name *name);
/* A list as in svid_names.h: sound, and each name allowed. */
bool troth_name_rules_allow_all(const struct troth_name_rules *rules, struct troth_view list);

#endif
