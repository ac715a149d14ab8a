/* SPDX-License-Identifier: Apache-2.0 */
/* Is this quote genuine?
 *
 * As far as it needs no registry: a quote is genuine when no finding was added. A bad quote is
 * not an error; a status other than TROTH_OK means the question could not be answered. */
#ifndef TROTH_CORE_QUOTE_H
#define TROTH_CORE_QUOTE_H

#include "finding.h"
#include "key.h"

struct troth_quote_case {
	struct troth_key *key; /* the AK; required */
	const struct troth_public
		*ak; /* its public area: scheme and hash must match; NULL from PEM */
	struct troth_view attest; /* marshalled TPMS_ATTEST */
	const struct troth_signature *signature;
	const struct troth_view *extra_data; /* expected qualifying data; NULL: not checked */
	const struct troth_pcr_selection
		*selection; /* expected, equal in order and bits; NULL: not checked */
	const struct troth_pcr_values *pcrs; /* values reported; NULL: pcrDigest not checked */
	uint32_t hierarchy; /* TPM2_RH_* the AK is a primary of (needs ak); 0: not checked */
	bool allow_sha1;
};

/* out gets the parsed attest, for the caller to read clock and counters from once genuine; all
 * zero when it could not be parsed. TROTH_E_CONFIG for a hierarchy without ak. */
TROTH_NODISCARD enum troth_status troth_quote_verify(struct troth_ctx *ctx,
						     const struct troth_quote_case *c,
						     struct troth_attest *out,
						     struct troth_findings *findings);

/* TPM2_Certify of a key by the AK: magic, type, qualifying data, certified Name equal to that
 * of key, signature, and qualifiedSigner as in quotes. Every failed check is a
 * KEY_CERTIFICATION whose detail says which; SHA-1 is never allowed. Part 3, 18.2. */
struct troth_certify_case {
	struct troth_key *key;
	const struct troth_public *ak;
	struct troth_view attest;
	const struct troth_signature *signature;
	struct troth_view extra_data;
	const struct troth_name *name;
	uint32_t hierarchy;
	/* The key, if it must be a primary one of a hierarchy of its own; NULL: it may be any.
	 */
	const struct troth_public *primary;
	uint32_t primary_hierarchy;
};
TROTH_NODISCARD enum troth_status troth_certify_verify(struct troth_ctx *ctx,
						       const struct troth_certify_case *c,
						       struct troth_findings *findings);

/* A restricted, fixed, TPM-made signing key with SHA-256 or better: what alone may quote. Adds
 * AK_ATTRIBUTES or AK_SCHEME. */
void troth_ak_check(const struct troth_public *ak, struct troth_findings *findings);
/* The credential key: P-256, sign only, unrestricted, fixedTPM,
 * sensitiveDataOrigin. Adds KEY_ATTRIBUTES. */
void troth_credential_key_check(const struct troth_public *key,
				struct troth_findings *findings);
/* The key a secret is released to: P-256, decrypt only, unrestricted, fixedTPM, fixedParent,
 * sensitiveDataOrigin. Adds KEY_ATTRIBUTES. */
void troth_secret_key_check(const struct troth_public *key, struct troth_findings *findings);

#endif
