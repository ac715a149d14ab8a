/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base.h"
#include "reader.h"
#include "tpm_keys.h"
#include "tpm_nv.h"
#include "tpm_object.h"

/* An NV index that holds a certificate may be larger than our limit for
 * one: room for padding. */
#define NV_MAX (2 * TROTH_CERT_MAX)

static bool all_padding(struct troth_view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != 0x00 && v.p[i] != 0xff)
			return false;
	return true;
}

/* Length of a DER SEQUENCE with its header; false when there is none, or not all of it. */
static bool sequence_length(struct troth_view v, size_t *out)
{
	struct troth_reader r = { v };
	struct troth_view body;
	uint8_t tag, first;
	uint16_t n;

	if (!troth_get_u8(&r, &tag) || tag != 0x30 || !troth_get_u8(&r, &first))
		return false;
	if (first < 0x80) {
		n = first;
	} else if (first == 0x81) {
		uint8_t n8;
		if (!troth_get_u8(&r, &n8))
			return false;
		n = n8;
	} else if (first != 0x82 || !troth_get_u16be(&r, &n)) {
		return false;
	}
	if (!troth_get_view(&r, n, &body))
		return false;
	*out = v.n - r.left.n;
	return true;
}

struct troth_view troth_tpm_certificate_trim(struct troth_view nv)
{
	size_t n;

	/* What is not DER at all is left to nobody; foreign bytes after the certificate are
	 * left for the verifier to judge. */
	if (!sequence_length(nv, &n))
		return (struct troth_view){ 0 };
	const struct troth_view rest = { nv.p + n, nv.n - n };
	return all_padding(rest) ? (struct troth_view){ nv.p, n } : nv;
}

static enum troth_status read_certificate(struct troth_tpm *tpm,
					  const struct troth_ek_template_info *info,
					  struct troth_tpm_ek *out)
{
	uint8_t nv[NV_MAX];
	size_t n;

	tpm->doing = "read the EK certificate";
	enum troth_status status =
		troth_tpm_nv_read(tpm, info->cert_nv_index, nv, sizeof nv, &n);
	if (status == TROTH_E_NOT_FOUND) {
		out->cert_len = 0;
		return TROTH_OK;
	}
	TROTH_TRY(status);
	const struct troth_view cert = troth_tpm_certificate_trim((struct troth_view){ nv, n });
	if (cert.n > sizeof out->cert)
		return TROTH_E_LIMIT;
	if (cert.n > 0)
		memcpy(out->cert, cert.p, cert.n);
	out->cert_len = cert.n;
	return TROTH_OK;
}

enum troth_status troth_tpm_ek_choose(struct troth_tpm *tpm, enum troth_ek_template *out)
{
	static const enum troth_ek_template ORDER[] = { TROTH_EK_L1_RSA2048, TROTH_EK_L2_P256,
							TROTH_EK_H3_P384 };

	for (size_t i = 0; i < TROTH_COUNT(ORDER); i++) {
		struct troth_tpm_ek ek;
		const struct troth_ek_template_info *info = troth_ek_template_info(ORDER[i]);
		TROTH_TRY(read_certificate(tpm, info, &ek));
		if (ek.cert_len > 0) {
			*out = ORDER[i];
			return TROTH_OK;
		}
	}
	*out = TROTH_EK_L1_RSA2048;
	return TROTH_OK;
}

static enum troth_status ek_load(struct troth_tpm *tpm, enum troth_ek_template t,
				 struct troth_tpm_object *out, TPM2B_PUBLIC *out_public)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object kept = { 0 };
	TPM2B_PUBLIC tmpl, pub;

	if (info == NULL)
		return TROTH_E_UNSUPPORTED;
	troth_template_ek(t, &tmpl);
	tpm->doing = "load the endorsement key";
	enum troth_status status = troth_tpm_persistent(tpm, info->handle, &kept, &pub);
	if (status == TROTH_OK && troth_template_fits(&tmpl, &pub)) {
		*out = kept;
		*out_public = pub;
		kept.tpm = NULL;
		return TROTH_OK;
	}
	if (status != TROTH_OK && status != TROTH_E_NOT_FOUND)
		return status;
	return troth_tpm_primary(tpm, ESYS_TR_RH_ENDORSEMENT, &tmpl, out, out_public);
}

enum troth_status troth_tpm_ek_load(struct troth_tpm *tpm, enum troth_ek_template t,
				    struct troth_tpm_object *out)
{
	TPM2B_PUBLIC pub;
	return ek_load(tpm, t, out, &pub);
}

/* A coordinate in full width: TPMs may leave leading zeros out. */
static bool put_coordinate(const TPM2B_ECC_PARAMETER *from, size_t width, uint8_t *to)
{
	if (from->size > width)
		return false;
	memset(to, 0, width - from->size);
	memcpy(to + width - from->size, from->buffer, from->size);
	return true;
}

static enum troth_status key_bytes(const struct troth_ek_template_info *info,
				   const TPM2B_PUBLIC *pub, uint8_t *out, size_t *out_len)
{
	const TPMU_PUBLIC_ID *unique = &pub->publicArea.unique;

	if (info->type == TROTH_KEY_RSA) {
		if (unique->rsa.size > TROTH_RSA_BYTES_MAX)
			return TROTH_E_LIMIT;
		memcpy(out, unique->rsa.buffer, unique->rsa.size);
		*out_len = unique->rsa.size;
		return TROTH_OK;
	}
	const size_t width = info->curve == TROTH_CURVE_P384 ? 48 : 32;
	if (!put_coordinate(&unique->ecc.x, width, out) ||
	    !put_coordinate(&unique->ecc.y, width, out + width))
		return TROTH_E_LIMIT;
	*out_len = 2 * width;
	return TROTH_OK;
}

enum troth_status troth_tpm_ek_read(struct troth_tpm *tpm, enum troth_ek_template t,
				    struct troth_tpm_ek *out)
{
	TROTH_AUTO(troth_tpm_object_drop) struct troth_tpm_object o = { 0 };
	uint8_t key[TROTH_RSA_BYTES_MAX];
	struct troth_tpm_ek ek = { 0 };
	TPM2B_PUBLIC pub;
	size_t key_len;

	TROTH_TRY(ek_load(tpm, t, &o, &pub));
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	TROTH_TRY(key_bytes(info, &pub, key, &key_len));
	TROTH_TRY(troth_ek_make(t, (struct troth_view){ key, key_len }, &ek.ek));
	TROTH_TRY(read_certificate(tpm, info, &ek));
	*out = ek;
	return TROTH_OK;
}
