/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's MACs, key file, frames, and what it remembers of devices. The MACs and keys were
 * made by python3 (hmac, struct) from the layouts of mac.h. */
#include "check.h"

#include "base.h"
#include "denied.h"
#include "frames.h"
#include "key_source.h"
#include "keys.h"
#include "mac.h"
#include "rate.h"
#include "reader.h"

#define NOW_MS UINT64_C(1732230000123)
#define DAY_MS (24 * 3600 * UINT64_C(1000))

static const char ROW_MAC[] =
	"6ccf55afe5f336b4268b1edb5d379a407f2722e5d1439d051bc9ffac4d1c2747";
static const char CERTIFICATION_MAC[] =
	"47bc00adea6440954c737c04b0af90c7977bb3e6bdbc24f636fcdae95b129047";
static const char TOKEN_KEY[] =
	"1c9d9cb39d6e69d02548c2911413916fd8242fdc9d6f7fc83930f5e68eac9d93";
static const char TOKEN_KEY_BEFORE[] =
	"148ce8d0a8780a480c8b6fa5ff2f18b77c5e8cd5fc0a1541ccd95473d15e3fcc";

static void count_up(uint8_t *p, size_t n, uint8_t from)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(from + i);
}

static struct troth_mac_keys keys_of(struct troth_ctx *ctx)
{
	struct troth_mac_keys keys;
	uint8_t master[TROTH_MAC_KEY_LEN];
	count_up(master, sizeof master, 0);
	assert_int_equal(troth_mac_keys_derive(ctx, master, &keys), TROTH_OK);
	return keys;
}

static struct troth_identity identity(void)
{
	struct troth_identity id = { .generation = 7,
				     .name = troth_view_str("pump-1"),
				     .segment = troth_view_str("plant"),
				     .ak_public = troth_view_str("\1\2\3") };
	count_up(id.id, sizeof id.id, 0x40);
	from_hex(ROW_MAC, id.mac, sizeof id.mac);
	return id;
}

/* ---- MACs ---- */

static void a_row_has_its_mac(void **state)
{
	const struct troth_mac_keys keys = keys_of(*state);
	struct troth_identity id = identity();
	uint8_t mac[32];
	assert_int_equal(troth_row_seal(*state, &keys, &id, mac), TROTH_OK);
	assert_hex(mac, ROW_MAC);
	assert_int_equal(troth_row_check(*state, &keys, &id), TROTH_OK);
}

static void every_bit_of_a_rows_mac_counts(void **state)
{
	const struct troth_mac_keys keys = keys_of(*state);
	for (size_t bit = 0; bit < 256; bit++) {
		struct troth_identity id = identity();
		id.mac[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(troth_row_check(*state, &keys, &id), TROTH_E_MISMATCH);
	}
}

static void an_identity_past_its_limits_has_no_mac(void **state)
{
	static const uint8_t big[TROTH_PUBLIC_MAX * 2];
	const struct troth_mac_keys keys = keys_of(*state);
	struct troth_identity id = identity();
	uint8_t mac[32];
	id.ak_public = TROTH_VIEW_OF(big);
	POISON(mac);
	assert_int_equal(troth_row_seal(*state, &keys, &id, mac), TROTH_E_LIMIT);
	ASSERT_POISONED(mac);
	assert_int_equal(troth_row_check(*state, &keys, &id), TROTH_E_LIMIT);
}

static void a_certification_has_its_mac(void **state)
{
	const struct troth_mac_keys keys = keys_of(*state);
	struct troth_name ak = { .n = 34, .bytes = { 0x00, 0x0b } };
	struct troth_certification_record r = {
		.present = true, .reset_count = 3, .restart_count = 4, .time_ms = NOW_MS
	};
	count_up(ak.bytes + 2, 32, 0);
	count_up(r.key_name_sha256, 32, 0x60);
	count_up(r.session_thumbprint, 32, 0x20);
	assert_int_equal(troth_certification_seal(*state, &keys, &ak, &r, r.mac), TROTH_OK);
	assert_hex(r.mac, CERTIFICATION_MAC);
	assert_int_equal(troth_certification_check(*state, &keys, &ak, &r), TROTH_OK);
	r.session_thumbprint[31] ^= 1;
	assert_int_equal(troth_certification_check(*state, &keys, &ak, &r), TROTH_E_MISMATCH);
	r.session_thumbprint[31] ^= 1;
	ak.bytes[33] ^= 1;
	assert_int_equal(troth_certification_check(*state, &keys, &ak, &r), TROTH_E_MISMATCH);
}

static void token_keys_change_at_midnight(void **state)
{
	const struct troth_mac_keys keys = keys_of(*state);
	const uint64_t midnight_ms = NOW_MS - NOW_MS % DAY_MS;
	struct troth_token_keys at, again, before, none;
	assert_int_equal(troth_token_keys_at(*state, &keys, NOW_MS, &at), TROTH_OK);
	assert_true(at.current.present && at.previous.present);
	assert_int_equal(at.current.id, 80);
	assert_int_equal(at.previous.id, 79);
	assert_hex(at.current.key, TOKEN_KEY);
	assert_hex(at.previous.key, TOKEN_KEY_BEFORE);
	assert_int_equal(troth_token_keys_at(*state, &keys, midnight_ms, &again), TROTH_OK);
	assert_memory_equal(again.current.key, at.current.key, 32);
	assert_int_equal(troth_token_keys_at(*state, &keys, midnight_ms - 1, &before),
			 TROTH_OK);
	assert_memory_equal(before.current.key, at.previous.key, 32);
	POISON(none);
	assert_int_equal(troth_token_keys_at(*state, &keys, 0, &none), TROTH_E_IO);
	ASSERT_POISONED(none);
}

/* ---- the key file ---- */

static void the_mac_file_goes_and_comes_back(void **state)
{
	(void)state;
	uint8_t master[TROTH_MAC_KEY_LEN], back[TROTH_MAC_KEY_LEN];
	char text[TROTH_MAC_FILE_LEN + 1] = { 0 };
	count_up(master, sizeof master, 0xc0);
	troth_mac_file_write(master, text);
	assert_int_equal(
		troth_mac_file_read((struct troth_view){ (uint8_t *)text, TROTH_MAC_FILE_LEN },
				    back),
		TROTH_OK);
	assert_memory_equal(back, master, sizeof master);
	for (size_t n = 0; n < TROTH_MAC_FILE_LEN; n++) {
		POISON(back);
		assert_int_equal(
			troth_mac_file_read((struct troth_view){ (uint8_t *)text, n }, back),
			TROTH_E_TRUNCATED);
		ASSERT_POISONED(back);
	}
	POISON(back);
	assert_int_equal(
		troth_mac_file_read(
			(struct troth_view){ (uint8_t *)text, TROTH_MAC_FILE_LEN + 1 }, back),
		TROTH_E_MALFORMED);
	ASSERT_POISONED(back);
	/* Every single character matters. */
	for (size_t i = 0; i < TROTH_MAC_FILE_LEN; i++) {
		char bent[TROTH_MAC_FILE_LEN];
		memcpy(bent, text, sizeof bent);
		bent[i] = '~';
		POISON(back);
		assert_int_equal(troth_mac_file_read(TROTH_VIEW_OF(bent), back),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(back);
	}
}

/* ---- frames ---- */

static void append(struct troth_frames *f, const void *p, size_t n)
{
	assert_int_equal(troth_frames_reserve(f, n), TROTH_OK);
	memcpy(troth_frames_tail(f), p, n);
	troth_frames_added(f, n);
}

static void frames_are_taken_whole_and_in_order(void **state)
{
	(void)state;
	struct troth_frames f = { .max = 1024 };
	struct troth_view body;
	static const uint8_t bytes[] = { 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 1, 'c' };
	for (size_t i = 0; i < sizeof bytes; i++) {
		append(&f, &bytes[i], 1);
		enum troth_status got = troth_frames_take(&f, 2, &body);
		bool whole = i == 5 || i == 9 || i == 14;
		assert_int_equal(got, whole ? TROTH_OK : TROTH_E_TRUNCATED);
		if (i == 5)
			assert_true(troth_view_equal(body, troth_view_str("ab")));
		if (i == 9)
			assert_int_equal(body.n, 0);
	}
	assert_true(troth_view_equal(body, troth_view_str("c")));
	assert_int_equal(troth_frames_held(&f).n, 0);
	troth_frames_clear(&f);
}

static void a_frame_past_its_limit_is_refused_before_it_has_come(void **state)
{
	(void)state;
	struct troth_frames f = { .max = 1024 };
	struct troth_view body;
	static const uint8_t three[] = { 0, 0, 0, 3 }, huge[] = { 0xff, 0xff, 0xff, 0xff };
	append(&f, three, sizeof three);
	POISON(body);
	assert_int_equal(troth_frames_take(&f, 2, &body), TROTH_E_LIMIT);
	ASSERT_POISONED(body);
	assert_int_equal(troth_frames_take(&f, 3, &body), TROTH_E_TRUNCATED);
	troth_frames_drop(&f, sizeof three);
	append(&f, huge, sizeof huge);
	assert_int_equal(troth_frames_take(&f, TROTH_ADMIN_FRAME_MAX, &body), TROTH_E_LIMIT);
	troth_frames_clear(&f);
}

static void a_buffer_grows_to_its_limit_and_no_further(void **state)
{
	(void)state;
	enum { MAX = 200 * 1024 };
	static uint8_t bytes[MAX];
	struct troth_frames f = { .max = MAX };
	append(&f, bytes, 1000);
	assert_int_equal(troth_frames_reserve(&f, MAX - 1000), TROTH_OK);
	assert_int_equal(troth_frames_reserve(&f, MAX - 999), TROTH_E_LIMIT);
	assert_int_equal(troth_frames_reserve(&f, SIZE_MAX), TROTH_E_LIMIT);
	append(&f, bytes, MAX - 1000);
	assert_int_equal(troth_frames_reserve(&f, 1), TROTH_E_LIMIT);
	troth_frames_drop(&f, 1); /* the room in front counts */
	assert_int_equal(troth_frames_reserve(&f, 1), TROTH_OK);
	assert_int_equal(troth_frames_held(&f).n, MAX - 1);
	troth_frames_clear(&f);
}

/* ---- denied devices ---- */

static void id_of(uint32_t number, uint8_t out[32])
{
	memset(out, 0, 32);
	for (size_t i = 0; i < 4; i++)
		out[4 + i] = (uint8_t)(number >> 8 * (3 - i));
}

static void denied_until_allowed(void **state)
{
	(void)state;
	struct troth_denied *d;
	uint8_t id[32];
	assert_int_equal(troth_denied_new(&d), TROTH_OK);
	id_of(1, id);
	assert_false(troth_denied_has(d, id));
	assert_int_equal(troth_denied_add(d, id), TROTH_OK);
	assert_int_equal(troth_denied_add(d, id), TROTH_OK);
	assert_true(troth_denied_has(d, id));
	troth_denied_remove(d, id);
	assert_false(troth_denied_has(d, id));
	troth_denied_remove(d, id);
	troth_denied_free(d);
}

/* All at home in the same place: who is removed must not hide those who stand behind. */
static void removing_one_hides_no_other(void **state)
{
	(void)state;
	enum { N = 60 };
	for (uint8_t removed = 0; removed < N; removed++) {
		struct troth_denied *d;
		uint8_t id[32] = { 0 };
		assert_int_equal(troth_denied_new(&d), TROTH_OK);
		for (uint8_t i = 0; i < N; i++) {
			/* Three neighbouring homes, the last place of the table among them. */
			id[6] = 0x03;
			id[7] = (uint8_t)(0xfe + i % 3);
			id[31] = i;
			assert_int_equal(troth_denied_add(d, id), TROTH_OK);
		}
		for (uint8_t i = 0; i < N; i++) {
			id[7] = (uint8_t)(0xfe + i % 3);
			id[31] = i;
			if (i == removed)
				troth_denied_remove(d, id);
		}
		for (uint8_t i = 0; i < N; i++) {
			id[7] = (uint8_t)(0xfe + i % 3);
			id[31] = i;
			assert_int_equal(troth_denied_has(d, id), i != removed);
		}
		troth_denied_free(d);
	}
}

static void the_list_is_full_at_its_limit(void **state)
{
	(void)state;
	struct troth_denied *d;
	uint8_t id[32];
	assert_int_equal(troth_denied_new(&d), TROTH_OK);
	for (uint32_t i = 0; i < TROTH_DENIED_MAX; i++) {
		id_of(i, id);
		assert_int_equal(troth_denied_add(d, id), TROTH_OK);
	}
	id_of(TROTH_DENIED_MAX, id);
	assert_int_equal(troth_denied_add(d, id), TROTH_E_LIMIT);
	assert_false(troth_denied_has(d, id));
	id_of(17, id);
	assert_int_equal(troth_denied_add(d, id), TROTH_OK); /* is there already */
	troth_denied_remove(d, id);
	id_of(TROTH_DENIED_MAX, id);
	assert_int_equal(troth_denied_add(d, id), TROTH_OK);
	troth_denied_free(d);
}

/* ---- rate ---- */

static void a_device_gets_so_many_a_minute(void **state)
{
	(void)state;
	struct troth_rate *r;
	uint8_t id[32], other[32];
	const uint64_t minute_ms = NOW_MS - NOW_MS % 60000;
	id_of(1, id);
	id_of(1, other);
	other[31] = 1;
	assert_int_equal(troth_rate_new(3, &r), TROTH_OK);
	for (int i = 0; i < 3; i++)
		assert_true(troth_rate_take(r, id, minute_ms));
	assert_false(troth_rate_take(r, id, minute_ms + 59999));
	assert_true(troth_rate_take(r, other, minute_ms));
	assert_true(troth_rate_take(r, id, minute_ms + 60000));
	troth_rate_free(r);
}

/* A hundred other devices of the same set ask once: who asked too often is not forgotten. */
static void a_crowd_does_not_hide_the_greedy(void **state)
{
	(void)state;
	struct troth_rate *r;
	uint8_t id[32] = { 0 };
	assert_int_equal(troth_rate_new(3, &r), TROTH_OK);
	for (int i = 0; i < 3; i++)
		assert_true(troth_rate_take(r, id, NOW_MS));
	for (uint8_t i = 1; i <= 100; i++) {
		uint8_t other[32] = { 0 };
		other[31] = i;
		assert_true(troth_rate_take(r, other, NOW_MS));
	}
	assert_false(troth_rate_take(r, id, NOW_MS));
	troth_rate_free(r);
}

/* What stands in a key file's place when the key is elsewhere. */
#define KEY_HEAD "troth-key-1\n"
static const struct {
	const char *text;
	enum troth_status want;
} SOURCES[] = {
	{ KEY_HEAD "provider tpm2\nuri handle:0x81000010\n", TROTH_OK },
	{ KEY_HEAD "provider a\nprovider b\nprovider c\nprovider d\nuri x\n", TROTH_OK },
	{ KEY_HEAD "provider a\nprovider b\nprovider c\nprovider d\nprovider e\nuri x\n",
	  TROTH_E_LIMIT },
	{ "", TROTH_E_MALFORMED },
	{ "troth-key-2\nprovider tpm2\nuri x\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "uri x\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider tpm2\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider \nuri x\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider ../tpm2\nuri x\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider tpm2\nuri \n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider tpm2\nuri x y\n", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider tpm2\nuri x", TROTH_E_MALFORMED },
	{ KEY_HEAD "provider tpm2\nuri x\nuri y\n", TROTH_E_MALFORMED },
};

static void key_sources(void **state)
{
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(SOURCES); i++) {
		struct troth_key_source source;
		POISON(source);
		const enum troth_status got =
			troth_key_source_read(troth_view_str(SOURCES[i].text), &source);
		if (got != SOURCES[i].want)
			fail_msg("%s: %s", SOURCES[i].text, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_has_its_mac),
		cmocka_unit_test(every_bit_of_a_rows_mac_counts),
		cmocka_unit_test(an_identity_past_its_limits_has_no_mac),
		cmocka_unit_test(a_certification_has_its_mac),
		cmocka_unit_test(token_keys_change_at_midnight),
		cmocka_unit_test(the_mac_file_goes_and_comes_back),
		cmocka_unit_test(frames_are_taken_whole_and_in_order),
		cmocka_unit_test(a_frame_past_its_limit_is_refused_before_it_has_come),
		cmocka_unit_test(a_buffer_grows_to_its_limit_and_no_further),
		cmocka_unit_test(denied_until_allowed),
		cmocka_unit_test(removing_one_hides_no_other),
		cmocka_unit_test(the_list_is_full_at_its_limit),
		cmocka_unit_test(a_device_gets_so_many_a_minute),
		cmocka_unit_test(a_crowd_does_not_hide_the_greedy),
		cmocka_unit_test(key_sources),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
