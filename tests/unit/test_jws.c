/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <openssl/rsa.h>

#include "files.h"
#include "jose.h"
#include "jws.h"

/* RFC 7515, A.3. */
static const char A3_INPUT[] =
	"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char A3_SIGNATURE[] =
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8IS"
	"lSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char A3_JWK[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
			     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

/* RFC 9449, 4.1: a proof, and 6.1: the thumbprint of its key. */
static const char DPOP[] =
	"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMz"
	"R0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFq"
	"SG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwia"
	"HRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY"
	"yNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV3"
	"7xRZT3Lg";
static const char DPOP_THUMBPRINT[] = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

static enum troth_status jwk_of_text(const char *text, struct troth_jwk *out)
{
	struct troth_json_value values[16];
	struct troth_json json;
	assert_int_equal(troth_json_parse(troth_view_str(text), values, 16, &json), TROTH_OK);
	return troth_jwk_read(troth_json_root(&json), out);
}

static void the_signature_of_rfc_7515_verifies(void **state)
{
	struct troth_jwk jwk;
	struct troth_key *key;
	uint8_t sig[TROTH_ES256_LEN];
	assert_int_equal(jwk_of_text(A3_JWK, &jwk), TROTH_OK);
	assert_int_equal(troth_jwk_key(&jwk, &key), TROTH_OK);
	assert_int_equal(troth_base64url_exact(troth_view_str(A3_SIGNATURE), sig, sizeof sig),
			 TROTH_OK);
	const struct troth_view input = troth_view_str(A3_INPUT);
	assert_int_equal(troth_es256_verify(*state, key, input, sig), TROTH_OK);
	for (size_t bit = 0; bit < 8 * sizeof sig; bit++) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(troth_es256_verify(*state, key, input, sig), TROTH_E_MISMATCH);
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	const uint8_t zero[TROTH_ES256_LEN] = { 0 }; /* CVE-2022-21449 */
	assert_int_equal(troth_es256_verify(*state, key, input, zero), TROTH_E_MISMATCH);
	troth_key_free(key);
}

static void the_proof_of_rfc_9449_opens(void **state)
{
	struct troth_jws jws;
	struct troth_key *key;
	uint8_t buf[256], digest[32], text[TROTH_THUMBPRINT_LEN];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_writer print = troth_writer_make(text, sizeof text);
	struct troth_view payload;
	assert_int_equal(troth_jws_read(troth_view_str(DPOP), "dpop+jwt", &jws), TROTH_OK);
	assert_true(jws.has_jwk);
	assert_int_equal(jws.kid_len, 0);
	assert_int_equal(troth_jwk_key(&jws.jwk, &key), TROTH_OK);
	assert_int_equal(troth_jws_open(*state, &jws, key, &w, &payload), TROTH_OK);
	assert_non_null(memmem(payload.p, payload.n, "\"-BwC3ESc6acc2lTc\"", 18));
	assert_int_equal(troth_jwk_thumbprint(*state, &jws.jwk, digest), TROTH_OK);
	troth_put_base64url(&print, TROTH_VIEW_OF(digest));
	assert_true(troth_view_equal(troth_written(&print), troth_view_str(DPOP_THUMBPRINT)));

	struct jose_key other = jose_key_make();
	struct troth_key *wrong;
	assert_int_equal(troth_jwk_key(&other.jwk, &wrong), TROTH_OK);
	assert_int_equal(troth_jws_open(*state, &jws, wrong, &w, &payload), TROTH_E_MISMATCH);
	troth_key_free(wrong);
	jose_key_free(&other);
	troth_key_free(key);
}

static void every_prefix_and_a_byte_more_are_refused(void **state)
{
	struct troth_jws jws;
	const size_t n = strlen(DPOP);
	(void)state;
	POISON(jws);
	for (size_t i = 0; i < n; i++) {
		struct troth_view text =
			view_dup((struct troth_view){ (const uint8_t *)DPOP, i });
		assert_int_not_equal(troth_jws_read(text, "dpop+jwt", &jws), TROTH_OK);
		file_free(text);
	}
	for (const char *c = "A.= \n"; *c != '\0'; c++) {
		char longer[sizeof DPOP + 1];
		(void)snprintf(longer, sizeof longer, "%s%c", DPOP, *c);
		assert_int_equal(troth_jws_read(troth_view_str(longer), "dpop+jwt", &jws),
				 TROTH_E_MALFORMED);
	}
	ASSERT_POISONED(jws);
}

/* Headers around a signature that is good. %s stands for the public key. */
static const struct {
	const char *name, *header;
	enum troth_status want;
} HEADERS[] = {
	{ "as it should be", "{\"alg\":\"ES256\",\"typ\":\"t\",\"jwk\":%s}", TROTH_OK },
	{ "a parameter nobody knows", "{\"alg\":\"ES256\",\"typ\":\"t\",\"x5u\":\"//evil\"}",
	  TROTH_OK },
	{ "none", "{\"alg\":\"none\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "nOnE", "{\"alg\":\"nOnE\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "HMAC with the public key", "{\"alg\":\"HS256\",\"typ\":\"t\"}",
	  TROTH_E_UNSUPPORTED },
	{ "ES384", "{\"alg\":\"ES384\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "ES256K", "{\"alg\":\"ES256K\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "RS256", "{\"alg\":\"RS256\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "another case", "{\"alg\":\"es256\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "alg that is no string", "{\"alg\":256,\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "alg in escapes", "{\"alg\":\"\\u0045S256\",\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "no alg", "{\"typ\":\"t\"}", TROTH_E_UNSUPPORTED },
	{ "no typ", "{\"alg\":\"ES256\"}", TROTH_E_UNSUPPORTED },
	{ "another typ", "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", TROTH_E_UNSUPPORTED },
	{ "a longer typ", "{\"alg\":\"ES256\",\"typ\":\"tt\"}", TROTH_E_UNSUPPORTED },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"t\"}",
	  TROTH_E_MALFORMED },
	{ "something critical",
	  "{\"alg\":\"ES256\",\"typ\":\"t\",\"crit\":[\"exp\"],\"exp\":1}",
	  TROTH_E_UNSUPPORTED },
	{ "crit of nothing", "{\"alg\":\"ES256\",\"typ\":\"t\",\"crit\":[]}",
	  TROTH_E_UNSUPPORTED },
	{ "a payload that is not encoded", "{\"alg\":\"ES256\",\"typ\":\"t\",\"b64\":false}",
	  TROTH_E_UNSUPPORTED },
	{ "an empty kid", "{\"alg\":\"ES256\",\"typ\":\"t\",\"kid\":\"\"}", TROTH_E_MALFORMED },
	{ "a kid that is no string", "{\"alg\":\"ES256\",\"typ\":\"t\",\"kid\":1}",
	  TROTH_E_MALFORMED },
	{ "a jwk that is no object", "{\"alg\":\"ES256\",\"typ\":\"t\",\"jwk\":\"x\"}",
	  TROTH_E_MALFORMED },
	{ "not JSON", "ES256", TROTH_E_MALFORMED },
	{ "an array", "[\"ES256\",\"t\"]", TROTH_E_MALFORMED },
};

static void a_good_signature_does_not_excuse_its_header(void **state)
{
	struct jose_key k = jose_key_make();
	char header[512], token[1024], jwk[200];
	(void)state;
	for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
		struct troth_jws jws;
		const char *hole = strstr(HEADERS[i].header, "%s");
		const int before = hole != NULL ? (int)(hole - HEADERS[i].header)
						: (int)strlen(HEADERS[i].header);
		(void)snprintf(header, sizeof header, "%.*s%s%s", before, HEADERS[i].header,
			       hole != NULL ? jose_jwk_text(&k, jwk) : "",
			       hole != NULL ? hole + 2 : "");
		(void)jose_sign(&k, header, "{}", token, sizeof token);
		POISON(jws);
		enum troth_status got = troth_jws_read(troth_view_str(token), "t", &jws);
		if (got != HEADERS[i].want)
			fail_msg("%s: got %d", HEADERS[i].name, got);
		if (got != TROTH_OK)
			ASSERT_POISONED(jws);
	}
	jose_key_free(&k);
}

#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static const struct {
	const char *name, *jwk;
	enum troth_status read, import;
} JWKS[] = {
	{ "with what does not matter",
	  "{\"use\":\"sig\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	  TROTH_OK, TROTH_OK },
	{ "another curve's name",
	  "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	  TROTH_E_UNSUPPORTED, 0 },
	{ "another kind of key", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", TROTH_E_UNSUPPORTED, 0 },
	{ "an Edwards key", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}",
	  TROTH_E_UNSUPPORTED, 0 },
	{ "a private part",
	  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"" X "\"}",
	  TROTH_E_MALFORMED, 0 },
	{ "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", TROTH_E_MALFORMED, 0 },
	{ "a coordinate without its leading zero",
	  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"" Y "\"}",
	  TROTH_E_MALFORMED, 0 },
	{ "off the curve", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}",
	  TROTH_OK, TROTH_E_MALFORMED },
};

static void only_points_of_p256_are_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof JWKS / sizeof *JWKS; i++) {
		struct troth_jwk jwk;
		struct troth_key *key = NULL;
		POISON(jwk);
		enum troth_status got = jwk_of_text(JWKS[i].jwk, &jwk);
		if (got != JWKS[i].read)
			fail_msg("%s: got %d", JWKS[i].name, got);
		if (got != TROTH_OK) {
			ASSERT_POISONED(jwk);
			continue;
		}
		if (troth_jwk_key(&jwk, &key) != JWKS[i].import)
			fail_msg("%s: import", JWKS[i].name);
		troth_key_free(key);
	}
}

static void what_is_built_opens_with_its_key(void **state)
{
	struct jose_key k = jose_key_make();
	const struct troth_es256_signer signer = { jose_signer, k.ready };
	const struct troth_jws_header header = { .typ = "t",
						 .kid = troth_view_str("k1"),
						 .jwk = &k.jwk };
	uint8_t buf[512], plain[16];
	for (size_t i = 0; i < 64; i++) { /* signatures with short numbers come by */
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		struct troth_writer out = troth_writer_make(plain, sizeof plain);
		struct troth_jws jws;
		struct troth_key *key;
		struct troth_view payload;
		assert_int_equal(
			troth_jws_build(&header, troth_view_str("{\"a\":1}"), &signer, &w),
			TROTH_OK);
		assert_int_equal(troth_jws_read(troth_written(&w), "t", &jws), TROTH_OK);
		assert_memory_equal(jws.kid, "k1", 2);
		assert_memory_equal(&jws.jwk, &k.jwk, sizeof k.jwk);
		assert_int_equal(troth_jwk_key(&jws.jwk, &key), TROTH_OK);
		assert_int_equal(troth_jws_open(*state, &jws, key, &out, &payload), TROTH_OK);
		assert_true(troth_view_equal(payload, troth_view_str("{\"a\":1}")));
		struct troth_writer tight = troth_writer_make(plain, payload.n - 1);
		assert_int_equal(troth_jws_open(*state, &jws, key, &tight, &payload),
				 TROTH_E_LIMIT);
		troth_key_free(key);
	}
	for (size_t max = 0; max < 64; max++) {
		struct troth_writer w = troth_writer_make(buf, max);
		assert_int_equal(troth_jws_build(&header, troth_view_str("{}"), &signer, &w),
				 TROTH_E_LIMIT);
	}
	jose_key_free(&k);
}

/* A header of n bytes, of which the kid has so many. */
static enum troth_status read_sized(const struct jose_key *k, size_t kid, size_t n)
{
	char header[TROTH_JWS_HEADER_MAX + 2], token[2 * TROTH_JWS_HEADER_MAX];
	struct troth_jws jws;
	int used = snprintf(header, sizeof header,
			    "{\"alg\":\"ES256\",\"typ\":\"t\",\"kid\":\"%0*d\"}", (int)kid, 1);
	memset(header + used, ' ', n > (size_t)used ? n - (size_t)used : 0);
	header[n > (size_t)used ? n : (size_t)used] = '\0';
	(void)jose_sign(k, header, "{}", token, sizeof token);
	return troth_jws_read(troth_view_str(token), "t", &jws);
}

static void header_and_key_id_have_limits(void **state)
{
	struct jose_key k = jose_key_make();
	(void)state;
	assert_int_equal(read_sized(&k, TROTH_KEY_ID_MAX, 0), TROTH_OK);
	assert_int_equal(read_sized(&k, TROTH_KEY_ID_MAX + 1, 0), TROTH_E_LIMIT);
	assert_int_equal(read_sized(&k, 1, TROTH_JWS_HEADER_MAX), TROTH_OK);
	assert_int_equal(read_sized(&k, 1, TROTH_JWS_HEADER_MAX + 1), TROTH_E_LIMIT);
	jose_key_free(&k);
}

static void only_p256_keys_sign_and_verify(void **state)
{
	EVP_PKEY *p384 = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(2048);
	struct troth_es256_key *key = NULL;
	struct troth_jwk jwk;
	(void)state;
	assert_int_equal(troth_es256_key_new(p384, &key), TROTH_E_UNSUPPORTED);
	assert_int_equal(troth_es256_key_new(rsa, &key), TROTH_E_UNSUPPORTED);
	assert_int_equal(troth_jwk_of(p384, &jwk), TROTH_E_UNSUPPORTED);
	assert_int_equal(troth_jwk_of(rsa, &jwk), TROTH_E_UNSUPPORTED);
	assert_null(key);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature_of_rfc_7515_verifies),
		cmocka_unit_test(the_proof_of_rfc_9449_opens),
		cmocka_unit_test(every_prefix_and_a_byte_more_are_refused),
		cmocka_unit_test(a_good_signature_does_not_excuse_its_header),
		cmocka_unit_test(only_points_of_p256_are_keys),
		cmocka_unit_test(what_is_built_opens_with_its_key),
		cmocka_unit_test(header_and_key_id_have_limits),
		cmocka_unit_test(only_p256_keys_sign_and_verify),
	};
	return cmocka_run_group_tests_name("jws", tests, context_setup, context_teardown);
}
