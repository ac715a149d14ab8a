/* SPDX-License-Identifier: Apache-2.0 */
/* PE images: digests as osslsigncode computes them, and images that no two loaders read alike.
 */
#include "check.h"

#include "pe.h"
#include "pe_builder.h"

static const struct pe_part PARTS[] = { { ".text", "code", 4 }, { ".data", "some data", 9 } };
/* What pe_build makes of them: headers, and a block for each. */
#define LEN 1536
#define ROOM (128 * 1024)

struct image {
	uint8_t *p;
	size_t n;
};

static struct image plain(void)
{
	struct image i = { calloc(1, ROOM), 0 };
	assert_non_null(i.p);
	i.n = pe_build(i.p, PARTS, 2);
	return i;
}

/* In memory of exactly its size, so that a sanitizer sees a step past its end. */
static enum troth_status parse(const struct image *i, size_t n, struct troth_pe *out)
{
	uint8_t *exact = malloc(n + (n == 0));
	assert_non_null(exact);
	memcpy(exact, i->p, n);
	enum troth_status status = troth_pe_parse((struct troth_view){ exact, n }, out);
	if (status == TROTH_OK)
		out->file = (struct troth_view){ i->p, n };
	free(exact);
	return status;
}

static void digest_is(void **state, const struct image *i, enum troth_hash hash,
		      const char *hex)
{
	struct troth_pe pe;
	struct troth_digest d;
	assert_int_equal(troth_pe_parse((struct troth_view){ i->p, i->n }, &pe), TROTH_OK);
	assert_int_equal(troth_pe_digest(*state, &pe, hash, &d), TROTH_OK);
	assert_hex(d.bytes, hex);
}

/* osslsigncode 2.9 of the same image. */
static const struct {
	enum troth_hash hash;
	const char *hex;
} DIGESTS[] = {
	{ TROTH_HASH_SHA1, "85df8c9b367f704b72b85a50180c18091086ce27" },
	{ TROTH_HASH_SHA256,
	  "ca22a78096b6255fe91470ed5b1a29e49d4db265430c9c934a7821c3f2667b40" },
	{ TROTH_HASH_SHA384, "b486c22a54430851f3475f1488a47e48a438e8f2c493cec56958451e0a7e1ce0"
			     "dbb3deea0d5d7f82f026c9cf031cfa5d" },
	{ TROTH_HASH_SHA512,
	  "2b2bb40f9f95f0b8996bb702e92e6faa25fcfc5cc5ac3c23b7df44ae71fbede2"
	  "33d8c06e03426a939e0e6250bc6b2c9657782b20d67ba5aafb0b4f4483614b68" },
};

static void digests(void **state)
{
	struct image i = plain();
	assert_int_equal(i.n, LEN);
	for (size_t k = 0; k < sizeof DIGESTS / sizeof *DIGESTS; k++)
		digest_is(state, &i, DIGESTS[k].hash, DIGESTS[k].hex);
	free(i.p);
}

/* Neither the checksum nor a signature is part of what is signed. */
static void digest_of_a_signed_image(void **state)
{
	struct image i = plain();
	pe_u32(i.p + PE_CHECKSUM_AT, 0x12345678);
	i.n = pe_certify(i.p, i.n, "signature", 9);
	for (size_t k = 0; k < sizeof DIGESTS / sizeof *DIGESTS; k++)
		digest_is(state, &i, DIGESTS[k].hash, DIGESTS[k].hex);
	free(i.p);
}

/* Every other byte is. */
static void digest_sees_every_byte(void **state)
{
	struct image i = plain();
	struct troth_pe pe;
	struct troth_digest before, after;
	assert_int_equal(troth_pe_parse((struct troth_view){ i.p, i.n }, &pe), TROTH_OK);
	assert_int_equal(troth_pe_digest(*state, &pe, TROTH_HASH_SHA256, &before), TROTH_OK);
	for (size_t at = 0; at < i.n; at++) {
		const bool apart = (at >= PE_CHECKSUM_AT && at < PE_CHECKSUM_AT + 4) ||
				   (at >= PE_CERTIFICATES_AT && at < PE_CERTIFICATES_AT + 8);
		i.p[at] ^= 1;
		assert_int_equal(troth_pe_digest(*state, &pe, TROTH_HASH_SHA256, &after),
				 TROTH_OK);
		i.p[at] ^= 1;
		if (troth_digest_equal(&before, &after) != apart)
			fail_msg("byte %zu: %s", at, apart ? "counts" : "does not count");
	}
	free(i.p);
}

static void sections_are_told(void **state)
{
	(void)state;
	struct image i = plain();
	struct troth_pe pe;
	assert_int_equal(troth_pe_parse((struct troth_view){ i.p, i.n }, &pe), TROTH_OK);
	assert_int_equal(pe.machine, 0x8664);
	assert_int_equal(pe.n_sections, 2);
	const struct troth_pe_section *s = troth_pe_section(&pe, ".data", 0);
	assert_non_null(s);
	assert_int_equal(s->virtual_size, 9);
	assert_int_equal(s->data.n, PE_ALIGN);
	assert_memory_equal(s->data.p, "some data", 9);
	assert_null(troth_pe_section(&pe, ".data", 2));
	assert_null(troth_pe_section(&pe, ".dat", 0));
	free(i.p);
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	struct image i = plain();
	i.n = pe_certify(i.p, i.n, "signature", 9);
	for (size_t n = 0; n < i.n; n++) {
		struct troth_pe pe;
		POISON(pe);
		enum troth_status status = parse(&i, n, &pe);
		if (status != TROTH_E_TRUNCATED && status != TROTH_E_MALFORMED)
			fail_msg("%zu bytes: %s", n, troth_status_name(status));
		ASSERT_POISONED(pe);
	}
	free(i.p);
}

/* One field spoiled, of a signed image. */
static const struct {
	const char *name;
	size_t at, width;
	uint32_t value;
	enum troth_status want;
} SPOILED[] = {
	{ "no DOS header", 0, 2, 0, TROTH_E_MALFORMED },
	{ "the PE header behind the end", 0x3c, 4, 0xfffffff0, TROTH_E_TRUNCATED },
	{ "no PE header", PE_AT, 4, 0, TROTH_E_MALFORMED },
	{ "an unknown optional header", PE_OPTIONAL_AT, 2, 0x107, TROTH_E_MALFORMED },
	{ "sections up to the limit, behind the headers", PE_AT + 6, 2, 256,
	  TROTH_E_MALFORMED },
	{ "one section too many", PE_AT + 6, 2, 257, TROTH_E_LIMIT },
	{ "65535 sections", PE_AT + 6, 2, 65535, TROTH_E_LIMIT },
	{ "an optional header too short", PE_AT + 20, 2, 100, TROTH_E_MALFORMED },
	{ "an optional header over everything", PE_AT + 20, 2, 65535, TROTH_E_MALFORMED },
	{ "headers that end before the sections' table", PE_HEADERS_LEN_AT, 4, 300,
	  TROTH_E_MALFORMED },
	{ "headers behind the end", PE_HEADERS_LEN_AT, 4, 0xffffffff, TROTH_E_TRUNCATED },
	{ "headers over a section", PE_HEADERS_LEN_AT, 4, 600, TROTH_E_MALFORMED },
	{ "directories over everything", PE_N_DIRECTORIES_AT, 4, 0xffffffff,
	  TROTH_E_MALFORMED },
	{ "one directory too many", PE_N_DIRECTORIES_AT, 4, 17, TROTH_E_MALFORMED },
	{ "a section behind the end", PE_SECTION(0) + PE_RAW_AT, 4, 0xfffffe00,
	  TROTH_E_TRUNCATED },
	{ "a section longer than the file", PE_SECTION(0) + PE_RAW_LEN, 4, 0xffffffff,
	  TROTH_E_TRUNCATED },
	{ "sections over each other", PE_SECTION(1) + PE_RAW_AT, 4, 1000, TROTH_E_MALFORMED },
	{ "a section in the headers", PE_SECTION(1) + PE_RAW_AT, 4, 100, TROTH_E_MALFORMED },
	{ "a section over the certificates", PE_SECTION(1) + PE_RAW_LEN, 4, 520,
	  TROTH_E_MALFORMED },
	{ "certificates behind the end", PE_CERTIFICATES_AT, 4, 0xffffff00, TROTH_E_TRUNCATED },
	{ "certificates longer than the file", PE_CERTIFICATES_AT + 4, 4, 0xffffffff,
	  TROTH_E_TRUNCATED },
	{ "something behind the certificates", PE_CERTIFICATES_AT + 4, 4, 8,
	  TROTH_E_MALFORMED },
	{ "certificates over the headers", PE_CERTIFICATES_AT, 4, 0, TROTH_E_MALFORMED },
};

static void spoiled_images(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof SPOILED / sizeof *SPOILED; k++) {
		struct image i = plain();
		struct troth_pe pe;
		i.n = pe_certify(i.p, i.n, "signature", 9);
		if (SPOILED[k].width == 2)
			pe_u16(i.p + SPOILED[k].at, SPOILED[k].value);
		else
			pe_u32(i.p + SPOILED[k].at, SPOILED[k].value);
		POISON(pe);
		enum troth_status got = parse(&i, i.n, &pe);
		if (got != SPOILED[k].want)
			fail_msg("%s: got %s, want %s", SPOILED[k].name, troth_status_name(got),
				 troth_status_name(SPOILED[k].want));
		ASSERT_POISONED(pe);
		free(i.p);
	}
}

/* As many sections as the limit allows, all empty, with headers for them. */
static void sections_at_the_limit(void **state)
{
	(void)state;
	struct image i = { calloc(1, ROOM), pe_round(PE_SECTION(TROTH_PE_SECTIONS_MAX)) };
	struct troth_pe pe;
	pe_headers(i.p, TROTH_PE_SECTIONS_MAX, i.n);
	assert_int_equal(parse(&i, i.n, &pe), TROTH_OK);
	assert_int_equal(pe.n_sections, TROTH_PE_SECTIONS_MAX);
	pe_u16(i.p + PE_AT + 6, TROTH_PE_SECTIONS_MAX + 1);
	assert_int_equal(parse(&i, i.n, &pe), TROTH_E_LIMIT);
	free(i.p);
}

static void signatures_one_after_the_other(void **state)
{
	(void)state;
	/* Nine bytes and padding; one of another kind; a last one without its padding. */
	static const uint8_t TABLE[] = { 17,  0,   0,	0,   0,	  2,   2, 0,  's', 'i', 'g',
					 'n', 'a', 't', 'u', 'r', 'e', 0, 0,  0,   0,	0,
					 0,   0,   8,	0,   0,	  0,   0, 2,  1,   0,	9,
					 0,   0,   0,	0,   2,	  2,   0, 'x' };
	struct troth_reader r = { TROTH_VIEW_OF(TABLE) };
	struct troth_view v;
	assert_int_equal(troth_pe_next_signature(&r, &v), TROTH_OK);
	assert_int_equal(v.n, 9);
	assert_int_equal(troth_pe_next_signature(&r, &v), TROTH_E_UNSUPPORTED);
	assert_int_equal(troth_pe_next_signature(&r, &v), TROTH_OK);
	assert_int_equal(v.n, 1);
	assert_int_equal(troth_pe_next_signature(&r, &v), TROTH_E_NOT_FOUND);
	for (size_t n = 1; n < 17; n++) {
		struct troth_reader cut = { { TABLE, n } };
		assert_int_equal(troth_pe_next_signature(&cut, &v), TROTH_E_TRUNCATED);
		assert_int_equal(cut.left.n, n);
	}
	static const uint8_t SHORT[] = { 7, 0, 0, 0, 0, 2, 2, 0 };
	r.left = TROTH_VIEW_OF(SHORT);
	assert_int_equal(troth_pe_next_signature(&r, &v), TROTH_E_MALFORMED);
	char name[64];
	assert_int_equal(troth_pe_signer(troth_view_str("no PKCS#7"), name, sizeof name),
			 TROTH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(digest_of_a_signed_image),
		cmocka_unit_test(digest_sees_every_byte),
		cmocka_unit_test(sections_are_told),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(spoiled_images),
		cmocka_unit_test(sections_at_the_limit),
		cmocka_unit_test(signatures_one_after_the_other),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
