/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "tpm_keys.h"

/* PolicyC of the EK profile: PolicyAuthorizeNV of the profile's index. With PolicyA it makes
 * the PolicyOR of high-range EKs (TCG EK Credential Profile 2.5, B.6); recomputed from index
 * 0x01C07F02, attributes 0x220F1008. */
static const TPM2B_DIGEST POLICY_A_SHA384 = {
	.size = 48,
	.buffer = { 0x8b, 0xbf, 0x22, 0x66, 0x53, 0x7c, 0x17, 0x1c, 0xb5, 0x6e, 0x40, 0x3c,
		    0x4d, 0xc1, 0xd4, 0xb6, 0x4f, 0x43, 0x26, 0x11, 0xdc, 0x38, 0x6e, 0x6f,
		    0x53, 0x20, 0x50, 0xc3, 0x27, 0x8c, 0x93, 0x0e, 0x14, 0x3e, 0x8b, 0xb1,
		    0x13, 0x38, 0x24, 0xcc, 0xb4, 0x31, 0x05, 0x38, 0x71, 0xc6, 0xdb, 0x53 },
};
static const TPM2B_DIGEST POLICY_C_SHA384 = {
	.size = 48,
	.buffer = { 0xd6, 0x03, 0x2c, 0xe6, 0x1f, 0x2f, 0xb3, 0xc2, 0x40, 0xeb, 0x3c, 0xf6,
		    0xa3, 0x32, 0x37, 0xef, 0x2b, 0x6a, 0x16, 0xf4, 0x29, 0x3c, 0x22, 0xb4,
		    0x55, 0xe2, 0x61, 0xcf, 0xfd, 0x21, 0x7a, 0xd5, 0xb4, 0x94, 0x7c, 0x2d,
		    0x73, 0xe6, 0x30, 0x05, 0xee, 0xd2, 0xdc, 0x2b, 0x35, 0x93, 0xd1, 0x65 },
};

static enum troth_status start_policy(struct troth_tpm *tpm, TPMI_ALG_HASH hash,
				      struct troth_tpm_object *out)
{
	static const TPMT_SYM_DEF no_encryption = { .algorithm = TPM2_ALG_NULL };
	ESYS_TR tr = ESYS_TR_NONE;
	TSS2_RC rc;

	do
		rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY,
					   &no_encryption, hash, &tr);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	*out = (struct troth_tpm_object){ .tpm = tpm, .tr = tr };

	/* ESYS keeps sessions by default; this one ends with the command it authorises. */
	tpm->last_rc =
		Esys_TRSess_SetAttributes(tpm->esys, tr, 0, TPMA_SESSION_CONTINUESESSION);
	return tpm->last_rc == TSS2_RC_SUCCESS ? TROTH_OK : TROTH_E_TPM;
}

/* PolicySecret(endorsement); high-range EKs take it as one branch of a PolicyOR. */
static enum troth_status satisfy_policy(struct troth_tpm *tpm, ESYS_TR session, bool high_range)
{
	const TPML_DIGEST branches = { .count = 2,
				       .digests = { POLICY_A_SHA384, POLICY_C_SHA384 } };
	TSS2_RC rc;

	tpm->doing = "satisfy the endorsement key's policy";
	do
		rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, session,
				       ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL,
				       NULL, 0, NULL, NULL);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	if (!high_range)
		return TROTH_OK;
	do
		rc = Esys_PolicyOR(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				   &branches);
	while (troth_tpm_again(tpm, rc));
	return tpm->last_rc == TSS2_RC_SUCCESS ? TROTH_OK : TROTH_E_TPM;
}

/* The contents of one TPM2B; what is around it must be nothing. */
static enum troth_status unwrap(struct troth_view tpm2b, uint8_t *buf, size_t max,
				uint16_t *size)
{
	struct troth_reader r = { tpm2b };
	struct troth_view v;

	if (!troth_get_view16be(&r, &v) || !troth_at_end(&r) || v.n == 0)
		return TROTH_E_MALFORMED;
	if (v.n > max)
		return TROTH_E_LIMIT;
	memcpy(buf, v.p, v.n);
	*size = (uint16_t)v.n;
	return TROTH_OK;
}

struct credential {
	TPM2B_ID_OBJECT blob;
	TPM2B_ENCRYPTED_SECRET secret;
};

static enum troth_status activate(struct troth_tpm *tpm, const struct troth_activation *a,
				  const struct credential *c, TPM2B_DIGEST **out)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(a->tmpl);
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object ek = { 0 };
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object session = { 0 };
	TSS2_RC rc;

	TROTH_TRY(troth_tpm_ek_load(tpm, a->tmpl, &ek));
	tpm->doing = "start a policy session";
	TROTH_TRY(start_policy(tpm, troth_hash_to_tpm(info->name_alg), &session));
	TROTH_TRY(satisfy_policy(tpm, session.tr, info->high_range));

	tpm->doing = "activate the credential";
	do
		rc = Esys_ActivateCredential(tpm->esys, a->ak->object.tr, ek.tr,
					     ESYS_TR_PASSWORD, session.tr, ESYS_TR_NONE,
					     &c->blob, &c->secret, out);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	session.tpm = NULL; /* ended with the command */
	return TROTH_OK;
}

enum troth_status troth_tpm_activate(struct troth_tpm *tpm, const struct troth_activation *a,
				     uint8_t *out, size_t *out_len)
{
	TROTH_AUTO(troth_esys_free) TPM2B_DIGEST *digest = NULL;
	struct credential c = { 0 };

	TROTH_TRY(unwrap(a->blob, c.blob.credential, sizeof c.blob.credential, &c.blob.size));
	TROTH_TRY(unwrap(a->secret, c.secret.secret, sizeof c.secret.secret, &c.secret.size));
	TROTH_TRY(activate(tpm, a, &c, &digest));
	memcpy(out, digest->buffer, digest->size);
	*out_len = digest->size;
	OPENSSL_cleanse(digest, sizeof *digest);
	return TROTH_OK;
}
