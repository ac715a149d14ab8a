/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <tss2/tss2_mu.h>

#include "base.h"
#include "reader.h"
#include "tpm_keys.h"
#include "tpm_object.h"

static enum troth_status derive_srk(struct troth_tpm *tpm, struct troth_tpm_object *out)
{
	TPM2B_PUBLIC tmpl, pub;

	troth_template_srk(&tmpl);
	tpm->doing = "make the storage root key";
	return troth_tpm_primary(tpm, ESYS_TR_RH_OWNER, &tmpl, out, &pub);
}

/* Whether what lies at the SRK's handle can be a parent, with an empty authorisation that
 * lockout cannot reach. Anything may lie there: not every provisioning follows the TCG's
 * guidance. */
static bool usable(const TPM2B_PUBLIC *pub)
{
	static const TPMA_OBJECT NEEDED = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
					  TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;

	return (pub->publicArea.objectAttributes & NEEDED) == NEEDED;
}

/* The SRK made, and kept where there is room for it. */
static enum troth_status make_srk(struct troth_tpm *tpm, struct troth_tpm_object *out,
				  TPM2_HANDLE *out_parent)
{
	TROTH_TRY(derive_srk(tpm, out));
	tpm->doing = "keep the storage root key";
	enum troth_status status = troth_tpm_persist(tpm, out, TROTH_SRK_HANDLE);
	if (status == TROTH_E_TPM && troth_tpm_fault_of(tpm) == TROTH_TPM_NV_FULL) {
		*out_parent = TPM2_RH_OWNER;
		return TROTH_OK;
	}
	return status;
}

enum troth_status troth_tpm_srk_load(struct troth_tpm *tpm, struct troth_tpm_object *out,
				     TPM2_HANDLE *out_parent)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object made = { 0 };
	TPM2_HANDLE parent = TROTH_SRK_HANDLE;
	TPM2B_PUBLIC pub;

	tpm->doing = "load the storage root key";
	enum troth_status status = troth_tpm_persistent(tpm, TROTH_SRK_HANDLE, &made, &pub);
	if (status == TROTH_E_NOT_FOUND) {
		status = make_srk(tpm, &made, &parent);
	} else if (status == TROTH_OK && !usable(&pub)) {
		troth_tpm_object_drop(&made);
		parent = TPM2_RH_OWNER;
		status = derive_srk(tpm, &made);
	}
	if (status != TROTH_OK)
		return status;
	*out = made;
	*out_parent = parent;
	made.tpm = NULL;
	return TROTH_OK;
}

static enum troth_status copy_key(TPM2_HANDLE parent, const TPM2B_PUBLIC *pub,
				  const TPM2B_PRIVATE *private_part,
				  struct troth_credential_key *out)
{
	struct troth_credential_key key = { .parent = parent };

	TROTH_TRY(troth_template_marshal(pub, key.public_area, sizeof key.public_area,
					 &key.public_len));
	if (private_part->size > sizeof key.private_part)
		return TROTH_E_LIMIT;
	memcpy(key.private_part, private_part->buffer, private_part->size);
	key.private_len = private_part->size;
	*out = key;
	return TROTH_OK;
}

enum troth_status troth_tpm_credential_key_make(struct troth_tpm *tpm,
						struct troth_credential_key *out)
{
	static const TPM2B_SENSITIVE_CREATE no_auth;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object srk = { 0 };
	TROTH_AUTO(troth_esys_free) TPM2B_PRIVATE *private_part = NULL;
	TROTH_AUTO(troth_esys_free) TPM2B_PUBLIC *pub = NULL;
	TPM2_HANDLE parent;
	TPM2B_PUBLIC tmpl;
	TSS2_RC rc;

	TROTH_TRY(troth_tpm_srk_load(tpm, &srk, &parent));
	troth_template_credential_key(&tmpl);
	tpm->doing = "make the credential key";
	do
		rc = Esys_Create(tpm->esys, srk.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				 ESYS_TR_NONE, &no_auth, &tmpl, &no_data, &no_pcrs,
				 &private_part, &pub, NULL, NULL, NULL);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	return copy_key(parent, pub, private_part, out);
}

/* Our template with this key's point in it: a stored public area is not parsed, it is made
 * again and must come out the same. */
static enum troth_status rebuild_public(const struct troth_credential_key *key,
					TPM2B_PUBLIC *out)
{
	struct troth_ctx *ctx = NULL;
	struct troth_public facts;
	TPM2B_PUBLIC pub;
	uint8_t again[TROTH_PUBLIC_MAX];
	size_t again_len;
	const struct troth_view stored = { key->public_area, key->public_len };

	TROTH_TRY(troth_ctx_new(&ctx));
	enum troth_status status = troth_public_parse(ctx, stored, &facts);
	troth_ctx_free(ctx);
	TROTH_TRY(status);

	troth_template_credential_key(&pub);
	TPMS_ECC_POINT *point = &pub.publicArea.unique.ecc;
	if (facts.type != TROTH_KEY_ECC || facts.x.n > sizeof point->x.buffer ||
	    facts.y.n > sizeof point->y.buffer)
		return TROTH_E_UNSUPPORTED;
	point->x.size = (UINT16)facts.x.n;
	point->y.size = (UINT16)facts.y.n;
	memcpy(point->x.buffer, facts.x.p, facts.x.n);
	memcpy(point->y.buffer, facts.y.p, facts.y.n);

	TROTH_TRY(troth_template_marshal(&pub, again, sizeof again, &again_len));
	if (!troth_view_equal(stored, (struct troth_view){ again, again_len }))
		return TROTH_E_UNSUPPORTED;
	*out = pub;
	return TROTH_OK;
}

enum troth_status troth_tpm_credential_key_load(struct troth_tpm *tpm,
						const struct troth_credential_key *key,
						struct troth_tpm_object *out)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object srk = { 0 };
	TPM2B_PRIVATE private_part = { .size = (UINT16)key->private_len };
	TPM2_HANDLE parent;
	TPM2B_PUBLIC pub;
	ESYS_TR tr = ESYS_TR_NONE;
	TSS2_RC rc;

	TROTH_TRY(rebuild_public(key, &pub));
	if (key->private_len > sizeof private_part.buffer)
		return TROTH_E_LIMIT;
	memcpy(private_part.buffer, key->private_part, key->private_len);

	TROTH_TRY(key->parent == TPM2_RH_OWNER ? derive_srk(tpm, &srk)
					       : troth_tpm_srk_load(tpm, &srk, &parent));
	tpm->doing = "load the credential key";
	do
		rc = Esys_Load(tpm->esys, srk.tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			       &private_part, &pub, &tr);
	while (troth_tpm_again(tpm, rc));
	if (tpm->last_rc != TSS2_RC_SUCCESS)
		return TROTH_E_TPM;
	*out = (struct troth_tpm_object){ .tpm = tpm, .tr = tr };
	return TROTH_OK;
}
