/* SPDX-License-Identifier: Apache-2.0 */
#include "base.h"
#include "tpm_keys.h"
#include "tpm_object.h"

void troth_tpm_key_drop(struct troth_tpm_key *key)
{
	troth_tpm_object_drop(&key->object);
}

static enum troth_status derive(struct troth_tpm *tpm, enum troth_ak_algorithm algorithm,
				struct troth_tpm_key *out)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object o = { 0 };
	TPM2B_PUBLIC tmpl, pub;
	struct troth_tpm_key key = { 0 };

	troth_template_ak(algorithm, &tmpl);
	tpm->doing = "derive the attestation key";
	TROTH_TRY(troth_tpm_primary(tpm, ESYS_TR_RH_ENDORSEMENT, &tmpl, &o, &pub));
	TROTH_TRY(troth_template_marshal(&pub, key.public_area, sizeof key.public_area,
					 &key.public_len));
	key.object = o;
	*out = key;
	o.tpm = NULL;
	return TROTH_OK;
}

static enum troth_status find(struct troth_tpm *tpm, enum troth_ak_algorithm algorithm,
			      TPM2_HANDLE handle, struct troth_tpm_key *out)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object o = { 0 };
	TPM2B_PUBLIC tmpl, pub;
	struct troth_tpm_key key = { 0 };

	troth_template_ak(algorithm, &tmpl);
	tpm->doing = "find the attestation key";
	TROTH_TRY(troth_tpm_persistent(tpm, handle, &o, &pub));
	if (!troth_template_fits(&tmpl, &pub))
		return TROTH_E_CONFLICT;
	TROTH_TRY(troth_template_marshal(&pub, key.public_area, sizeof key.public_area,
					 &key.public_len));
	key.object = o;
	*out = key;
	o.tpm = NULL;
	return TROTH_OK;
}

enum troth_status troth_tpm_ak_load(struct troth_tpm *tpm, enum troth_ak_algorithm algorithm,
				    TPM2_HANDLE handle, struct troth_tpm_key *out)
{
	if (handle != 0) {
		enum troth_status status = find(tpm, algorithm, handle, out);
		if (status != TROTH_E_NOT_FOUND && status != TROTH_E_CONFLICT)
			return status;
	}
	return derive(tpm, algorithm, out);
}

enum troth_status troth_tpm_ak_persist(struct troth_tpm *tpm, enum troth_ak_algorithm algorithm,
				       TPM2_HANDLE handle)
{
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key key = { 0 };

	enum troth_status status = find(tpm, algorithm, handle, &key);
	if (status == TROTH_E_NOT_FOUND) {
		status = derive(tpm, algorithm, &key);
		if (status == TROTH_OK) {
			tpm->doing = "keep the attestation key";
			status = troth_tpm_persist(tpm, &key.object, handle);
		}
	}
	return status;
}
