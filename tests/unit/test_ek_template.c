/* SPDX-License-Identifier: Apache-2.0 */
/* Template digests, device ids: python3 (struct, hashlib, cryptography) from TCG EK Credential
 * Profile 2.5; PolicyA and the low-range public areas are also what tpm2_createek makes. */
#include "check.h"

#include <openssl/evp.h>

#include "base.h"
#include "ek.h"
#include "reader.h"

/* A key of each kind; an RSA one is only bytes with the top and the bottom bit set. */
static const char P256[] = "b087e2c6ab14a7c7090527980e124a099df67801c5deb4bb1dd4cc3a7a058f53"
			   "2b5fe3eeb4f4f16ba4857615862e78444327dcc119e2f2f7905ff7523f6a27db";
static const char P384[] =
	"0642cca80d33f98bd0a03f66bdd4cea8bea633ad748252024a9f98c5471df83df8a382b7"
	"6847644903407500a8316a1d9d8c047f69ef2dd07fc67f49b020898c410d559a850011cc"
	"557146db3f28272b768fe148a15cc6453fe4e6618b945976";

struct key {
	size_t n;
	uint8_t bytes[TROTH_RSA_BYTES_MAX];
};

static struct key key_for(enum troth_ek_template t)
{
	struct key k = { 0 };
	if (t == TROTH_EK_L2_P256 || t == TROTH_EK_H3_P384) {
		const char *hex = t == TROTH_EK_L2_P256 ? P256 : P384;
		k.n = strlen(hex) / 2;
		from_hex(hex, k.bytes, k.n);
		return k;
	}
	k.n = t == TROTH_EK_L1_RSA2048 ? 256 : 384;
	for (size_t i = 1; i < k.n - 1; i++)
		k.bytes[i] = (uint8_t)i;
	k.bytes[0] = 0xc0;
	k.bytes[k.n - 1] = 1;
	return k;
}

static const struct {
	enum troth_ek_template t;
	const char *name, *profile;
	uint32_t nv;
	size_t len;
	const char *sha256, *device_id;
} TEMPLATES[] = {
	{ TROTH_EK_L1_RSA2048, "rsa2048", "L-1", 0x01c00002, 314,
	  "32503929a1287eedaa3e89d932f9b51a6f92abd0fa57721ffa6fc041e04f7498",
	  "66bbdca6d4537a0d3584a93458ab98b8a2560cf2ad00b1fcfcb0b286d9d3763d" },
	{ TROTH_EK_L2_P256, "p256", "L-2", 0x01c0000a, 122,
	  "0f1277a2f3f382e7f75db466fac234182a8d62f97dfbaae7b06fdf52bda51467",
	  "b88324889c51159ed0c568d4188496bbfa6dd6356f8d1e670d32247b7c03ee7f" },
	{ TROTH_EK_H3_P384, "p384", "H-3", 0x01c00016, 74,
	  "07a006fac337f6b3451362be5f925bb9c121b9d3cd44470f4bbf14f6387b9168",
	  "243bed9a1eb1b50011b389216fa3db5c50d094e37350be4ae65ee65bda5289d6" },
	{ TROTH_EK_H6_RSA3072, "rsa3072", "H-6", 0x01c0001c, 74,
	  "6791531884658a2cfec52152268c1a4a4b456e0ba1d1230bcad43c17bdd045d8",
	  "c1d26f5acdfd3a7c00fc3dd138d93cfd77377e6b13ef4070be240b014b0438f5" },
};

static void templates_are_those_of_the_profile(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES); i++) {
		const struct troth_ek_template_info *info =
			troth_ek_template_info(TEMPLATES[i].t);
		uint8_t buf[TROTH_PUBLIC_MAX];
		struct troth_digest d;
		size_t n;
		assert_string_equal(info->name, TEMPLATES[i].name);
		assert_string_equal(info->profile, TEMPLATES[i].profile);
		assert_int_equal(info->cert_nv_index, TEMPLATES[i].nv);
		assert_int_equal(troth_ek_template_from_name(troth_view_str(info->name)),
				 TEMPLATES[i].t);

		POISON(buf);
		POISON(n);
		assert_int_equal(
			troth_ek_public_template(TEMPLATES[i].t, buf, TEMPLATES[i].len - 1, &n),
			TROTH_E_LIMIT);
		ASSERT_POISONED(buf);
		ASSERT_POISONED(n);
		assert_int_equal(
			troth_ek_public_template(TEMPLATES[i].t, buf, TEMPLATES[i].len, &n),
			TROTH_OK);
		assert_int_equal(n, TEMPLATES[i].len);
		assert_int_equal(troth_hash_one(*state, TROTH_HASH_SHA256,
						(struct troth_view){ buf, n }, &d),
				 TROTH_OK);
		assert_hex(d.bytes, TEMPLATES[i].sha256);
	}
}

static void what_we_do_not_take_is_not_there(void **state)
{
	(void)state;
	uint8_t buf[TROTH_PUBLIC_MAX];
	struct troth_ek ek;
	size_t n;
	const struct key k = key_for(TROTH_EK_L1_RSA2048);
	static const enum troth_ek_template wrong[] = { TROTH_EK_NONE, TROTH_EK_TEMPLATE_N,
							(enum troth_ek_template)0x7fffffff };
	for (size_t i = 0; i < TROTH_COUNT(wrong); i++) {
		assert_null(troth_ek_template_info(wrong[i]));
		POISON(buf);
		assert_int_equal(troth_ek_public_template(wrong[i], buf, sizeof buf, &n),
				 TROTH_E_UNSUPPORTED);
		ASSERT_POISONED(buf);
		POISON(ek);
		assert_int_equal(
			troth_ek_make(wrong[i], (struct troth_view){ k.bytes, k.n }, &ek),
			TROTH_E_UNSUPPORTED);
		ASSERT_POISONED(ek);
	}
	assert_int_equal(troth_ek_template_from_name(troth_view_str("rsa4096")), TROTH_EK_NONE);
	assert_int_equal(troth_ek_template_from_name(troth_view_str("")), TROTH_EK_NONE);
	assert_int_equal(troth_ek_template_from_name(troth_view_str("L-1")), TROTH_EK_NONE);
}

static void device_ids_match_another_implementation(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES); i++) {
		const struct key k = key_for(TEMPLATES[i].t);
		struct troth_ek ek;
		uint8_t id[32];
		assert_int_equal(
			troth_ek_make(TEMPLATES[i].t, (struct troth_view){ k.bytes, k.n }, &ek),
			TROTH_OK);
		assert_int_equal(ek.tmpl, TEMPLATES[i].t);
		assert_int_equal(ek.key_len, k.n);
		assert_int_equal(troth_ek_device_id(*state, &ek, id), TROTH_OK);
		assert_hex(id, TEMPLATES[i].device_id);
	}
}

static void the_key_is_the_templates(void **state)
{
	(void)state;
	static const struct {
		enum troth_ek_template t;
		const char *algorithm;
		int bits;
	} want[] = { { TROTH_EK_L1_RSA2048, "RSA", 2048 },
		     { TROTH_EK_L2_P256, "EC", 256 },
		     { TROTH_EK_H3_P384, "EC", 384 },
		     { TROTH_EK_H6_RSA3072, "RSA", 3072 } };
	for (size_t i = 0; i < TROTH_COUNT(want); i++) {
		const struct key k = key_for(want[i].t);
		struct troth_ek ek;
		struct troth_key *key;
		assert_int_equal(
			troth_ek_make(want[i].t, (struct troth_view){ k.bytes, k.n }, &ek),
			TROTH_OK);
		assert_int_equal(troth_ek_key(&ek, &key), TROTH_OK);
		assert_int_equal(EVP_PKEY_is_a(troth_key_evp(key), want[i].algorithm), 1);
		assert_int_equal(EVP_PKEY_get_bits(troth_key_evp(key)), want[i].bits);
		troth_key_free(key);
	}
}

static void assert_key_refused(enum troth_ek_template t, struct troth_view key,
			       const char *wrong)
{
	struct troth_ek ek;
	POISON(ek);
	enum troth_status got = troth_ek_make(t, key, &ek);
	if (got != TROTH_E_MALFORMED)
		fail_msg("%s: %s", wrong, troth_status_name(got));
	ASSERT_POISONED(ek);
}

static void keys_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(TEMPLATES); i++) {
		const enum troth_ek_template t = TEMPLATES[i].t;
		const struct key k = key_for(t);
		assert_key_refused(t, (struct troth_view){ 0 }, "no key");
		assert_key_refused(t, (struct troth_view){ k.bytes, k.n - 1 }, "a byte short");
		assert_key_refused(t, (struct troth_view){ k.bytes, k.n + 1 }, "a byte long");
		for (size_t j = 0; j < TROTH_COUNT(TEMPLATES); j++) {
			const struct key other = key_for(TEMPLATES[j].t);
			if (j != i)
				assert_key_refused(t,
						   (struct troth_view){ other.bytes, other.n },
						   "the key of another template");
		}
	}
}

static void bad_numbers_are_refused(void **state)
{
	(void)state;
	struct key k = key_for(TROTH_EK_L1_RSA2048);
	const struct troth_view v = { k.bytes, k.n };
	k.bytes[0] = 0x7f;
	assert_key_refused(TROTH_EK_L1_RSA2048, v, "modulus a bit short");
	k = key_for(TROTH_EK_L1_RSA2048);
	k.bytes[255] = 2;
	assert_key_refused(TROTH_EK_L1_RSA2048, v, "even modulus");
	for (size_t i = 0; i < 2; i++) {
		const enum troth_ek_template t = i == 0 ? TROTH_EK_L2_P256 : TROTH_EK_H3_P384;
		k = key_for(t);
		const struct troth_view point = { k.bytes, k.n };
		k.bytes[k.n - 1] ^= 1;
		assert_key_refused(t, point, "point off the curve");
		memset(k.bytes, 0, k.n);
		assert_key_refused(t, point, "point of zeros");
		memset(k.bytes, 0xff, k.n);
		assert_key_refused(t, point, "coordinates past the field");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_are_those_of_the_profile),
		cmocka_unit_test(what_we_do_not_take_is_not_there),
		cmocka_unit_test(device_ids_match_another_implementation),
		cmocka_unit_test(the_key_is_the_templates),
		cmocka_unit_test(keys_that_do_not_fit_are_refused),
		cmocka_unit_test(bad_numbers_are_refused),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
