/* SPDX-License-Identifier: Apache-2.0 */
/* TPMT_SIGNATURE and TPMT_PUBLIC, field by field; test_tpm.c cuts and flips them. */
#include "check.h"

#include "files.h"
#include "forge.h"

#include "reader.h"
#include "tpm.h"

#define FIXTURE TROTH_FIXTURES "/bootvm/shim-sb-on"

static const struct {
	const char *name;
	uint8_t bytes[16];
	size_t n;
	enum troth_status want;
} SIGNATURES[] = {
	{ "RSASSA", { 0, 0x14, 0, 0x0b, 0, 1, 7 }, 7, TROTH_OK },
	{ "RSAPSS with SHA-384", { 0, 0x16, 0, 0x0c, 0, 1, 7 }, 7, TROTH_OK },
	{ "ECDSA with SHA-1", { 0, 0x18, 0, 0x04, 0, 1, 7, 0, 2, 8, 9 }, 11, TROTH_OK },
	{ "null algorithm", { 0, 0x10 }, 2, TROTH_E_UNSUPPORTED },
	{ "null algorithm, then bytes", { 0, 0x10, 0, 0x0b, 0, 1, 7 }, 7, TROTH_E_UNSUPPORTED },
	{ "HMAC", { 0, 0x05, 0, 0x0b, 1, 2, 3, 4 }, 8, TROTH_E_UNSUPPORTED },
	{ "ECDAA", { 0, 0x1a, 0, 0x0b, 0, 1, 7, 0, 1, 8 }, 10, TROTH_E_UNSUPPORTED },
	{ "SM2", { 0, 0x1b, 0, 0x12, 0, 1, 7, 0, 1, 8 }, 10, TROTH_E_UNSUPPORTED },
	{ "encryption scheme", { 0, 0x17, 0, 0x0b, 0, 1, 7 }, 7, TROTH_E_UNSUPPORTED },
	{ "unknown hash", { 0, 0x14, 0, 0x27, 0, 1, 7 }, 7, TROTH_E_UNSUPPORTED },
	{ "null hash", { 0, 0x14, 0, 0x10, 0, 1, 7 }, 7, TROTH_E_UNSUPPORTED },
	{ "empty RSA", { 0, 0x14, 0, 0x0b, 0, 0 }, 6, TROTH_E_MALFORMED },
	{ "empty R", { 0, 0x18, 0, 0x0b, 0, 0, 0, 1, 8 }, 9, TROTH_E_MALFORMED },
	{ "empty S", { 0, 0x18, 0, 0x0b, 0, 1, 7, 0, 0 }, 9, TROTH_E_MALFORMED },
	{ "R past the end", { 0, 0x18, 0, 0x0b, 255, 255, 7, 0, 1, 8 }, 10, TROTH_E_TRUNCATED },
};

static void signatures_are_of_schemes_we_take(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++) {
		struct troth_signature s;
		POISON(s);
		enum troth_status got = troth_signature_parse(
			(struct troth_view){ SIGNATURES[i].bytes, SIGNATURES[i].n }, &s);
		if (got != SIGNATURES[i].want)
			fail_msg("%s: got %s", SIGNATURES[i].name, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(s);
	}
}

static void a_signature_gives_its_numbers(void **state)
{
	static const uint8_t BYTES[] = { 0, 0x18, 0, 0x0c, 0, 1, 7, 0, 2, 8, 9 };
	struct troth_signature s;
	(void)state;
	assert_int_equal(troth_signature_parse(TROTH_VIEW_OF(BYTES), &s), TROTH_OK);
	assert_int_equal(s.scheme, TROTH_SIG_ECDSA);
	assert_int_equal(s.hash, TROTH_HASH_SHA384);
	assert_int_equal(s.r.n, 1);
	assert_int_equal(s.s.n, 2);
	assert_ptr_equal(s.s.p, BYTES + 9);
	assert_int_equal(s.rsa.n, 0);
}

/* Header, then a number of n bytes in place of RSA's or of R. */
static enum troth_status sign_with(uint8_t scheme, size_t n)
{
	uint8_t bytes[TROTH_SIGNATURE_MAX + 1] = {
		0, scheme, 0, 0x0b, (uint8_t)(n >> 8), (uint8_t)n
	};
	struct troth_signature s;
	size_t len = 6 + n;
	if (scheme == 0x18) {
		bytes[len + 1] = 1;
		len += 3;
	}
	return troth_signature_parse((struct troth_view){ bytes, len }, &s);
}

static void signature_numbers_are_limited(void **state)
{
	uint8_t bytes[TROTH_SIGNATURE_MAX + 1] = { 0, 0x14, 0, 0x0b, 0, 1 };
	struct troth_signature s;
	(void)state;
	assert_int_equal(sign_with(0x14, TROTH_RSA_BYTES_MAX), TROTH_OK);
	assert_int_equal(sign_with(0x14, TROTH_RSA_BYTES_MAX + 1), TROTH_E_LIMIT);
	assert_int_equal(sign_with(0x18, TROTH_ECC_BYTES_MAX), TROTH_OK);
	assert_int_equal(sign_with(0x18, TROTH_ECC_BYTES_MAX + 1), TROTH_E_LIMIT);
	assert_int_equal(
		troth_signature_parse((struct troth_view){ bytes, TROTH_SIGNATURE_MAX }, &s),
		TROTH_E_MALFORMED);
	assert_int_equal(troth_signature_parse(
				 (struct troth_view){ bytes, TROTH_SIGNATURE_MAX + 1 }, &s),
			 TROTH_E_LIMIT);
}

static enum troth_status parse_public(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_public p;
	POISON(p);
	enum troth_status s = troth_public_parse(ctx, bytes, &p);
	if (s != TROTH_OK)
		ASSERT_POISONED(p);
	return s;
}

/* The areas of a machine's keys, each beside the Name that tpm2-tools computed. */
static const struct {
	const char *file;
	enum troth_key_type type;
	enum troth_curve curve;
	uint32_t attributes;
	uint16_t symmetric_bits, rsa_bits;
	size_t policy_len;
	enum troth_sig_scheme scheme;
	const char *name;
} REAL[] = {
	{ "ak.pub", TROTH_KEY_ECC, TROTH_CURVE_P256, 0x00050072, 0, 0, 0, TROTH_SIG_ECDSA,
	  "ak.name" },
	{ "ek_ecc.pub", TROTH_KEY_ECC, TROTH_CURVE_P256, 0x000300b2, 128, 0, 32, TROTH_SIG_NONE,
	  "ek_ecc.name" },
	{ "ek_rsa.pub", TROTH_KEY_RSA, TROTH_CURVE_NONE, 0x000300b2, 128, 2048, 32,
	  TROTH_SIG_NONE, "ek_rsa.name" },
};

static void public_areas_of_a_machine_are_read(void **state)
{
	for (size_t i = 0; i < sizeof REAL / sizeof *REAL; i++) {
		struct troth_view file = file_load(FIXTURE, REAL[i].file), inner;
		struct troth_view name = file_load(FIXTURE, REAL[i].name);
		struct troth_public p;
		assert_int_equal(troth_public_unwrap(file, &inner), TROTH_OK);
		assert_int_equal(troth_public_parse(*state, inner, &p), TROTH_OK);
		assert_int_equal(p.type, REAL[i].type);
		assert_int_equal(p.curve, REAL[i].curve);
		assert_int_equal(p.attributes, REAL[i].attributes);
		assert_int_equal(p.symmetric_bits, REAL[i].symmetric_bits);
		assert_int_equal(p.rsa_bits, REAL[i].rsa_bits);
		assert_int_equal(p.rsa_exponent, REAL[i].rsa_bits != 0 ? 65537 : 0);
		assert_int_equal(p.policy.n, REAL[i].policy_len);
		assert_int_equal(p.scheme, REAL[i].scheme);
		assert_true(troth_view_equal(troth_name_view(&p.name), name));
		file_free(name);
		file_free(file);
	}
}

static void short_policy(TPMT_PUBLIC *p)
{
	p->authPolicy.size = 31;
}

static void whole_policy(TPMT_PUBLIC *p)
{
	p->authPolicy.size = 32;
}

static void name_alg_null(TPMT_PUBLIC *p)
{
	p->nameAlg = TPM2_ALG_NULL;
}

static void name_alg_sha3(TPMT_PUBLIC *p)
{
	p->nameAlg = TPM2_ALG_SHA3_256;
}

static void name_alg_sha1(TPMT_PUBLIC *p)
{
	p->nameAlg = TPM2_ALG_SHA1;
}

static void x509sign(TPMT_PUBLIC *p)
{
	p->objectAttributes |= TPMA_OBJECT_X509SIGN;
}

static void aes_cfb(TPMT_PUBLIC *p)
{
	TPMT_SYM_DEF_OBJECT *s = p->type == TPM2_ALG_RSA ? &p->parameters.rsaDetail.symmetric
							 : &p->parameters.eccDetail.symmetric;
	s->algorithm = TPM2_ALG_AES;
	s->keyBits.aes = 256;
	s->mode.aes = TPM2_ALG_CFB;
}

static void aes_ctr(TPMT_PUBLIC *p)
{
	aes_cfb(p);
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.symmetric.mode.aes = TPM2_ALG_CTR;
	else
		p->parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CTR;
}

static void aes_100(TPMT_PUBLIC *p)
{
	aes_cfb(p);
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.symmetric.keyBits.aes = 100;
	else
		p->parameters.eccDetail.symmetric.keyBits.aes = 100;
}

static void camellia(TPMT_PUBLIC *p)
{
	aes_cfb(p);
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_CAMELLIA;
	else
		p->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_CAMELLIA;
}

static void scheme_null(TPMT_PUBLIC *p)
{
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
	else
		p->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
}

static void scheme_of_the_other_kind(TPMT_PUBLIC *p)
{
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_ECDSA;
	else
		p->parameters.eccDetail.scheme.scheme = TPM2_ALG_RSASSA;
}

static void scheme_hash_unknown(TPMT_PUBLIC *p)
{
	if (p->type == TPM2_ALG_RSA)
		p->parameters.rsaDetail.scheme.details.anySig.hashAlg = TPM2_ALG_SHA3_256;
	else
		p->parameters.eccDetail.scheme.details.anySig.hashAlg = TPM2_ALG_SHA3_256;
}

static void rsa_oaep(TPMT_PUBLIC *p)
{
	p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_OAEP;
}

static void rsa_bits_differ(TPMT_PUBLIC *p)
{
	p->parameters.rsaDetail.keyBits = 2047;
}

static void rsa_empty(TPMT_PUBLIC *p)
{
	p->parameters.rsaDetail.keyBits = 0;
	p->unique.rsa.size = 0;
}

static void rsa_4096(TPMT_PUBLIC *p)
{
	p->parameters.rsaDetail.keyBits = 4096;
	p->unique.rsa.size = 512;
}

static void ecc_p521(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P521;
}

static void ecc_wrong_curve(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P384;
}

static void ecc_unknown_curve(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.curveID = 0x77;
}

static void ecc_kdf(TPMT_PUBLIC *p)
{
	p->parameters.eccDetail.kdf.scheme = TPM2_ALG_KDF1_SP800_108;
	p->parameters.eccDetail.kdf.details.kdf1_sp800_108.hashAlg = TPM2_ALG_SHA256;
}

static void ecc_short_x(TPMT_PUBLIC *p)
{
	p->unique.ecc.x.size = 31;
}

static void ecc_no_y(TPMT_PUBLIC *p)
{
	p->unique.ecc.y.size = 0;
}

static void ecc_long_x(TPMT_PUBLIC *p)
{
	p->unique.ecc.x.size = TROTH_ECC_BYTES_MAX + 1;
}

enum { BOTH, RSA_ONLY, ECC_ONLY };

static const struct {
	const char *name;
	int which;
	void (*change)(TPMT_PUBLIC *p);
	enum troth_status want;
} PUBLICS[] = {
	{ "a policy", BOTH, whole_policy, TROTH_OK },
	{ "a policy shorter than nameAlg", BOTH, short_policy, TROTH_E_MALFORMED },
	{ "nameAlg null", BOTH, name_alg_null, TROTH_E_UNSUPPORTED },
	{ "nameAlg SHA3-256", BOTH, name_alg_sha3, TROTH_E_UNSUPPORTED },
	{ "nameAlg SHA-1", BOTH, name_alg_sha1, TROTH_OK },
	{ "x509sign", BOTH, x509sign, TROTH_OK },
	{ "AES-256-CFB", BOTH, aes_cfb, TROTH_OK },
	{ "AES-CTR", BOTH, aes_ctr, TROTH_E_UNSUPPORTED },
	{ "AES of 100 bits", BOTH, aes_100, TROTH_E_UNSUPPORTED },
	{ "Camellia", BOTH, camellia, TROTH_E_UNSUPPORTED },
	{ "no scheme", BOTH, scheme_null, TROTH_OK },
	{ "a scheme of the other kind of key", BOTH, scheme_of_the_other_kind,
	  TROTH_E_UNSUPPORTED },
	{ "an unknown scheme hash", BOTH, scheme_hash_unknown, TROTH_E_UNSUPPORTED },
	{ "OAEP", RSA_ONLY, rsa_oaep, TROTH_E_UNSUPPORTED },
	{ "keyBits that are not the modulus's", RSA_ONLY, rsa_bits_differ, TROTH_E_MALFORMED },
	{ "no modulus", RSA_ONLY, rsa_empty, TROTH_E_MALFORMED },
	{ "RSA-4096", RSA_ONLY, rsa_4096, TROTH_OK },
	{ "P-521", ECC_ONLY, ecc_p521, TROTH_E_UNSUPPORTED },
	{ "an unknown curve", ECC_ONLY, ecc_unknown_curve, TROTH_E_UNSUPPORTED },
	{ "coordinates of another curve", ECC_ONLY, ecc_wrong_curve, TROTH_E_MALFORMED },
	{ "a key derivation scheme", ECC_ONLY, ecc_kdf, TROTH_E_UNSUPPORTED },
	{ "x without its leading zero", ECC_ONLY, ecc_short_x, TROTH_E_MALFORMED },
	{ "no y", ECC_ONLY, ecc_no_y, TROTH_E_MALFORMED },
	{ "x longer than a coordinate", ECC_ONLY, ecc_long_x, TROTH_E_LIMIT },
};

static void check_publics(struct troth_ctx *ctx, const struct forge_key *key, int skip)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	for (size_t i = 0; i < sizeof PUBLICS / sizeof *PUBLICS; i++) {
		TPMT_PUBLIC pub = forge_public(key, FORGE_AK_ATTRIBUTES);
		if (PUBLICS[i].which == skip)
			continue;
		PUBLICS[i].change(&pub);
		enum troth_status got =
			parse_public(ctx, forge_public_bytes(&pub, buf, sizeof buf));
		if (got != PUBLICS[i].want)
			fail_msg("%s: got %s", PUBLICS[i].name, troth_status_name(got));
	}
}

static void public_areas_are_of_kinds_we_take(void **state)
{
	struct forge_key ec = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	struct forge_key rsa = forge_key(FORGE_RSA2048, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256);
	check_publics(*state, &ec, RSA_ONLY);
	check_publics(*state, &rsa, ECC_ONLY);
	forge_key_free(&ec);
	forge_key_free(&rsa);
}

/* Part 2, 8.3.2 and, for bit 19, revision 1.59. */
static void reserved_attributes_are_refused(void **state)
{
	static const uint32_t DEFINED = 0x000f0cf6;
	struct forge_key ec = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	uint8_t buf[TROTH_ATTEST_MAX];
	for (unsigned int bit = 0; bit < 32; bit++) {
		TPMT_PUBLIC pub = forge_public(&ec, (uint32_t)1 << bit);
		enum troth_status want = (DEFINED >> bit & 1) != 0 ? TROTH_OK
								   : TROTH_E_MALFORMED;
		if (parse_public(*state, forge_public_bytes(&pub, buf, sizeof buf)) != want)
			fail_msg("bit %u", bit);
	}
	forge_key_free(&ec);
}

static void keys_that_do_not_sign_in_public_are_refused(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[16];
	} OTHERS[] = {
		{ "keyed hash", { 0, 0x08, 0, 0x0b, 0, 0, 0, 0x72, 0, 0, 0, 0x10, 0, 0 } },
		{ "symmetric cipher",
		  { 0, 0x25, 0, 0x0b, 0, 0, 0, 0x72, 0, 0, 0, 0x10, 0, 0 } },
		{ "null", { 0, 0x10, 0, 0x0b, 0, 0, 0, 0x72, 0, 0, 0, 0x10, 0, 0 } },
	};
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		if (parse_public(*state, TROTH_VIEW_OF(OTHERS[i].bytes)) != TROTH_E_UNSUPPORTED)
			fail_msg("%s", OTHERS[i].name);
	uint8_t big[TROTH_PUBLIC_MAX + 1] = { 0, 1 };
	assert_int_equal(parse_public(*state, (struct troth_view){ big, TROTH_PUBLIC_MAX + 1 }),
			 TROTH_E_LIMIT);
	assert_int_not_equal(parse_public(*state, (struct troth_view){ big, TROTH_PUBLIC_MAX }),
			     TROTH_E_LIMIT);
}

/* Against OpenSSL's digests of the same bytes. */
static void a_primary_key_has_the_qualified_name_of_its_hierarchy(void **state)
{
	static const uint32_t HIERARCHIES[] = { TPM2_RH_OWNER, TPM2_RH_ENDORSEMENT,
						TPM2_RH_PLATFORM, TPM2_RH_NULL };
	struct forge_key ec = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	TPMT_PUBLIC pub = forge_public(&ec, FORGE_AK_ATTRIBUTES);
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_view bytes = forge_public_bytes(&pub, buf, sizeof buf);
	struct troth_public p;
	assert_int_equal(troth_public_parse(*state, bytes, &p), TROTH_OK);
	for (size_t i = 0; i < sizeof HIERARCHIES / sizeof *HIERARCHIES; i++) {
		TPM2B_NAME want = forge_qualified_name(HIERARCHIES[i], bytes);
		struct troth_name got;
		assert_int_equal(troth_qualified_name(*state, HIERARCHIES[i], &p, &got),
				 TROTH_OK);
		assert_int_equal(got.n, want.size);
		assert_memory_equal(got.bytes, want.name, want.size);
	}
	forge_key_free(&ec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_of_schemes_we_take),
		cmocka_unit_test(a_signature_gives_its_numbers),
		cmocka_unit_test(signature_numbers_are_limited),
		cmocka_unit_test(public_areas_of_a_machine_are_read),
		cmocka_unit_test(public_areas_are_of_kinds_we_take),
		cmocka_unit_test(reserved_attributes_are_refused),
		cmocka_unit_test(keys_that_do_not_sign_in_public_are_refused),
		cmocka_unit_test(a_primary_key_has_the_qualified_name_of_its_hierarchy),
	};
	return cmocka_run_group_tests_name("tpm_key", tests, context_setup, context_teardown);
}
