/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "files.h"
#include "forge.h"

#include "reader.h"
#include "tpm.h"

static const uint8_t NONCE[] = { 0xde, 0xad, 0xbe, 0xef };

/* The plainest quote there is: no signer, no extraData, one bank. Offsets into its bytes: */
enum {
	AT_MAGIC = 0,
	AT_TYPE = 4,
	AT_SIGNER_SIZE = 6,
	AT_EXTRA_SIZE = 8,
	AT_SAFE = 26,
	AT_COUNT = 35,
	AT_HASH = 39,
	AT_SELECT_SIZE = 41,
	AT_SELECT = 42,
	AT_DIGEST_SIZE = 45,
	PLAIN_LEN = 47
};

static size_t plain_quote(uint8_t *buf, size_t max)
{
	TPMS_ATTEST q = forge_quote((struct troth_view){ 0 });
	forge_select(&q, TPM2_ALG_SHA256, 0x800001);
	size_t n = forge_attest_bytes(&q, buf, max).n;
	assert_int_equal(n, PLAIN_LEN);
	return n;
}

static void a_quote_gives_its_facts(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	TPMS_ATTEST q = forge_quote(TROTH_VIEW_OF(NONCE));
	(void)state;
	q.qualifiedSigner.size = 34;
	q.qualifiedSigner.name[33] = 0x77;
	q.attested.quote.pcrDigest.size = 32;
	q.attested.quote.pcrDigest.buffer[0] = 0x55;
	q.clockInfo.clock = UINT64_MAX;
	forge_select(&q, TPM2_ALG_SHA1, 0x000001);
	forge_select(&q, TPM2_ALG_SM3_256, 0xffffff);
	forge_select(&q, TPM2_ALG_SHA384, 0);
	struct troth_view bytes = forge_attest_bytes(&q, buf, sizeof buf);

	assert_int_equal(troth_attest_parse(bytes, &a), TROTH_OK);
	assert_true(a.magic_ok);
	assert_int_equal(a.type, TROTH_ATTEST_QUOTE);
	assert_int_equal(a.raw_type, 0x8018);
	assert_int_equal(a.qualified_signer.n, 34);
	assert_int_equal(a.qualified_signer.p[33], 0x77);
	assert_true(troth_view_equal(a.extra_data, TROTH_VIEW_OF(NONCE)));
	assert_true(a.clock == UINT64_MAX);
	assert_int_equal(a.reset_count, 7);
	assert_int_equal(a.restart_count, 2);
	assert_true(a.safe);
	assert_true(a.firmware_version == 0x2023000100020003);
	assert_int_equal(a.selection.n_banks, 3);
	assert_int_equal(a.selection.banks[0].bank, TROTH_HASH_SHA1);
	assert_int_equal(a.selection.banks[0].mask, 1);
	assert_int_equal(a.selection.banks[1].bank, TROTH_HASH_SM3_256);
	assert_int_equal(a.selection.banks[1].mask, 0xffffff);
	assert_int_equal(a.selection.banks[2].mask, 0);
	assert_int_equal(a.pcr_digest.n, 32);
	assert_int_equal(a.pcr_digest.p[0], 0x55);
}

static void a_certification_gives_both_names(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX], name[34] = { 0, 0x0b, 9 };
	struct troth_attest a;
	TPMS_ATTEST c = forge_certify(TROTH_VIEW_OF(NONCE), TROTH_VIEW_OF(name));
	(void)state;
	c.clockInfo.safe = 0;
	c.attested.certify.qualifiedName.size = 4;
	struct troth_view bytes = forge_attest_bytes(&c, buf, sizeof buf);
	assert_int_equal(troth_attest_parse(bytes, &a), TROTH_OK);
	assert_int_equal(a.type, TROTH_ATTEST_CERTIFY);
	assert_false(a.safe);
	assert_true(troth_view_equal(a.name, TROTH_VIEW_OF(name)));
	assert_int_equal(a.qualified_name.n, 4);
	assert_int_equal(a.selection.n_banks, 0);
}

/* What other attestations say is not read: a creation stands for all of them. */
static void another_type_is_told_and_not_read(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	size_t n = plain_quote(buf, sizeof buf);
	(void)state;
	buf[AT_TYPE + 1] = 0x1a;
	assert_int_equal(troth_attest_parse((struct troth_view){ buf, n }, &a), TROTH_OK);
	assert_int_equal(a.type, TROTH_ATTEST_OTHER);
	assert_int_equal(a.raw_type, 0x801a);
	assert_true(a.magic_ok);
	assert_int_equal(a.selection.n_banks, 0);
	assert_int_equal(a.clock, 0);
}

static const struct {
	const char *name;
	size_t at;
	uint8_t value;
	enum troth_status want;
} PATCHES[] = {
	{ "nothing changed", AT_SAFE, 1, TROTH_OK },
	{ "not safe", AT_SAFE, 0, TROTH_OK },
	{ "safe is 2", AT_SAFE, 2, TROTH_E_MALFORMED },
	{ "safe is 255", AT_SAFE, 255, TROTH_E_MALFORMED },
	{ "SHA-1 bank", AT_HASH + 1, 0x04, TROTH_OK },
	{ "SM3 bank", AT_HASH + 1, 0x12, TROTH_OK },
	{ "bank is RSA", AT_HASH + 1, 0x01, TROTH_E_UNSUPPORTED },
	{ "bank is the null algorithm", AT_HASH + 1, 0x10, TROTH_E_UNSUPPORTED },
	{ "bank is SHA3-256", AT_HASH + 1, 0x27, TROTH_E_UNSUPPORTED },
	{ "select of no byte", AT_SELECT_SIZE, 0, TROTH_E_MALFORMED },
	{ "select of five bytes", AT_SELECT_SIZE, 5, TROTH_E_MALFORMED },
	{ "select of 255 bytes", AT_SELECT_SIZE, 255, TROTH_E_MALFORMED },
	{ "count near 2^32", AT_COUNT, 255, TROTH_E_LIMIT },
	{ "one bank too many", AT_COUNT + 3, TROTH_BANKS_MAX + 1, TROTH_E_LIMIT },
	{ "as many banks as there may be, not there", AT_COUNT + 3, TROTH_BANKS_MAX,
	  TROTH_E_TRUNCATED },
	{ "one bank more than there is", AT_COUNT + 3, 2, TROTH_E_TRUNCATED },
	{ "digest of 65535 bytes", AT_DIGEST_SIZE, 255, TROTH_E_TRUNCATED },
	{ "signer eats the rest", AT_SIGNER_SIZE + 1, PLAIN_LEN - AT_EXTRA_SIZE,
	  TROTH_E_TRUNCATED },
	{ "signer past the end", AT_SIGNER_SIZE, 255, TROTH_E_TRUNCATED },
	{ "extraData past the end", AT_EXTRA_SIZE, 255, TROTH_E_TRUNCATED },
};

static void each_field_is_held_to_its_rule(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof PATCHES / sizeof *PATCHES; i++) {
		struct troth_attest a;
		size_t n = plain_quote(buf, sizeof buf);
		buf[PATCHES[i].at] = PATCHES[i].value;
		POISON(a);
		enum troth_status got = troth_attest_parse((struct troth_view){ buf, n }, &a);
		if (got != PATCHES[i].want)
			fail_msg("%s: got %s", PATCHES[i].name, troth_status_name(got));
		if (got != TROTH_OK)
			ASSERT_POISONED(a);
	}
}

/* Every bit of the magic, one at a time. */
static void a_foreign_magic_is_told(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	(void)state;
	for (size_t bit = 0; bit < 32; bit++) {
		size_t n = plain_quote(buf, sizeof buf);
		buf[AT_MAGIC + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(troth_attest_parse((struct troth_view){ buf, n }, &a),
				 TROTH_OK);
		assert_false(a.magic_ok);
		assert_int_equal(a.type, TROTH_ATTEST_QUOTE);
	}
}

/* Puts a byte into a plain quote's select field, which grows by one. */
static struct troth_view wide_select(uint8_t *buf, size_t max, uint8_t fourth)
{
	size_t n = plain_quote(buf, max);
	buf[AT_SELECT_SIZE] = 4;
	memmove(buf + AT_SELECT + 4, buf + AT_SELECT + 3, n - AT_SELECT - 3);
	buf[AT_SELECT + 3] = fourth;
	return (struct troth_view){ buf, n + 1 };
}

static void a_pcr_past_the_last_is_refused(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	(void)state;
	assert_int_equal(troth_attest_parse(wide_select(buf, sizeof buf, 0), &a), TROTH_OK);
	assert_int_equal(a.selection.banks[0].mask, 0x800001);
	for (unsigned int bit = 0; bit < 8; bit++)
		assert_int_equal(troth_attest_parse(
					 wide_select(buf, sizeof buf, (uint8_t)(1 << bit)), &a),
				 TROTH_E_MALFORMED);
}

static void a_bank_that_comes_twice_is_refused(void **state)
{
	static const uint32_t SECOND[] = { 0, 0x800001, 2 };
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	(void)state;
	for (size_t i = 0; i < sizeof SECOND / sizeof *SECOND; i++) {
		TPMS_ATTEST q = forge_quote((struct troth_view){ 0 });
		forge_select(&q, TPM2_ALG_SHA256, i == 0 ? 1 : 0);
		forge_select(&q, TPM2_ALG_SHA384, 1);
		forge_select(&q, TPM2_ALG_SHA256, SECOND[i]);
		assert_int_equal(
			troth_attest_parse(forge_attest_bytes(&q, buf, sizeof buf), &a),
			TROTH_E_MALFORMED);
	}
}

static void an_empty_selection_is_legal(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	TPMS_ATTEST q = forge_quote((struct troth_view){ 0 });
	(void)state;
	assert_int_equal(troth_attest_parse(forge_attest_bytes(&q, buf, sizeof buf), &a),
			 TROTH_OK);
	assert_int_equal(a.selection.n_banks, 0);
}

/* The six banks a selection may have, and one more; only five algorithms are known, so the
 * sixth is one that is not. */
static void banks_are_limited(void **state)
{
	static const TPM2_ALG_ID BANKS[] = { TPM2_ALG_SHA1,    TPM2_ALG_SHA256,
					     TPM2_ALG_SHA384,  TPM2_ALG_SHA512,
					     TPM2_ALG_SM3_256, TPM2_ALG_SHA3_256,
					     TPM2_ALG_SHA3_384 };
	static const enum troth_status WANT[] = { TROTH_OK,	TROTH_OK, TROTH_OK,
						  TROTH_OK,	TROTH_OK, TROTH_E_UNSUPPORTED,
						  TROTH_E_LIMIT };
	uint8_t buf[TROTH_ATTEST_MAX];
	struct troth_attest a;
	TPMS_ATTEST q = forge_quote((struct troth_view){ 0 });
	(void)state;
	for (size_t i = 0; i < sizeof BANKS / sizeof *BANKS; i++) {
		forge_select(&q, BANKS[i], 1);
		assert_int_equal(
			troth_attest_parse(forge_attest_bytes(&q, buf, sizeof buf), &a),
			WANT[i]);
	}
}

static void long_fields_are_refused_past_their_limit(void **state)
{
	uint8_t buf[TROTH_ATTEST_MAX + 1] = { 0 };
	struct troth_attest a;
	TPMS_ATTEST q = forge_quote((struct troth_view){ 0 });
	(void)state;
	q.qualifiedSigner.size = TROTH_NAME_MAX;
	q.extraData.size = 64;
	q.attested.quote.pcrDigest.size = 64;
	assert_int_equal(troth_attest_parse(forge_attest_bytes(&q, buf, sizeof buf), &a),
			 TROTH_OK);
	q.qualifiedSigner.size = TROTH_NAME_MAX + 1;
	assert_int_equal(troth_attest_parse(forge_attest_bytes(&q, buf, sizeof buf), &a),
			 TROTH_E_LIMIT);
	size_t n = plain_quote(buf, sizeof buf);
	buf[AT_EXTRA_SIZE + 1] = 65;
	assert_int_equal(troth_attest_parse((struct troth_view){ buf, n + 65 }, &a),
			 TROTH_E_LIMIT);
	n = plain_quote(buf, sizeof buf);
	buf[AT_DIGEST_SIZE + 1] = 65;
	assert_int_equal(troth_attest_parse((struct troth_view){ buf, n + 65 }, &a),
			 TROTH_E_LIMIT);
	n = plain_quote(buf, sizeof buf);
	assert_int_equal(troth_attest_parse((struct troth_view){ buf, TROTH_ATTEST_MAX }, &a),
			 TROTH_E_MALFORMED);
	assert_int_equal(
		troth_attest_parse((struct troth_view){ buf, TROTH_ATTEST_MAX + 1 }, &a),
		TROTH_E_LIMIT);
}

/* A structure, and the parser it is for. */
struct sample {
	const char *name;
	enum troth_status (*parse)(struct troth_ctx *ctx, struct troth_view bytes);
	struct troth_view bytes;
};

static enum troth_status parse_attest(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_attest a;
	POISON(a);
	enum troth_status s = troth_attest_parse(bytes, &a);
	(void)ctx;
	if (s != TROTH_OK)
		ASSERT_POISONED(a);
	return s;
}

static enum troth_status parse_signature(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_signature sig;
	POISON(sig);
	enum troth_status s = troth_signature_parse(bytes, &sig);
	(void)ctx;
	if (s != TROTH_OK)
		ASSERT_POISONED(sig);
	return s;
}

static enum troth_status parse_public(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_public p;
	POISON(p);
	enum troth_status s = troth_public_parse(ctx, bytes, &p);
	if (s != TROTH_OK)
		ASSERT_POISONED(p);
	return s;
}

static enum troth_status parse_tpm2b(struct troth_ctx *ctx, struct troth_view bytes)
{
	struct troth_view v;
	POISON(v);
	enum troth_status s = troth_public_unwrap(bytes, &v);
	(void)ctx;
	if (s != TROTH_OK)
		ASSERT_POISONED(v);
	return s;
}

enum { N_SAMPLES = 7 };

static void make_samples(struct sample out[N_SAMPLES], uint8_t buf[N_SAMPLES][TROTH_ATTEST_MAX])
{
	static const uint8_t NAME[34] = { 0, 0x0b };
	struct forge_key ec = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	struct forge_key rsa = forge_key(FORGE_RSA2048, TPM2_ALG_RSASSA, TPM2_ALG_SHA256);
	TPMS_ATTEST q = forge_quote(TROTH_VIEW_OF(NONCE));
	TPMS_ATTEST c = forge_certify(TROTH_VIEW_OF(NONCE), TROTH_VIEW_OF(NAME));
	TPMT_PUBLIC ec_pub = forge_public(&ec, FORGE_AK_ATTRIBUTES);
	TPMT_PUBLIC rsa_pub = forge_public(&rsa, FORGE_AK_ATTRIBUTES);
	forge_select(&q, TPM2_ALG_SHA256, 0xff);
	forge_select(&q, TPM2_ALG_SHA384, 0xff);
	const size_t max = TROTH_ATTEST_MAX;
	out[0] = (struct sample){ "quote", parse_attest, forge_attest_bytes(&q, buf[0], max) };
	out[1] =
		(struct sample){ "certify", parse_attest, forge_attest_bytes(&c, buf[1], max) };
	out[2] = (struct sample){ "ECDSA", parse_signature,
				  forge_sign(&ec, out[0].bytes, buf[2], max) };
	out[3] = (struct sample){ "RSASSA", parse_signature,
				  forge_sign(&rsa, out[0].bytes, buf[3], max) };
	out[4] = (struct sample){ "EC public", parse_public,
				  forge_public_bytes(&ec_pub, buf[4], max) };
	out[5] = (struct sample){ "RSA public", parse_public,
				  forge_public_bytes(&rsa_pub, buf[5], max) };
	memcpy(buf[6], "\0\3abc", 5);
	out[6] = (struct sample){ "TPM2B", parse_tpm2b, { buf[6], 5 } };
	forge_key_free(&ec);
	forge_key_free(&rsa);
}

static void every_prefix_is_truncated(void **state)
{
	static uint8_t buf[N_SAMPLES][TROTH_ATTEST_MAX];
	struct sample samples[N_SAMPLES];
	make_samples(samples, buf);
	for (size_t i = 0; i < N_SAMPLES; i++)
		for (size_t n = 0; n < samples[i].bytes.n; n++) {
			struct troth_view v =
				view_dup((struct troth_view){ samples[i].bytes.p, n });
			enum troth_status got = samples[i].parse(*state, v);
			file_free(v);
			if (got != TROTH_E_TRUNCATED)
				fail_msg("%s, %zu bytes: %s", samples[i].name, n,
					 troth_status_name(got));
		}
}

static void one_trailing_byte_is_refused(void **state)
{
	static uint8_t buf[N_SAMPLES][TROTH_ATTEST_MAX];
	struct sample samples[N_SAMPLES];
	make_samples(samples, buf);
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct troth_view v = samples[i].bytes;
		assert_int_equal(samples[i].parse(*state, v), TROTH_OK);
		buf[i][v.n++] = 0;
		if (samples[i].parse(*state, v) != TROTH_E_MALFORMED)
			fail_msg("%s", samples[i].name);
	}
}

/* No flipped bit makes a parser read past its bytes or write an output it then refuses. */
static void every_flipped_bit_is_survived(void **state)
{
	static uint8_t buf[N_SAMPLES][TROTH_ATTEST_MAX];
	struct sample samples[N_SAMPLES];
	make_samples(samples, buf);
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct troth_view v = view_dup(samples[i].bytes);
		uint8_t *p = (uint8_t *)(uintptr_t)v.p;
		for (size_t bit = 0; bit < 8 * v.n; bit++) {
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			(void)samples[i].parse(*state, v);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(samples[i].parse(*state, v), TROTH_OK);
		file_free(v);
	}
}

static void a_tpm2b_has_exactly_its_size(void **state)
{
	static const uint8_t EMPTY[] = { 0, 0 };
	static const uint8_t LONG[] = { 255, 255, 1, 2 };
	assert_int_equal(parse_tpm2b(*state, TROTH_VIEW_OF(EMPTY)), TROTH_E_MALFORMED);
	assert_int_equal(parse_tpm2b(*state, TROTH_VIEW_OF(LONG)), TROTH_E_TRUNCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_gives_its_facts),
		cmocka_unit_test(a_certification_gives_both_names),
		cmocka_unit_test(another_type_is_told_and_not_read),
		cmocka_unit_test(each_field_is_held_to_its_rule),
		cmocka_unit_test(a_foreign_magic_is_told),
		cmocka_unit_test(a_pcr_past_the_last_is_refused),
		cmocka_unit_test(a_bank_that_comes_twice_is_refused),
		cmocka_unit_test(an_empty_selection_is_legal),
		cmocka_unit_test(banks_are_limited),
		cmocka_unit_test(long_fields_are_refused_past_their_limit),
		cmocka_unit_test(every_prefix_is_truncated),
		cmocka_unit_test(one_trailing_byte_is_refused),
		cmocka_unit_test(every_flipped_bit_is_survived),
		cmocka_unit_test(a_tpm2b_has_exactly_its_size),
	};
	return cmocka_run_group_tests_name("tpm", tests, context_setup, context_teardown);
}
