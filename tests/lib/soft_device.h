/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose TPM is in software: EK, AK and credential key, with everything a device says
 * to a verifier. For tests of the verifier that need thousands of devices, or devices that lie.
 *
 * What it computes it computes with OpenSSL and tss2-mu from the specifications, never with the
 * code under test. Include after check.h. */
#ifndef TROTH_TESTS_SOFT_DEVICE_H
#define TROTH_TESTS_SOFT_DEVICE_H

#include "forge.h"

struct soft_device {
	EVP_PKEY *ek; /* RSA-2048, template L-1 */
	uint8_t ek_key[256];
	struct forge_key ak, credential;
	EVP_PKEY *session;	 /* NULL: none */
	struct forge_key secret; /* decrypts; no pkey: none */
	uint8_t secret_public[TROTH_PUBLIC_MAX];
	size_t secret_len;
	uint8_t ak_public[TROTH_PUBLIC_MAX], key_public[TROTH_PUBLIC_MAX];
	size_t ak_len, key_len;
	uint32_t reset_count, restart_count;
	uint64_t clock;
};

/* Draws the keys. */
void soft_device_make(struct soft_device *d);
/* Makes another credential key. */
void soft_device_new_key(struct soft_device *d);
void soft_device_free(struct soft_device *d);
struct troth_view soft_ak_public(const struct soft_device *d);
struct troth_view soft_key_public(const struct soft_device *d);
/* Draws a session key; x || y of it, and ES256 by it: r || s. */
void soft_device_new_session(struct soft_device *d);
void soft_session_public(const struct soft_device *d, uint8_t out[64]);
void soft_session_sign(const struct soft_device *d, struct troth_view data, uint8_t out[64]);
/* Draws a key of the null hierarchy that a secret may be sealed for; with other attributes. */
void soft_device_new_secret(struct soft_device *d);
void soft_device_new_secret_with(struct soft_device *d, TPMA_OBJECT attributes);
#define SOFT_SECRET_ATTRIBUTES                                                              \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_DECRYPT)
struct troth_view soft_secret_public(const struct soft_device *d);
/* SHA-256 of the EK's DER SubjectPublicKeyInfo. */
void soft_device_id(const struct soft_device *d, uint8_t out[32]);

/* TPM2_ActivateCredential. Returns the length of what was hidden, 0 when it does not open. */
size_t soft_activate(const struct soft_device *d, struct troth_view blob,
		     struct troth_view secret, uint8_t *out, size_t max);

/* What a signature is to bind; an empty view is absent. */
struct soft_binding {
	const char *label; /* "troth/v1/quote", "troth/v1/certify" */
	const char *trust_domain;
	const uint8_t *device_id; /* 32 */
	struct troth_view token;
	struct troth_view key_public;  /* its Name is bound */
	struct troth_view session_key; /* x || y; its JWK thumbprint is bound */
	struct troth_view facts_sha256;
	struct troth_view result_nonce; /* a relying party's */
	struct troth_view secret_key;	/* its Name is bound, beside the secret's */
	struct troth_view secret_name;
};
void soft_bind(const struct soft_binding *b, uint8_t out[32]);

/* A marshalled attestation and its signature. */
struct soft_evidence {
	uint8_t attest[TROTH_ATTEST_MAX], signature[TROTH_SIGNATURE_MAX];
	size_t attest_len, signature_len;
};
struct troth_view soft_attest(const struct soft_evidence *e);
struct troth_view soft_signature(const struct soft_evidence *e);
/* A whole quote of one SHA-256 selection, to be bent and signed. */
TPMS_ATTEST soft_quote_fields(const struct soft_device *d, const uint8_t extra_data[32],
			      uint32_t mask);
/* A whole TPM2_Certify of the device's credential key, likewise. */
TPMS_ATTEST soft_certify_fields(const struct soft_device *d, const uint8_t extra_data[32]);
/* Likewise of the key for a secret, a primary one of the hierarchy. */
TPMS_ATTEST soft_certify_secret_fields(const struct soft_device *d,
				       const uint8_t extra_data[32], uint32_t hierarchy);
/* Signs the structure as it is with the device's AK. */
void soft_sign(const struct soft_device *d, const TPMS_ATTEST *a, struct soft_evidence *out);
void soft_quote(const struct soft_device *d, const uint8_t extra_data[32], uint32_t mask,
		struct soft_evidence *out);
void soft_certify(const struct soft_device *d, const uint8_t extra_data[32],
		  struct soft_evidence *out);

#endif
