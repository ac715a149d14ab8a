/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "eventlog.h"
#include "files.h"
#include "log_builder.h"

static const enum troth_hash SHA256_ONLY[] = { TROTH_HASH_SHA256 };
static const enum troth_hash TWO_BANKS[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256 };

/* Parses a copy of exactly the log's size and requires a failure to touch
 * nothing but the offset. */
static enum troth_status parse(struct troth_view bytes, struct troth_log *out, size_t *offset)
{
	struct troth_log log;
	POISON(log);
	enum troth_status status = troth_log_parse(bytes, &log);
	*offset = log.error_offset;
	if (status != TROTH_OK) {
		memset(&log.error_offset, 0xaa, sizeof log.error_offset);
		ASSERT_POISONED(log);
		return status;
	}
	*out = log;
	return TROTH_OK;
}

static enum troth_status parse_and_drop(struct troth_view bytes, size_t *offset)
{
	struct troth_log log;
	struct troth_view copy = view_dup(bytes);
	enum troth_status status = parse(copy, &log, offset);
	if (status == TROTH_OK)
		troth_log_release(&log);
	file_free(copy);
	return status;
}

static struct log_builder b;

/* A Spec ID record of 60 bytes, then one event. Offsets: table at 56, vendorInfoSize at 60. */
static void small_log(void)
{
	log_begin(&b, SHA256_ONLY, 1);
	log_text(&b, 7, 5, "hello");
}
#define TABLE 60       /* first row of the algorithm table */
#define VENDOR 64      /* vendorInfoSize */
#define EVENT 65       /* the second record */
#define EVENT_COUNT 73 /* its number of digests */
#define EVENT_ALG 77   /* its first algorithm */
#define EVENT_LEN 111  /* the length of its data */

static void agile_log_is_read(void **state)
{
	(void)state;
	struct troth_log log;
	size_t offset;
	small_log();
	assert_int_equal(parse(log_bytes(&b), &log, &offset), TROTH_OK);
	assert_int_equal(log.header.format, TROTH_LOG_CRYPTO_AGILE);
	assert_int_equal(log.n_events, 2);
	assert_int_equal(log.quirks, 0);
	assert_int_equal(log.header.n_algs, 1);
	assert_int_equal(log.header.algs[0].hash, TROTH_HASH_SHA256);
	const struct troth_event *ev = &log.events[1];
	assert_int_equal(ev->index, 1);
	assert_int_equal(ev->pcr, 7);
	assert_int_equal(ev->type, 5);
	assert_true(troth_view_equal(ev->data, troth_view_str("hello")));
	/* printf hello | sha256sum */
	assert_hex(troth_event_digest(&log, ev, TROTH_HASH_SHA256).p,
		   "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	assert_int_equal(troth_event_digest(&log, ev, TROTH_HASH_SHA384).n, 0);
	assert_int_equal(troth_event_digest(&log, ev, TROTH_HASH_NONE).n, 0);
	assert_false(troth_event_extends(&log.events[0]));
	assert_true(troth_event_extends(ev));
	troth_log_release(&log);
	troth_log_release(&log); /* twice is once */
}

static void sha1_log_is_read(void **state)
{
	(void)state;
	struct troth_log log;
	size_t offset;
	log_begin(&b, NULL, 0);
	log_text(&b, 0, 8, "abc");
	log_text(&b, 4, 0x80000007, "abc");
	assert_int_equal(parse(log_bytes(&b), &log, &offset), TROTH_OK);
	assert_int_equal(log.header.format, TROTH_LOG_SHA1);
	assert_int_equal(log.n_events, 2);
	assert_int_equal(log.quirks, TROTH_QUIRK_NO_SPEC_ID);
	/* FIPS 180-1: SHA-1 of "abc" */
	assert_hex(troth_event_digest(&log, &log.events[0], TROTH_HASH_SHA1).p,
		   "a9993e364706816aba3e25717850c26c9cd0d89d");
	troth_log_release(&log);
}

static const struct {
	const char *name;
	size_t at;
	uint8_t bytes[4];
	size_t n;
	enum troth_status want;
	size_t offset;
} CHANGES[] = {
	{ "no algorithm at all", TABLE - 4, { 0, 0, 0, 0 }, 4, TROTH_E_MALFORMED, 0 },
	{ "one algorithm more than fits", TABLE - 4, { 7, 0, 0, 0 }, 4, TROTH_E_LIMIT, 0 },
	{ "an algorithm count that wraps",
	  TABLE - 4,
	  { 255, 255, 255, 255 },
	  4,
	  TROTH_E_LIMIT,
	  0 },
	{ "an algorithm count past the record",
	  TABLE - 4,
	  { 2, 0, 0, 0 },
	  4,
	  TROTH_E_MALFORMED,
	  0 },
	{ "a size that contradicts SHA-256", TABLE + 2, { 20, 0 }, 2, TROTH_E_MALFORMED, 0 },
	{ "an unknown algorithm of size 0", TABLE, { 0x99, 0, 0, 0 }, 4, TROTH_E_MALFORMED, 0 },
	{ "an unknown algorithm of size 65",
	  TABLE,
	  { 0x99, 0, 65, 0 },
	  4,
	  TROTH_E_MALFORMED,
	  0 },
	{ "vendorInfo past the record", VENDOR, { 1 }, 1, TROTH_E_MALFORMED, 0 },
	{ "no digest", EVENT_COUNT, { 0, 0, 0, 0 }, 4, TROTH_E_MALFORMED, EVENT },
	{ "more digests than declared",
	  EVENT_COUNT,
	  { 2, 0, 0, 0 },
	  4,
	  TROTH_E_MALFORMED,
	  EVENT },
	{ "a digest count that wraps",
	  EVENT_COUNT,
	  { 255, 255, 255, 255 },
	  4,
	  TROTH_E_MALFORMED,
	  EVENT },
	{ "an algorithm that was not declared",
	  EVENT_ALG,
	  { 0x0c, 0 },
	  2,
	  TROTH_E_MALFORMED,
	  EVENT },
	{ "one byte of data too many", EVENT_LEN, { 6, 0, 0, 0 }, 4, TROTH_E_TRUNCATED, EVENT },
	{ "a data length near 2^32",
	  EVENT_LEN,
	  { 255, 255, 255, 255 },
	  4,
	  TROTH_E_TRUNCATED,
	  EVENT },
	{ "a byte of data too few",
	  EVENT_LEN,
	  { 4, 0, 0, 0 },
	  4,
	  TROTH_E_TRUNCATED,
	  EVENT + 54 },
};

static void changed_logs_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
		size_t offset;
		small_log();
		memcpy(b.bytes + CHANGES[i].at, CHANGES[i].bytes, CHANGES[i].n);
		enum troth_status got = parse_and_drop(log_bytes(&b), &offset);
		if (got != CHANGES[i].want || offset != CHANGES[i].offset)
			fail_msg("%s: got %s at %zu, want %s at %zu", CHANGES[i].name,
				 troth_status_name(got), offset,
				 troth_status_name(CHANGES[i].want), CHANGES[i].offset);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	small_log();
	for (size_t n = 0; n < b.n; n++) {
		size_t offset;
		if (n == EVENT)
			continue; /* a whole first record is a log */
		enum troth_status got =
			parse_and_drop((struct troth_view){ b.bytes, n }, &offset);
		/* PCR 0 alone is four zeros: nothing but padding. */
		enum troth_status want = n > 0 && n <= 4 ? TROTH_E_MALFORMED
							 : TROTH_E_TRUNCATED;
		if (got != want)
			fail_msg("prefix of %zu: %s", n, troth_status_name(got));
		assert_int_equal(offset, n < EVENT ? 0 : EVENT);
	}
}

static void algorithm_declared_twice_is_refused(void **state)
{
	(void)state;
	static const enum troth_hash TWICE[] = { TROTH_HASH_SHA256, TROTH_HASH_SHA256 };
	size_t offset;
	log_begin(&b, TWICE, 2);
	b.n_banks = 1; /* though no event does it */
	log_text(&b, 0, 5, "x");
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
	assert_int_equal(offset, 0);
}

static void digest_given_twice_is_refused(void **state)
{
	(void)state;
	size_t offset;
	log_begin(&b, TWO_BANKS, 2);
	const size_t start = b.n;
	b.banks[0] = TROTH_HASH_SHA256;
	log_text(&b, 0, 5, "x");
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
	assert_int_equal(offset, start);
}

static void unknown_algorithm_is_carried(void **state)
{
	(void)state;
	struct troth_log log;
	size_t offset;
	small_log();
	b.bytes[TABLE] = b.bytes[EVENT_ALG] = 0x99;
	assert_int_equal(parse(log_bytes(&b), &log, &offset), TROTH_OK);
	assert_int_equal(log.header.algs[0].id, 0x99);
	assert_int_equal(log.header.algs[0].hash, TROTH_HASH_NONE);
	assert_int_equal(log.events[1].digests[0].n, 32);
	assert_int_equal(troth_event_digest(&log, &log.events[1], TROTH_HASH_NONE).n, 0);
	troth_log_release(&log);
}

/* Inserts bytes into the first record and makes its length field agree. */
static void grow_first_record(const char *bytes, size_t n)
{
	memmove(b.bytes + EVENT + n, b.bytes + EVENT, b.n - EVENT);
	memcpy(b.bytes + EVENT, bytes, n);
	b.bytes[28] = (uint8_t)(b.bytes[28] + n);
	b.n += n;
}

static void vendor_info_is_read_over(void **state)
{
	(void)state;
	size_t offset;
	small_log();
	grow_first_record("corp", 4);
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
	b.bytes[VENDOR] = 4;
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_OK);
	b.bytes[VENDOR] = 3;
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
}

static uint32_t quirks_of(struct troth_view bytes)
{
	struct troth_log log;
	size_t offset;
	assert_int_equal(parse(bytes, &log, &offset), TROTH_OK);
	uint32_t quirks = log.quirks;
	troth_log_release(&log);
	return quirks;
}

static void deviations_have_names(void **state)
{
	(void)state;
	small_log();
	assert_int_equal(quirks_of(log_bytes(&b)), 0);
	b.bytes[0] = 1;
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_SPEC_ID_FIELDS);
	b.bytes[0] = 0;
	b.bytes[8] = 1;
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_SPEC_ID_FIELDS);

	small_log();
	b.bytes[EVENT] = 23;
	assert_int_equal(quirks_of(log_bytes(&b)), 0);
	b.bytes[EVENT] = 24;
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_PCR_INDEX);
	memset(b.bytes + EVENT, 0xff, 4);
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_PCR_INDEX);

	log_begin(&b, TWO_BANKS, 2);
	b.n_banks = 1; /* of two, only SHA-1 */
	log_text(&b, 0, 5, "x");
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_FEWER_DIGESTS);
}

static void padding_is_tolerated_after_records_only(void **state)
{
	(void)state;
	static const uint8_t FILL[] = { 0x00, 0xff };
	size_t offset;
	for (size_t i = 0; i < sizeof FILL; i++)
		for (size_t n = 1; n < 70; n++) {
			small_log();
			memset(b.bytes + b.n, FILL[i], n);
			b.n += n;
			assert_int_equal(quirks_of(log_bytes(&b)),
					 TROTH_QUIRK_TRAILING_PADDING);
			b.bytes[b.n - 1] = 0x01; /* one byte that is not */
			assert_int_not_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_OK);
		}
	static const uint8_t ZEROS[4096] = { 0 };
	for (size_t n = 1; n <= sizeof ZEROS; n *= 2)
		assert_int_equal(parse_and_drop((struct troth_view){ ZEROS, n }, &offset),
				 TROTH_E_MALFORMED);
}

static void trailing_byte_is_refused(void **state)
{
	(void)state;
	size_t offset;
	small_log();
	const size_t end = b.n;
	log_put_le(&b, 7, 1);
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_TRUNCATED);
	assert_int_equal(offset, end);
}

static void put_legacy_header(const char *signature)
{
	static const uint8_t ZEROS[20] = { 0 };
	log_begin(&b, NULL, 0);
	log_put_le(&b, 0, 4);
	log_put_le(&b, 3, 4);
	log_put(&b, ZEROS, sizeof ZEROS);
	log_put_le(&b, 16, 4);
	log_put(&b, signature, 16);
}

static void old_spec_ids_are_sha1_logs(void **state)
{
	(void)state;
	static const char *const SIGNATURES[] = { "Spec ID Event00", "Spec ID Event02" };
	for (size_t i = 0; i < 2; i++) {
		put_legacy_header(SIGNATURES[i]);
		assert_int_equal(quirks_of(log_bytes(&b)), 0);
	}
	/* Another version is none we know. */
	size_t offset;
	put_legacy_header("Spec ID Event04");
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
	log_text(&b, 0, 8, "x");
	assert_int_equal(quirks_of(log_bytes(&b)), TROTH_QUIRK_NO_SPEC_ID);
}

/* Nothing but a StartupLocality says of itself that it is a log. */
static void log_without_spec_id_and_measurement_is_refused(void **state)
{
	(void)state;
	size_t offset;
	put_legacy_header("StartupLocality");
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_E_MALFORMED);
	assert_int_equal(offset, b.n);
	log_text(&b, 0, 8, "x");
	assert_int_equal(parse_and_drop(log_bytes(&b), &offset), TROTH_OK);
}

static void number_of_events_is_limited(void **state)
{
	(void)state;
	/* The smallest crypto-agile record, so many times. */
	struct log_builder *one = calloc(1, sizeof *one);
	assert_non_null(one);
	log_begin(one, SHA256_ONLY, 1);
	const size_t header = one->n;
	log_event(one, 1, 5, (struct troth_view){ 0 });
	const size_t record = one->n - header;
	uint8_t *bytes = malloc(header + TROTH_LOG_EVENTS_MAX * record);
	assert_non_null(bytes);
	memcpy(bytes, one->bytes, header);
	for (size_t i = 0; i < TROTH_LOG_EVENTS_MAX; i++)
		memcpy(bytes + header + i * record, one->bytes + header, record);

	const size_t at_limit = header + (TROTH_LOG_EVENTS_MAX - 1) * record;
	size_t offset;
	assert_int_equal(parse_and_drop((struct troth_view){ bytes, at_limit }, &offset),
			 TROTH_OK);
	assert_int_equal(
		parse_and_drop((struct troth_view){ bytes, at_limit + record }, &offset),
		TROTH_E_LIMIT);
	assert_int_equal(offset, at_limit);
	free(bytes);
	free(one);
}

static void size_is_limited(void **state)
{
	(void)state;
	uint8_t *bytes = calloc(1, TROTH_LOG_MAX + 1);
	assert_non_null(bytes);
	small_log();
	memcpy(bytes, b.bytes, b.n);
	size_t offset;
	assert_int_equal(quirks_of((struct troth_view){ bytes, TROTH_LOG_MAX }),
			 TROTH_QUIRK_TRAILING_PADDING);
	assert_int_equal(
		parse_and_drop((struct troth_view){ bytes, TROTH_LOG_MAX + 1 }, &offset),
		TROTH_E_LIMIT);
	free(bytes);
}

static void names_are_stable(void **state)
{
	(void)state;
	assert_string_equal(troth_event_type_name(4), "EV_SEPARATOR");
	assert_string_equal(troth_event_type_name(0x800000e0), "EV_EFI_VARIABLE_AUTHORITY");
	assert_null(troth_event_type_name(0x12345678));
	for (uint32_t i = 0; i < TROTH_QUIRK_N; i++)
		assert_non_null(troth_quirk_name((enum troth_quirk)(1U << i)));
	assert_null(troth_quirk_name((enum troth_quirk)(1U << TROTH_QUIRK_N)));
	assert_null(troth_quirk_name((enum troth_quirk)3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agile_log_is_read),
		cmocka_unit_test(sha1_log_is_read),
		cmocka_unit_test(changed_logs_are_refused),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(algorithm_declared_twice_is_refused),
		cmocka_unit_test(digest_given_twice_is_refused),
		cmocka_unit_test(unknown_algorithm_is_carried),
		cmocka_unit_test(vendor_info_is_read_over),
		cmocka_unit_test(deviations_have_names),
		cmocka_unit_test(padding_is_tolerated_after_records_only),
		cmocka_unit_test(trailing_byte_is_refused),
		cmocka_unit_test(old_spec_ids_are_sha1_logs),
		cmocka_unit_test(log_without_spec_id_and_measurement_is_refused),
		cmocka_unit_test(number_of_events_is_limited),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(names_are_stable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
