/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are taken, and in which form they are given out. */
#include "check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "files.h"
#include "signer.h"

#include "reader.h"

static enum troth_status import(const struct troth_public *pub)
{
	struct troth_key *key;
	POISON(key);
	enum troth_status s = troth_key_from_public(pub, &key);
	if (s == TROTH_OK)
		troth_key_free(key);
	else
		ASSERT_POISONED(key);
	assert_int_equal(ERR_peek_error(), 0);
	return s;
}

static void points_off_the_curve_are_refused(void **state)
{
	static const uint8_t ZERO[48] = { 0 }, ONES[48] = { [0 ... 47] = 0xff };
	for (size_t i = 0; i < N_KEYS; i++) {
		if (KEYS[i].type != TROTH_KEY_ECC)
			continue;
		struct signer *s = signer_new(*state, i);
		const size_t width = KEYS[i].bits / 8;
		struct troth_public p = s->pub;
		p.x = s->pub.y;
		p.y = s->pub.x;
		assert_int_equal(import(&p), TROTH_E_MALFORMED);
		p = s->pub;
		p.x = p.y = (struct troth_view){ ZERO, width };
		assert_int_equal(import(&p), TROTH_E_MALFORMED);
		p.x = p.y = (struct troth_view){ ONES, width };
		assert_int_equal(import(&p), TROTH_E_MALFORMED);
		p = s->pub;
		p.y.n--;
		assert_int_equal(import(&p), TROTH_E_MALFORMED);
		p = s->pub;
		p.curve = TROTH_CURVE_NONE;
		assert_int_equal(import(&p), TROTH_E_UNSUPPORTED);
		p = s->pub;
		p.type = TROTH_KEY_NONE;
		assert_int_equal(import(&p), TROTH_E_UNSUPPORTED);
		signer_free(s);
	}
}

static void weak_moduli_are_refused(void **state)
{
	struct signer *s = signer_new(*state, 4);
	uint8_t modulus[TROTH_RSA_BYTES_MAX + 1];
	const uint8_t *good = s->pub.modulus.p;
	struct troth_public p = s->pub;
	memset(modulus, 0xff, sizeof modulus);
	memcpy(modulus, good, 256);

	p.modulus = (struct troth_view){ modulus, 256 };
	assert_int_equal(import(&p), TROTH_OK);
	modulus[255] ^= 1; /* even */
	assert_int_equal(import(&p), TROTH_E_MALFORMED);
	modulus[255] ^= 1;
	modulus[0] &= 0x7f; /* 2047 bits in 256 bytes */
	assert_int_equal(import(&p), TROTH_E_MALFORMED);
	modulus[0] |= 0x80;
	p.modulus.n = 255;
	modulus[254] |= 1;
	assert_int_equal(import(&p), TROTH_E_MALFORMED);
	p.modulus.n = TROTH_RSA_BYTES_MAX;
	assert_int_equal(import(&p), TROTH_OK);
	p.modulus.n = TROTH_RSA_BYTES_MAX + 1;
	assert_int_equal(import(&p), TROTH_E_MALFORMED);
	p.modulus = (struct troth_view){ 0 };
	assert_int_equal(import(&p), TROTH_E_MALFORMED);
	signer_free(s);
}

static void weak_exponents_are_refused(void **state)
{
	static const struct {
		uint32_t exponent;
		enum troth_status want;
	} EXPONENTS[] = {
		{ 65537, TROTH_OK },	      { 65539, TROTH_OK },
		{ 0xffffffff, TROTH_OK },     { 0, TROTH_E_MALFORMED },
		{ 1, TROTH_E_MALFORMED },     { 3, TROTH_E_MALFORMED },
		{ 65535, TROTH_E_MALFORMED }, { 65538, TROTH_E_MALFORMED },
	};
	struct signer *s = signer_new(*state, 4);
	for (size_t i = 0; i < sizeof EXPONENTS / sizeof *EXPONENTS; i++) {
		struct troth_public p = s->pub;
		p.rsa_exponent = EXPONENTS[i].exponent;
		if (import(&p) != EXPONENTS[i].want)
			fail_msg("%u", EXPONENTS[i].exponent);
	}
	signer_free(s);
}

/* PEM as OpenSSL writes it, in a buffer of exactly its size. */
static struct troth_view pem_of(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	long n = BIO_get_mem_data(bio, &p);
	struct troth_view v = view_dup((struct troth_view){ (const uint8_t *)p, (size_t)n });
	BIO_free(bio);
	return v;
}

static enum troth_status import_pem(EVP_PKEY *pkey)
{
	struct troth_key *key;
	struct troth_view pem = pem_of(pkey);
	POISON(key);
	enum troth_status s = troth_key_from_pem(pem, &key);
	if (s == TROTH_OK)
		troth_key_free(key);
	else
		ASSERT_POISONED(key);
	file_free(pem);
	EVP_PKEY_free(pkey);
	return s;
}

static void pem_keys_verify(void **state)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct signer *s = signer_new(*state, i);
		struct troth_view pem = pem_of(s->forged.pkey);
		struct troth_key *key;
		assert_int_equal(troth_key_from_pem(pem, &key), TROTH_OK);
		assert_int_equal(troth_key_verify(*state, key, &s->sig, DATA), TROTH_OK);
		troth_key_free(key);
		file_free(pem);
		signer_free(s);
	}
}

static void pem_keys_are_of_kinds_we_take(void **state)
{
	(void)state;
	assert_int_equal(import_pem(EVP_RSA_gen(1024)), TROTH_E_UNSUPPORTED);
	assert_int_equal(import_pem(EVP_RSA_gen(2047)), TROTH_E_UNSUPPORTED);
	assert_int_equal(import_pem(EVP_EC_gen("P-521")), TROTH_E_UNSUPPORTED);
	assert_int_equal(import_pem(EVP_EC_gen("secp256k1")), TROTH_E_UNSUPPORTED);
	assert_int_equal(import_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")),
			 TROTH_E_UNSUPPORTED);
	assert_int_equal(import_pem(EVP_PKEY_Q_keygen(NULL, NULL, "X25519")),
			 TROTH_E_UNSUPPORTED);
}

static void what_is_no_pem_key_is_refused(void **state)
{
	static char big[8 * 1024 + 1];
	static const char *const TEXTS[] = {
		"",
		"hello",
		"-----BEGIN PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n"
		"DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
		"-----END PUBLIC KEY-----\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
		struct troth_key *key;
		POISON(key);
		assert_int_equal(troth_key_from_pem(troth_view_str(TEXTS[i]), &key),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(key);
	}
	struct troth_key *key;
	const struct troth_view past = { (const uint8_t *)big, sizeof big };
	const struct troth_view at = { (const uint8_t *)big, sizeof big - 1 };
	assert_int_equal(troth_key_from_pem(past, &key), TROTH_E_LIMIT);
	assert_int_equal(troth_key_from_pem(at, &key), TROTH_E_MALFORMED);
	assert_int_equal(ERR_peek_error(), 0);
}

static void spki_is_openssls(void **state)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct signer *s = signer_new(*state, i);
		uint8_t *want = NULL, got[TROTH_RSA_BYTES_MAX + 64];
		size_t n = 0;
		int want_len = i2d_PUBKEY(s->forged.pkey, &want);
		assert_true(want_len > 0);
		assert_int_equal(troth_public_spki(&s->pub, got, (size_t)want_len, &n),
				 TROTH_OK);
		assert_int_equal(n, want_len);
		assert_memory_equal(got, want, n);
		POISON(got);
		POISON(n);
		assert_int_equal(troth_key_spki(s->key, got, (size_t)want_len - 1, &n),
				 TROTH_E_LIMIT);
		ASSERT_POISONED(got);
		ASSERT_POISONED(n);
		OPENSSL_free(want);
		signer_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(weak_moduli_are_refused),
		cmocka_unit_test(weak_exponents_are_refused),
		cmocka_unit_test(pem_keys_verify),
		cmocka_unit_test(pem_keys_are_of_kinds_we_take),
		cmocka_unit_test(what_is_no_pem_key_is_refused),
		cmocka_unit_test(spki_is_openssls),
	};
	return cmocka_run_group_tests_name("key_import", tests, context_setup,
					   signers_teardown);
}
