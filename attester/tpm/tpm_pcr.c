/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base.h"
#include "tpm_quote.h"

/* A round gives eight values at most; one that gives none ends it. */
#define ROUNDS_MAX (TROTH_BANKS_MAX * TROTH_PCR_COUNT)

void troth_tpm_selection(const struct troth_pcr_selection *from, TPML_PCR_SELECTION *out)
{
	TPML_PCR_SELECTION list = { .count = (UINT32)from->n_banks };

	for (size_t i = 0; i < from->n_banks; i++) {
		TPMS_PCR_SELECTION *s = &list.pcrSelections[i];
		s->hash = troth_hash_to_tpm(from->banks[i].bank);
		s->sizeofSelect = TROTH_PCR_COUNT / 8;
		for (size_t k = 0; k < s->sizeofSelect; k++)
			s->pcrSelect[k] = (BYTE)(from->banks[i].mask >> (8 * k));
	}
	*out = list;
}

static uint32_t mask_of(const TPMS_PCR_SELECTION *s)
{
	uint32_t mask = 0;
	for (size_t k = 0; k < s->sizeofSelect && k < TROTH_PCR_COUNT / 8; k++)
		mask |= (uint32_t)s->pcrSelect[k] << (8 * k);
	return mask;
}

/* Files one round's values and takes them out of what is left to read. */
static enum troth_status take_round(const TPML_PCR_SELECTION *got, const TPML_DIGEST *digests,
				    struct troth_pcr_selection *left,
				    struct troth_pcr_values *values)
{
	UINT32 next = 0;

	for (UINT32 i = 0; i < got->count && i < TROTH_BANKS_MAX; i++) {
		const enum troth_hash bank = troth_hash_from_tpm(got->pcrSelections[i].hash);
		const uint32_t mask = mask_of(&got->pcrSelections[i]);
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
			if ((mask & (1u << pcr)) == 0)
				continue;
			if (next >= digests->count)
				return TROTH_E_MALFORMED;
			const TPM2B_DIGEST *d = &digests->digests[next++];
			const struct troth_view v = { d->buffer, d->size };
			if (!troth_pcr_set(values, bank, pcr, v))
				return TROTH_E_MALFORMED;
		}
		for (size_t k = 0; k < left->n_banks; k++)
			if (left->banks[k].bank == bank)
				left->banks[k].mask &= ~mask;
	}
	return next > 0 ? TROTH_OK : TROTH_E_UNSUPPORTED;
}

static enum troth_status read_round(struct troth_tpm *tpm, struct troth_pcr_selection *left,
				    struct troth_pcr_values *values)
{
	TROTH_AUTO(troth_esys_free) TPML_PCR_SELECTION *got = NULL;
	TROTH_AUTO(troth_esys_free) TPML_DIGEST *digests = NULL;
	TPML_PCR_SELECTION list;
	TSS2_RC rc;

	troth_tpm_selection(left, &list);
	tpm->doing = "read the PCRs";
	do
		rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &list,
				   NULL, &got, &digests);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	return take_round(got, digests, left, values);
}

enum troth_status troth_tpm_pcr_read(struct troth_tpm *tpm,
				     const struct troth_pcr_selection *selection,
				     struct troth_pcr_values *out)
{
	struct troth_pcr_selection left = *selection;
	struct troth_pcr_values values = { 0 };

	for (int i = 0; i < ROUNDS_MAX && !troth_pcr_values_cover(&values, selection); i++)
		TROTH_TRY(read_round(tpm, &left, &values));
	if (!troth_pcr_values_cover(&values, selection))
		return TROTH_E_UNSUPPORTED;
	*out = values;
	return TROTH_OK;
}

static uint32_t allocated(const TPML_PCR_SELECTION *list, enum troth_hash bank)
{
	for (UINT32 i = 0; i < list->count && i < TPM2_NUM_PCR_BANKS; i++)
		if (list->pcrSelections[i].hash == troth_hash_to_tpm(bank))
			return mask_of(&list->pcrSelections[i]);
	return 0;
}

enum troth_status troth_tpm_bank_missing(struct troth_tpm *tpm,
					 const struct troth_pcr_selection *selection,
					 enum troth_hash *out)
{
	TROTH_AUTO(troth_esys_free) TPMS_CAPABILITY_DATA *data = NULL;
	enum troth_hash missing = TROTH_HASH_NONE;
	TSS2_RC rc;

	tpm->doing = "ask which PCR banks there are";
	do
		rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_CAP_PCRS, 0, 1, NULL, &data);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;

	for (size_t i = 0; i < selection->n_banks && missing == TROTH_HASH_NONE; i++) {
		const struct troth_pcr_bank_selection *b = &selection->banks[i];
		if ((b->mask & ~allocated(&data->data.assignedPCR, b->bank)) != 0)
			missing = b->bank;
	}
	*out = missing;
	return TROTH_OK;
}
