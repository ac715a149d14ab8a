/* SPDX-License-Identifier: Apache-2.0 */
/* Records of IMA lists and their fields: what is taken, what is refused and where. Their
 * replay: test_ima_replay. */
#include "check.h"

#include "ima.h"
#include "ima_builder.h"

static const uint8_t DIGEST[TROTH_DIGEST_MAX] = { 1, 2, 3, 4 };

static struct ima_builder one_file(struct troth_ctx *ctx, enum troth_hash hash)
{
	struct ima_builder b = { .ctx = ctx, .hash = hash };
	ima_add_file(&b, "/usr/bin/true", DIGEST);
	return b;
}

static void the_hash_of_a_list_is_found(void **state)
{
	for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++) {
		struct ima_builder b = one_file(*state, h);
		struct troth_ima_list list;
		struct troth_ima_record r;
		assert_int_equal(troth_ima_open(*state, ima_view(&b), TROTH_HASH_NONE, &list),
				 TROTH_OK);
		assert_int_equal(list.hash, h);
		assert_int_equal(troth_ima_next(&list, &r), TROTH_OK);
		assert_true(troth_ima_at_end(&list));
		assert_false(r.violation);
		assert_int_equal(r.pcr, 10);
		ima_free(&b);
	}
}

/* A violation's digest is zero and says nothing of its hash: its size still fits. */
static void a_list_that_begins_with_a_violation_is_read(void **state)
{
	static const enum troth_hash SIZES[] = { TROTH_HASH_SHA1, TROTH_HASH_SHA256,
						 TROTH_HASH_SHA384, TROTH_HASH_SHA512 };
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
		struct ima_builder b = { .ctx = *state, .hash = SIZES[i] };
		struct troth_ima_list list;
		struct troth_ima_record r;
		ima_add_violation(&b, "/var/log/wtmp");
		assert_int_equal(troth_ima_open(*state, ima_view(&b), TROTH_HASH_NONE, &list),
				 TROTH_OK);
		assert_int_equal(troth_hash_size(list.hash), troth_hash_size(SIZES[i]));
		assert_int_equal(troth_ima_next(&list, &r), TROTH_OK);
		assert_true(r.violation);
		ima_free(&b);
	}
}

static void every_prefix_is_truncated(void **state)
{
	struct ima_builder b = one_file(*state, TROTH_HASH_SHA256);
	for (size_t n = 1; n < b.n; n++) {
		struct troth_ima_list list;
		struct troth_ima_record r;
		POISON(r);
		assert_int_equal(troth_ima_open(*state, (struct troth_view){ b.p, n },
						TROTH_HASH_SHA256, &list),
				 TROTH_OK);
		assert_int_equal(troth_ima_next(&list, &r), TROTH_E_TRUNCATED);
		ASSERT_POISONED(r);
		assert_int_equal(troth_ima_offset(&list), 0);
	}
	ima_free(&b);
}

static void no_list_is_a_list_of_nothing(void **state)
{
	struct troth_ima_list list;
	assert_int_equal(
		troth_ima_open(*state, (struct troth_view){ 0 }, TROTH_HASH_NONE, &list),
		TROTH_OK);
	assert_true(troth_ima_at_end(&list));
}

/* A SHA-1 list of one record, put together by hand. */
struct raw {
	uint32_t pcr, name_len, data_len;
	const char *name;
};

static enum troth_status next_of(struct troth_ctx *ctx, const struct raw *raw, size_t have)
{
	struct ima_builder b = { .ctx = ctx };
	struct troth_ima_list list;
	struct troth_ima_record r;
	uint8_t *zeros = calloc(1, have + 1);
	ima_put_u32(&b, raw->pcr);
	ima_put(&b, DIGEST, 20);
	ima_put_u32(&b, raw->name_len);
	ima_put(&b, raw->name, strlen(raw->name));
	ima_put_u32(&b, raw->data_len);
	ima_put(&b, zeros, have);
	free(zeros);
	assert_int_equal(troth_ima_open(ctx, ima_view(&b), TROTH_HASH_SHA1, &list), TROTH_OK);
	const enum troth_status status = troth_ima_next(&list, &r);
	ima_free(&b);
	return status;
}

static void records_keep_their_limits(void **state)
{
	char longest[TROTH_IMA_NAME_MAX + 2];
	memset(longest, 'n', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	const struct {
		const char *name;
		struct raw raw;
		size_t have;
		enum troth_status want;
	} cases[] = {
		{ "the last PCR", { 23, 6, 0, "ima-ng" }, 0, TROTH_OK },
		{ "a PCR there is not", { 24, 6, 0, "ima-ng" }, 0, TROTH_E_MALFORMED },
		{ "no name", { 10, 0, 0, "" }, 0, TROTH_E_MALFORMED },
		{ "a name with a control character",
		  { 10, 3, 0, "i\nn" },
		  0,
		  TROTH_E_MALFORMED },
		{ "a name past its limit",
		  { 10, TROTH_IMA_NAME_MAX + 1, 0, longest },
		  0,
		  TROTH_E_LIMIT },
		{ "the longest name", { 10, TROTH_IMA_NAME_MAX, 0, longest + 1 }, 0, TROTH_OK },
		{ "a name length near 2^32", { 10, UINT32_MAX, 0, "ima" }, 0, TROTH_E_LIMIT },
		{ "the most data",
		  { 10, 6, TROTH_IMA_DATA_MAX, "ima-ng" },
		  TROTH_IMA_DATA_MAX,
		  TROTH_OK },
		{ "data past its limit",
		  { 10, 6, TROTH_IMA_DATA_MAX + 1, "ima-ng" },
		  TROTH_IMA_DATA_MAX + 1,
		  TROTH_E_LIMIT },
		{ "a data length near 2^32",
		  { 10, 6, UINT32_MAX, "ima-ng" },
		  0,
		  TROTH_E_LIMIT },
		{ "data that is not there", { 10, 6, 9, "ima-ng" }, 8, TROTH_E_TRUNCATED },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum troth_status got = next_of(*state, &cases[i].raw, cases[i].have);
		if (got != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].name, got, cases[i].want);
	}
}

/* ---- the template of old kernels ---- */

static void legacy_names_are_hashed_at_full_length(void **state)
{
	static const char NAME[] = "/sbin/init";
	struct ima_builder b = { .ctx = *state };
	struct troth_ima_list list;
	struct troth_ima_record r;
	struct troth_ima_entry e;
	struct troth_digest ours, theirs;
	uint8_t hashed[20 + 256] = { 0 };
	memcpy(hashed, DIGEST, 20);
	memcpy(hashed + 20, NAME, strlen(NAME));
	assert_int_equal(
		troth_hash_one(*state, TROTH_HASH_SHA1, TROTH_VIEW_OF(hashed), &theirs),
		TROTH_OK);
	ima_put_u32(&b, 10);
	ima_put(&b, theirs.bytes, 20);
	ima_field(&b, "ima", 3);
	ima_put(&b, DIGEST, 20);
	ima_field(&b, NAME, strlen(NAME));
	assert_int_equal(troth_ima_open(*state, ima_view(&b), TROTH_HASH_NONE, &list),
			 TROTH_OK);
	assert_int_equal(list.hash, TROTH_HASH_SHA1);
	assert_int_equal(troth_ima_next(&list, &r), TROTH_OK);
	assert_true(r.legacy);
	assert_int_equal(troth_ima_template_digest(*state, TROTH_HASH_SHA1, &r, &ours),
			 TROTH_OK);
	assert_true(troth_digest_equal(&ours, &theirs));
	assert_int_equal(troth_ima_decode(&r, &e), TROTH_OK);
	assert_true(troth_view_equal(e.path, troth_view_str(NAME)));
	assert_int_equal(e.file.hash, TROTH_HASH_SHA1);
	ima_free(&b);
}

/* ---- fields ---- */

/* What a template's fields are, each by a letter. */
static void put_fields(struct ima_builder *data, const char *fields)
{
	for (; *fields != '\0'; fields++)
		switch (*fields) {
		case 'd': ima_digest_field(data, "", TROTH_HASH_SHA256, DIGEST); break;
		case 'v': ima_digest_field(data, "verity:", TROTH_HASH_SHA256, DIGEST); break;
		case 'i': ima_digest_field(data, "ima:", TROTH_HASH_SHA512, DIGEST); break;
		case 't': ima_digest_field(data, "tree:", TROTH_HASH_SHA256, DIGEST); break;
		case 'p': ima_field(data, "/bin/sh", 8); break;
		case 'P': ima_field(data, "/bin/sh", 7); break;
		case 'N': ima_field(data, "/bin\0sh", 8); break;
		case 'o': ima_field(data, DIGEST, 20); break;
		case 's': ima_field(data, DIGEST, 40); break;
		case '4': ima_field(data, DIGEST, 4); break;
		case '2': ima_field(data, DIGEST, 2); break;
		case 'x': ima_field(data, DIGEST, 1); break;
		case 'm': ima_field(data, "md4:\0aaaaaaaaaaaaaaaa", 21); break;
		case 'l': ima_field(data, "sha256:\0short", 13); break;
		case 'c': ima_field(data, "sha256\0short", 12); break;
		case 'u': ima_field(data, "SHA:\0short", 10); break;
		case 'z': ima_field(data, "sha256:", 7); break;
		case '0': ima_field(data, NULL, 0); break;
		default: ima_put(data, DIGEST, 3); break;
		}
}

static const struct {
	const char *name, *template, *fields;
	enum troth_status want;
} TEMPLATES[] = {
	{ "ima-ng", "ima-ng", "dp", TROTH_OK },
	{ "ima-sig without a signature", "ima-sig", "dp0", TROTH_OK },
	{ "ima-sig", "ima-sig", "dps", TROTH_OK },
	{ "ima-ngv2 of a file", "ima-ngv2", "ip", TROTH_OK },
	{ "ima-ngv2 of fs-verity", "ima-ngv2", "vp", TROTH_OK },
	{ "ima-sigv2", "ima-sigv2", "vps", TROTH_OK },
	{ "ima-buf", "ima-buf", "dps", TROTH_OK },
	{ "ima-modsig without one", "ima-modsig", "dp000", TROTH_OK },
	{ "ima-modsig", "ima-modsig", "dp0ds", TROTH_OK },
	{ "evm-sig", "evm-sig", "dpss4s442", TROTH_OK },
	{ "a format string", "n-ng|d-ng", "pd", TROTH_OK },
	{ "one field", "sig", "s", TROTH_OK },
	{ "an old digest in a format string", "d|n", "op", TROTH_OK },
	{ "an algorithm we cannot compute", "ima-ng", "mp", TROTH_OK },
	{ "an unknown template", "ima-next", "dp", TROTH_E_UNSUPPORTED },
	{ "an unknown field", "d-ng|n-ng|hue", "dps", TROTH_E_UNSUPPORTED },
	{ "a field twice", "d-ng|d-ng", "dd", TROTH_E_MALFORMED },
	{ "two digests of the file", "d-ng|d-ngv2", "dv", TROTH_E_MALFORMED },
	{ "two names", "n|n-ng", "pp", TROTH_E_MALFORMED },
	{ "two names the other way round", "n-ng|n", "pp", TROTH_E_MALFORMED },
	{ "a format that ends in a bar", "d-ng|", "d", TROTH_E_MALFORMED },
	{ "an empty field name", "d-ng||n-ng", "dp", TROTH_E_UNSUPPORTED },
	{ "a field missing", "ima-ng", "d", TROTH_E_TRUNCATED },
	{ "a field too many", "ima-ng", "dpp", TROTH_E_MALFORMED },
	{ "bytes behind the fields", "ima-ng", "dp*", TROTH_E_MALFORMED },
	{ "a path without its NUL", "ima-ng", "dP", TROTH_E_MALFORMED },
	{ "a path with a NUL inside", "ima-ng", "dN", TROTH_E_MALFORMED },
	{ "an empty path field", "ima-ng", "d0", TROTH_E_MALFORMED },
	{ "a digest of the wrong length", "ima-ng", "lp", TROTH_E_MALFORMED },
	{ "a digest without a colon", "ima-ng", "cp", TROTH_E_MALFORMED },
	{ "an algorithm in capitals", "ima-ng", "up", TROTH_E_MALFORMED },
	{ "an algorithm and no digest", "ima-ng", "zp", TROTH_E_MALFORMED },
	{ "a type where none belongs", "ima-ng", "ip", TROTH_E_MALFORMED },
	{ "no type where one belongs", "ima-ngv2", "dp", TROTH_E_UNSUPPORTED },
	{ "an unknown type", "ima-ngv2", "tp", TROTH_E_UNSUPPORTED },
	{ "a user that is no number", "iuid", "2", TROTH_E_MALFORMED },
	{ "a mode that is no number", "imode", "4", TROTH_E_MALFORMED },
	{ "lengths that are no numbers", "xattrlengths", "x", TROTH_E_MALFORMED },
};

static void each_template_is_read_by_its_rules(void **state)
{
	for (size_t i = 0; i < sizeof TEMPLATES / sizeof *TEMPLATES; i++) {
		struct ima_builder data = { 0 };
		struct troth_ima_entry e;
		put_fields(&data, TEMPLATES[i].fields);
		/* A buffer of exactly this size: a byte too many is seen. */
		struct ima_builder exact = { .p = malloc(data.n), .n = data.n, .room = data.n };
		memcpy(exact.p, data.p, data.n);
		const struct troth_ima_record r = {
			.name = troth_view_str(TEMPLATES[i].template), .data = ima_view(&exact)
		};
		POISON(e);
		enum troth_status got = troth_ima_decode(&r, &e);
		if (got != TEMPLATES[i].want)
			fail_msg("%s: got %d, want %d", TEMPLATES[i].name, got,
				 TEMPLATES[i].want);
		if (got != TROTH_OK)
			ASSERT_POISONED(e);
		ima_free(&exact);
		ima_free(&data);
	}
	(void)state;
}

static void every_prefix_of_the_fields_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof TEMPLATES / sizeof *TEMPLATES; i++) {
		struct ima_builder data = { 0 };
		put_fields(&data, TEMPLATES[i].fields);
		for (size_t n = 0; n < data.n; n++) {
			struct troth_ima_entry e;
			const struct troth_ima_record r = {
				.name = troth_view_str(TEMPLATES[i].template),
				.data = { n > 0 ? data.p : NULL, n }
			};
			/* One too many is right when cut. */
			if (TEMPLATES[i].want == TROTH_OK)
				assert_int_not_equal(troth_ima_decode(&r, &e), TROTH_OK);
		}
		ima_free(&data);
	}
}

/* A hash nobody knows is shown by its name, which has a length. */
static void algorithms_keep_their_limit(void **state)
{
	(void)state;
	for (size_t over = 0; over < 2; over++) {
		uint8_t field[TROTH_IMA_ALGORITHM_MAX + 1 + 2 + 20];
		const size_t n = TROTH_IMA_ALGORITHM_MAX + over;
		struct ima_builder data = { 0 };
		struct troth_ima_entry e;
		memset(field, 'a', n);
		field[n] = ':';
		memset(field + n + 1, 0, 21);
		field[n + 2] = 1;
		ima_field(&data, field, n + 2 + 20);
		const struct troth_ima_record r = { .name = troth_view_str("d-ng"),
						    .data = ima_view(&data) };
		assert_int_equal(troth_ima_decode(&r, &e),
				 over > 0 ? TROTH_E_MALFORMED : TROTH_OK);
		ima_free(&data);
	}
}

static void paths_keep_their_limit(void **state)
{
	static char path[TROTH_IMA_PATH_MAX + 2];
	(void)state;
	memset(path, 'a', sizeof path - 1);
	for (size_t over = 0; over < 2; over++) {
		struct ima_builder data = { 0 };
		struct troth_ima_entry e;
		ima_field(&data, path + 1 - over, TROTH_IMA_PATH_MAX + 1 + over);
		const struct troth_ima_record r = { .name = troth_view_str("n-ng"),
						    .data = ima_view(&data) };
		assert_int_equal(troth_ima_decode(&r, &e), over > 0 ? TROTH_E_LIMIT : TROTH_OK);
		ima_free(&data);
	}
}

static void fields_come_out_as_they_went_in(void **state)
{
	struct ima_builder data = { 0 };
	struct troth_ima_entry e;
	(void)state;
	put_fields(&data, "vp0ds");
	const struct troth_ima_record r = { .name = troth_view_str(
						    "d-ngv2|n-ng|sig|d-modsig|modsig"),
					    .data = ima_view(&data) };
	assert_int_equal(troth_ima_decode(&r, &e), TROTH_OK);
	assert_true(e.file.verity);
	assert_int_equal(e.file.hash, TROTH_HASH_SHA256);
	assert_memory_equal(e.file.bytes.p, DIGEST, 32);
	assert_int_equal(e.modsig.hash, TROTH_HASH_SHA256);
	assert_int_equal(e.field[TROTH_IMA_MODSIG].n, 40);
	assert_int_equal(e.field[TROTH_IMA_SIG].n, 0);
	assert_true(troth_view_equal(e.path, troth_view_str("/bin/sh")));
	ima_free(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_of_a_list_is_found),
		cmocka_unit_test(a_list_that_begins_with_a_violation_is_read),
		cmocka_unit_test(every_prefix_is_truncated),
		cmocka_unit_test(no_list_is_a_list_of_nothing),
		cmocka_unit_test(records_keep_their_limits),
		cmocka_unit_test(legacy_names_are_hashed_at_full_length),
		cmocka_unit_test(each_template_is_read_by_its_rules),
		cmocka_unit_test(every_prefix_of_the_fields_is_refused),
		cmocka_unit_test(algorithms_keep_their_limit),
		cmocka_unit_test(paths_keep_their_limit),
		cmocka_unit_test(fields_come_out_as_they_went_in),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
