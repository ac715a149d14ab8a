/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of an issuing CA: its own first, then those above it; the root is apart. As
 * they lie in the key directory (ca.crt, root.crt), and as an operator brings them from a root
 * of his own. */
#ifndef TROTH_ISSUER_CHAIN_H
#define TROTH_ISSUER_CHAIN_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#include "name_rules.h"

struct troth_chain {
	X509 *certs[TROTH_AUTHORITY_CHAIN_MAX]; /* owned */
	size_t n;
};
void troth_chain_clear(struct troth_chain *chain);

/* All certificates of a PEM text, in order. TROTH_E_MALFORMED for none, and for one that cannot
 * be read; TROTH_E_LIMIT past TROTH_AUTHORITY_CHAIN_MAX. */
TROTH_NODISCARD enum troth_status troth_chain_parse(struct troth_view pem,
						    struct troth_chain *out);
TROTH_NODISCARD enum troth_status troth_chain_read(const char *key_dir, const char *name,
						   struct troth_chain *out);

/* Each is a CA's and signed by the next, the last by root. Times are not looked at. NULL when
 * all is well, else a sentence about what is wrong. */
const char *troth_chain_fault(const struct troth_chain *chain, X509 *root);

/* Why an operator's chain is refused. */
struct troth_chain_refusal {
	char text[400];
};
/* What a chain is judged for. */
struct troth_chain_case {
	EVP_PKEY *key; /* to issue under it */
	const char *trust_domain;
	const struct troth_name_rules *names; /* what certificates may name, beside */
	uint64_t now_s;
};
/* A chain with its root at the end. Would devices' certificates under it be believed, by any
 * software and for long enough? TROTH_E_CONFIG with the reason. */
TROTH_NODISCARD enum troth_status troth_chain_judge(const struct troth_chain *chain,
						    const struct troth_chain_case *c,
						    struct troth_chain_refusal *why);
/* Of that, what name constraints have to do with DNS names and addresses. */
TROTH_NODISCARD enum troth_status troth_chain_judge_names(const struct troth_chain *chain,
							  const struct troth_name_rules *rules,
							  struct troth_chain_refusal *why);

#endif
