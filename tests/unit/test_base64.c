/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base64.h"
#include "files.h"
#include "reader.h"

/* RFC 4648, 10, without padding; RFC 7515, appendix C. */
static const struct {
	const char *bytes, *text;
} VECTORS[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy" },
	{ "\x03\xec\xff\xe0\xc1", "A-z_4ME" },
};

static void vectors_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
		const struct troth_view bytes = troth_view_str(VECTORS[i].bytes);
		const struct troth_view text = troth_view_str(VECTORS[i].text);
		uint8_t buf[16];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		struct troth_view got;
		troth_put_base64url(&w, bytes);
		assert_true(troth_view_equal(troth_written(&w), text));
		assert_int_equal(TROTH_BASE64URL_LEN(bytes.n), text.n);
		assert_int_equal(troth_base64url_decode(text, buf, bytes.n, &got), TROTH_OK);
		assert_true(troth_view_equal(got, bytes));
		if (bytes.n > 0)
			assert_int_equal(troth_base64url_decode(text, buf, bytes.n - 1, &got),
					 TROTH_E_LIMIT);
	}
}

static const char *const MALFORMED[] = {
	"Z",			     /* six bits are no byte */
	"Zm9vY",    "Zg==",  "Zm8=", /* padding */
	"Zh",	    "Zm9", /* last bits that are not zero: a second spelling of the same bytes
			    */
	"Zm9v\n",   "Zm 9v", "A+z/4ME", /* blanks, and the other alphabet */
	"Zm9v\x80",
};

static void there_is_one_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
		struct troth_view text = view_dup(troth_view_str(MALFORMED[i])), got;
		uint8_t buf[16];
		POISON(got);
		if (troth_base64url_decode(text, buf, sizeof buf, &got) != TROTH_E_MALFORMED)
			fail_msg("%s was taken", MALFORMED[i]);
		ASSERT_POISONED(got);
		file_free(text);
	}
}

static void an_exact_length_is_exact(void **state)
{
	uint8_t out[3];
	(void)state;
	POISON(out);
	assert_int_equal(troth_base64url_exact(troth_view_str("Zm8"), out, 3),
			 TROTH_E_MALFORMED);
	assert_int_equal(troth_base64url_exact(troth_view_str("Zm9vYg"), out, 3),
			 TROTH_E_MALFORMED);
	assert_int_equal(troth_base64url_exact(troth_view_str("Zm9="), out, 3),
			 TROTH_E_MALFORMED);
	ASSERT_POISONED(out);
	assert_int_equal(troth_base64url_exact(troth_view_str("Zm9v"), out, 3), TROTH_OK);
	assert_memory_equal(out, "foo", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_go_both_ways),
		cmocka_unit_test(there_is_one_spelling),
		cmocka_unit_test(an_exact_length_is_exact),
	};
	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
