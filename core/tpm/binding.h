/* SPDX-License-Identifier: Apache-2.0 */
/* What one TPM signature binds (docs/protocol.md).
 *
 * extraData = SHA-256 over the fields below in order, each with a u32 big-endian length before
 * it; an absent field has length zero. The eighth is there at all only when a relying party
 * gave a nonce: so its quote is younger than the nonce. Where the device asks for a secret,
 * there are ten. */
#ifndef TROTH_CORE_BINDING_H
#define TROTH_CORE_BINDING_H

#include "tpm.h"

enum troth_binding_label {
	TROTH_BIND_QUOTE,	  /* "troth/v1/quote" */
	TROTH_BIND_CERTIFY,	  /* "troth/v1/certify" */
	TROTH_BIND_CERTIFY_SECRET /* "troth/v1/certify-secret": the key a secret is for */
};

struct troth_binding {
	enum troth_binding_label label;
	struct troth_view trust_domain;
	struct troth_view device_id; /* 32 bytes */
	struct troth_view token; /* the challenge token as received; its SHA-256 is the field */
	struct troth_view credential_key_name;
	struct troth_view session_key_thumbprint; /* RFC 7638, SHA-256; 32 bytes or none */
	struct troth_view facts_digest; /* SHA-256 of the self-asserted facts or none */
	struct troth_view result_nonce; /* a relying party's, or none: an eighth field then */
	/* Name of the decryption key and of the secret asked for, or neither: then there are
	 * ten fields. */
	struct troth_view secret_key_name, secret_name;
};

TROTH_NODISCARD enum troth_status
troth_binding_digest(struct troth_ctx *ctx, const struct troth_binding *b, uint8_t out[32]);

/* The same by what the fields are made of, as it is sent and kept: keys and facts themselves,
 * in place of names and digests. Empty: there is none. */
struct troth_bound {
	enum troth_binding_label label;
	struct troth_view trust_domain, device_id, token;
	struct troth_view credential_key; /* TPMT_PUBLIC */
	struct troth_view session_key;	  /* x || y */
	struct troth_view facts;
	struct troth_view result_nonce;
	struct troth_view secret_key; /* TPMT_PUBLIC */
	struct troth_view secret_name;
};
/* TROTH_E_MALFORMED, _TRUNCATED, _LIMIT or _UNSUPPORTED for a key that cannot be read. */
TROTH_NODISCARD enum troth_status
troth_binding_of(struct troth_ctx *ctx, const struct troth_bound *bound, uint8_t out[32]);

#endif
