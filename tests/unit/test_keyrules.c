/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <tss2/tss2_tpm2_types.h>

#include "quote.h"

/* Attributes of a TPM's keys: AK, IAK, IDevID, storage key, and one bit off. */
enum { AK = 0x00050072, AK_NO_DA = 0x00050472, IAK = 0x000500f2, CREDENTIAL = 0x00040072 };

static const struct troth_public GOOD_AK = {
	.type = TROTH_KEY_ECC,
	.name_alg = TROTH_HASH_SHA256,
	.attributes = AK,
	.scheme = TROTH_SIG_ECDSA,
	.scheme_hash = TROTH_HASH_SHA256,
	.curve = TROTH_CURVE_P256,
};

static const struct {
	const char *name;
	uint32_t attributes;
	bool ok;
	const char *detail;
} AK_ATTRIBUTES[] = {
	{ "AK", AK, true, NULL },
	{ "AK without dictionary protection", AK_NO_DA, true, NULL },
	{ "IAK", IAK, true, NULL },
	{ "not restricted", AK & ~(uint32_t)TPMA_OBJECT_RESTRICTED, false,
	  "not set: restricted" },
	{ "does not sign", AK & ~(uint32_t)TPMA_OBJECT_SIGN_ENCRYPT, false, "not set: sign" },
	{ "not fixed to its TPM", AK & ~(uint32_t)TPMA_OBJECT_FIXEDTPM, false,
	  "not set: fixedTPM" },
	{ "not fixed to its parent", AK & ~(uint32_t)TPMA_OBJECT_FIXEDPARENT, false,
	  "not set: fixedParent" },
	{ "imported", AK & ~(uint32_t)TPMA_OBJECT_SENSITIVEDATAORIGIN, false,
	  "not set: sensitiveDataOrigin" },
	{ "also decrypts", AK | TPMA_OBJECT_DECRYPT, false, "set: decrypt" },
	{ "storage key", 0x00030072, false, "not set: sign" },
	{ "nothing", 0, false, "not set: restricted" },
};

static void attestation_keys_have_these_attributes(void **state)
{
	static struct troth_findings f;
	(void)state;
	for (size_t i = 0; i < sizeof AK_ATTRIBUTES / sizeof *AK_ATTRIBUTES; i++) {
		struct troth_public p = GOOD_AK;
		p.attributes = AK_ATTRIBUTES[i].attributes;
		f.n = 0;
		troth_ak_check(&p, &f);
		if (f.n != (AK_ATTRIBUTES[i].ok ? 0U : 1U))
			fail_msg("%s", AK_ATTRIBUTES[i].name);
		if (f.n == 0)
			continue;
		assert_int_equal(f.list[0].code, TROTH_FINDING_AK_ATTRIBUTES);
		assert_string_equal(f.list[0].detail, AK_ATTRIBUTES[i].detail);
	}
}

static const struct {
	const char *name;
	struct troth_public p;
	bool ok;
} AK_SCHEMES[] = {
	{ "RSASSA",
	  { .type = TROTH_KEY_RSA,
	    .name_alg = TROTH_HASH_SHA256,
	    .scheme = TROTH_SIG_RSASSA,
	    .scheme_hash = TROTH_HASH_SHA256,
	    .rsa_bits = 2048 },
	  true },
	{ "RSAPSS over SHA-512",
	  { .type = TROTH_KEY_RSA,
	    .name_alg = TROTH_HASH_SHA384,
	    .scheme = TROTH_SIG_RSAPSS,
	    .scheme_hash = TROTH_HASH_SHA512,
	    .rsa_bits = 3072 },
	  true },
	{ "RSA one bit short",
	  { .type = TROTH_KEY_RSA,
	    .name_alg = TROTH_HASH_SHA256,
	    .scheme = TROTH_SIG_RSASSA,
	    .scheme_hash = TROTH_HASH_SHA256,
	    .rsa_bits = 2047 },
	  false },
	{ "signs over SHA-1",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .scheme = TROTH_SIG_ECDSA,
	    .scheme_hash = TROTH_HASH_SHA1 },
	  false },
	{ "signs over SM3",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .scheme = TROTH_SIG_ECDSA,
	    .scheme_hash = TROTH_HASH_SM3_256 },
	  false },
	{ "named under SHA-1",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA1,
	    .scheme = TROTH_SIG_ECDSA,
	    .scheme_hash = TROTH_HASH_SHA256 },
	  false },
	{ "no scheme", { .type = TROTH_KEY_ECC, .name_alg = TROTH_HASH_SHA256 }, false },
};

static void attestation_keys_have_a_strong_scheme(void **state)
{
	static struct troth_findings f;
	(void)state;
	for (size_t i = 0; i < sizeof AK_SCHEMES / sizeof *AK_SCHEMES; i++) {
		struct troth_public p = AK_SCHEMES[i].p;
		p.attributes = AK;
		f.n = 0;
		troth_ak_check(&p, &f);
		if (f.n != (AK_SCHEMES[i].ok ? 0U : 1U))
			fail_msg("%s", AK_SCHEMES[i].name);
		if (f.n != 0)
			assert_int_equal(f.list[0].code, TROTH_FINDING_AK_SCHEME);
	}
}

static void both_faults_of_an_attestation_key_are_found(void **state)
{
	static struct troth_findings f;
	struct troth_public p = GOOD_AK;
	(void)state;
	p.attributes = 0;
	p.scheme = TROTH_SIG_NONE;
	f.n = 0;
	troth_ak_check(&p, &f);
	assert_int_equal(f.n, 2);
	assert_true(troth_findings_have(&f, TROTH_FINDING_AK_ATTRIBUTES));
	assert_true(troth_findings_have(&f, TROTH_FINDING_AK_SCHEME));
}

#define CREDENTIAL_KEY(...)                                                      \
	{                                                                        \
		.type = TROTH_KEY_ECC, .name_alg = TROTH_HASH_SHA256,            \
		.attributes = CREDENTIAL, .curve = TROTH_CURVE_P256, __VA_ARGS__ \
	}

static const struct {
	const char *name;
	struct troth_public p;
	bool ok;
} CREDENTIALS[] = {
	{ "no scheme", CREDENTIAL_KEY(.scheme = TROTH_SIG_NONE), true },
	{ "ECDSA with SHA-256",
	  CREDENTIAL_KEY(.scheme = TROTH_SIG_ECDSA, .scheme_hash = TROTH_HASH_SHA256), true },
	{ "ECDSA with SHA-1",
	  CREDENTIAL_KEY(.scheme = TROTH_SIG_ECDSA, .scheme_hash = TROTH_HASH_SHA1), false },
	{ "named under SHA-1",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA1,
	    .attributes = CREDENTIAL,
	    .curve = TROTH_CURVE_P256 },
	  false },
	{ "P-384",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL,
	    .curve = TROTH_CURVE_P384 },
	  false },
	{ "RSA",
	  { .type = TROTH_KEY_RSA,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL,
	    .rsa_bits = 2048 },
	  false },
	{ "an attestation key",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = AK,
	    .curve = TROTH_CURVE_P256 },
	  false },
	{ "also decrypts",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL | TPMA_OBJECT_DECRYPT,
	    .curve = TROTH_CURVE_P256 },
	  false },
	{ "does not sign",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL & ~(uint32_t)TPMA_OBJECT_SIGN_ENCRYPT,
	    .curve = TROTH_CURVE_P256 },
	  false },
	{ "can be copied",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL & ~(uint32_t)TPMA_OBJECT_FIXEDTPM,
	    .curve = TROTH_CURVE_P256 },
	  false },
	{ "imported",
	  { .type = TROTH_KEY_ECC,
	    .name_alg = TROTH_HASH_SHA256,
	    .attributes = CREDENTIAL & ~(uint32_t)TPMA_OBJECT_SENSITIVEDATAORIGIN,
	    .curve = TROTH_CURVE_P256 },
	  false },
};

static void credential_keys_are_made_to_sign_and_to_stay(void **state)
{
	static struct troth_findings f;
	(void)state;
	for (size_t i = 0; i < sizeof CREDENTIALS / sizeof *CREDENTIALS; i++) {
		f.n = 0;
		troth_credential_key_check(&CREDENTIALS[i].p, &f);
		if (f.n != (CREDENTIALS[i].ok ? 0U : 1U))
			fail_msg("%s", CREDENTIALS[i].name);
		if (f.n != 0)
			assert_int_equal(f.list[0].code, TROTH_FINDING_KEY_ATTRIBUTES);
	}
}

#define SECRET_ATTRIBUTES                                                                  \
	((uint32_t)(TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
		    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH))

static const struct {
	const char *name;
	uint32_t attributes;
	const char *detail; /* NULL: it may be released to */
} SECRET_KEYS[] = {
	{ "decrypts only", SECRET_ATTRIBUTES, NULL },
	{ "does not decrypt", SECRET_ATTRIBUTES & ~(uint32_t)TPMA_OBJECT_DECRYPT,
	  "not set: decrypt" },
	{ "can be copied", SECRET_ATTRIBUTES & ~(uint32_t)TPMA_OBJECT_FIXEDTPM,
	  "not set: fixedTPM" },
	{ "can be moved", SECRET_ATTRIBUTES & ~(uint32_t)TPMA_OBJECT_FIXEDPARENT,
	  "not set: fixedParent" },
	{ "imported", SECRET_ATTRIBUTES & ~(uint32_t)TPMA_OBJECT_SENSITIVEDATAORIGIN,
	  "not set: sensitiveDataOrigin" },
	{ "a storage key", SECRET_ATTRIBUTES | TPMA_OBJECT_RESTRICTED, "set: restricted" },
	{ "also signs", SECRET_ATTRIBUTES | TPMA_OBJECT_SIGN_ENCRYPT, "set: sign" },
};

static void secrets_go_to_keys_that_decrypt_and_stay(void **state)
{
	static struct troth_findings f;
	(void)state;
	for (size_t i = 0; i < sizeof SECRET_KEYS / sizeof *SECRET_KEYS; i++) {
		struct troth_public p = { .type = TROTH_KEY_ECC,
					  .name_alg = TROTH_HASH_SHA256,
					  .curve = TROTH_CURVE_P256,
					  .attributes = SECRET_KEYS[i].attributes };
		f.n = 0;
		troth_secret_key_check(&p, &f);
		if (f.n != (SECRET_KEYS[i].detail != NULL ? 1U : 0U))
			fail_msg("%s", SECRET_KEYS[i].name);
		if (f.n != 0)
			assert_string_equal(f.list[0].detail, SECRET_KEYS[i].detail);
	}
	struct troth_public p = { .type = TROTH_KEY_ECC,
				  .name_alg = TROTH_HASH_SHA256,
				  .curve = TROTH_CURVE_P384,
				  .attributes = SECRET_ATTRIBUTES };
	f.n = 0;
	troth_secret_key_check(&p, &f);
	assert_string_equal(f.list[0].detail, "not a P-256 key");
	p.curve = TROTH_CURVE_P256;
	p.name_alg = TROTH_HASH_SHA1;
	f.n = 0;
	troth_secret_key_check(&p, &f);
	assert_string_equal(f.list[0].detail, "its Name is a weak hash");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attestation_keys_have_these_attributes),
		cmocka_unit_test(attestation_keys_have_a_strong_scheme),
		cmocka_unit_test(both_faults_of_an_attestation_key_are_found),
		cmocka_unit_test(credential_keys_are_made_to_sign_and_to_stay),
		cmocka_unit_test(secrets_go_to_keys_that_decrypt_and_stay),
	};
	return cmocka_run_group_tests_name("keyrules", tests, NULL, NULL);
}
