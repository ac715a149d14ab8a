/* SPDX-License-Identifier: Apache-2.0 */
/* Key, signing input and signature are those of RFC 7515, appendix A.3; the thumbprint is
 * python3's hashlib over the JSON of RFC 7638, section 3. */
#include "check.h"

#include "reader.h"
#include "session_key.h"

static const char KEY[] = "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
			  "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";
static const char SIGNATURE[] =
	"0ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665"
	"c50a07d38c3c70e5d8f12daf084a5480a66590c5f293509a8f3f7f8a83a354d5";
static const char INPUT[] = "eyJhbGciOiJFUzI1NiJ9."
			    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
			    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

struct vector {
	uint8_t key[TROTH_SESSION_KEY_LEN], signature[TROTH_ES256_LEN];
};

static struct vector read_vector(void)
{
	struct vector v;
	from_hex(KEY, v.key, sizeof v.key);
	from_hex(SIGNATURE, v.signature, sizeof v.signature);
	return v;
}

static void the_thumbprint_is_that_of_the_jwk(void **state)
{
	const struct vector v = read_vector();
	uint8_t out[32];
	assert_int_equal(troth_session_key_thumbprint(*state, TROTH_VIEW_OF(v.key), out),
			 TROTH_OK);
	assert_hex(out, "a0a232c2f194a53553cb1310ddbc0821e414b9d7ebfc290b323084d7d1020fe5");
}

static void a_key_of_another_length_has_no_thumbprint(void **state)
{
	uint8_t bytes[TROTH_SESSION_KEY_LEN + 1] = { 0 }, out[32];
	static const size_t LENGTHS[] = { 0, 63, 65 };
	for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
		POISON(out);
		assert_int_equal(troth_session_key_thumbprint(
					 *state, (struct troth_view){ bytes, LENGTHS[i] }, out),
				 TROTH_E_MALFORMED);
		ASSERT_POISONED(out);
	}
}

static enum troth_status prove(struct troth_ctx *ctx, const struct vector *v, const char *text)
{
	return troth_session_key_prove(ctx, TROTH_VIEW_OF(v->key), TROTH_VIEW_OF(v->signature),
				       troth_view_str(text));
}

static void the_signature_of_another_implementation_holds(void **state)
{
	const struct vector v = read_vector();
	assert_int_equal(prove(*state, &v, INPUT), TROTH_OK);
	assert_int_equal(prove(*state, &v, "something else"), TROTH_E_MISMATCH);
}

static void each_bit_of_key_and_signature_counts(void **state)
{
	for (size_t bit = 0; bit < 8 * sizeof(struct vector); bit += 3) {
		struct vector v = read_vector();
		uint8_t *bytes = (uint8_t *)&v;
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(prove(*state, &v, INPUT), TROTH_OK);
	}
}

static void numbers_outside_the_group_are_no_signature(void **state)
{
	struct vector v = read_vector();
	memset(v.signature, 0, sizeof v.signature);
	assert_int_not_equal(prove(*state, &v, INPUT), TROTH_OK);
	memset(v.signature, 0xff, sizeof v.signature);
	assert_int_not_equal(prove(*state, &v, INPUT), TROTH_OK);
	v = read_vector();
	memset(v.key, 0, sizeof v.key);
	assert_int_equal(prove(*state, &v, INPUT), TROTH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_thumbprint_is_that_of_the_jwk),
		cmocka_unit_test(a_key_of_another_length_has_no_thumbprint),
		cmocka_unit_test(the_signature_of_another_implementation_holds),
		cmocka_unit_test(each_bit_of_key_and_signature_counts),
		cmocka_unit_test(numbers_outside_the_group_are_no_signature),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
