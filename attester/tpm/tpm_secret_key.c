/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <string.h>

#include "base.h"
#include "tpm_keys.h"
#include "tpm_object.h"

enum troth_status troth_tpm_secret_key_load(struct troth_tpm *tpm,
					    const uint8_t unique[TROTH_SECRET_UNIQUE],
					    struct troth_tpm_key *out)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object o = { 0 };
	TPM2B_PUBLIC tmpl, pub;
	struct troth_tpm_key key = { 0 };

	troth_template_secret_key(unique, &tmpl);
	tpm->doing = "make the key a secret is for";
	TROTH_TRY(troth_tpm_primary(tpm, ESYS_TR_RH_NULL, &tmpl, &o, &pub));
	TROTH_TRY(troth_template_marshal(&pub, key.public_area, sizeof key.public_area,
					 &key.public_len));
	key.object = o;
	*out = key;
	o.tpm = NULL;
	return TROTH_OK;
}

static void set_coordinate(TPM2B_ECC_PARAMETER *to, const uint8_t from[32])
{
	memcpy(to->buffer, from, 32);
	to->size = 32;
}

enum troth_status troth_tpm_secret_agree(struct troth_tpm *tpm, const struct troth_tpm_key *key,
					 const uint8_t point[64], uint8_t out[32])
{
	TROTH_AUTO(troth_esys_free) TPM2B_ECC_POINT *shared = NULL;
	TPM2B_ECC_POINT in = { 0 };
	TSS2_RC rc;

	set_coordinate(&in.point.x, point);
	set_coordinate(&in.point.y, point + 32);
	tpm->doing = "open a secret";
	do
		rc = Esys_ECDH_ZGen(tpm->esys, key->object.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				    ESYS_TR_NONE, &in, &shared);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	/* A TPM may leave out leading zeros. */
	const TPM2B_ECC_PARAMETER *x = &shared->point.x;
	if (x->size > 32)
		return TROTH_E_MALFORMED;
	memset(out, 0, 32);
	memcpy(out + 32 - x->size, x->buffer, x->size);
	OPENSSL_cleanse(shared, sizeof *shared);
	return TROTH_OK;
}
