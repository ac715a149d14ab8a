/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_quote.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "base.h"
#include "reader.h"

/* Somebody extending PCRs all the time is stopped waiting for after this many quotes. */
#define QUOTES_MAX 5

static const TPMT_SIG_SCHEME KEY_DEFAULT = { .scheme = TPM2_ALG_NULL };

static enum troth_status copy_statement(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *sig,
					struct troth_tpm_statement *out)
{
	size_t n = 0;

	if (attest->size > sizeof out->attest)
		return TROTH_E_LIMIT;
	if (Tss2_MU_TPMT_SIGNATURE_Marshal(sig, out->signature, sizeof out->signature, &n) !=
	    TSS2_RC_SUCCESS)
		return TROTH_E_LIMIT;
	memcpy(out->attest, attest->attestationData, attest->size);
	out->attest_len = attest->size;
	out->signature_len = n;
	return TROTH_OK;
}

static enum troth_status to_data(struct troth_view qualifying, TPM2B_DATA *out)
{
	if (qualifying.n == 0 || qualifying.n > sizeof out->buffer)
		return TROTH_E_LIMIT;
	out->size = (UINT16)qualifying.n;
	memcpy(out->buffer, qualifying.p, qualifying.n);
	return TROTH_OK;
}

enum troth_status troth_tpm_certify(struct troth_tpm *tpm, const struct troth_tpm_key *ak,
				    const struct troth_tpm_object *key,
				    struct troth_view qualifying,
				    struct troth_tpm_statement *out)
{
	TROTH_AUTO(troth_esys_free) TPM2B_ATTEST *attest = NULL;
	TROTH_AUTO(troth_esys_free) TPMT_SIGNATURE *sig = NULL;
	TPM2B_DATA data;
	TSS2_RC rc;

	TROTH_TRY(to_data(qualifying, &data));
	tpm->doing = "certify a key";
	do
		rc = Esys_Certify(tpm->esys, key->tr, ak->object.tr, ESYS_TR_PASSWORD,
				  ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &KEY_DEFAULT, &attest,
				  &sig);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	return copy_statement(attest, sig, out);
}

static enum troth_status quote_once(struct troth_tpm *tpm,
				    const struct troth_tpm_quote_request *q,
				    struct troth_tpm_statement *out)
{
	TROTH_AUTO(troth_esys_free) TPM2B_ATTEST *attest = NULL;
	TROTH_AUTO(troth_esys_free) TPMT_SIGNATURE *sig = NULL;
	TPML_PCR_SELECTION list;
	TPM2B_DATA data;
	TSS2_RC rc;

	TROTH_TRY(to_data(q->qualifying, &data));
	troth_tpm_selection(q->selection, &list);
	tpm->doing = "quote the PCRs";
	do
		rc = Esys_Quote(tpm->esys, q->ak->object.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &data, &KEY_DEFAULT, &list, &attest, &sig);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	return copy_statement(attest, sig, out);
}

/* Are these values the ones that were signed? */
static enum troth_status values_signed(struct troth_ctx *ctx, const struct troth_tpm_quote *q,
				       const struct troth_pcr_selection *selection, bool *out)
{
	const struct troth_tpm_statement *s = &q->statement;
	struct troth_attest attest;
	struct troth_signature sig;
	struct troth_digest digest;

	TROTH_TRY(troth_attest_parse((struct troth_view){ s->attest, s->attest_len }, &attest));
	TROTH_TRY(troth_signature_parse((struct troth_view){ s->signature, s->signature_len },
					&sig));
	TROTH_TRY(troth_pcr_digest(ctx, sig.hash, selection, &q->pcrs, &digest));
	*out = troth_view_equal(troth_digest_view(&digest), attest.pcr_digest);
	return TROTH_OK;
}

enum troth_status troth_tpm_quote(struct troth_tpm *tpm, struct troth_ctx *ctx,
				  const struct troth_tpm_quote_request *q,
				  struct troth_tpm_quote *out)
{
	struct troth_tpm_quote quote;

	for (int i = 0; i < QUOTES_MAX; i++) {
		bool equal = false;
		TROTH_TRY(quote_once(tpm, q, &quote.statement));
		TROTH_TRY(troth_tpm_pcr_read(tpm, q->selection, &quote.pcrs));
		TROTH_TRY(values_signed(ctx, &quote, q->selection, &equal));
		if (equal) {
			*out = quote;
			return TROTH_OK;
		}
	}
	return TROTH_E_BUSY;
}
