/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that nobody generates, of the numbers given. Include after check.h. */
#ifndef TROTH_TESTS_ODD_KEYS_H
#define TROTH_TESTS_ODD_KEYS_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* A key of what the builder holds; the builder is freed. */
static inline EVP_PKEY *odd_key(const char *type, int selection, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, selection, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline BIGNUM *odd_number(int bits)
{
	BIGNUM *n = BN_new();
	assert_int_equal(BN_set_bit(n, bits - 1), 1);
	assert_int_equal(BN_set_bit(n, 0), 1);
	return n;
}

#define ODD_RSA_EXPONENT 17 /* bits: 65537 */

/* A public RSA key whose modulus and exponent have so many bits; nobody has the private half.
 */
static inline EVP_PKEY *odd_rsa(int modulus_bits, int exponent_bits)
{
	BIGNUM *n = odd_number(modulus_bits), *e = odd_number(exponent_bits);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e), 1);
	EVP_PKEY *key = odd_key("RSA", EVP_PKEY_PUBLIC_KEY, build);
	BN_free(n);
	BN_free(e);
	return key;
}

/* A P-256 key pair of any two halves, whether they belong together or not. */
static inline EVP_PKEY *odd_p256(const uint8_t point[65], const BIGNUM *number)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	assert_int_equal(
		OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0),
		1);
	assert_int_equal(
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 65), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number), 1);
	return odd_key("EC", EVP_PKEY_KEYPAIR, build);
}

#endif
