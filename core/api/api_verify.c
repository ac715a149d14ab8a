/* SPDX-License-Identifier: Apache-2.0 */
#include <troth/verify.h>

#include "base.h"
#include "quote.h"
#include "reader.h"

/* The AK in any of its forms; a PEM key leaves public without a type. */
struct ak {
	struct troth_public public;
	struct troth_key *key;
};

static bool is_pem(struct troth_view bytes)
{
	static const char BEGIN[] = "-----BEGIN ";
	struct troth_reader r = { bytes };
	struct troth_view head;
	return troth_get_view(&r, sizeof BEGIN - 1, &head) &&
	       troth_view_equal(head, troth_view_str(BEGIN));
}

static enum troth_status read_ak(struct troth_ctx *ctx, struct troth_view bytes, struct ak *out)
{
	struct troth_view area;
	if (is_pem(bytes))
		return troth_key_from_pem(bytes, &out->key);
	if (troth_public_unwrap(bytes, &area) != TROTH_OK)
		area = bytes;
	TROTH_TRY(troth_public_parse(ctx, area, &out->public));
	return troth_key_from_public(&out->public, &out->key);
}

static enum troth_status read_claims(const struct troth_quote_request *q,
				     struct troth_pcr_values *out)
{
	for (size_t i = 0; i < q->n_pcrs; i++) {
		enum troth_hash bank = troth_hash_from_name(troth_view_str(q->pcrs[i].bank));
		if (!troth_pcr_set(out, bank, q->pcrs[i].pcr, q->pcrs[i].value))
			return TROTH_E_MALFORMED;
	}
	return TROTH_OK;
}

static void report(const struct troth_findings *findings, const struct troth_attest *attest,
		   struct troth_quote_result *out)
{
	out->genuine = findings->n == 0;
	out->n_findings = findings->n;
	for (size_t i = 0; i < findings->n; i++)
		out->findings[i] = troth_finding_name(findings->list[i].code);
	if (!out->genuine)
		return;
	out->clock_ms = attest->clock;
	out->reset_count = attest->reset_count;
	out->restart_count = attest->restart_count;
	out->firmware_version = attest->firmware_version;
}

static enum troth_status judge(struct troth_ctx *ctx, const struct troth_quote_request *q,
			       const struct ak *ak, struct troth_quote_result *out)
{
	struct troth_findings findings = { 0 };
	struct troth_pcr_values pcrs = { 0 };
	struct troth_signature signature;
	struct troth_attest attest = { 0 };
	TROTH_TRY(read_claims(q, &pcrs));
	bool known = ak->public.type != TROTH_KEY_NONE;
	if (known)
		troth_ak_check(&ak->public, &findings);
	const struct troth_quote_case c = {
		.key = ak->key,
		.ak = known ? &ak->public : NULL,
		.attest = q->attest,
		.signature = &signature,
		.extra_data = q->check_nonce ? &q->nonce : NULL,
		.pcrs = q->pcrs != NULL ? &pcrs : NULL,
		.allow_sha1 = q->allow_sha1,
	};
	if (troth_signature_parse(q->signature, &signature) != TROTH_OK)
		troth_finding_add(&findings, TROTH_FINDING_SIGNATURE_MALFORMED);
	else
		TROTH_TRY(troth_quote_verify(ctx, &c, &attest, &findings));
	struct troth_quote_result result = { .ak_attributes_known = known };
	report(&findings, &attest, &result);
	*out = result;
	return TROTH_OK;
}

enum troth_status troth_verify_quote(struct troth_ctx *ctx,
				     const struct troth_quote_request *request,
				     struct troth_quote_result *out)
{
	struct ak ak = { 0 };
	enum troth_status status = read_ak(ctx, request->ak, &ak);
	if (status == TROTH_OK)
		status = judge(ctx, request, &ak, out);
	troth_key_free(ak.key);
	return status;
}
