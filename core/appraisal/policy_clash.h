/* SPDX-License-Identifier: Apache-2.0 */
/* Whether certificates under two policies could name two devices alike (dns_pattern.h): a
 * client that connects by name would take one for the other. */
#ifndef TROTH_CORE_POLICY_CLASH_H
#define TROTH_CORE_POLICY_CLASH_H

#include "policy.h"

#define TROTH_POLICY_CLASH_TEXT_MAX 600

/* Of one policy with itself, or with another. False, or what it is in why
 * (TROTH_POLICY_CLASH_TEXT_MAX bytes). */
bool troth_policy_names_clash(const struct troth_policy_names *a,
			      const struct troth_policy_names *b, char *why);

#endif
