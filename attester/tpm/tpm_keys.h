/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a device: endorsement key, attestation key, credential key.
 *
 * Functions that load something fill a guard (TROTH_AUTO(troth_tpm_object_drop)); what a
 * function loads only for itself is gone when it returns. All return TROTH_E_TPM with the
 * TPM's last_rc on a failed command. */
#ifndef TROTH_ATTESTER_TPM_KEYS_H
#define TROTH_ATTESTER_TPM_KEYS_H

#include "tpm_adapter.h"
#include "tpm_templates.h"

/* What a device shows of its EK. */
struct troth_tpm_ek {
	struct troth_ek ek;
	size_t cert_len; /* 0: the TPM holds none for this template, which is a normal case */
	uint8_t cert[TROTH_CERT_MAX];
};

/* First of RSA-2048, P-256, P-384 that has a certificate; RSA-2048 when none has. */
TROTH_NODISCARD enum troth_status troth_tpm_ek_choose(struct troth_tpm *tpm,
						      enum troth_ek_template *out);
/* Key and certificate. The persistent EK where it is of the template, else
 * a fresh derivation. */
TROTH_NODISCARD enum troth_status
troth_tpm_ek_read(struct troth_tpm *tpm, enum troth_ek_template t, struct troth_tpm_ek *out);
/* Loads the EK. */
TROTH_NODISCARD enum troth_status troth_tpm_ek_load(struct troth_tpm *tpm,
						    enum troth_ek_template t,
						    struct troth_tpm_object *out);
/* The certificate's own bytes: NV indices are padded. Empty when there is no
 * certificate in them. */
struct troth_view troth_tpm_certificate_trim(struct troth_view nv);

/* A loaded key and its marshalled TPMT_PUBLIC. */
struct troth_tpm_key {
	struct troth_tpm_object object;
	size_t public_len;
	uint8_t public_area[TROTH_PUBLIC_MAX];
};
/* Drops the object; the public area stays readable. For TROTH_AUTO. */
void troth_tpm_key_drop(struct troth_tpm_key *key);

/* The attestation key: under its persistent handle if that is given (not 0) and holds it, else
 * derived again. */
TROTH_NODISCARD enum troth_status troth_tpm_ak_load(struct troth_tpm *tpm,
						    enum troth_ak_algorithm algorithm,
						    TPM2_HANDLE handle,
						    struct troth_tpm_key *out);
/* Keeps the AK under a persistent handle, so that slow TPMs need not derive it and a set
 * endorsement authorisation does not matter. TROTH_E_CONFLICT when another key is there. */
TROTH_NODISCARD enum troth_status troth_tpm_ak_persist(struct troth_tpm *tpm,
						       enum troth_ak_algorithm algorithm,
						       TPM2_HANDLE handle);

/* The storage root key lies here (TCG Provisioning Guidance); key files name it. */
#define TROTH_SRK_HANDLE 0x81000001u

/* What is under the SRK's handle; made from the standard template and kept there if nothing is.
 * Where it cannot be kept (NV memory is full) or something else lies there, it is derived for
 * each use, and *out_parent, which key files name, is the owner hierarchy, not the handle. */
TROTH_NODISCARD enum troth_status troth_tpm_srk_load(struct troth_tpm *tpm,
						     struct troth_tpm_object *out,
						     TPM2_HANDLE *out_parent);

/* The key that will carry the identity, as the TPM hands it out: the private part is wrapped by
 * the SRK and of use in this TPM only. */
struct troth_credential_key {
	TPM2_HANDLE parent; /* TROTH_SRK_HANDLE, or TPM2_RH_OWNER: the SRK is derived */
	size_t public_len;  /* TPMT_PUBLIC; 0: no key yet */
	uint8_t public_area[TROTH_PUBLIC_MAX];
	size_t private_len; /* contents of the TPM2B_PRIVATE */
	uint8_t private_part[512];
};
TROTH_NODISCARD enum troth_status
troth_tpm_credential_key_make(struct troth_tpm *tpm, struct troth_credential_key *out);
/* TROTH_E_UNSUPPORTED for a public area that is not of our template. */
TROTH_NODISCARD enum troth_status
troth_tpm_credential_key_load(struct troth_tpm *tpm, const struct troth_credential_key *key,
			      struct troth_tpm_object *out);

/* The key a secret is sealed for: a primary key of the null hierarchy, whose seed is drawn anew
 * at each TPM reset. So the same unique gives the same key until then, and never again. */
TROTH_NODISCARD enum troth_status
troth_tpm_secret_key_load(struct troth_tpm *tpm, const uint8_t unique[TROTH_SECRET_UNIQUE],
			  struct troth_tpm_key *out);
/* TPM2_ECDH_ZGen with a point x || y: x of the shared point, which the caller cleanses. */
TROTH_NODISCARD enum troth_status troth_tpm_secret_agree(struct troth_tpm *tpm,
							 const struct troth_tpm_key *key,
							 const uint8_t point[64],
							 uint8_t out[32]);

/* TPM2_ActivateCredential: the EK's policy is satisfied, the secret decrypted if the credential
 * was made for this EK and this AK. blob and secret are the TPM2B_ID_OBJECT and
 * TPM2B_ENCRYPTED_SECRET with their outer sizes, from the verifier. out holds 64 bytes; the
 * caller cleanses it. TROTH_E_MALFORMED for sizes that are not exact. */
struct troth_activation {
	enum troth_ek_template tmpl;
	const struct troth_tpm_key *ak;
	struct troth_view blob, secret;
};
TROTH_NODISCARD enum troth_status troth_tpm_activate(struct troth_tpm *tpm,
						     const struct troth_activation *a,
						     uint8_t *out, size_t *out_len);

#endif
