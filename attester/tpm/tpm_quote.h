/* SPDX-License-Identifier: Apache-2.0 */
/* What the attestation key signs: the state of the PCRs, and that a key is in this TPM. */
#ifndef TROTH_ATTESTER_TPM_QUOTE_H
#define TROTH_ATTESTER_TPM_QUOTE_H

#include "tpm_keys.h"

/* A marshalled TPMS_ATTEST and TPMT_SIGNATURE. */
struct troth_tpm_statement {
	size_t attest_len, signature_len;
	uint8_t attest[TROTH_ATTEST_MAX];
	uint8_t signature[TROTH_SIGNATURE_MAX];
};

/* TPM2_Certify of a loaded key. qualifying is at most 64 bytes. */
TROTH_NODISCARD enum troth_status troth_tpm_certify(struct troth_tpm *tpm,
						    const struct troth_tpm_key *ak,
						    const struct troth_tpm_object *key,
						    struct troth_view qualifying,
						    struct troth_tpm_statement *out);

struct troth_tpm_quote_request {
	const struct troth_tpm_key *ak;
	const struct troth_pcr_selection *selection;
	struct troth_view qualifying; /* at most 64 bytes */
};
struct troth_tpm_quote {
	struct troth_tpm_statement statement;
	struct troth_pcr_values pcrs; /* exactly the selected ones, and what was signed */
};
/* TPM2_Quote and the values it covers. Values that change in between are read again, a bounded
 * number of times (TROTH_E_BUSY). TROTH_E_UNSUPPORTED when the TPM does not keep a bank asked
 * for: it would sign an empty selection without complaint; troth_tpm_bank_missing names it. */
TROTH_NODISCARD enum troth_status troth_tpm_quote(struct troth_tpm *tpm, struct troth_ctx *ctx,
						  const struct troth_tpm_quote_request *q,
						  struct troth_tpm_quote *out);

/* First bank of the selection that lacks a selected PCR in this TPM; TROTH_HASH_NONE when all
 * are there. */
TROTH_NODISCARD enum troth_status
troth_tpm_bank_missing(struct troth_tpm *tpm, const struct troth_pcr_selection *selection,
		       enum troth_hash *out);
/* TPM2_PCR_Read of a selection, in as many rounds as it takes. */
TROTH_NODISCARD enum troth_status
troth_tpm_pcr_read(struct troth_tpm *tpm, const struct troth_pcr_selection *selection,
		   struct troth_pcr_values *out);
/* A selection as TPM commands take it. */
void troth_tpm_selection(const struct troth_pcr_selection *from, TPML_PCR_SELECTION *out);

#endif
