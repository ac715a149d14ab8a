/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_templates.h"

#include <assert.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "reader.h"

/* In every key of ours: it never leaves this TPM, which made it itself, and an empty
 * authorisation that lockout cannot reach. */
#define OURS                                                                                \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA)

/* The unique of the attestation key: another value would be another key. */
static const char AK_UNIQUE[] = "troth/ak/v1";

static TPMI_ECC_CURVE curve_to_tpm(enum troth_curve curve)
{
	return curve == TROTH_CURVE_P384 ? TPM2_ECC_NIST_P384 : TPM2_ECC_NIST_P256;
}

static TPMT_SYM_DEF_OBJECT aes_cfb(uint16_t bits)
{
	return (TPMT_SYM_DEF_OBJECT){ .algorithm = TPM2_ALG_AES,
				      .keyBits.aes = bits,
				      .mode.aes = TPM2_ALG_CFB };
}

static void set_ecc(TPMT_PUBLIC *p, TPMI_ECC_CURVE curve)
{
	TPMS_ECC_PARMS *ecc = &p->parameters.eccDetail;
	p->type = TPM2_ALG_ECC;
	ecc->curveID = curve;
	ecc->symmetric.algorithm = TPM2_ALG_NULL;
	ecc->scheme.scheme = TPM2_ALG_NULL;
	ecc->kdf.scheme = TPM2_ALG_NULL;
}

static void set_rsa(TPMT_PUBLIC *p, uint16_t bits)
{
	TPMS_RSA_PARMS *rsa = &p->parameters.rsaDetail;
	p->type = TPM2_ALG_RSA;
	rsa->keyBits = bits;
	rsa->symmetric.algorithm = TPM2_ALG_NULL;
	rsa->scheme.scheme = TPM2_ALG_NULL;
}

static UINT16 put_bytes(BYTE *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return (UINT16)n;
}

void troth_template_ek(enum troth_ek_template t, TPM2B_PUBLIC *out)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	assert(info != NULL);
	TPM2B_PUBLIC pub = { 0 };
	TPMT_PUBLIC *p = &pub.publicArea;

	p->nameAlg = troth_hash_to_tpm(info->name_alg);
	p->objectAttributes = info->attributes;
	p->authPolicy.size = put_bytes(p->authPolicy.buffer, info->policy.p, info->policy.n);
	/* The low range fills unique with zeros of the key's size, the high range leaves it
	 * empty (TCG EK Credential Profile 2.5, annex B). */
	if (info->type == TROTH_KEY_RSA) {
		set_rsa(p, info->rsa_bits);
		p->parameters.rsaDetail.symmetric = aes_cfb(info->symmetric_bits);
		p->unique.rsa.size = info->high_range ? 0 : (UINT16)(info->rsa_bits / 8);
	} else {
		set_ecc(p, curve_to_tpm(info->curve));
		p->parameters.eccDetail.symmetric = aes_cfb(info->symmetric_bits);
		p->unique.ecc.x.size = info->high_range ? 0 : 32;
		p->unique.ecc.y.size = info->high_range ? 0 : 32;
	}
	*out = pub;
}

void troth_template_ak(enum troth_ak_algorithm algorithm, TPM2B_PUBLIC *out)
{
	TPM2B_PUBLIC pub = { 0 };
	TPMT_PUBLIC *p = &pub.publicArea;

	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = OURS | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
	if (algorithm == TROTH_AK_RSA) {
		set_rsa(p, 2048);
		p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSASSA;
		p->parameters.rsaDetail.scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
		p->unique.rsa.size =
			put_bytes(p->unique.rsa.buffer, AK_UNIQUE, sizeof AK_UNIQUE - 1);
	} else {
		set_ecc(p, TPM2_ECC_NIST_P256);
		p->parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
		p->parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
		p->unique.ecc.x.size =
			put_bytes(p->unique.ecc.x.buffer, AK_UNIQUE, sizeof AK_UNIQUE - 1);
	}
	*out = pub;
}

void troth_template_srk(TPM2B_PUBLIC *out)
{
	TPM2B_PUBLIC pub = { 0 };
	TPMT_PUBLIC *p = &pub.publicArea;

	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = OURS | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
	set_ecc(p, TPM2_ECC_NIST_P256);
	p->parameters.eccDetail.symmetric = aes_cfb(128);
	*out = pub;
}

void troth_template_credential_key(TPM2B_PUBLIC *out)
{
	TPM2B_PUBLIC pub = { 0 };
	TPMT_PUBLIC *p = &pub.publicArea;

	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = OURS | TPMA_OBJECT_SIGN_ENCRYPT;
	set_ecc(p, TPM2_ECC_NIST_P256);
	*out = pub;
}

void troth_template_secret_key(const uint8_t unique[TROTH_SECRET_UNIQUE], TPM2B_PUBLIC *out)
{
	TPM2B_PUBLIC pub = { 0 };
	TPMT_PUBLIC *p = &pub.publicArea;

	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = OURS | TPMA_OBJECT_DECRYPT;
	set_ecc(p, TPM2_ECC_NIST_P256);
	p->unique.ecc.x.size = put_bytes(p->unique.ecc.x.buffer, unique, TROTH_SECRET_UNIQUE);
	*out = pub;
}

enum troth_status troth_template_marshal(const TPM2B_PUBLIC *pub, uint8_t *buf, size_t max,
					 size_t *out_len)
{
	size_t n = 0;
	if (Tss2_MU_TPMT_PUBLIC_Marshal(&pub->publicArea, buf, max, &n) != TSS2_RC_SUCCESS)
		return TROTH_E_LIMIT;
	*out_len = n;
	return TROTH_OK;
}

bool troth_template_fits(const TPM2B_PUBLIC *tmpl, const TPM2B_PUBLIC *pub)
{
	uint8_t a[TROTH_PUBLIC_MAX], b[TROTH_PUBLIC_MAX];
	size_t a_len, b_len;

	if (tmpl->publicArea.type != pub->publicArea.type)
		return false;
	TPM2B_PUBLIC wanted = *tmpl;
	wanted.publicArea.unique = pub->publicArea.unique;
	if (troth_template_marshal(&wanted, a, sizeof a, &a_len) != TROTH_OK ||
	    troth_template_marshal(pub, b, sizeof b, &b_len) != TROTH_OK)
		return false;
	return troth_view_equal((struct troth_view){ a, a_len },
				(struct troth_view){ b, b_len });
}
