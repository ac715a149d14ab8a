/* SPDX-License-Identifier: Apache-2.0 */
/* P256: a golden blob that go-tpm publishes, made with the ephemeral key 0x0042000... P384 and
 * the blobs of the RSA cases: python3 (hashlib, hmac, cryptography) by the formula of TPM 2.0
 * Part 1. RSA's OAEP is opened with the private key. tests/integration/credential_interop.sh
 * has a TPM open them. */
#include "check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base.h"
#include "ek.h"
#include "reader.h"

static const char P256_KEY[] =
	"b087e2c6ab14a7c7090527980e124a099df67801c5deb4bb1dd4cc3a7a058f53"
	"2b5fe3eeb4f4f16ba4857615862e78444327dcc119e2f2f7905ff7523f6a27db";
static const char P256_RANDOM[] =
	"0000000000000000000000000000000000000000000000000000000000000000"
	"0041ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
static const char P256_NAME[] =
	"000be6c9e97fda917ca0f64dbef678b019a82fdafccc94860f88bddc036644c92bdc";
static const char P256_SECRET[] =
	"0102030405060708010203040506070801020304050607080102030405060708";
static const char P256_BLOB[] =
	"004400204e12aae39c300ccb8bb7f7aeee8ff27b88a529b3afc3930025e9ccba373d339efe805aceff9f"
	"645d8988a0d9a8d3cd7872120ac64c744b447efc988ea9b367f081ec";
static const char P256_ENC[] =
	"004400201e1837ef0d195188357571b5e5545b122e8f0967fda724203eb2561cce97285e0020f82b2d4f"
	"9ef1079f6c4b5b8356e23242e958b6d749a6b5681a4103566bdc5a89";

static const char P384_KEY[] =
	"0642cca80d33f98bd0a03f66bdd4cea8bea633ad748252024a9f98c5471df83df8a382b7684764490340"
	"7500a8316a1d9d8c047f69ef2dd07fc67f49b020898c410d559a850011cc557146db3f28272b768fe148"
	"a15cc6453fe4e6618b945976";
static const char P384_RANDOM[] =
	"a2f633e426547e35f9524e33bd06a74ce58e9a2e1d3a6b4b2ea9ed44adbd5b62586dd123641854aa2157"
	"d3ae8b72bb1b0879007cc03526991452f50f80f0183e";
static const char P384_NAME[] =
	"000b7f093592aebbb47767b5655699cdab8c86c4b24f5c93e3b22a3c2538856e9bf1";
static const char P384_SECRET[] =
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
	"28292a2b2c2d2e2f";
static const char P384_BLOB[] =
	"006400300d68c22bddbc4cf3761eadddd50e2316458fc163f3a072027b44dfdb63a85ecea0c0ff01e6e3"
	"6e645c7aa292ec6a9a909435bf9e7de0357903ad8c920c77fa83a6954d26d68890ac147acfed9d3c669a"
	"19b62841e6a955ac743399ae13ace6421dae";
static const char P384_ENC[] =
	"00640030e61b26d1ca13984b44cac0c6a59d2b340d857d83f69614fa3d1561501fa2ced0444784e31237"
	"e4c96ecc1a3d86497d36003017eb92f476cd0d5ddf3a43a6f14b3ea0bd00cdd7bdb3b6c2587add98a854"
	"e05e5099d82fd060a64507bd60845a5df79b";

static const char RSA_RANDOM[] =
	"101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738"
	"393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f";
static const char RSA_SECRET[] =
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char RSA2048_BLOB[] =
	"00440020cdfd760ed7940c4e7ebc1531266de45391a61fa678a9a54fdf2031fc44edfcd259e462f5dc08"
	"aaf2ec3c3feba3b0aae8d64d0a1617a9aa9130bf7625de2f47719589";
static const char RSA3072_BLOB[] =
	"0054003018970c6836bdc830b00871b893e8759544774a199e8f526d631e15c90ad25c7f6a0cea2d9236"
	"58a7d470754ba11e03fe62bfcf979d05ce6dd37d5f7c9c9f96a62c6cd6b464946a2cd86139181044c0bd"
	"7ad9";

/* One call and the storage its views need. */
struct call {
	struct troth_ek ek;
	struct troth_name name;
	uint8_t secret[64];
	struct troth_credential_input in;
};

static void fill(struct call *c, const char *random, const char *name, const char *secret)
{
	c->name.n = strlen(name) / 2;
	from_hex(name, c->name.bytes, c->name.n);
	from_hex(secret, c->secret, strlen(secret) / 2);
	from_hex(random, c->in.random, sizeof c->in.random);
	c->in.ak_name = &c->name;
	c->in.secret = (struct troth_view){ c->secret, strlen(secret) / 2 };
}

static void fill_ecc(struct call *c, enum troth_ek_template t)
{
	const bool p256 = t == TROTH_EK_L2_P256;
	const char *hex = p256 ? P256_KEY : P384_KEY;
	uint8_t key[96];
	from_hex(hex, key, strlen(hex) / 2);
	assert_int_equal(troth_ek_make(t, (struct troth_view){ key, strlen(hex) / 2 }, &c->ek),
			 TROTH_OK);
	if (p256)
		fill(c, P256_RANDOM, P256_NAME, P256_SECRET);
	else
		fill(c, P384_RANDOM, P384_NAME, P384_SECRET);
}

static void ecc_matches(void **state)
{
	static const struct {
		enum troth_ek_template t;
		const char *blob, *enc;
	} cases[] = { { TROTH_EK_L2_P256, P256_BLOB, P256_ENC },
		      { TROTH_EK_H3_P384, P384_BLOB, P384_ENC } };
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct call c = { 0 };
		struct troth_credential out;
		fill_ecc(&c, cases[i].t);
		assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &out), TROTH_OK);
		assert_int_equal(out.blob_len, strlen(cases[i].blob) / 2);
		assert_hex(out.blob, cases[i].blob);
		assert_int_equal(out.secret_len, strlen(cases[i].enc) / 2);
		assert_hex(out.secret, cases[i].enc);
	}
}

static EVP_PKEY *rsa_key(unsigned bits, enum troth_ek_template t, struct troth_ek *ek)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	BIGNUM *n = NULL;
	uint8_t modulus[TROTH_RSA_BYTES_MAX];
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	BN_bn2bin(n, modulus);
	BN_free(n);
	assert_int_equal(troth_ek_make(t, (struct troth_view){ modulus, bits / 8 }, ek),
			 TROTH_OK);
	return key;
}

/* OAEP as the TPM opens it: hash of the EK's nameAlg, label with its NUL. */
static size_t open_oaep(EVP_PKEY *key, const EVP_MD *md, struct troth_view enc, uint8_t *out,
			size_t max)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = max;
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md), 1);
	assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("IDENTITY"), 9),
			 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, out, &n, enc.p, enc.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static void check_rsa(struct troth_ctx *ctx, unsigned bits, enum troth_ek_template t,
		      const char *blob)
{
	struct call c = { 0 };
	struct troth_credential out;
	uint8_t seed[TROTH_RSA_BYTES_MAX];
	const EVP_MD *md = bits == 2048 ? EVP_sha256() : EVP_sha384();
	EVP_PKEY *key = rsa_key(bits, t, &c.ek);
	fill(&c, RSA_RANDOM, P384_NAME, RSA_SECRET);
	assert_int_equal(troth_credential_make(ctx, &c.ek, &c.in, &out), TROTH_OK);
	assert_int_equal(out.blob_len, strlen(blob) / 2);
	assert_hex(out.blob, blob);
	assert_int_equal(out.secret_len, 2 + bits / 8);
	assert_int_equal(out.secret[0] << 8 | out.secret[1], bits / 8);
	size_t n = open_oaep(key, md, (struct troth_view){ out.secret + 2, bits / 8 }, seed,
			     sizeof seed);
	assert_int_equal(n, EVP_MD_get_size(md));
	assert_memory_equal(seed, c.in.random, n);
	EVP_PKEY_free(key);
}

static void rsa_2048_matches(void **state)
{
	check_rsa(*state, 2048, TROTH_EK_L1_RSA2048, RSA2048_BLOB);
}

static void rsa_3072_matches(void **state)
{
	check_rsa(*state, 3072, TROTH_EK_H6_RSA3072, RSA3072_BLOB);
}

static void assert_refused(struct troth_ctx *ctx, const struct call *c, enum troth_status want)
{
	struct troth_credential out;
	POISON(out);
	assert_int_equal(troth_credential_make(ctx, &c->ek, &c->in, &out), want);
	ASSERT_POISONED(out);
}

static void the_secret_is_at_most_a_digest(void **state)
{
	static const struct {
		enum troth_ek_template t;
		size_t max;
	} cases[] = { { TROTH_EK_L2_P256, 32 }, { TROTH_EK_H3_P384, 48 } };
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		struct call c = { 0 };
		struct troth_credential out;
		fill_ecc(&c, cases[i].t);
		c.in.secret.n = 0;
		assert_refused(*state, &c, TROTH_E_LIMIT);
		c.in.secret.n = cases[i].max + 1;
		assert_refused(*state, &c, TROTH_E_LIMIT);
		c.in.secret.n = 1;
		assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &out), TROTH_OK);
		assert_int_equal(out.blob_len, 2 + 2 + cases[i].max + 2 + 1);
		c.in.secret.n = cases[i].max;
		assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &out), TROTH_OK);
	}
}

static void names_and_templates_are_checked(void **state)
{
	struct call c = { 0 };
	fill_ecc(&c, TROTH_EK_L2_P256);
	c.name.n = 0;
	assert_refused(*state, &c, TROTH_E_MALFORMED);
	c.name.n = TROTH_NAME_MAX + 1;
	assert_refused(*state, &c, TROTH_E_MALFORMED);
	fill_ecc(&c, TROTH_EK_L2_P256);
	c.ek.tmpl = TROTH_EK_NONE;
	assert_refused(*state, &c, TROTH_E_UNSUPPORTED);
}

/* The agreement itself refuses it, whoever made the key. */
static void a_point_off_the_curve_is_refused(void **state)
{
	struct call c = { 0 };
	fill_ecc(&c, TROTH_EK_H3_P384);
	c.ek.key[95] ^= 1;
	assert_refused(*state, &c, TROTH_E_MALFORMED);
}

static void extreme_randomness_gives_a_key(void **state)
{
	static const uint8_t fills[] = { 0x00, 0xff };
	for (size_t i = 0; i < TROTH_COUNT(fills); i++) {
		struct call c = { 0 };
		struct troth_credential out;
		fill_ecc(&c, TROTH_EK_L2_P256);
		memset(c.in.random, fills[i], sizeof c.in.random);
		assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &out), TROTH_OK);
	}
}

/* Another Name, secret or seed gives another blob: each of them counts. */
static void every_input_counts(void **state)
{
	struct call c = { 0 };
	struct troth_credential base, other;
	fill_ecc(&c, TROTH_EK_L2_P256);
	assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &base), TROTH_OK);
	uint8_t *const bytes[] = { &c.name.bytes[33], &c.name.bytes[0], &c.secret[31],
				   &c.in.random[63] };
	for (size_t i = 0; i < TROTH_COUNT(bytes); i++) {
		*bytes[i] ^= 1;
		assert_int_equal(troth_credential_make(*state, &c.ek, &c.in, &other), TROTH_OK);
		assert_memory_not_equal(base.blob, other.blob, base.blob_len);
		*bytes[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecc_matches),
		cmocka_unit_test(rsa_2048_matches),
		cmocka_unit_test(rsa_3072_matches),
		cmocka_unit_test(the_secret_is_at_most_a_digest),
		cmocka_unit_test(names_and_templates_are_checked),
		cmocka_unit_test(a_point_off_the_curve_is_refused),
		cmocka_unit_test(extreme_randomness_gives_a_key),
		cmocka_unit_test(every_input_counts),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
