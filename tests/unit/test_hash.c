/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "hash.h"
#include "reader.h"

/* Digests of "abc": FIPS 180-4's examples, and GM/T 0004's for SM3. */
static const struct {
	enum troth_hash hash;
	uint16_t tpm; /* TCG Algorithm Registry */
	const char *name;
	size_t size;
	const char *abc;
	bool strong;
} HASHES[] = {
	{ TROTH_HASH_SHA1, 0x0004, "sha1", 20, "a9993e364706816aba3e25717850c26c9cd0d89d",
	  false },
	{ TROTH_HASH_SHA256, 0x000b, "sha256", 32,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", true },
	{ TROTH_HASH_SHA384, 0x000c, "sha384", 48,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7",
	  true },
	{ TROTH_HASH_SHA512, 0x000d, "sha512", 64,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  true },
	{ TROTH_HASH_SM3_256, 0x0012, "sm3_256", 32,
	  "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", false },
};
#define N_HASHES (sizeof HASHES / sizeof *HASHES)

static void algorithms_go_by_their_registered_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_HASHES; i++) {
		assert_int_equal(troth_hash_from_tpm(HASHES[i].tpm), HASHES[i].hash);
		assert_int_equal(troth_hash_to_tpm(HASHES[i].hash), HASHES[i].tpm);
		assert_string_equal(troth_hash_name(HASHES[i].hash), HASHES[i].name);
		assert_int_equal(troth_hash_from_name(troth_view_str(HASHES[i].name)),
				 HASHES[i].hash);
		assert_int_equal(troth_hash_size(HASHES[i].hash), HASHES[i].size);
		assert_int_equal(troth_hash_strong(HASHES[i].hash), HASHES[i].strong);
	}
	for (uint32_t alg = 0; alg <= UINT16_MAX; alg++) {
		enum troth_hash h = troth_hash_from_tpm((uint16_t)alg);
		if (h != TROTH_HASH_NONE)
			assert_int_equal(troth_hash_to_tpm(h), alg);
	}
}

static void what_is_unknown_has_no_name_and_no_size(void **state)
{
	static const enum troth_hash UNKNOWN[] = { TROTH_HASH_NONE, TROTH_HASH_N,
						   (enum troth_hash)0x7fffffff };
	struct troth_ctx *ctx = *state;
	for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++) {
		struct troth_digest d;
		POISON(d);
		assert_null(troth_hash_name(UNKNOWN[i]));
		assert_int_equal(troth_hash_size(UNKNOWN[i]), 0);
		assert_int_equal(troth_hash_to_tpm(UNKNOWN[i]), 0);
		assert_false(troth_hash_strong(UNKNOWN[i]));
		assert_null(troth_ctx_md(ctx, UNKNOWN[i]));
		assert_int_equal(troth_hash_one(ctx, UNKNOWN[i], troth_view_str("abc"), &d),
				 TROTH_E_UNSUPPORTED);
		ASSERT_POISONED(d);
	}
	assert_int_equal(troth_hash_from_tpm(0x0010), TROTH_HASH_NONE); /* TPM_ALG_NULL */
	assert_int_equal(troth_hash_from_name(troth_view_str("SHA256")), TROTH_HASH_NONE);
	assert_int_equal(troth_hash_from_name(troth_view_str("sha25")), TROTH_HASH_NONE);
	assert_int_equal(troth_hash_from_name(troth_view_str("")), TROTH_HASH_NONE);
}

static void digests_are_the_published_ones(void **state)
{
	const struct troth_view parts[] = { troth_view_str("a"), { 0 }, troth_view_str("bc") };
	/* Twice round, so that each algorithm follows each other and itself. */
	for (size_t i = 0; i < 2 * N_HASHES; i++) {
		struct troth_digest d, in_parts;
		enum troth_hash h = HASHES[i % N_HASHES].hash;
		if (troth_ctx_md(*state, h) == NULL)
			continue;
		assert_int_equal(troth_hash_one(*state, h, troth_view_str("abc"), &d),
				 TROTH_OK);
		assert_int_equal(troth_hash_parts(*state, h, parts, 3, &in_parts), TROTH_OK);
		assert_hex(d.bytes, HASHES[i % N_HASHES].abc);
		assert_int_equal(troth_digest_view(&d).n, HASHES[i % N_HASHES].size);
		for (size_t k = troth_hash_size(h); k < sizeof d.bytes; k++)
			assert_int_equal(d.bytes[k], 0);
		assert_true(troth_digest_equal(&d, &in_parts));
	}
}

static void nothing_has_a_digest_too(void **state)
{
	struct troth_digest d;
	assert_int_equal(troth_hash_parts(*state, TROTH_HASH_SHA256, NULL, 0, &d), TROTH_OK);
	assert_hex(d.bytes, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 1 and 6. */
static void macs_are_the_published_ones(void **state)
{
	uint8_t key[131], mac[32];
	memset(key, 0x0b, 20);
	const struct troth_view hi[] = { troth_view_str("Hi "), troth_view_str("There") };
	assert_int_equal(troth_hmac_sha256(*state, (struct troth_view){ key, 20 }, hi, 2, mac),
			 TROTH_OK);
	assert_hex(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0xaa, sizeof key);
	const struct troth_view long_key =
		troth_view_str("Test Using Larger Than Block-Size Key - Hash Key First");
	assert_int_equal(troth_hmac_sha256(*state, TROTH_VIEW_OF(key), &long_key, 1, mac),
			 TROTH_OK);
	assert_hex(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* OpenSSL would go on under the key of the call before. */
static void an_empty_key_is_refused(void **state)
{
	uint8_t mac[32];
	const struct troth_view data = troth_view_str("data");
	assert_int_equal(troth_hmac_sha256(*state, data, &data, 1, mac), TROTH_OK);
	POISON(mac);
	assert_int_equal(troth_hmac_sha256(*state, (struct troth_view){ 0 }, &data, 1, mac),
			 TROTH_E_CRYPTO);
	ASSERT_POISONED(mac);
}

static void a_digest_is_of_its_algorithms_length(void **state)
{
	uint8_t bytes[TROTH_DIGEST_MAX + 1] = { 1, 2, 3 };
	(void)state;
	for (size_t i = 0; i < N_HASHES; i++)
		for (size_t n = 0; n <= sizeof bytes; n++) {
			struct troth_digest d;
			POISON(d);
			bool ok = troth_digest_set(&d, HASHES[i].hash,
						   (struct troth_view){ bytes, n });
			assert_int_equal(ok, n == HASHES[i].size);
			if (!ok)
				ASSERT_POISONED(d);
		}
	struct troth_digest none = { 0 };
	assert_false(troth_digest_set(&none, TROTH_HASH_NONE, (struct troth_view){ 0 }));
	assert_null(troth_digest_view(&none).p);
}

static void digests_of_two_algorithms_are_never_equal(void **state)
{
	struct troth_digest a = { .alg = TROTH_HASH_SHA256 }, b = { .alg = TROTH_HASH_SM3_256 };
	(void)state;
	assert_false(troth_digest_equal(&a, &b));
	b.alg = TROTH_HASH_SHA256;
	assert_true(troth_digest_equal(&a, &b));
	b.bytes[31] = 1;
	assert_false(troth_digest_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_go_by_their_registered_numbers),
		cmocka_unit_test(what_is_unknown_has_no_name_and_no_size),
		cmocka_unit_test(digests_are_the_published_ones),
		cmocka_unit_test(nothing_has_a_digest_too),
		cmocka_unit_test(macs_are_the_published_ones),
		cmocka_unit_test(an_empty_key_is_refused),
		cmocka_unit_test(a_digest_is_of_its_algorithms_length),
		cmocka_unit_test(digests_of_two_algorithms_are_never_equal),
	};
	return cmocka_run_group_tests_name("hash", tests, context_setup, context_teardown);
}
