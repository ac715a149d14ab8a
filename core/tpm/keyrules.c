/* SPDX-License-Identifier: Apache-2.0 */
/* What a key's public area must say before the key may speak for a TPM. */
#include <tss2/tss2_tpm2_types.h>

#include "base.h"
#include "quote.h"

struct attribute {
	uint32_t bit;
	const char *name; /* as in Part 2, 8.3 */
};

/* A key that is not restricted signs a forged attestation for whoever owns the machine; one
 * that was imported or can leave signs it outside of any TPM. */
static const struct attribute AK_SET[] = {
	{ TPMA_OBJECT_RESTRICTED, "restricted" },
	{ TPMA_OBJECT_SIGN_ENCRYPT, "sign" },
	{ TPMA_OBJECT_FIXEDTPM, "fixedTPM" },
	{ TPMA_OBJECT_FIXEDPARENT, "fixedParent" },
	{ TPMA_OBJECT_SENSITIVEDATAORIGIN, "sensitiveDataOrigin" },
};
static const struct attribute AK_CLEAR[] = {
	{ TPMA_OBJECT_DECRYPT, "decrypt" },
};

/* A restricted key could not sign for TLS. */
static const struct attribute CREDENTIAL_SET[] = {
	{ TPMA_OBJECT_SIGN_ENCRYPT, "sign" },
	{ TPMA_OBJECT_FIXEDTPM, "fixedTPM" },
	{ TPMA_OBJECT_SENSITIVEDATAORIGIN, "sensitiveDataOrigin" },
};
static const struct attribute CREDENTIAL_CLEAR[] = {
	{ TPMA_OBJECT_RESTRICTED, "restricted" },
	{ TPMA_OBJECT_DECRYPT, "decrypt" },
};

/* A restricted key decrypts only what has a TPM's form; one that signs as well could be made to
 * speak. */
static const struct attribute SECRET_SET[] = {
	{ TPMA_OBJECT_DECRYPT, "decrypt" },
	{ TPMA_OBJECT_FIXEDTPM, "fixedTPM" },
	{ TPMA_OBJECT_FIXEDPARENT, "fixedParent" },
	{ TPMA_OBJECT_SENSITIVEDATAORIGIN, "sensitiveDataOrigin" },
};
static const struct attribute SECRET_CLEAR[] = {
	{ TPMA_OBJECT_RESTRICTED, "restricted" },
	{ TPMA_OBJECT_SIGN_ENCRYPT, "sign" },
};

/* The first attribute that is not as it should be, NULL when all are. */
static const char *wrong(const struct attribute *list, size_t n, uint32_t attributes, bool set)
{
	for (size_t i = 0; i < n; i++)
		if (((attributes & list[i].bit) != 0) != set)
			return list[i].name;
	return NULL;
}

static void refuse(struct troth_findings *findings, enum troth_finding_code code,
		   const char *why, const char *what)
{
	troth_finding_detail(troth_finding_add(findings, code), "%s%s", why, what);
}

static const char *weak_ak(const struct troth_public *ak)
{
	if (ak->scheme == TROTH_SIG_NONE)
		return "no signature scheme of its own";
	if (!troth_hash_strong(ak->scheme_hash))
		return "signs over a weak hash";
	if (!troth_hash_strong(ak->name_alg))
		return "its Name is a weak hash";
	if (ak->type == TROTH_KEY_RSA && ak->rsa_bits < 2048)
		return "an RSA key under 2048 bits";
	return NULL;
}

void troth_ak_check(const struct troth_public *ak, struct troth_findings *findings)
{
	const char *clear = wrong(AK_SET, TROTH_COUNT(AK_SET), ak->attributes, true);
	const char *set = wrong(AK_CLEAR, TROTH_COUNT(AK_CLEAR), ak->attributes, false);
	const char *weak = weak_ak(ak);
	if (clear != NULL)
		refuse(findings, TROTH_FINDING_AK_ATTRIBUTES, "not set: ", clear);
	else if (set != NULL)
		refuse(findings, TROTH_FINDING_AK_ATTRIBUTES, "set: ", set);
	if (weak != NULL)
		refuse(findings, TROTH_FINDING_AK_SCHEME, weak, "");
}

/* What both keys of a device's own are: attributes as wanted, P-256, named by a strong hash. */
static bool own_key_sound(const struct troth_public *key, const char *clear, const char *set,
			  struct troth_findings *findings)
{
	if (clear != NULL)
		refuse(findings, TROTH_FINDING_KEY_ATTRIBUTES, "not set: ", clear);
	else if (set != NULL)
		refuse(findings, TROTH_FINDING_KEY_ATTRIBUTES, "set: ", set);
	else if (key->curve != TROTH_CURVE_P256)
		refuse(findings, TROTH_FINDING_KEY_ATTRIBUTES, "not a P-256 key", "");
	else if (!troth_hash_strong(key->name_alg))
		refuse(findings, TROTH_FINDING_KEY_ATTRIBUTES, "its Name is a weak hash", "");
	else
		return true;
	return false;
}

void troth_credential_key_check(const struct troth_public *key, struct troth_findings *findings)
{
	const uint32_t bits = key->attributes;
	const char *clear = wrong(CREDENTIAL_SET, TROTH_COUNT(CREDENTIAL_SET), bits, true);
	const char *set = wrong(CREDENTIAL_CLEAR, TROTH_COUNT(CREDENTIAL_CLEAR), bits, false);
	if (own_key_sound(key, clear, set, findings) && key->scheme != TROTH_SIG_NONE &&
	    !troth_hash_strong(key->scheme_hash))
		refuse(findings, TROTH_FINDING_KEY_ATTRIBUTES, "signs over a weak hash", "");
}

void troth_secret_key_check(const struct troth_public *key, struct troth_findings *findings)
{
	const uint32_t bits = key->attributes;
	const char *clear = wrong(SECRET_SET, TROTH_COUNT(SECRET_SET), bits, true);
	const char *set = wrong(SECRET_CLEAR, TROTH_COUNT(SECRET_CLEAR), bits, false);
	(void)own_key_sound(key, clear, set, findings);
}
