/* SPDX-License-Identifier: Apache-2.0 */
/* The message is RFC 9180, A.3.1 (its first encryption), with the keys printed there. */
#include "check.h"

#include <openssl/evp.h>

#include "base.h"
#include "hpke.h"
#include "odd_keys.h"
#include "reader.h"
#include "writer.h"

static const char RECEIVER[] =
	"fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
	"6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0";
static const char RECEIVER_PRIVATE[] =
	"f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2";
/* The ephemeral key 4995788e...7beb less one: the scalar is made of random bits by a remainder
 * and one more. */
static const char EPHEMERAL_RANDOM[] =
	"0000000000000000000000000000000000000000000000000000000000000000"
	"4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7bea";
static const char INFO[] = "4f6465206f6e2061204772656369616e2055726e";
static const char AAD[] = "436f756e742d30";
static const char PLAIN[] = "4265617574792069732074727574682c20747275746820626561757479";
static const char SEALED[] =
	"04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325a"
	"c98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
	"5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
	"9076ac232e3ab2523f39513434";
#define SEALED_LEN (29 + TROTH_HPKE_OVERHEAD)

static struct troth_ctx *ctx;
static EVP_PKEY *receiver;
static struct troth_jwk to;
static uint8_t random_bits[TROTH_AGREE_RANDOM], info[20], aad[7], plain[29];
static uint8_t sealed[SEALED_LEN];
static struct troth_hpke_about about;

static EVP_PKEY *private_key(void)
{
	uint8_t point[TROTH_HPKE_POINT] = { 4 }, d[32];
	from_hex(RECEIVER, point + 1, 64);
	from_hex(RECEIVER_PRIVATE, d, sizeof d);
	BIGNUM *number = BN_bin2bn(d, sizeof d, NULL);
	EVP_PKEY *key = odd_p256(point, number);
	BN_free(number);
	return key;
}

static int setup(void **state)
{
	(void)state;
	uint8_t point[64];
	if (troth_ctx_new(&ctx) != TROTH_OK)
		return -1;
	from_hex(RECEIVER, point, sizeof point);
	memcpy(&to, point, sizeof to);
	from_hex(EPHEMERAL_RANDOM, random_bits, sizeof random_bits);
	from_hex(INFO, info, sizeof info);
	from_hex(AAD, aad, sizeof aad);
	from_hex(PLAIN, plain, sizeof plain);
	from_hex(SEALED, sealed, sizeof sealed);
	receiver = private_key();
	about = (struct troth_hpke_about){ &to, TROTH_VIEW_OF(info), TROTH_VIEW_OF(aad) };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(receiver);
	troth_ctx_free(ctx);
	return 0;
}

/* As the receiver does it; out has room for what is sealed. */
static enum troth_status receive(const struct troth_hpke_about *a, struct troth_view message,
				 struct troth_writer *out)
{
	uint8_t point[64], x[32];
	TROTH_TRY(troth_hpke_point(message, point));
	TROTH_TRY(troth_agree_held(receiver, point, x));
	return troth_hpke_open(ctx, a, x, message, out);
}

static void the_rfcs_message_comes_out(void **state)
{
	(void)state;
	uint8_t out[SEALED_LEN];
	struct troth_writer w = troth_writer_make(out, sizeof out);
	assert_int_equal(troth_hpke_seal(ctx, &about, random_bits, TROTH_VIEW_OF(plain), &w),
			 TROTH_OK);
	assert_true(troth_view_equal(troth_written(&w), TROTH_VIEW_OF(sealed)));
}

static void the_rfcs_message_opens(void **state)
{
	(void)state;
	uint8_t out[sizeof plain];
	struct troth_writer w = troth_writer_make(out, sizeof out);
	assert_int_equal(receive(&about, TROTH_VIEW_OF(sealed), &w), TROTH_OK);
	assert_true(troth_view_equal(troth_written(&w), TROTH_VIEW_OF(plain)));
}

/* The tag covers the ciphertext, the keys cover the point. */
static void no_changed_bit_opens(void **state)
{
	(void)state;
	uint8_t bent[SEALED_LEN], out[sizeof plain];
	for (size_t i = 0; i < 8 * sizeof bent; i++) {
		struct troth_writer w = troth_writer_make(out, sizeof out);
		memcpy(bent, sealed, sizeof bent);
		bent[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_int_not_equal(receive(&about, TROTH_VIEW_OF(bent), &w), TROTH_OK);
		assert_int_equal(w.n, 0);
	}
}

static void it_opens_under_the_same_words_only(void **state)
{
	(void)state;
	uint8_t out[sizeof plain];
	struct troth_jwk other = to;
	other.y[31] ^= 1;
	const struct troth_hpke_about OTHERS[] = {
		{ &to, TROTH_VIEW_OF(info), { aad, sizeof aad - 1 } },
		{ &to, TROTH_VIEW_OF(info), { 0 } },
		{ &to, { info, sizeof info - 1 }, TROTH_VIEW_OF(aad) },
		{ &other, TROTH_VIEW_OF(info), TROTH_VIEW_OF(aad) },
	};
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
		struct troth_writer w = troth_writer_make(out, sizeof out);
		assert_int_equal(receive(&OTHERS[i], TROTH_VIEW_OF(sealed), &w),
				 TROTH_E_MISMATCH);
		assert_int_equal(w.n, 0);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	uint8_t out[sizeof plain], point[64];
	for (size_t n = 0; n < sizeof sealed; n++) {
		struct troth_writer w = troth_writer_make(out, sizeof out);
		assert_int_not_equal(receive(&about, (struct troth_view){ sealed, n }, &w),
				     TROTH_OK);
		if (n < TROTH_HPKE_OVERHEAD)
			assert_int_equal(
				troth_hpke_point((struct troth_view){ sealed, n }, point),
				TROTH_E_TRUNCATED);
	}
}

static void sizes_have_limits(void **state)
{
	(void)state;
	static uint8_t big[TROTH_SECRET_MAX + 1], out[TROTH_SECRET_MAX + TROTH_HPKE_OVERHEAD];
	static uint8_t back[TROTH_SECRET_MAX], long_one[sizeof out + 1];
	uint8_t point[64];
	memset(big, 0x5a, sizeof big);
	const size_t sizes[] = { 0, 1, TROTH_SECRET_MAX };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct troth_writer w = troth_writer_make(out, sizes[i] + TROTH_HPKE_OVERHEAD);
		struct troth_writer b = troth_writer_make(back, sizes[i]);
		const struct troth_view in = { big, sizes[i] };
		assert_int_equal(troth_hpke_seal(ctx, &about, random_bits, in, &w), TROTH_OK);
		assert_int_equal(receive(&about, troth_written(&w), &b), TROTH_OK);
		assert_true(troth_view_equal(troth_written(&b), in));
		/* One byte less of room: */
		w = troth_writer_make(out, sizes[i] + TROTH_HPKE_OVERHEAD - 1);
		assert_int_equal(troth_hpke_seal(ctx, &about, random_bits, in, &w),
				 TROTH_E_LIMIT);
		assert_int_equal(w.n, 0);
	}
	struct troth_writer w = troth_writer_make(long_one, sizeof long_one);
	assert_int_equal(troth_hpke_seal(ctx, &about, random_bits, TROTH_VIEW_OF(big), &w),
			 TROTH_E_LIMIT);
	memset(long_one, 4, sizeof long_one);
	assert_int_equal(troth_hpke_point(TROTH_VIEW_OF(long_one), point), TROTH_E_LIMIT);
}

/* A point off the curve would give bits of the key away. */
static void points_off_the_curve_are_refused(void **state)
{
	(void)state;
	uint8_t bent[SEALED_LEN], point[64], x[32], out[SEALED_LEN];
	struct troth_jwk off = to;
	struct troth_writer w = troth_writer_make(out, sizeof out);
	const struct troth_hpke_about to_off = { &off, about.info, about.aad };
	memcpy(bent, sealed, sizeof bent);
	bent[64] ^= 1;
	assert_int_equal(troth_hpke_point(TROTH_VIEW_OF(bent), point), TROTH_OK);
	assert_int_equal(troth_agree_held(receiver, point, x), TROTH_E_MALFORMED);
	off.x[0] ^= 1;
	assert_int_equal(troth_hpke_seal(ctx, &to_off, random_bits, TROTH_VIEW_OF(plain), &w),
			 TROTH_E_MALFORMED);
	assert_int_equal(w.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_message_comes_out),
		cmocka_unit_test(the_rfcs_message_opens),
		cmocka_unit_test(no_changed_bit_opens),
		cmocka_unit_test(it_opens_under_the_same_words_only),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(sizes_have_limits),
		cmocka_unit_test(points_off_the_curve_are_refused),
	};
	return cmocka_run_group_tests_name("hpke", tests, setup, teardown);
}
