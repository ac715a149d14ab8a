/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_object.h"

#include "base.h"

/* A handle that is free may not be told apart from one whose object vanished: both
 * mean make it anew. */
static enum troth_status not_there_or_failed(const struct troth_tpm *tpm)
{
	return troth_tpm_fault_of(tpm) == TROTH_TPM_NOT_THERE ? TROTH_E_NOT_FOUND : TROTH_E_TPM;
}

enum troth_status troth_tpm_persistent(struct troth_tpm *tpm, TPM2_HANDLE handle,
				       struct troth_tpm_object *out, TPM2B_PUBLIC *out_public)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object o = { .persistent = true };
	TROTH_AUTO(troth_esys_free) TPM2B_PUBLIC *pub = NULL;
	TSS2_RC rc;

	do
		rc = Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &o.tr);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return not_there_or_failed(tpm);
	o.tpm = tpm;

	do
		rc = Esys_ReadPublic(tpm->esys, o.tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				     &pub, NULL, NULL);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return not_there_or_failed(tpm);

	*out_public = *pub;
	*out = o;
	o.tpm = NULL;
	return TROTH_OK;
}

enum troth_status troth_tpm_primary(struct troth_tpm *tpm, ESYS_TR hierarchy,
				    const TPM2B_PUBLIC *tmpl, struct troth_tpm_object *out,
				    TPM2B_PUBLIC *out_public)
{
	static const TPM2B_SENSITIVE_CREATE no_auth;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TROTH_AUTO(troth_esys_free) TPM2B_PUBLIC *pub = NULL;
	ESYS_TR tr = ESYS_TR_NONE;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(tpm->esys, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &no_auth, tmpl, &no_data, &no_pcrs, &tr,
					&pub, NULL, NULL, NULL);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;

	*out_public = *pub;
	*out = (struct troth_tpm_object){ .tpm = tpm, .tr = tr };
	return TROTH_OK;
}

enum troth_status troth_tpm_persist(struct troth_tpm *tpm,
				    const struct troth_tpm_object *object, TPM2_HANDLE handle)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object kept = { .persistent = true };
	TSS2_RC rc;

	do
		rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object->tr,
				       ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, handle,
				       &kept.tr);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	kept.tpm = tpm;
	return TROTH_OK;
}
