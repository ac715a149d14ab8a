/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_nv.h"

#include <string.h>

#include "base.h"

/* Every TPM reads at least this much at once (TPM2_PT_NV_BUFFER_MAX is 512 or more). */
#define CHUNK 512

/* An index and the handle that authorises reading it. */
struct source {
	ESYS_TR nv, auth;
	size_t size;
};

static enum troth_status not_there_or_failed(const struct troth_tpm *tpm)
{
	if (troth_tpm_fault_of(tpm) == TROTH_TPM_NOT_THERE ||
	    tpm->last_rc == TPM2_RC_NV_UNINITIALIZED)
		return TROTH_E_NOT_FOUND;
	return TROTH_E_TPM;
}

static enum troth_status find_source(struct troth_tpm *tpm, ESYS_TR nv, struct source *out)
{
	TROTH_AUTO(troth_esys_free) TPM2B_NV_PUBLIC *pub = NULL;
	TSS2_RC rc;

	do
		rc = Esys_NV_ReadPublic(tpm->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					&pub, NULL);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return not_there_or_failed(tpm);

	const bool by_itself = (pub->nvPublic.attributes & TPMA_NV_AUTHREAD) != 0;
	*out = (struct source){ nv, by_itself ? nv : ESYS_TR_RH_OWNER, pub->nvPublic.dataSize };
	return TROTH_OK;
}

static enum troth_status read_chunk(struct troth_tpm *tpm, const struct source *from,
				    size_t offset, size_t n, uint8_t *out)
{
	TROTH_AUTO(troth_esys_free) TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc;

	do
		rc = Esys_NV_Read(tpm->esys, from->auth, from->nv, ESYS_TR_PASSWORD,
				  ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)n, (UINT16)offset, &data);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return not_there_or_failed(tpm);
	if (data->size != n)
		return TROTH_E_MALFORMED;
	memcpy(out, data->buffer, n);
	return TROTH_OK;
}

enum troth_status troth_tpm_nv_read(struct troth_tpm *tpm, TPM2_HANDLE index, uint8_t *out,
				    size_t max, size_t *out_len)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object nv = { .persistent = true };
	struct source from;
	TSS2_RC rc;

	do
		rc = Esys_TR_FromTPMPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, &nv.tr);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return not_there_or_failed(tpm);
	nv.tpm = tpm;

	TROTH_TRY(find_source(tpm, nv.tr, &from));
	if (from.size > max)
		return TROTH_E_LIMIT;
	for (size_t at = 0; at < from.size; at += CHUNK) {
		const size_t left = from.size - at;
		TROTH_TRY(read_chunk(tpm, &from, at, left < CHUNK ? left : CHUNK, out + at));
	}
	*out_len = from.size;
	return TROTH_OK;
}
