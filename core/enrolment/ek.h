/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsement keys: templates, certificates, credential protection.
 *
 * The verifier builds an EK's public area from a white-listed template and the key's bytes
 * alone; nothing else of it comes from the device (TCG EK Credential Profile 2.5). No URL in a
 * certificate is ever followed. */
#ifndef TROTH_CORE_EK_H
#define TROTH_CORE_EK_H

#include "agree.h"
#include "finding.h"
#include "key.h"

/* Names of the EK profile; the numbers are the wire values of EnrollRequest.ek_template. */
enum troth_ek_template {
	TROTH_EK_NONE = 0,
	TROTH_EK_L1_RSA2048 = 1,
	TROTH_EK_L2_P256 = 2,
	TROTH_EK_H3_P384 = 3,
	TROTH_EK_H6_RSA3072 = 4,
	TROTH_EK_TEMPLATE_N
};

struct troth_ek_template_info {
	const char *name;    /* "rsa2048" as in configuration */
	const char *profile; /* "L-1" */
	struct troth_view policy;
	uint32_t cert_nv_index; /* where the certificate lies */
	uint32_t handle;	/* persistent handle to look at first */
	uint32_t attributes;	/* TPMA_OBJECT */
	enum troth_key_type type;
	enum troth_curve curve;
	enum troth_hash name_alg;
	uint16_t rsa_bits;
	uint16_t symmetric_bits;
	bool high_range; /* policy B (PolicyOR), empty unique; else policy A, zeros in unique */
};
/* NULL for a template we do not take. */
const struct troth_ek_template_info *troth_ek_template_info(enum troth_ek_template t);
enum troth_ek_template troth_ek_template_from_name(struct troth_view name);

/* An EK as the verifier holds it: template, and the RSA modulus or x || y (each full width). */
struct troth_ek {
	enum troth_ek_template tmpl;
	size_t key_len;
	uint8_t key[TROTH_RSA_BYTES_MAX];
};
/* Checks length for the template (and that the point is on its curve). */
TROTH_NODISCARD enum troth_status troth_ek_make(enum troth_ek_template t, struct troth_view key,
						struct troth_ek *out);
/* The marshalled TPMT_PUBLIC to give to TPM2_CreatePrimary: unique is zeros or empty, as the
 * profile has it. TROTH_E_UNSUPPORTED for a template we do not take, TROTH_E_LIMIT when buf is
 * short (TROTH_PUBLIC_MAX is enough). */
TROTH_NODISCARD enum troth_status
troth_ek_public_template(enum troth_ek_template t, uint8_t *buf, size_t max, size_t *out_len);
/* The verifying/encrypting key. */
TROTH_NODISCARD enum troth_status troth_ek_key(const struct troth_ek *ek,
					       struct troth_key **out);
/* device id: SHA-256 of the DER SubjectPublicKeyInfo. */
TROTH_NODISCARD enum troth_status
troth_ek_device_id(struct troth_ctx *ctx, const struct troth_ek *ek, uint8_t out[32]);

/* Configured manufacturer roots and intermediates. Opaque; may be shared by
 * threads once built. */
struct troth_ek_trust;
TROTH_NODISCARD enum troth_status troth_ek_trust_new(struct troth_ek_trust **out);
void troth_ek_trust_free(struct troth_ek_trust *trust);
/* DER or PEM (several). A self-signed certificate becomes a root only through add_root;
 * one that is not self-signed is an intermediate wherever it is added. TROTH_E_MALFORMED
 * for what is no certificate of an authority, TROTH_E_UNSUPPORTED for a key outside the
 * limits of a chain, TROTH_E_LIMIT for too many or too large. What a file held before the
 * bad one stays added. */
TROTH_NODISCARD enum troth_status troth_ek_trust_add_root(struct troth_ek_trust *trust,
							  struct troth_view cert);
TROTH_NODISCARD enum troth_status troth_ek_trust_add_intermediate(struct troth_ek_trust *trust,
								  struct troth_view cert);

struct troth_ek_cert_facts {
	char manufacturer[16]; /* as in the SAN: "id:494E5443" escaped, empty when absent */
	char model[64], version[16];
	char issuer[256]; /* one line, escaped */
	uint64_t not_before_s, not_after_s;
	uint8_t spki_sha256[32];
};
struct troth_ek_cert_case {
	const struct troth_ek_trust *trust;
	/* DER, with trailing bytes after the certificate (NV padding) tolerated only when they
	 * are all 0x00 or 0xff. */
	struct troth_view cert;
	const struct troth_view *spki; /* the key the device enrols with; NULL: not compared */
	uint64_t now_s;
};
/* Judges an EK certificate at a time: chain to a root, profile, key sizes. Findings say what is
 * wrong; no finding means trusted. A certificate that cannot be read is a finding too; out is
 * all zeros then. */
TROTH_NODISCARD enum troth_status troth_ek_cert_verify(struct troth_ctx *ctx,
						       const struct troth_ek_cert_case *c,
						       struct troth_ek_cert_facts *out,
						       struct troth_findings *findings);

/* TPM2_MakeCredential in software (TPM 2.0 Part 1, 24; Part 3, 12.6). secret is at most the
 * size of the EK's nameAlg. Outputs are the TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET as
 * ActivateCredential takes them, marshalled with their outer sizes. */
struct troth_credential_input {
	const struct troth_name *ak_name;
	struct troth_view secret;
	/* Fresh for every call: the seed of an RSA EK, the ephemeral key of an ECC one. The
	 * padding of RSA-OAEP is drawn by OpenSSL. */
	uint8_t random[TROTH_AGREE_RANDOM];
};
struct troth_credential {
	size_t blob_len, secret_len;
	uint8_t blob[256], secret[TROTH_RSA_BYTES_MAX + 2];
};
TROTH_NODISCARD enum troth_status troth_credential_make(struct troth_ctx *ctx,
							const struct troth_ek *ek,
							const struct troth_credential_input *in,
							struct troth_credential *out);

#endif
