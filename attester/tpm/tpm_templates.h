/* SPDX-License-Identifier: Apache-2.0 */
/* Public areas of the keys the attester makes: what a key is, written down once.
 *
 * The verifier checks the same properties from the other side (core/enrolment/ek.h,
 * core/tpm/quote.h). */
#ifndef TROTH_ATTESTER_TPM_TEMPLATES_H
#define TROTH_ATTESTER_TPM_TEMPLATES_H

#include <tss2/tss2_tpm2_types.h>

#include "ek.h"

enum troth_ak_algorithm { TROTH_AK_ECC, TROTH_AK_RSA };

/* The EK template of a profile, ready for CreatePrimary. The template must be a known one. */
void troth_template_ek(enum troth_ek_template t, TPM2B_PUBLIC *out);
/* Restricted signing key, a primary of the endorsement hierarchy: P-256 ECDSA or RSA-2048
 * RSASSA, SHA-256. Its unique makes it ours and derivable again. */
void troth_template_ak(enum troth_ak_algorithm algorithm, TPM2B_PUBLIC *out);
/* Storage root key: ECC P-256, AES-128-CFB (TCG Provisioning Guidance, 7.5.1). */
void troth_template_srk(TPM2B_PUBLIC *out);
/* Credential key: P-256, sign only, unrestricted, no scheme of its own. */
void troth_template_credential_key(TPM2B_PUBLIC *out);
/* Key a secret is sealed for: P-256, decrypt only, unrestricted. unique chooses one of the many
 * a hierarchy's seed gives; without it nobody derives the same again. */
#define TROTH_SECRET_UNIQUE 32
void troth_template_secret_key(const uint8_t unique[TROTH_SECRET_UNIQUE], TPM2B_PUBLIC *out);

/* Marshals the TPMT_PUBLIC. TROTH_E_LIMIT when buf is short. */
TROTH_NODISCARD enum troth_status troth_template_marshal(const TPM2B_PUBLIC *pub, uint8_t *buf,
							 size_t max, size_t *out_len);
/* True when pub is of this template: equal in all but unique, which the TPM fills in. */
TROTH_NODISCARD bool troth_template_fits(const TPM2B_PUBLIC *tmpl, const TPM2B_PUBLIC *pub);

#endif
