/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "forge.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>

static const struct {
	const char *curve;
	unsigned int bits;
	TPM2_ECC_CURVE tpm_curve;
} KINDS[] = {
	[FORGE_RSA2048] = { NULL, 2048, 0 },
	[FORGE_RSA3072] = { NULL, 3072, 0 },
	[FORGE_P256] = { "P-256", 256, TPM2_ECC_NIST_P256 },
	[FORGE_P384] = { "P-384", 384, TPM2_ECC_NIST_P384 },
};

static bool is_rsa(enum forge_kind kind)
{
	return KINDS[kind].curve == NULL;
}

struct forge_key forge_key(enum forge_kind kind, TPM2_ALG_ID scheme, TPM2_ALG_ID hash)
{
	struct forge_key key = { .kind = kind, .scheme = scheme, .hash = hash };
	key.pkey = is_rsa(kind) ? EVP_RSA_gen(KINDS[kind].bits) : EVP_EC_gen(KINDS[kind].curve);
	assert_non_null(key.pkey);
	return key;
}

void forge_key_free(struct forge_key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

static void number(const EVP_PKEY *pkey, const char *name, uint8_t *out, size_t width)
{
	BIGNUM *n = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &n), 1);
	assert_int_equal(BN_bn2binpad(n, out, (int)width), (int)width);
	BN_free(n);
}

TPMT_PUBLIC forge_public(const struct forge_key *key, TPMA_OBJECT attributes)
{
	const uint16_t width = (uint16_t)(KINDS[key->kind].bits / 8);
	TPMT_PUBLIC pub = { .nameAlg = TPM2_ALG_SHA256, .objectAttributes = attributes };
	if (is_rsa(key->kind)) {
		TPMS_RSA_PARMS *parms = &pub.parameters.rsaDetail;
		pub.type = TPM2_ALG_RSA;
		parms->symmetric.algorithm = TPM2_ALG_NULL;
		parms->scheme.scheme = key->scheme;
		parms->scheme.details.anySig.hashAlg = key->hash;
		parms->keyBits = (uint16_t)KINDS[key->kind].bits;
		pub.unique.rsa.size = width;
		number(key->pkey, OSSL_PKEY_PARAM_RSA_N, pub.unique.rsa.buffer, width);
		return pub;
	}
	TPMS_ECC_PARMS *parms = &pub.parameters.eccDetail;
	pub.type = TPM2_ALG_ECC;
	parms->symmetric.algorithm = TPM2_ALG_NULL;
	parms->scheme.scheme = key->scheme;
	parms->scheme.details.anySig.hashAlg = key->hash;
	parms->curveID = KINDS[key->kind].tpm_curve;
	parms->kdf.scheme = TPM2_ALG_NULL;
	pub.unique.ecc.x.size = pub.unique.ecc.y.size = width;
	number(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, pub.unique.ecc.x.buffer, width);
	number(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, pub.unique.ecc.y.buffer, width);
	return pub;
}

struct troth_view forge_public_bytes(const TPMT_PUBLIC *pub, uint8_t *buf, size_t max)
{
	size_t n = 0;
	assert_int_equal(Tss2_MU_TPMT_PUBLIC_Marshal(pub, buf, max, &n), TSS2_RC_SUCCESS);
	return (struct troth_view){ buf, n };
}

static TPMS_ATTEST attest(uint16_t type, struct troth_view extra_data)
{
	TPMS_ATTEST a = {
		.magic = TPM2_GENERATED_VALUE,
		.type = type,
		.clockInfo = { .clock = 123456, .resetCount = 7, .restartCount = 2, .safe = 1 },
		.firmwareVersion = 0x2023000100020003,
	};
	assert_true(extra_data.n <= sizeof a.extraData.buffer);
	a.extraData.size = (uint16_t)extra_data.n;
	if (extra_data.n > 0)
		memcpy(a.extraData.buffer, extra_data.p, extra_data.n);
	return a;
}

TPMS_ATTEST forge_quote(struct troth_view extra_data)
{
	return attest(TPM2_ST_ATTEST_QUOTE, extra_data);
}

TPMS_ATTEST forge_certify(struct troth_view extra_data, struct troth_view name)
{
	TPMS_ATTEST a = attest(TPM2_ST_ATTEST_CERTIFY, extra_data);
	TPM2B_NAME *out = &a.attested.certify.name;
	assert_true(name.n <= sizeof out->name);
	out->size = (uint16_t)name.n;
	memcpy(out->name, name.p, name.n);
	a.attested.certify.qualifiedName = *out;
	return a;
}

void forge_select(TPMS_ATTEST *quote, TPM2_ALG_ID bank, uint32_t mask)
{
	TPML_PCR_SELECTION *list = &quote->attested.quote.pcrSelect;
	TPMS_PCR_SELECTION *s = &list->pcrSelections[list->count++];
	s->hash = bank;
	s->sizeofSelect = 3;
	for (unsigned int i = 0; i < 3; i++)
		s->pcrSelect[i] = (uint8_t)(mask >> 8 * i);
}

struct troth_view forge_attest_bytes(const TPMS_ATTEST *a, uint8_t *buf, size_t max)
{
	size_t n = 0;
	assert_int_equal(Tss2_MU_TPMS_ATTEST_Marshal(a, buf, max, &n), TSS2_RC_SUCCESS);
	return (struct troth_view){ buf, n };
}

static const EVP_MD *md_of(TPM2_ALG_ID hash)
{
	switch (hash) {
	case TPM2_ALG_SHA1: return EVP_sha1();
	case TPM2_ALG_SHA384: return EVP_sha384();
	case TPM2_ALG_SHA512: return EVP_sha512();
	case TPM2_ALG_SM3_256: return EVP_sm3();
	default: return EVP_sha256();
	}
}

/* The two numbers of a DER signature, padded to the width of the curve. */
static void split_ecdsa(const uint8_t *der, size_t len, size_t width, TPMS_SIGNATURE_ECDSA *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	assert_non_null(sig);
	out->signatureR.size = out->signatureS.size = (uint16_t)width;
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), out->signatureR.buffer, (int)width);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), out->signatureS.buffer, (int)width);
	ECDSA_SIG_free(sig);
}

struct troth_view forge_sign(const struct forge_key *key, struct troth_view bytes, uint8_t *buf,
			     size_t max)
{
	uint8_t raw[TROTH_SIGNATURE_MAX];
	size_t len = sizeof raw;
	EVP_PKEY_CTX *pctx = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, &pctx, md_of(key->hash), NULL, key->pkey), 1);
	if (key->scheme == TPM2_ALG_RSAPSS)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_DigestSign(ctx, raw, &len, bytes.p, bytes.n), 1);
	EVP_MD_CTX_free(ctx);

	TPMT_SIGNATURE sig = { .sigAlg = key->scheme };
	sig.signature.any.hashAlg = key->hash;
	if (is_rsa(key->kind)) {
		sig.signature.rsassa.sig.size = (uint16_t)len;
		memcpy(sig.signature.rsassa.sig.buffer, raw, len);
	} else {
		split_ecdsa(raw, len, KINDS[key->kind].bits / 8, &sig.signature.ecdsa);
	}
	size_t n = 0;
	assert_int_equal(Tss2_MU_TPMT_SIGNATURE_Marshal(&sig, buf, max, &n), TSS2_RC_SUCCESS);
	return (struct troth_view){ buf, n };
}

TPM2B_NAME forge_qualified_name(uint32_t hierarchy, struct troth_view public_bytes)
{
	uint8_t whole[4 + 2 + 32] = { (uint8_t)(hierarchy >> 24), (uint8_t)(hierarchy >> 16),
				      (uint8_t)(hierarchy >> 8),  (uint8_t)hierarchy,
				      TPM2_ALG_SHA256 >> 8,	  TPM2_ALG_SHA256 };
	TPM2B_NAME out = { .size = 2 + 32, .name = { TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 } };
	assert_int_equal(
		EVP_Digest(public_bytes.p, public_bytes.n, whole + 6, NULL, EVP_sha256(), NULL),
		1);
	assert_int_equal(
		EVP_Digest(whole, sizeof whole, out.name + 2, NULL, EVP_sha256(), NULL), 1);
	return out;
}
