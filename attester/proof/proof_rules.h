/* SPDX-License-Identifier: Apache-2.0 */
/* Which local user may have calls proven to whom. */
#ifndef TROTH_ATTESTER_PROOF_RULES_H
#define TROTH_ATTESTER_PROOF_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

struct troth_config_doc;

#define TROTH_PROOF_RULES_MAX 16
#define TROTH_PROOF_URLS_MAX 8

struct troth_proof_rule {
	uid_t uid;
	size_t n_urls;
	/* Normalised; each ends in "/" and stands for what is below it. */
	char urls[TROTH_PROOF_URLS_MAX][256];
};

struct troth_proof_rules {
	size_t n;
	struct troth_proof_rule list[TROTH_PROOF_RULES_MAX];
};

/* One item of the list `proofs`: a user, by name or number, and addresses. */
enum troth_status troth_proof_rule_read(struct troth_config_doc *doc,
					struct troth_proof_rules *rules);

/* May this user ask at all? Root and the attester's own user always may. */
bool troth_proof_user_known(const struct troth_proof_rules *rules, uid_t uid);
/* May this user have a call to this address proven? */
bool troth_proof_allowed(const struct troth_proof_rules *rules, uid_t uid,
			 struct troth_view url);

#endif
