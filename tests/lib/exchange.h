/* SPDX-License-Identifier: Apache-2.0 */
/* A quote by a software key with everything that goes with it, to be changed and judged.
 * Include after check.h. */
#ifndef TROTH_TESTS_EXCHANGE_H
#define TROTH_TESTS_EXCHANGE_H

#include <openssl/evp.h>

#include "forge.h"

#include "quote.h"
#include "reader.h"

static const uint8_t NONCE[32] = { 0x4e, 0x6f, 0x6e, 0x63, 0x65 };

/* All that one quote verification takes, owned in one place. */
struct exchange {
	struct forge_key forged;
	uint8_t public_buf[TROTH_PUBLIC_MAX], attest_buf[TROTH_ATTEST_MAX + 1],
		sig_buf[TROTH_SIGNATURE_MAX];
	size_t public_len;
	TPMS_ATTEST attest;
	struct troth_public ak;
	struct troth_signature sig;
	struct troth_view extra_data;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	struct troth_quote_case c;
	struct troth_attest out;
	struct troth_findings findings;
};

/* PCR 0 and 23 of SHA-256 and PCR 4 of SHA-384, and the digest OpenSSL gives for them. */
static void fill_pcrs(struct exchange *x, const EVP_MD *md)
{
	uint8_t values[32 + 32 + 48];
	TPM2B_DIGEST *digest = &x->attest.attested.quote.pcrDigest;
	unsigned int n = 0;
	for (size_t i = 0; i < sizeof values; i++)
		values[i] = (uint8_t)(i * 7);
	const struct troth_view v[] = { { values, 32 },
					{ values + 32, 32 },
					{ values + 64, 48 } };
	assert_true(troth_pcr_set(&x->pcrs, TROTH_HASH_SHA256, 0, v[0]));
	assert_true(troth_pcr_set(&x->pcrs, TROTH_HASH_SHA256, 23, v[1]));
	assert_true(troth_pcr_set(&x->pcrs, TROTH_HASH_SHA384, 4, v[2]));
	assert_true(troth_pcr_selection_add(&x->selection, TROTH_HASH_SHA256, 0x800001));
	assert_true(troth_pcr_selection_add(&x->selection, TROTH_HASH_SHA384, 0x10));
	forge_select(&x->attest, TPM2_ALG_SHA256, 0x800001);
	forge_select(&x->attest, TPM2_ALG_SHA384, 0x10);
	assert_int_equal(EVP_Digest(values, sizeof values, digest->buffer, &n, md, NULL), 1);
	digest->size = (uint16_t)n;
}

/* Marshals and signs what attest says now. */
static void sign(struct exchange *x)
{
	x->c.attest = forge_attest_bytes(&x->attest, x->attest_buf, TROTH_ATTEST_MAX);
	struct troth_view sig =
		forge_sign(&x->forged, x->c.attest, x->sig_buf, sizeof x->sig_buf);
	assert_int_equal(troth_signature_parse(sig, &x->sig), TROTH_OK);
}

/* Signs the bytes as they lie in attest_buf. */
static void sign_bytes(struct exchange *x, size_t n)
{
	x->c.attest = (struct troth_view){ x->attest_buf, n };
	struct troth_view sig =
		forge_sign(&x->forged, x->c.attest, x->sig_buf, sizeof x->sig_buf);
	assert_int_equal(troth_signature_parse(sig, &x->sig), TROTH_OK);
}

static struct exchange *exchange_new(struct troth_ctx *ctx, enum forge_kind kind,
				     TPM2_ALG_ID scheme, TPM2_ALG_ID hash)
{
	struct exchange *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->forged = forge_key(kind, scheme, hash);
	TPMT_PUBLIC pub = forge_public(&x->forged, FORGE_AK_ATTRIBUTES);
	struct troth_view area = forge_public_bytes(&pub, x->public_buf, sizeof x->public_buf);
	x->public_len = area.n;
	assert_int_equal(troth_public_parse(ctx, area, &x->ak), TROTH_OK);
	assert_int_equal(troth_key_from_public(&x->ak, &x->c.key), TROTH_OK);

	x->extra_data = TROTH_VIEW_OF(NONCE);
	x->attest = forge_quote(x->extra_data);
	x->attest.qualifiedSigner = forge_qualified_name(TPM2_RH_ENDORSEMENT, area);
	fill_pcrs(x, hash == TPM2_ALG_SHA1     ? EVP_sha1()
		     : hash == TPM2_ALG_SHA384 ? EVP_sha384()
					       : EVP_sha256());
	x->c.ak = &x->ak;
	x->c.signature = &x->sig;
	x->c.extra_data = &x->extra_data;
	x->c.selection = &x->selection;
	x->c.pcrs = &x->pcrs;
	x->c.hierarchy = TPM2_RH_ENDORSEMENT;
	sign(x);
	return x;
}

static void exchange_free(struct exchange *x)
{
	troth_key_free(x->c.key);
	forge_key_free(&x->forged);
	free(x);
}

static struct exchange *ecdsa_exchange(struct troth_ctx *ctx)
{
	return exchange_new(ctx, FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
}

/* How many findings it has. */
static size_t judge(struct troth_ctx *ctx, struct exchange *x)
{
	x->findings.n = 0;
	POISON(x->out);
	assert_int_equal(troth_quote_verify(ctx, &x->c, &x->out, &x->findings), TROTH_OK);
	return x->findings.n;
}

#endif
