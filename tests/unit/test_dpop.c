/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base64.h"
#include "dpop.h"
#include "jose.h"

/* RFC 9449, 7.1: a request with its token. */
#define RFC_JWK                                                                          \
	"\"jwk\":{\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\"," \
	"\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\",\"crv\":\"P-256\"}"
static const char RFC_TOKEN[] = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
static const char RFC_PROOF[] =
	"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMz"
	"R0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFq"
	"SG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwia"
	"HRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSI"
	"sImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzb"
	"VFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-"
	"jfxSYoMx"
	"hAJpLjA";
#define RFC_TIME 1562262618

#define V(text)                                           \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
static const struct troth_dpop_call RFC_CALL = {
	.method = V("GET"),
	.url = V("https://resource.example.org/protectedresource"),
	.token = V("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
};

struct verifier {
	struct troth_ctx *ctx;
	uint8_t thumbprint[32];
	struct troth_digest token;
};

static struct verifier verifier_make(struct troth_ctx *ctx, const struct troth_jwk *jwk,
				     struct troth_view token)
{
	struct verifier v = { .ctx = ctx };
	assert_int_equal(troth_jwk_thumbprint(ctx, jwk, v.thumbprint), TROTH_OK);
	assert_int_equal(troth_hash_one(ctx, TROTH_HASH_SHA256, token, &v.token), TROTH_OK);
	return v;
}

static enum troth_decision verify(const struct verifier *v, struct troth_view proof,
				  const struct troth_dpop_call *call, uint64_t now_s,
				  struct troth_dpop_proof *out)
{
	const struct troth_dpop_check check = { .call = call,
						.now_s = now_s,
						.thumbprint = v->thumbprint,
						.token_hash = v->token.bytes };
	enum troth_decision d = TROTH_UNDECIDED;
	POISON(*out);
	assert_int_equal(troth_dpop_verify(v->ctx, proof, &check, &d, out), TROTH_OK);
	if (d != TROTH_ADMITTED)
		ASSERT_POISONED(*out);
	return d;
}

static struct troth_jwk rfc_jwk(void)
{
	struct troth_json_value values[16];
	struct troth_json json;
	struct troth_jwk jwk;
	assert_int_equal(troth_json_parse(troth_view_str("{" RFC_JWK "}"), values, 16, &json),
			 TROTH_OK);
	assert_int_equal(troth_jwk_read(troth_json_member(troth_json_root(&json), "jwk"), &jwk),
			 TROTH_OK);
	return jwk;
}

static void the_proof_of_rfc_9449_is_admitted(void **state)
{
	const struct troth_jwk jwk = rfc_jwk();
	struct verifier v = verifier_make(*state, &jwk, troth_view_str(RFC_TOKEN));
	struct troth_dpop_proof proof;
	assert_int_equal(verify(&v, troth_view_str(RFC_PROOF), &RFC_CALL, RFC_TIME, &proof),
			 TROTH_ADMITTED);
	assert_int_equal(proof.issued_s, RFC_TIME);
	assert_int_equal(proof.nonce_len, 0);
}

static void a_proof_has_its_time(void **state)
{
	static const struct {
		uint64_t now_s;
		enum troth_decision want;
	} TIMES[] = {
		{ RFC_TIME - TROTH_DPOP_SKEW_S - 1, TROTH_DENIED_PROOF_TIME },
		{ RFC_TIME - TROTH_DPOP_SKEW_S, TROTH_ADMITTED },
		{ RFC_TIME + TROTH_DPOP_AGE_MAX_S, TROTH_ADMITTED },
		{ RFC_TIME + TROTH_DPOP_AGE_MAX_S + 1, TROTH_DENIED_PROOF_TIME },
		{ 0, TROTH_DENIED_PROOF_TIME },
	};
	const struct troth_jwk jwk = rfc_jwk();
	struct verifier v = verifier_make(*state, &jwk, troth_view_str(RFC_TOKEN));
	for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
		struct troth_dpop_proof proof;
		assert_int_equal(verify(&v, troth_view_str(RFC_PROOF), &RFC_CALL,
					TIMES[i].now_s, &proof),
				 TIMES[i].want);
	}
}

/* One thing is other than the proof says. */
static void a_proof_is_of_one_call(void **state)
{
	static const struct {
		struct troth_dpop_call call;
		const char *token;
		enum troth_decision want;
	} CALLS[] = {
		{ { .method = V("POST"),
		    .url = V("https://resource.example.org/"
			     "protectedresource") },
		  NULL,
		  TROTH_DENIED_PROOF_METHOD },
		{ { .method = V("get"),
		    .url = V("https://resource.example.org/"
			     "protectedresource") },
		  NULL,
		  TROTH_DENIED_PROOF_METHOD },
		{ { .method = V("GET"), .url = V("https://resource.example.org/other") },
		  NULL,
		  TROTH_DENIED_PROOF_URL },
		{ { .method = V("GET"),
		    .url = V("http://resource.example.org/"
			     "protectedresource") },
		  NULL,
		  TROTH_DENIED_PROOF_URL },
		{ { .method = V("GET"),
		    .url = V("https://resource.example.org/"
			     "protectedresource/") },
		  NULL,
		  TROTH_DENIED_PROOF_URL },
		{ { .method = V("GET"),
		    .url = V("https://resource.example.org/"
			     "x/../protectedresource") },
		  NULL,
		  TROTH_DENIED_PROOF_URL },
		{ { .method = V("GET"),
		    .url = V("https://resource.example.org/"
			     "protectedresource") },
		  "another-token",
		  TROTH_DENIED_PROOF_TOKEN },
		{ { .method = V("GET"),
		    .url = V("HTTPS://Resource.Example.org:443/"
			     "protectedresource?q=1") },
		  NULL,
		  TROTH_ADMITTED },
	};
	const struct troth_jwk jwk = rfc_jwk();
	for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
		const char *token = CALLS[i].token != NULL ? CALLS[i].token : RFC_TOKEN;
		struct verifier v = verifier_make(*state, &jwk, troth_view_str(token));
		struct troth_dpop_proof proof;
		enum troth_decision got =
			verify(&v, troth_view_str(RFC_PROOF), &CALLS[i].call, RFC_TIME, &proof);
		if (got != CALLS[i].want)
			fail_msg("case %zu: %s", i, troth_decision_name(got));
	}
}

static void the_header_does_not_choose_the_key(void **state)
{
	struct jose_key other = jose_key_make();
	struct verifier v = verifier_make(*state, &other.jwk, troth_view_str(RFC_TOKEN));
	struct troth_dpop_proof proof;
	char token[2048], header[512], jwk[200];
	assert_int_equal(verify(&v, troth_view_str(RFC_PROOF), &RFC_CALL, RFC_TIME, &proof),
			 TROTH_DENIED_PROOF_KEY);
	/* The key of the result in the header, the signature by another. */
	struct jose_key thief = jose_key_make();
	(void)snprintf(header, sizeof header,
		       "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%s}",
		       jose_jwk_text(&other, jwk));
	(void)jose_sign(&thief, header, "{}", token, sizeof token);
	assert_int_equal(verify(&v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof),
			 TROTH_DENIED_PROOF_SIGNATURE);
	jose_key_free(&thief);
	jose_key_free(&other);
}

#define ATH "\"ath\":\"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo\""
#define HTU "\"htu\":\"https://resource.example.org/protectedresource\""
#define REST "\"htm\":\"GET\"," HTU ",\"iat\":1562262618," ATH

static const struct {
	const char *name, *claims;
	enum troth_decision want;
} CLAIMS[] = {
	{ "all there", "{\"jti\":\"a\"," REST "}", TROTH_ADMITTED },
	{ "claims nobody knows", "{\"jti\":\"a\",\"exp\":1," REST "}", TROTH_ADMITTED },
	{ "slashes in escapes",
	  "{\"jti\":\"a\",\"htm\":\"GET\",\"iat\":1562262618," ATH
	  ",\"htu\":\"https:\\/\\/resource.example.org\\/protectedresource\"}",
	  TROTH_ADMITTED },
	{ "no jti", "{" REST "}", TROTH_DENIED_PROOF_MALFORMED },
	{ "an empty jti", "{\"jti\":\"\"," REST "}", TROTH_DENIED_PROOF_MALFORMED },
	{ "jti that is no string", "{\"jti\":1," REST "}", TROTH_DENIED_PROOF_MALFORMED },
	{ "jti twice", "{\"jti\":\"a\",\"jti\":\"b\"," REST "}", TROTH_DENIED_PROOF_MALFORMED },
	{ "no htm", "{\"jti\":\"a\"," HTU ",\"iat\":1562262618," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "no htu", "{\"jti\":\"a\",\"htm\":\"GET\",\"iat\":1562262618," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "no iat", "{\"jti\":\"a\",\"htm\":\"GET\"," HTU "," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "no ath", "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":1562262618}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "an empty ath",
	  "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":1562262618,\"ath\":\"\"}",
	  TROTH_DENIED_PROOF_TOKEN },
	{ "iat as text",
	  "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":\"1562262618\"," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "iat as a fraction",
	  "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":1562262618.0," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "iat before the epoch", "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":-1," ATH "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "iat at the end of numbers",
	  "{\"jti\":\"a\",\"htm\":\"GET\"," HTU ",\"iat\":9223372036854775807," ATH "}",
	  TROTH_DENIED_PROOF_TIME },
	{ "nonce that is no string", "{\"jti\":\"a\",\"nonce\":null," REST "}",
	  TROTH_DENIED_PROOF_MALFORMED },
	{ "not JSON", "jti", TROTH_DENIED_PROOF_MALFORMED },
	{ "nothing", "", TROTH_DENIED_PROOF_MALFORMED },
};

static const char *prove(const struct jose_key *k, const char *claims, char *out, size_t max)
{
	char header[512], jwk[200];
	(void)snprintf(header, sizeof header,
		       "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":%s}",
		       jose_jwk_text(k, jwk));
	return jose_sign(k, header, claims, out, max);
}

static void every_claim_is_needed_and_strict(void **state)
{
	struct jose_key k = jose_key_make();
	struct verifier v = verifier_make(*state, &k.jwk, troth_view_str(RFC_TOKEN));
	char token[2048];
	for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++) {
		struct troth_dpop_proof proof;
		(void)prove(&k, CLAIMS[i].claims, token, sizeof token);
		enum troth_decision got =
			verify(&v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof);
		if (got != CLAIMS[i].want)
			fail_msg("%s: %s", CLAIMS[i].name, troth_decision_name(got));
	}
	/* Without its key, and as another kind of token, it is none. */
	static const char *const HEADERS[] = { "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}",
					       "{\"typ\":\"JWT\",\"alg\":\"ES256\"}" };
	for (size_t i = 0; i < 2; i++) {
		struct troth_dpop_proof proof;
		(void)jose_sign(&k, HEADERS[i], CLAIMS[0].claims, token, sizeof token);
		assert_int_equal(verify(&v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof),
				 TROTH_DENIED_PROOF_MALFORMED);
	}
	jose_key_free(&k);
}

/* As many characters of jti and nonce as said. */
static enum troth_decision verify_sized(const struct jose_key *k, const struct verifier *v,
					int jti, int nonce)
{
	char claims[1024], token[4096];
	struct troth_dpop_proof proof;
	(void)snprintf(claims, sizeof claims, "{\"jti\":\"%0*d\",\"nonce\":\"%0*d\"," REST "}",
		       jti, 1, nonce, 1);
	(void)prove(k, claims, token, sizeof token);
	return verify(v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof);
}

static void methods_have_a_limit(void **state)
{
	static const uint8_t LONG[TROTH_HTTP_METHOD_MAX + 1] = "UPDATEREDIRECTREF";
	(void)state;
	assert_false(troth_http_method_sound((struct troth_view){ LONG, 0 }));
	assert_true(
		troth_http_method_sound((struct troth_view){ LONG, TROTH_HTTP_METHOD_MAX }));
	assert_false(troth_http_method_sound(troth_view_str("UPDATEREDIRECTREFS")));
}

static void ids_nonces_and_proofs_have_limits(void **state)
{
	struct jose_key k = jose_key_make();
	struct verifier v = verifier_make(*state, &k.jwk, troth_view_str(RFC_TOKEN));
	assert_int_equal(verify_sized(&k, &v, TROTH_DPOP_JTI_MAX, TROTH_DPOP_NONCE_MAX),
			 TROTH_ADMITTED);
	assert_int_equal(verify_sized(&k, &v, TROTH_DPOP_JTI_MAX + 1, 1),
			 TROTH_DENIED_PROOF_MALFORMED);
	assert_int_equal(verify_sized(&k, &v, 1, TROTH_DPOP_NONCE_MAX + 1),
			 TROTH_DENIED_PROOF_MALFORMED);

	char *claims = malloc(TROTH_JWS_MAX), *token = malloc(2 * TROTH_JWS_MAX);
	struct troth_dpop_proof proof;
	assert_true(claims != NULL && token != NULL);
	int n = snprintf(claims, TROTH_JWS_MAX, "%s", CLAIMS[0].claims);
	do {
		memset(claims + n, ' ', 3);
		claims[n += 3] = '\0';
		(void)prove(&k, claims, token, (size_t)2 * TROTH_JWS_MAX);
	} while (strlen(token) + 4 <= TROTH_JWS_MAX);
	assert_int_equal(verify(&v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof),
			 TROTH_ADMITTED);
	memcpy(claims + n, "    ", 5);
	(void)prove(&k, claims, token, (size_t)2 * TROTH_JWS_MAX);
	assert_true(strlen(token) > TROTH_JWS_MAX);
	assert_int_equal(verify(&v, troth_view_str(token), &RFC_CALL, RFC_TIME, &proof),
			 TROTH_DENIED_PROOF_MALFORMED);
	free(claims);
	free(token);
	jose_key_free(&k);
}

/* "https://h/aaa...", of so many bytes, in a buffer of its own. */
static struct troth_view long_url(size_t n, char out[TROTH_HTU_MAX + 2])
{
	const size_t head = (size_t)snprintf(out, TROTH_HTU_MAX + 2, "https://h/");
	memset(out + head, 'a', n - head);
	return (struct troth_view){ (const uint8_t *)out, n };
}

static void addresses_have_a_limit(void **state)
{
	char url[TROTH_HTU_MAX + 2], claims[TROTH_HTU_MAX + 512];
	uint8_t proof_bytes[TROTH_JWS_MAX];
	char token[TROTH_JWS_MAX];
	struct jose_key k = jose_key_make();
	struct verifier v = verifier_make(*state, &k.jwk, troth_view_str(RFC_TOKEN));
	const struct troth_dpop_maker maker = { k.jwk, { jose_signer, k.ready } };
	for (size_t n = TROTH_HTU_MAX; n <= TROTH_HTU_MAX + 1; n++) {
		const uint8_t jti[TROTH_DPOP_JTI_BYTES] = { 0 };
		struct troth_writer w = troth_writer_make(proof_bytes, sizeof proof_bytes);
		struct troth_dpop_call call = RFC_CALL;
		struct troth_dpop_proof proof;
		const bool fits = n == TROTH_HTU_MAX;
		call.url = long_url(n, url);
		assert_int_equal(troth_dpop_make(*state, &maker, &call, RFC_TIME, jti, &w),
				 fits ? TROTH_OK : TROTH_E_LIMIT);
		/* The same address in a proof of somebody else's making. */
		snprintf(claims, sizeof claims,
			 "{\"jti\":\"a\",\"htm\":\"GET\",\"htu\":\"%.*s\",\"iat\":%d,%s}",
			 (int)n, url, RFC_TIME, ATH);
		assert_int_equal(verify(&v,
					troth_view_str(prove(&k, claims, token, sizeof token)),
					&call, RFC_TIME, &proof),
				 fits ? TROTH_ADMITTED : TROTH_DENIED_PROOF_URL);
	}
	jose_key_free(&k);
}

static void what_is_made_verifies_once_each(void **state)
{
	struct jose_key k = jose_key_make();
	struct verifier v = verifier_make(*state, &k.jwk, troth_view_str(RFC_TOKEN));
	const struct troth_dpop_maker maker = { k.jwk, { jose_signer, k.ready } };
	struct troth_dpop_call call = RFC_CALL;
	uint8_t buf[2048], last_id[32] = { 0 };
	call.nonce = troth_view_str("n-0S6_WzA2Mj");
	for (uint8_t i = 0; i < 3; i++) {
		const uint8_t jti[TROTH_DPOP_JTI_BYTES] = { i };
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		struct troth_dpop_proof proof;
		assert_int_equal(troth_dpop_make(*state, &maker, &call, RFC_TIME, jti, &w),
				 TROTH_OK);
		assert_int_equal(verify(&v, troth_written(&w), &RFC_CALL, RFC_TIME, &proof),
				 TROTH_ADMITTED);
		assert_true(troth_view_equal(
			(struct troth_view){ proof.nonce, proof.nonce_len }, call.nonce));
		assert_memory_not_equal(proof.id, last_id, sizeof last_id);
		memcpy(last_id, proof.id, sizeof last_id);
	}
	jose_key_free(&k);
}

static void what_cannot_be_proven_is_not_made(void **state)
{
	struct jose_key k = jose_key_make();
	const struct troth_dpop_maker maker = { k.jwk, { jose_signer, k.ready } };
	const uint8_t jti[TROTH_DPOP_JTI_BYTES] = { 0 };
	static const struct {
		struct troth_view method, url;
	} BAD[] = {
		{ V(""), V("https://h/") },
		{ V("GET "), V("https://h/") },
		{ V("GET\r\nX"), V("https://h/") },
		{ V("ABCDEFGHIJKLMNOPQR"), V("https://h/") },
		{ V("GET"), V("h/") },
		{ V("GET"), V("https://h/..") },
	};
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		const struct troth_dpop_call call = { .method = BAD[i].method,
						      .url = BAD[i].url };
		uint8_t buf[1024];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		assert_int_equal(troth_dpop_make(*state, &maker, &call, 1, jti, &w),
				 TROTH_E_MALFORMED);
	}
	jose_key_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proof_of_rfc_9449_is_admitted),
		cmocka_unit_test(a_proof_has_its_time),
		cmocka_unit_test(a_proof_is_of_one_call),
		cmocka_unit_test(the_header_does_not_choose_the_key),
		cmocka_unit_test(every_claim_is_needed_and_strict),
		cmocka_unit_test(methods_have_a_limit),
		cmocka_unit_test(ids_nonces_and_proofs_have_limits),
		cmocka_unit_test(addresses_have_a_limit),
		cmocka_unit_test(what_is_made_verifies_once_each),
		cmocka_unit_test(what_cannot_be_proven_is_not_made),
	};
	return cmocka_run_group_tests_name("dpop", tests, context_setup, context_teardown);
}
