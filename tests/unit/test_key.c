/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "files.h"
#include "signer.h"

#include "reader.h"

#define FIXTURE TROTH_FIXTURES "/bootvm/shim-sb-on"

static void each_kind_of_signature_verifies(void **state)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct signer *s = signer_new(*state, i);
		for (int round = 0; round < 3; round++)
			if (troth_key_verify(*state, s->key, &s->sig, DATA) != TROTH_OK)
				fail_msg("%s", KEYS[i].name);
		assert_int_equal(troth_key_bits(s->key), KEYS[i].bits);
		assert_int_equal(troth_key_type_of(s->key), KEYS[i].type);
		assert_int_equal(EVP_PKEY_eq(troth_key_evp(s->key), s->forged.pkey), 1);
		signer_free(s);
	}
}

/* And the key goes on verifying what is good. */
static void other_data_does_not_verify(void **state)
{
	static const uint8_t OTHER[] = "signed datb";
	for (size_t i = 0; i < N_KEYS; i++) {
		struct signer *s = signer_new(*state, i);
		const struct troth_view changed = { OTHER, DATA.n };
		const struct troth_view shorter = { DATA.p, DATA.n - 1 };
		assert_int_equal(troth_key_verify(*state, s->key, &s->sig, changed),
				 TROTH_E_MISMATCH);
		assert_int_equal(troth_key_verify(*state, s->key, &s->sig, shorter),
				 TROTH_E_MISMATCH);
		assert_int_equal(
			troth_key_verify(*state, s->key, &s->sig, (struct troth_view){ 0 }),
			TROTH_E_MISMATCH);
		assert_int_equal(troth_key_verify(*state, s->key, &s->sig, DATA), TROTH_OK);
		assert_int_equal(ERR_peek_error(), 0);
		signer_free(s);
	}
}

static void every_flipped_bit_of_a_signature_denies(void **state)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct signer *s = signer_new(*state, i);
		struct troth_view parts[] = { s->sig.rsa, s->sig.r, s->sig.s };
		/* RSA is cheap enough for every bit; one in seven of ECDSA's. */
		const size_t step = KEYS[i].type == TROTH_KEY_RSA ? 1 : 7;
		for (size_t k = 0; k < 3; k++)
			for (size_t bit = 0; bit < 8 * parts[k].n; bit += step) {
				uint8_t *p = (uint8_t *)(uintptr_t)parts[k].p;
				p[bit / 8] ^= (uint8_t)(1 << bit % 8);
				if (troth_key_verify(*state, s->key, &s->sig, DATA) !=
				    TROTH_E_MISMATCH)
					fail_msg("%s: bit %zu", KEYS[i].name, bit);
				p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
		assert_int_equal(troth_key_verify(*state, s->key, &s->sig, DATA), TROTH_OK);
		signer_free(s);
	}
}

/* The context a key keeps must not carry padding or hash from one signature to the next. */
static void one_key_verifies_every_scheme_in_turn(void **state)
{
	struct signer *s = signer_new(*state, 4);
	static const TPM2_ALG_ID SCHEMES[] = { TPM2_ALG_RSASSA, TPM2_ALG_RSAPSS };
	static const TPM2_ALG_ID HASHES[] = { TPM2_ALG_SHA256, TPM2_ALG_SHA384, TPM2_ALG_SHA1,
					      TPM2_ALG_SHA512 };
	for (size_t i = 0; i < 24; i++) {
		uint8_t buf[TROTH_SIGNATURE_MAX];
		struct troth_signature sig;
		s->forged.scheme = SCHEMES[i % 2];
		s->forged.hash = HASHES[i / 2 % 4];
		struct troth_view bytes = forge_sign(&s->forged, DATA, buf, sizeof buf);
		assert_int_equal(troth_signature_parse(bytes, &sig), TROTH_OK);
		assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA), TROTH_OK);
		sig.scheme = sig.scheme == TROTH_SIG_RSASSA ? TROTH_SIG_RSAPSS
							    : TROTH_SIG_RSASSA;
		assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA),
				 TROTH_E_MISMATCH);
		sig.scheme = sig.scheme == TROTH_SIG_RSASSA ? TROTH_SIG_RSAPSS
							    : TROTH_SIG_RSASSA;
		sig.hash = sig.hash == TROTH_HASH_SHA256 ? TROTH_HASH_SHA384
							 : TROTH_HASH_SHA256;
		assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA),
				 TROTH_E_MISMATCH);
	}
	signer_free(s);
}

/* TPMs salt with the digest's length (FIPS mode) or with as much as fits. */
static void pss_salts_of_every_length_verify(void **state)
{
	static const int SALTS[] = { RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX, 20 };
	struct signer *s = signer_new(*state, 6);
	for (size_t i = 0; i < sizeof SALTS / sizeof *SALTS; i++) {
		uint8_t raw[TROTH_SIGNATURE_MAX];
		size_t n = sizeof raw;
		EVP_PKEY_CTX *pctx;
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		assert_int_equal(
			EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, s->forged.pkey), 1);
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, SALTS[i]), 1);
		assert_int_equal(EVP_DigestSign(ctx, raw, &n, DATA.p, DATA.n), 1);
		EVP_MD_CTX_free(ctx);
		struct troth_signature sig;
		assert_int_equal(troth_signature_from_raw(TROTH_SIG_RSAPSS, TROTH_HASH_SHA256,
							  (struct troth_view){ raw, n }, &sig),
				 TROTH_OK);
		assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA), TROTH_OK);
	}
	signer_free(s);
}

static void a_signature_of_another_shape_denies(void **state)
{
	static const uint8_t LONG[TROTH_RSA_BYTES_MAX] = { 0 };
	struct signer *rsa = signer_new(*state, 4), *ec = signer_new(*state, 0);
	const struct troth_signature good = rsa->sig, good_ec = ec->sig;
	struct troth_signature s;
	const struct troth_view none = { 0 }, zeros = { LONG, 32 };

	/* One zero byte in front is the same number, and not the same signature. */
	uint8_t padded[1 + 256] = { 0 };
	memcpy(padded + 1, good.rsa.p, 256);
	s = good;
	s.rsa = TROTH_VIEW_OF(padded);
	assert_int_equal(troth_key_verify(*state, rsa->key, &s, DATA), TROTH_E_MISMATCH);
	s.rsa = (struct troth_view){ good.rsa.p, good.rsa.n - 1 };
	assert_int_equal(troth_key_verify(*state, rsa->key, &s, DATA), TROTH_E_MISMATCH);
	s.rsa = none;
	assert_int_equal(troth_key_verify(*state, rsa->key, &s, DATA), TROTH_E_MISMATCH);

	/* A scheme of the other kind of key. */
	assert_int_equal(troth_key_verify(*state, ec->key, &good, DATA), TROTH_E_MISMATCH);
	assert_int_equal(troth_key_verify(*state, rsa->key, &good_ec, DATA), TROTH_E_MISMATCH);
	s = good;
	s.scheme = TROTH_SIG_NONE;
	assert_int_equal(troth_key_verify(*state, rsa->key, &s, DATA), TROTH_E_MISMATCH);
	s.scheme = TROTH_SIG_RSASSA;
	s.hash = TROTH_HASH_NONE;
	assert_int_equal(troth_key_verify(*state, rsa->key, &s, DATA), TROTH_E_UNSUPPORTED);

	const struct troth_view bad[][2] = {
		{ none, good_ec.s },
		{ good_ec.r, none },
		{ zeros, good_ec.s },
		{ good_ec.r, zeros },
		{ zeros, zeros },
		{ good_ec.s, good_ec.r },
		{ { LONG, 33 }, good_ec.s },
		{ good_ec.r, { LONG, sizeof LONG } },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		s = good_ec;
		s.r = bad[i][0];
		s.s = bad[i][1];
		assert_int_equal(troth_key_verify(*state, ec->key, &s, DATA), TROTH_E_MISMATCH);
	}
	signer_free(rsa);
	signer_free(ec);
}

/* r + n is r to a verifier that forgets to reduce: FIPS 186-4, 6.4.2 wants it refused. */
static void a_number_beyond_the_order_denies(void **state)
{
	static const char ORDER[] =
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	struct signer *s = signer_new(*state, 0);
	uint8_t order[32];
	from_hex(ORDER, order, sizeof order);
	struct troth_signature sig = s->sig;
	sig.r = TROTH_VIEW_OF(order);
	assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA), TROTH_E_MISMATCH);
	sig = s->sig;
	sig.s = TROTH_VIEW_OF(order);
	assert_int_equal(troth_key_verify(*state, s->key, &sig, DATA), TROTH_E_MISMATCH);
	signer_free(s);
}

static void another_key_denies(void **state)
{
	struct signer *a = signer_new(*state, 0), *b = signer_new(*state, 1);
	assert_int_equal(troth_key_verify(*state, a->key, &b->sig, DATA), TROTH_E_MISMATCH);
	assert_int_equal(troth_key_verify(*state, b->key, &a->sig, DATA), TROTH_E_MISMATCH);
	signer_free(a);
	signer_free(b);
}

/* tpm2_quote's own key and signature, made by an emulated TPM. */
static void a_machines_signature_verifies(void **state)
{
	struct troth_view area = file_load(FIXTURE, "ak.pub"),
			  pem = file_load(FIXTURE, "ak.pem");
	struct troth_view msg = file_load(FIXTURE, "quote.msg"),
			  der = file_load(FIXTURE, "quote.sig"), inner;
	struct troth_public pub;
	struct troth_signature sig;
	struct troth_key *key, *from_pem;
	assert_int_equal(troth_public_unwrap(area, &inner), TROTH_OK);
	assert_int_equal(troth_public_parse(*state, inner, &pub), TROTH_OK);
	assert_int_equal(troth_key_from_public(&pub, &key), TROTH_OK);
	assert_int_equal(troth_key_from_pem(pem, &from_pem), TROTH_OK);
	assert_int_equal(EVP_PKEY_eq(troth_key_evp(key), troth_key_evp(from_pem)), 1);
	assert_int_equal(
		troth_signature_from_raw(TROTH_SIG_ECDSA, TROTH_HASH_SHA256, der, &sig),
		TROTH_OK);
	assert_int_equal(troth_key_verify(*state, key, &sig, msg), TROTH_OK);
	assert_int_equal(troth_key_verify(*state, from_pem, &sig, msg), TROTH_OK);
	sig.hash = TROTH_HASH_SHA1;
	assert_int_equal(troth_key_verify(*state, key, &sig, msg), TROTH_E_MISMATCH);
	troth_key_free(key);
	troth_key_free(from_pem);
	file_free(area);
	file_free(pem);
	file_free(msg);
	file_free(der);
}

static void raw_signatures_need_a_scheme(void **state)
{
	static const uint8_t RAW[TROTH_RSA_BYTES_MAX + 1] = { 1 };
	static const struct {
		const char *name;
		enum troth_sig_scheme scheme;
		enum troth_hash hash;
		size_t n;
		enum troth_status want;
	} CASES[] = {
		{ "as long as RSA gets", TROTH_SIG_RSASSA, TROTH_HASH_SHA256, 512, TROTH_OK },
		{ "one byte longer", TROTH_SIG_RSASSA, TROTH_HASH_SHA256, 513, TROTH_E_LIMIT },
		{ "empty", TROTH_SIG_RSAPSS, TROTH_HASH_SHA256, 0, TROTH_E_MALFORMED },
		{ "no scheme", TROTH_SIG_NONE, TROTH_HASH_SHA256, 256, TROTH_E_UNSUPPORTED },
		{ "no hash", TROTH_SIG_RSASSA, TROTH_HASH_NONE, 256, TROTH_E_UNSUPPORTED },
		{ "ECDSA that is no DER", TROTH_SIG_ECDSA, TROTH_HASH_SHA256, 64,
		  TROTH_E_MALFORMED },
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct troth_signature s;
		POISON(s);
		enum troth_status got =
			troth_signature_from_raw(CASES[i].scheme, CASES[i].hash,
						 (struct troth_view){ RAW, CASES[i].n }, &s);
		if (got != CASES[i].want)
			fail_msg("%s: got %s", CASES[i].name, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_signature_verifies),
		cmocka_unit_test(other_data_does_not_verify),
		cmocka_unit_test(every_flipped_bit_of_a_signature_denies),
		cmocka_unit_test(one_key_verifies_every_scheme_in_turn),
		cmocka_unit_test(pss_salts_of_every_length_verify),
		cmocka_unit_test(a_signature_of_another_shape_denies),
		cmocka_unit_test(a_number_beyond_the_order_denies),
		cmocka_unit_test(another_key_denies),
		cmocka_unit_test(a_machines_signature_verifies),
		cmocka_unit_test(raw_signatures_need_a_scheme),
	};
	return cmocka_run_group_tests_name("key", tests, context_setup, signers_teardown);
}
