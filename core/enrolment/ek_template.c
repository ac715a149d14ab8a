/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "ek.h"
#include "reader.h"
#include "writer.h"

/* TCG EK Credential Profile 2.5, annex B.3 and B.4. The high range adds userWithAuth. */
#define EK_LOW                                                                              \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define EK_HIGH (EK_LOW | TPMA_OBJECT_USERWITHAUTH)

/* SubjectPublicKeyInfo of RSA-4096 and its headers. */
#define SPKI_MAX (TROTH_RSA_BYTES_MAX + 64)
#define EXPONENT 65537

/* PolicyA: TPM2_PolicySecret(TPM_RH_ENDORSEMENT), SHA-256. */
static const uint8_t POLICY_A_SHA256[32] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
	0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
	0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
/* PolicyB: TPM2_PolicyOR(PolicyA, PolicyC), SHA-384. */
static const uint8_t POLICY_B_SHA384[48] = {
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc,
	0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4,
	0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09,
	0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
};

static const struct troth_ek_template_info TEMPLATES[TROTH_EK_TEMPLATE_N] = {
	[TROTH_EK_L1_RSA2048] = { .name = "rsa2048",
				  .profile = "L-1",
				  .cert_nv_index = 0x01c00002,
				  .handle = 0x81010001,
				  .type = TROTH_KEY_RSA,
				  .rsa_bits = 2048,
				  .name_alg = TROTH_HASH_SHA256,
				  .symmetric_bits = 128,
				  .attributes = EK_LOW,
				  .policy = { POLICY_A_SHA256, sizeof POLICY_A_SHA256 } },
	[TROTH_EK_L2_P256] = { .name = "p256",
			       .profile = "L-2",
			       .cert_nv_index = 0x01c0000a,
			       .handle = 0x81010002,
			       .type = TROTH_KEY_ECC,
			       .curve = TROTH_CURVE_P256,
			       .name_alg = TROTH_HASH_SHA256,
			       .symmetric_bits = 128,
			       .attributes = EK_LOW,
			       .policy = { POLICY_A_SHA256, sizeof POLICY_A_SHA256 } },
	[TROTH_EK_H3_P384] = { .name = "p384",
			       .profile = "H-3",
			       .cert_nv_index = 0x01c00016,
			       .handle = 0x81010016,
			       .type = TROTH_KEY_ECC,
			       .curve = TROTH_CURVE_P384,
			       .name_alg = TROTH_HASH_SHA384,
			       .symmetric_bits = 256,
			       .attributes = EK_HIGH,
			       .high_range = true,
			       .policy = { POLICY_B_SHA384, sizeof POLICY_B_SHA384 } },
	[TROTH_EK_H6_RSA3072] = { .name = "rsa3072",
				  .profile = "H-6",
				  .cert_nv_index = 0x01c0001c,
				  .handle = 0x8101001c,
				  .type = TROTH_KEY_RSA,
				  .rsa_bits = 3072,
				  .name_alg = TROTH_HASH_SHA384,
				  .symmetric_bits = 256,
				  .attributes = EK_HIGH,
				  .high_range = true,
				  .policy = { POLICY_B_SHA384, sizeof POLICY_B_SHA384 } },
};

const struct troth_ek_template_info *troth_ek_template_info(enum troth_ek_template t)
{
	return t > TROTH_EK_NONE && t < TROTH_EK_TEMPLATE_N ? &TEMPLATES[t] : NULL;
}

enum troth_ek_template troth_ek_template_from_name(struct troth_view name)
{
	for (enum troth_ek_template t = TROTH_EK_NONE + 1; t < TROTH_EK_TEMPLATE_N; t++)
		if (troth_view_equal(troth_view_str(TEMPLATES[t].name), name))
			return t;
	return TROTH_EK_NONE;
}

static size_t coordinate_len(enum troth_curve curve)
{
	return curve == TROTH_CURVE_P384 ? 48 : 32;
}

static size_t key_len(const struct troth_ek_template_info *info)
{
	return info->type == TROTH_KEY_RSA ? info->rsa_bits / 8U
					   : 2 * coordinate_len(info->curve);
}

/* The size of each field of unique, all zeros: the key's own size or nothing. */
static void put_unique(struct troth_writer *w, const struct troth_ek_template_info *info)
{
	static const uint8_t zeros[TROTH_RSA_BYTES_MAX];
	const bool ecc = info->type == TROTH_KEY_ECC;
	struct troth_view v = { zeros, ecc ? key_len(info) / 2 : key_len(info) };
	if (info->high_range)
		v.n = 0;
	troth_put_view16be(w, v);
	if (ecc)
		troth_put_view16be(w, v);
}

/* TPMT_PUBLIC, TPM 2.0 Part 2, 12.2.4. */
enum troth_status troth_ek_public_template(enum troth_ek_template t, uint8_t *buf, size_t max,
					   size_t *out_len)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	uint8_t bytes[TROTH_PUBLIC_MAX];
	struct troth_writer w = troth_writer_make(bytes, sizeof bytes);
	if (info == NULL)
		return TROTH_E_UNSUPPORTED;

	troth_put_u16be(&w, info->type == TROTH_KEY_RSA ? TPM2_ALG_RSA : TPM2_ALG_ECC);
	troth_put_u16be(&w, troth_hash_to_tpm(info->name_alg));
	troth_put_u32be(&w, info->attributes);
	troth_put_view16be(&w, info->policy);
	troth_put_u16be(&w, TPM2_ALG_AES);
	troth_put_u16be(&w, info->symmetric_bits);
	troth_put_u16be(&w, TPM2_ALG_CFB);
	troth_put_u16be(&w, TPM2_ALG_NULL); /* scheme */
	if (info->type == TROTH_KEY_RSA) {
		troth_put_u16be(&w, info->rsa_bits);
		troth_put_u32be(&w, 0); /* exponent: the default, 65537 */
	} else {
		troth_put_u16be(&w, info->curve == TROTH_CURVE_P384 ? TPM2_ECC_NIST_P384
								    : TPM2_ECC_NIST_P256);
		troth_put_u16be(&w, TPM2_ALG_NULL); /* kdf */
	}
	put_unique(&w, info);

	if (!troth_writer_ok(&w) || w.n > max)
		return TROTH_E_LIMIT;
	memcpy(buf, bytes, w.n);
	*out_len = w.n;
	return TROTH_OK;
}

/* Template and key bytes as a public area; views borrow from both. */
static enum troth_status to_public(const struct troth_ek *ek, struct troth_public *out)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(ek->tmpl);
	if (info == NULL)
		return TROTH_E_UNSUPPORTED;
	struct troth_public pub = {
		.type = info->type,
		.name_alg = info->name_alg,
		.attributes = info->attributes,
		.policy = info->policy,
		.symmetric_bits = info->symmetric_bits,
	};
	if (info->type == TROTH_KEY_RSA) {
		pub.rsa_bits = info->rsa_bits;
		pub.rsa_exponent = EXPONENT;
		pub.modulus = (struct troth_view){ ek->key, ek->key_len };
	} else {
		const size_t n = coordinate_len(info->curve);
		pub.curve = info->curve;
		pub.x = (struct troth_view){ ek->key, n };
		pub.y = (struct troth_view){ ek->key + n, n };
	}
	*out = pub;
	return TROTH_OK;
}

enum troth_status troth_ek_key(const struct troth_ek *ek, struct troth_key **out)
{
	struct troth_public pub;
	TROTH_TRY(to_public(ek, &pub));
	return troth_key_from_public(&pub, out);
}

enum troth_status troth_ek_make(enum troth_ek_template t, struct troth_view key,
				struct troth_ek *out)
{
	const struct troth_ek_template_info *info = troth_ek_template_info(t);
	if (info == NULL)
		return TROTH_E_UNSUPPORTED;
	if (key.n != key_len(info))
		return TROTH_E_MALFORMED;

	struct troth_ek ek = { .tmpl = t, .key_len = key.n };
	struct troth_key *parsed = NULL;
	memcpy(ek.key, key.p, key.n);
	TROTH_TRY(troth_ek_key(&ek, &parsed));
	troth_key_free(parsed);
	*out = ek;
	return TROTH_OK;
}

enum troth_status troth_ek_device_id(struct troth_ctx *ctx, const struct troth_ek *ek,
				     uint8_t out[32])
{
	struct troth_public pub;
	struct troth_digest id;
	uint8_t spki[SPKI_MAX];
	size_t n;
	TROTH_TRY(to_public(ek, &pub));
	TROTH_TRY(troth_public_spki(&pub, spki, sizeof spki, &n));
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, (struct troth_view){ spki, n }, &id));
	memcpy(out, id.bytes, 32);
	return TROTH_OK;
}
