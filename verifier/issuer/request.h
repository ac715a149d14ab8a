/* SPDX-License-Identifier: Apache-2.0 */
/* An issuing CA under a root of the operator's: its certificate is asked for, and comes back
 * with the chain above it. Then it is rotated to (rotate.h): published first, in force later.
 */
#ifndef TROTH_ISSUER_REQUEST_H
#define TROTH_ISSUER_REQUEST_H

#include "chain.h"
#include "file.h"

struct troth_key_source;

/* The PKCS #10 request (PEM, self-signed) for the key ca-request.key, which is made when there
 * is none: asked again, the same key is requested. source: where the key is, NULL for a file.
 * It says what our own CAs say of themselves: path length 0, keyCertSign and cRLSign, the URI
 * of the trust domain. */
TROTH_NODISCARD enum troth_status troth_ca_request(const char *key_dir,
						   const char *trust_domain,
						   const struct troth_key_source *source,
						   struct troth_buffer *out_pem);

struct troth_ca_answer {
	const char *key_dir, *trust_domain;
	const struct troth_name_rules *names; /* `certificate_names` */
	struct troth_view chain; /* PEM: the issuing CA, those above it, the root */
	uint64_t now_s;
};
/* Prepares the rotation to the CA. TROTH_E_CONFIG with the reason when the chain is no good or
 * was not asked for, TROTH_E_CONFLICT with the reason when a rotation is under way; nothing is
 * changed then. *out_new_root: whether everybody needs a new anchor. */
TROTH_NODISCARD enum troth_status troth_ca_install(const struct troth_ca_answer *answer,
						   bool *out_new_root,
						   struct troth_chain_refusal *why);

#endif
