/* SPDX-License-Identifier: Apache-2.0 */
/* Expected digests: python3 hashlib over the fields of core/tpm/binding.h, each after its
 * length as four big-endian bytes. */
#include "check.h"

#include "base.h"
#include "binding.h"
#include "forge.h"
#include "reader.h"
#include "session_key.h"

static uint8_t count[256]; /* 0, 1, 2, ... */
static uint8_t name[34];

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof count; i++)
		count[i] = (uint8_t)i;
	name[1] = 0x0b;
	memcpy(name + 2, count + 32, 32);
	return context_setup(state);
}

static struct troth_binding whole(void)
{
	return (struct troth_binding){
		.label = TROTH_BIND_QUOTE,
		.trust_domain = troth_view_str("example.org"),
		.device_id = { count, 32 },
		.token = troth_view_str("token bytes"),
		.credential_key_name = TROTH_VIEW_OF(name),
		.session_key_thumbprint = { count + 64, 32 },
		.facts_digest = { count + 96, 32 },
	};
}

static void expect(struct troth_ctx *ctx, const struct troth_binding *b, const char *hex)
{
	uint8_t out[32];
	assert_int_equal(troth_binding_digest(ctx, b, out), TROTH_OK);
	assert_hex(out, hex);
}

static void matches_another_implementation(void **state)
{
	struct troth_binding b = whole();
	expect(*state, &b, "b0f351ece0726ac91ea20fca2c34fa250768dc3abb8b96a114304688e914e8e4");
	b.label = TROTH_BIND_CERTIFY;
	expect(*state, &b, "bd6ae81ed323109a8e9442a209bd946741cf05fa99c7d213bd91f53a67c1a99a");
}

static void an_absent_field_has_length_zero(void **state)
{
	struct troth_binding b = whole();
	b.session_key_thumbprint = (struct troth_view){ 0 };
	expect(*state, &b, "fa1067369be03b0540e85d35e1ac79055c527f480efd53441363caa074a46a97");
	b = whole();
	b.facts_digest = (struct troth_view){ 0 };
	expect(*state, &b, "6a58437998cd01d2062b2601cb8f38d790b5ff484ce2ef8702c0426acff7747f");
	b.session_key_thumbprint = b.credential_key_name = (struct troth_view){ 0 };
	expect(*state, &b, "440a939ad870b80d6eba191f04e8e20c36cc53f20d4086645515e93416de76b5");
}

/* There is an eighth field or none: no run of seven stands for one of eight. */
static void a_relying_partys_nonce_is_a_field_more(void **state)
{
	struct troth_binding b = whole();
	b.result_nonce = (struct troth_view){ count + 128, 8 };
	expect(*state, &b, "7abdbd755e3e905b748b2cb12fb6da865f64311d54fd26f25174916b03e18ae0");
}

/* Ten fields or fewer, whether or not there is a nonce. */
static void a_secret_is_two_fields_more(void **state)
{
	struct troth_binding b = whole();
	b.secret_key_name = TROTH_VIEW_OF(name);
	b.secret_name = troth_view_str("disk");
	expect(*state, &b, "30188bf1f837e9f660f2719452a695d965c86c144ad5b43e8fd878c078fb4e88");
	b.label = TROTH_BIND_CERTIFY_SECRET;
	expect(*state, &b, "770bf5a3c5e679cfd12d4b844f1eb5e7226b2263bf02fd52026c743f8979e7ac");
	b.label = TROTH_BIND_QUOTE;
	b.result_nonce = (struct troth_view){ count + 128, 8 };
	expect(*state, &b, "28caa462d4c19c3ac69078e0ab68ff17cc5b5c1184697fe9d285962f0310efc9");
}

static void a_secret_has_a_key_and_a_name(void **state)
{
	uint8_t out[32];
	static const uint8_t bytes[TROTH_NAME_MAX + 1] = { 1 };
	static const struct {
		size_t key, name;
		enum troth_status want;
	} CASES_OF_BOTH[] = {
		{ TROTH_NAME_MAX, TROTH_NAME_LEN_MAX, TROTH_OK },
		{ TROTH_NAME_MAX + 1, 1, TROTH_E_MALFORMED },
		{ 34, TROTH_NAME_LEN_MAX + 1, TROTH_E_MALFORMED },
		{ 34, 0, TROTH_E_MALFORMED },
		{ 0, 4, TROTH_E_MALFORMED },
	};
	for (size_t i = 0; i < TROTH_COUNT(CASES_OF_BOTH); i++) {
		struct troth_binding b = whole();
		b.secret_key_name = (struct troth_view){ bytes, CASES_OF_BOTH[i].key };
		b.secret_name = (struct troth_view){ bytes, CASES_OF_BOTH[i].name };
		assert_int_equal(troth_binding_digest(*state, &b, out), CASES_OF_BOTH[i].want);
	}
}

/* One case per rule: what is wrong, and the field it is put into. */
static const struct {
	const char *wrong;
	size_t field; /* offset of a struct troth_view in struct troth_binding */
	size_t n;
	enum troth_status want;
} SIZES[] = {
	{ "no trust domain", offsetof(struct troth_binding, trust_domain), 0,
	  TROTH_E_MALFORMED },
	{ "trust domain at its limit", offsetof(struct troth_binding, trust_domain), 255,
	  TROTH_OK },
	{ "trust domain past its limit", offsetof(struct troth_binding, trust_domain), 256,
	  TROTH_E_MALFORMED },
	{ "no device id", offsetof(struct troth_binding, device_id), 0, TROTH_E_MALFORMED },
	{ "device id one byte short", offsetof(struct troth_binding, device_id), 31,
	  TROTH_E_MALFORMED },
	{ "device id one byte long", offsetof(struct troth_binding, device_id), 33,
	  TROTH_E_MALFORMED },
	{ "nonce at its limit", offsetof(struct troth_binding, result_nonce), 48, TROTH_OK },
	{ "nonce past its limit", offsetof(struct troth_binding, result_nonce), 49,
	  TROTH_E_MALFORMED },
	{ "no token", offsetof(struct troth_binding, token), 0, TROTH_E_MALFORMED },
	{ "token at its limit", offsetof(struct troth_binding, token), TROTH_TOKEN_MAX,
	  TROTH_OK },
	{ "token past its limit", offsetof(struct troth_binding, token), TROTH_TOKEN_MAX + 1,
	  TROTH_E_MALFORMED },
	{ "name at its limit", offsetof(struct troth_binding, credential_key_name),
	  TROTH_NAME_MAX, TROTH_OK },
	{ "name past its limit", offsetof(struct troth_binding, credential_key_name),
	  TROTH_NAME_MAX + 1, TROTH_E_MALFORMED },
	{ "short thumbprint", offsetof(struct troth_binding, session_key_thumbprint), 31,
	  TROTH_E_MALFORMED },
	{ "short facts digest", offsetof(struct troth_binding, facts_digest), 1,
	  TROTH_E_MALFORMED },
	{ "long facts digest", offsetof(struct troth_binding, facts_digest), 33,
	  TROTH_E_MALFORMED },
};

static void sizes_are_checked(void **state)
{
	static const uint8_t bytes[TROTH_TOKEN_MAX + 1];
	for (size_t i = 0; i < TROTH_COUNT(SIZES); i++) {
		struct troth_binding b = whole();
		const struct troth_view v = { bytes, SIZES[i].n };
		uint8_t out[32];
		memcpy((uint8_t *)&b + SIZES[i].field, &v, sizeof v);
		POISON(out);
		enum troth_status got = troth_binding_digest(*state, &b, out);
		if (got != SIZES[i].want)
			fail_msg("%s: %s", SIZES[i].wrong, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(out);
	}
}

static void unknown_label_is_refused(void **state)
{
	struct troth_binding b = whole();
	uint8_t out[32];
	b.label = (enum troth_binding_label)3;
	POISON(out);
	assert_int_equal(troth_binding_digest(*state, &b, out), TROTH_E_MALFORMED);
	ASSERT_POISONED(out);
}

/* Bytes moved from the end of one field to the start of the next make another digest. */
static void fields_do_not_run_together(void **state)
{
	struct troth_binding a = whole(), b = whole();
	uint8_t da[32], db[32];
	a.trust_domain = troth_view_str("example.orga");
	b.trust_domain = troth_view_str("example.org");
	a.credential_key_name = (struct troth_view){ count, 33 };
	b.credential_key_name = (struct troth_view){ count, 34 };
	a.session_key_thumbprint = (struct troth_view){ count + 33, 32 };
	b.session_key_thumbprint = (struct troth_view){ count + 34, 32 };
	assert_int_equal(troth_binding_digest(*state, &a, da), TROTH_OK);
	assert_int_equal(troth_binding_digest(*state, &b, db), TROTH_OK);
	assert_memory_not_equal(da, db, 32);
}

/* A key's public area, and its Name as the parser has it (test_tpm_key.c). */
struct area {
	uint8_t bytes[TROTH_PUBLIC_MAX];
	struct troth_view view;
	struct troth_name name;
};

static void make_area(struct troth_ctx *ctx, struct area *out)
{
	struct forge_key key = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	const TPMT_PUBLIC public = forge_public(&key, FORGE_AK_ATTRIBUTES);
	struct troth_public read;
	out->view = forge_public_bytes(&public, out->bytes, sizeof out->bytes);
	assert_int_equal(troth_public_parse(ctx, out->view, &read), TROTH_OK);
	out->name = read.name;
	forge_key_free(&key);
}

static void keys_and_facts_stand_for_their_names_and_digests(void **state)
{
	static struct area credential, secret;
	const struct troth_view session = { count, TROTH_SESSION_KEY_LEN };
	const struct troth_view facts = troth_view_str("{}");
	struct troth_binding b = whole();
	struct troth_bound bound = { .label = b.label,
				     .trust_domain = b.trust_domain,
				     .device_id = b.device_id,
				     .token = b.token };
	struct troth_digest digest;
	uint8_t thumbprint[32], by_parts[32], by_fields[32];
	b.credential_key_name = b.session_key_thumbprint = b.facts_digest =
		(struct troth_view){ 0 };
	assert_int_equal(troth_binding_of(*state, &bound, by_parts), TROTH_OK);
	assert_hex(by_parts,
		   "440a939ad870b80d6eba191f04e8e20c36cc53f20d4086645515e93416de76b5");
	make_area(*state, &credential);
	make_area(*state, &secret);
	assert_int_equal(troth_session_key_thumbprint(*state, session, thumbprint), TROTH_OK);
	assert_int_equal(troth_hash_one(*state, TROTH_HASH_SHA256, facts, &digest), TROTH_OK);
	b.credential_key_name = troth_name_view(&credential.name);
	b.secret_key_name = troth_name_view(&secret.name);
	b.session_key_thumbprint = TROTH_VIEW_OF(thumbprint);
	b.facts_digest = troth_digest_view(&digest);
	b.result_nonce = bound.result_nonce = (struct troth_view){ count + 128, 8 };
	b.secret_name = bound.secret_name = troth_view_str("disk");
	bound.credential_key = credential.view;
	bound.secret_key = secret.view;
	bound.session_key = session;
	bound.facts = facts;
	assert_int_equal(troth_binding_of(*state, &bound, by_parts), TROTH_OK);
	assert_int_equal(troth_binding_digest(*state, &b, by_fields), TROTH_OK);
	assert_memory_equal(by_parts, by_fields, 32);
	/* What cannot be read is bound by nothing. */
	bound.credential_key.n--;
	POISON(by_parts);
	assert_int_not_equal(troth_binding_of(*state, &bound, by_parts), TROTH_OK);
	ASSERT_POISONED(by_parts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_another_implementation),
		cmocka_unit_test(an_absent_field_has_length_zero),
		cmocka_unit_test(a_relying_partys_nonce_is_a_field_more),
		cmocka_unit_test(a_secret_is_two_fields_more),
		cmocka_unit_test(a_secret_has_a_key_and_a_name),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(unknown_label_is_refused),
		cmocka_unit_test(fields_do_not_run_together),
		cmocka_unit_test(keys_and_facts_stand_for_their_names_and_digests),
	};
	return cmocka_run_group_tests(tests, setup, context_teardown);
}
