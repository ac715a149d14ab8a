/* SPDX-License-Identifier: Apache-2.0 */
/* WIRE and SECRET were made by python3 (struct, hmac) from the layout at the top of token.c. */
#include "check.h"

#include "base.h"
#include "reader.h"
#include "token.h"

#define ISSUED_MS UINT64_C(1732230000123)
#define WIRE_LEN 116

static const char WIRE[] =
	"0101070000019350f42dfb000102030405060708090a0b0c0d0e0f404142434445464748494a4b4c4d4e4f"
	"505152535455565758595a5b5c5d5e5f00000000000000050000000302000b0000ffff000c00800001722e"
	"1b"
	"98322d53a54455b536544bb2474289df8458ea5d5e79dff0060d0a6171";
static const char SECRET[] = "4f0be939da75759600698193914f0d32573dea058ca38953dbed6c86b8de9eb5";

static struct troth_token_keys keys;
static struct troth_token token;
static struct troth_view domain;
static uint8_t wire[WIRE_LEN];

static int setup(void **state)
{
	keys.current = (struct troth_token_key){ .id = 7, .present = true };
	keys.previous = (struct troth_token_key){ .id = 6, .present = true };
	for (uint8_t i = 0; i < 32; i++) {
		keys.current.key[i] = (uint8_t)(0xa0 + i);
		keys.previous.key[i] = i;
		token.subject[i] = (uint8_t)(0x40 + i);
	}
	for (uint8_t i = 0; i < 16; i++)
		token.random[i] = i;
	token.purpose = TROTH_TOKEN_QUOTE;
	token.issued_ms = ISSUED_MS;
	token.row_version = 5;
	token.wants = TROTH_WANT_LOG | TROTH_WANT_CERTIFY;
	if (!troth_pcr_selection_add(&token.selection, TROTH_HASH_SHA256, 0xffff) ||
	    !troth_pcr_selection_add(&token.selection, TROTH_HASH_SHA384, 0x800001))
		return -1;
	domain = troth_view_str("example.org");
	keys.trust_domain = domain;
	from_hex(WIRE, wire, sizeof wire);
	return context_setup(state);
}

static enum troth_status open_at(struct troth_ctx *ctx, struct troth_view bytes,
				 uint64_t now_ms, struct troth_token *out)
{
	const struct troth_token_use use = { TROTH_TOKEN_QUOTE, now_ms };
	return troth_token_open(ctx, &keys, &use, bytes, out);
}

static void assert_refused(struct troth_ctx *ctx, struct troth_view bytes,
			   enum troth_status want)
{
	struct troth_token out;
	POISON(out);
	assert_int_equal(open_at(ctx, bytes, ISSUED_MS, &out), want);
	ASSERT_POISONED(out);
}

static void is_written_as_documented(void **state)
{
	uint8_t out[TROTH_TOKEN_MAX];
	size_t n;
	assert_int_equal(troth_token_make(*state, &keys, &token, out, &n), TROTH_OK);
	assert_int_equal(n, WIRE_LEN);
	assert_hex(out, WIRE);
}

static void opens_to_what_was_written(void **state)
{
	struct troth_token out;
	assert_int_equal(open_at(*state, TROTH_VIEW_OF(wire), ISSUED_MS + 1, &out), TROTH_OK);
	assert_int_equal(out.purpose, TROTH_TOKEN_QUOTE);
	assert_int_equal(out.key_id, 7);
	assert_true(out.issued_ms == ISSUED_MS);
	assert_memory_equal(out.random, token.random, sizeof out.random);
	assert_memory_equal(out.subject, token.subject, sizeof out.subject);
	assert_true(out.row_version == 5);
	assert_int_equal(out.wants, token.wants);
	assert_true(troth_pcr_selection_equal(&out.selection, &token.selection));
}

static void activation_secret_is_as_documented(void **state)
{
	uint8_t out[32];
	assert_int_equal(troth_token_secret(*state, &keys, TROTH_VIEW_OF(wire), out), TROTH_OK);
	assert_hex(out, SECRET);
}

static void no_prefix_opens(void **state)
{
	for (size_t n = 0; n < WIRE_LEN; n++)
		assert_refused(*state, (struct troth_view){ wire, n }, TROTH_E_TRUNCATED);
}

static void a_trailing_byte_is_refused(void **state)
{
	uint8_t longer[WIRE_LEN + 1] = { 0 };
	memcpy(longer, wire, sizeof wire);
	assert_refused(*state, TROTH_VIEW_OF(longer), TROTH_E_MALFORMED);
}

static void every_flipped_bit_is_refused(void **state)
{
	for (size_t bit = 0; bit < 8 * sizeof wire; bit++) {
		uint8_t forged[WIRE_LEN];
		struct troth_token out;
		memcpy(forged, wire, sizeof wire);
		forged[bit / 8] ^= (uint8_t)(1U << bit % 8);
		POISON(out);
		enum troth_status got = open_at(*state, TROTH_VIEW_OF(forged), ISSUED_MS, &out);
		if (got == TROTH_OK)
			fail_msg("bit %zu flipped is accepted", bit);
		ASSERT_POISONED(out);
	}
}

static void another_trust_domain_is_refused(void **state)
{
	struct troth_token out;
	keys.trust_domain = troth_view_str("example.orh");
	POISON(out);
	assert_int_equal(open_at(*state, TROTH_VIEW_OF(wire), ISSUED_MS, &out),
			 TROTH_E_MISMATCH);
	keys.trust_domain = domain;
	ASSERT_POISONED(out);
}

static void another_purpose_is_refused(void **state)
{
	const struct troth_token_use use = { TROTH_TOKEN_ENROLL, ISSUED_MS };
	struct troth_token out;
	POISON(out);
	assert_int_equal(troth_token_open(*state, &keys, &use, TROTH_VIEW_OF(wire), &out),
			 TROTH_E_MISMATCH);
	ASSERT_POISONED(out);
}

static const struct {
	const char *when;
	uint64_t now_ms;
	enum troth_status want;
} TIMES[] = {
	{ "at once", ISSUED_MS, TROTH_OK },
	{ "at the end of its life", ISSUED_MS + TROTH_TOKEN_LIFE_MS, TROTH_OK },
	{ "one millisecond past it", ISSUED_MS + TROTH_TOKEN_LIFE_MS + 1, TROTH_E_EXPIRED },
	{ "at the end of time", UINT64_MAX, TROTH_E_EXPIRED },
	{ "one second early", ISSUED_MS - 1000, TROTH_OK },
	{ "a millisecond earlier", ISSUED_MS - 1001, TROTH_E_EXPIRED },
	{ "at the epoch", 0, TROTH_E_EXPIRED },
};

static void life_is_sixty_seconds(void **state)
{
	for (size_t i = 0; i < TROTH_COUNT(TIMES); i++) {
		struct troth_token out;
		POISON(out);
		enum troth_status got =
			open_at(*state, TROTH_VIEW_OF(wire), TIMES[i].now_ms, &out);
		if (got != TIMES[i].want)
			fail_msg("%s: %s", TIMES[i].when, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(out);
	}
}

static void previous_key_is_accepted_and_no_older_one(void **state)
{
	const struct troth_token_keys now = keys;
	struct troth_token out;
	uint8_t secret[32];

	keys = (struct troth_token_keys){ .trust_domain = domain,
					  .current = { .id = 8, .present = true },
					  .previous = now.current };
	assert_int_equal(open_at(*state, TROTH_VIEW_OF(wire), ISSUED_MS, &out), TROTH_OK);
	assert_int_equal(troth_token_secret(*state, &keys, TROTH_VIEW_OF(wire), secret),
			 TROTH_OK);
	assert_hex(secret, SECRET);

	keys.previous = (struct troth_token_key){ .id = 9, .present = true };
	assert_refused(*state, TROTH_VIEW_OF(wire), TROTH_E_MISMATCH);
	POISON(secret);
	assert_int_equal(troth_token_secret(*state, &keys, TROTH_VIEW_OF(wire), secret),
			 TROTH_E_MISMATCH);
	ASSERT_POISONED(secret);
	keys = now;
}

static void a_key_that_is_not_present_is_not_used(void **state)
{
	const struct troth_token_keys now = keys;
	uint8_t bytes[TROTH_TOKEN_MAX];
	size_t n;
	keys.current.present = false;
	assert_refused(*state, TROTH_VIEW_OF(wire), TROTH_E_MISMATCH);
	POISON(bytes);
	POISON(n);
	assert_int_equal(troth_token_make(*state, &keys, &token, bytes, &n), TROTH_E_NOT_FOUND);
	ASSERT_POISONED(bytes);
	ASSERT_POISONED(n);
	keys = now;
}

/* Byte edits of the readable part; the MAC is wrong as well, but parsing comes first. */
static const struct {
	const char *wrong;
	size_t at;
	uint8_t value;
	enum troth_status want;
} EDITS[] = {
	{ "version 0", 0, 0, TROTH_E_UNSUPPORTED },
	{ "version 2", 0, 2, TROTH_E_UNSUPPORTED },
	{ "purpose 0", 1, 0, TROTH_E_MALFORMED },
	{ "purpose 3", 1, 3, TROTH_E_MALFORMED },
	{ "unknown want", 70, 0x13, TROTH_E_MALFORMED },
	{ "one bank too few for the bytes", 71, 1, TROTH_E_MALFORMED },
	{ "one bank too many", 71, TROTH_BANKS_MAX + 1, TROTH_E_LIMIT },
	{ "unknown bank", 73, 0x77, TROTH_E_MALFORMED },
	{ "bank twice", 79, 0x0b, TROTH_E_MALFORMED },
	{ "PCR past the last", 74, 1, TROTH_E_MALFORMED },
};

static void malformed_tokens_do_not_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(EDITS); i++) {
		uint8_t bytes[WIRE_LEN];
		struct troth_token out;
		memcpy(bytes, wire, sizeof wire);
		bytes[EDITS[i].at] = EDITS[i].value;
		POISON(out);
		enum troth_status got = troth_token_read(TROTH_VIEW_OF(bytes), &out);
		if (got != EDITS[i].want)
			fail_msg("%s: %s", EDITS[i].wrong, troth_status_name(got));
		ASSERT_POISONED(out);
	}
}

static void a_bank_without_pcrs_does_not_read(void **state)
{
	(void)state;
	uint8_t bytes[WIRE_LEN];
	struct troth_token out;
	memcpy(bytes, wire, sizeof wire);
	memset(bytes + 74, 0, 4);
	POISON(out);
	assert_int_equal(troth_token_read(TROTH_VIEW_OF(bytes), &out), TROTH_E_MALFORMED);
	ASSERT_POISONED(out);
}

static void size_limit(void **state)
{
	(void)state;
	static const uint8_t big[TROTH_TOKEN_MAX + 1];
	struct troth_token out;
	POISON(out);
	assert_int_equal(troth_token_read(TROTH_VIEW_OF(big), &out), TROTH_E_LIMIT);
	/* At the limit it is parsed, and is no token. */
	assert_int_equal(troth_token_read((struct troth_view){ big, TROTH_TOKEN_MAX }, &out),
			 TROTH_E_UNSUPPORTED);
	ASSERT_POISONED(out);
}

static void the_largest_token_fits(void **state)
{
	static const enum troth_hash banks[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512,
						 TROTH_HASH_SM3_256 };
	struct troth_token t = { .purpose = TROTH_TOKEN_ENROLL, .issued_ms = UINT64_MAX };
	struct troth_token back;
	uint8_t out[TROTH_TOKEN_MAX];
	size_t n;
	for (size_t i = 0; i < TROTH_COUNT(banks); i++)
		assert_true(troth_pcr_selection_add(&t.selection, banks[i], 0xffffff));
	assert_int_equal(troth_token_make(*state, &keys, &t, out, &n), TROTH_OK);
	assert_true(n <= TROTH_TOKEN_MAX);
	assert_int_equal(troth_token_read((struct troth_view){ out, n }, &back), TROTH_OK);
	assert_true(troth_pcr_selection_equal(&t.selection, &back.selection));
}

static void assert_not_made(struct troth_ctx *ctx, struct troth_view trust_domain,
			    const struct troth_token *t, enum troth_status want)
{
	uint8_t out[TROTH_TOKEN_MAX];
	size_t n;
	POISON(out);
	POISON(n);
	keys.trust_domain = trust_domain;
	assert_int_equal(troth_token_make(ctx, &keys, t, out, &n), want);
	keys.trust_domain = domain;
	ASSERT_POISONED(out);
	ASSERT_POISONED(n);
}

static void what_could_not_be_read_is_not_written(void **state)
{
	static const uint8_t long_domain[TROTH_TRUST_DOMAIN_MAX + 1];
	struct troth_token t = token;
	t.purpose = (enum troth_token_purpose)0;
	assert_not_made(*state, domain, &t, TROTH_E_MALFORMED);
	t = token;
	t.wants = 16;
	assert_not_made(*state, domain, &t, TROTH_E_MALFORMED);
	t = token;
	t.selection.banks[1].bank = t.selection.banks[0].bank;
	assert_not_made(*state, domain, &t, TROTH_E_MALFORMED);
	t = token;
	t.selection.n_banks = TROTH_BANKS_MAX + 1;
	assert_not_made(*state, domain, &t, TROTH_E_MALFORMED);
	assert_not_made(*state, (struct troth_view){ 0 }, &token, TROTH_E_LIMIT);
	assert_not_made(*state, TROTH_VIEW_OF(long_domain), &token, TROTH_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_written_as_documented),
		cmocka_unit_test(opens_to_what_was_written),
		cmocka_unit_test(activation_secret_is_as_documented),
		cmocka_unit_test(no_prefix_opens),
		cmocka_unit_test(a_trailing_byte_is_refused),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(another_trust_domain_is_refused),
		cmocka_unit_test(another_purpose_is_refused),
		cmocka_unit_test(life_is_sixty_seconds),
		cmocka_unit_test(previous_key_is_accepted_and_no_older_one),
		cmocka_unit_test(a_key_that_is_not_present_is_not_used),
		cmocka_unit_test(malformed_tokens_do_not_read),
		cmocka_unit_test(a_bank_without_pcrs_does_not_read),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(the_largest_token_fits),
		cmocka_unit_test(what_could_not_be_read_is_not_written),
	};
	return cmocka_run_group_tests(tests, setup, context_teardown);
}
