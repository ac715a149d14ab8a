/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/authorize over the wire: callers, results and proofs that are not what they say, and
 * callers that a certificate makes known. What is judged is in unit.gate; here is what reaches
 * it. */
#include "check.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "asking.h"
#include "authority.h"
#include "base.h"
#include "base64.h"
#include "odd_keys.h"
#include "text.h"

/* A gateway that has no token: its certificate, and one that only looks like it. */
struct scene {
	struct asking asking;
	struct authority gateway, namesake;
};

static void certificate_digest(const struct authority *of, char out[65])
{
	uint8_t digest[32];
	unsigned int n = sizeof digest;
	assert_int_equal(X509_digest(of->cert, EVP_sha256(), digest, &n), 1);
	troth_format_hex(TROTH_VIEW_OF(digest), out);
}

static int open_scene(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	char lines[256], hex[65];
	s->gateway = authority_make("gateway", (uint64_t)time(NULL));
	s->namesake = authority_make("gateway", (uint64_t)time(NULL));
	certificate_digest(&s->gateway, hex);
	(void)snprintf(
		lines, sizeof lines,
		"  - name: line-a\n    audience: historian\n    certificate_sha256: %s\n", hex);
	asking_open(&s->asking, lines);
	*state = s;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *s = *state;
	asking_close(&s->asking);
	authority_free(&s->gateway);
	authority_free(&s->namesake);
	free(s);
	return 0;
}

static int begin(void **state)
{
	struct scene *s = *state;
	asking_take(&s->asking, LAB_VICTIM);
	return 0;
}

/* ---- callers that show a certificate ---- */

struct visitor {
	SSL_CTX *tls;
	struct tls_client http;
};

/* Of whoever holds this certificate and key; NULL: of nobody in particular. */
static void visit(struct scene *s, const struct authority *as, struct visitor *out)
{
	out->tls = tls_client_context(
		test_service_path(&s->asking.lab.service, "state/tls/ca.crt"));
	assert_non_null(out->tls);
	if (as != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(out->tls, as->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(out->tls, as->key), 1);
	}
	tls_client_init(&out->http, out->tls, s->asking.lab.service.port);
}

static void leave(struct visitor *v)
{
	tls_client_release(&v->http);
	SSL_CTX_free(v->tls);
}

static int visitor_asks(struct visitor *v, const char *method, const char *more)
{
	static char headers[20000];
	(void)snprintf(headers, sizeof headers,
		       "X-Original-Method: %s\r\nX-Original-URL: " ASKING_URL "\r\n%s", method,
		       more);
	return asking_raw(&v->http, "GET /v1/authorize", headers);
}

static void a_caller_is_known_by_its_certificate(void **state)
{
	struct scene *s = *state;
	struct visitor v;
	visit(s, &s->gateway, &v);
	assert_int_equal(visitor_asks(&v, "POST", asking_with_certificate(&s->asking)), 200);
	assert_string_equal(asking_answered(&v.http, "Troth-Device"), "victim");
	assert_int_equal(visitor_asks(&v, "POST", ""), 401);
	asking_assert(&v.http, 401, "no-credential");
	/* It is bound to its audience as any other. */
	assert_int_equal(visitor_asks(&v, "DELETE", asking_with_certificate(&s->asking)), 403);
	asking_assert(&v.http, 403, "method");
	asking_take_nonce(&s->asking);
	const char *proof = asking_prove(&s->asking, "POST", ASKING_URL);
	assert_int_equal(visitor_asks(&v, "POST", asking_with_proof(&s->asking, proof)), 200);
	assert_int_equal(visitor_asks(&v, "POST", asking_with_proof(&s->asking, proof)), 401);
	asking_assert(&v.http, 401, "proof-used");
	leave(&v);
}

static void assert_stranger(struct visitor *v, struct scene *s, const char *more)
{
	static char headers[12000];
	(void)snprintf(headers, sizeof headers, "%s%s", more,
		       asking_with_certificate(&s->asking));
	assert_int_equal(visitor_asks(v, "POST", headers), 403);
	assert_string_equal(asking_answered(&v->http, "Troth-Decision"), "");
}

static void nobody_is_known_by_another_certificate(void **state)
{
	struct scene *s = *state;
	struct visitor v;
	visit(s, &s->namesake, &v);
	assert_stranger(&v, s, "");
	leave(&v);
	visit(s, NULL, &v);
	assert_stranger(&v, s, "");
	leave(&v);
	/* A token that is wrong is not made up for by a certificate that is right. */
	visit(s, &s->gateway, &v);
	assert_stranger(&v, s, "Troth-Caller: gatewax\r\n");
	assert_stranger(&v, s, "Troth-Caller: \r\n");
	leave(&v);
}

/* A private key that claims the other's public one, for OpenSSL looks at no more than that. */
static EVP_PKEY *key_that_claims_to_be(EVP_PKEY *honest)
{
	uint8_t point[65];
	size_t n;
	BIGNUM *number = NULL;
	EVP_PKEY *own = EVP_EC_gen("P-256");
	assert_int_equal(
		EVP_PKEY_get_octet_string_param(honest, "pub", point, sizeof point, &n), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(own, "priv", &number), 1);
	EVP_PKEY *key = odd_p256(point, number);
	EVP_PKEY_free(own);
	BN_free(number);
	return key;
}

/* Whoever has seen the gateway's certificate has not its key. */
static void a_certificate_without_its_key_does_not_connect(void **state)
{
	struct scene *s = *state;
	struct visitor v;
	const struct authority stolen = { .key = key_that_claims_to_be(s->gateway.key),
					  .cert = s->gateway.cert };
	visit(s, &stolen, &v);
	assert_false(tls_client_get(&v.http, "/v1/authorize"));
	leave(&v);
	EVP_PKEY_free(stolen.key);
}

/* ---- what devices show ---- */

static void assert_refused(struct scene *s, const char *proof, const char *decision)
{
	struct tls_client *c = &s->asking.lab.http;
	assert_int_equal(asking_with(c, "gateway", asking_with_proof(&s->asking, proof)), 401);
	asking_assert(c, 401, decision);
}

/* Two healthy devices, and what one of them could do with what the other has shown. */
static void what_was_stolen_is_of_no_use(void **state)
{
	struct scene *s = *state;
	struct asking *a = &s->asking;
	static char token[TROTH_JWS_MAX], proof[TROTH_JWS_MAX], nonce[128];
	asking_take_nonce(a);
	(void)snprintf(token, sizeof token, "%s", a->token);
	(void)snprintf(proof, sizeof proof, "%s", asking_prove(a, "POST", ASKING_URL));
	(void)snprintf(nonce, sizeof nonce, "%s", a->nonce);
	asking_take(a, LAB_ATTACKER);
	/* His proof beside my result: neither does my key sign it, nor is it of this result. */
	assert_refused(s, proof, "proof-key");
	(void)snprintf(a->nonce, sizeof a->nonce, "%s", nonce);
	/* His result and a proof of mine over it. */
	(void)snprintf(a->token, sizeof a->token, "%s", token);
	assert_refused(s, asking_prove(a, "POST", ASKING_URL), "proof-key");
	/* Unspent by all that, it counts with what it was made for. */
	assert_int_equal(asking_with(&a->lab.http, "gateway", asking_with_proof(a, proof)),
			 200);
}

static const struct {
	const char *name, *header;
	const char *decision;
} HEADERS[] = {
	{ "none", "{\"alg\":\"none\",\"typ\":\"eat+jwt\"}", "token-malformed" },
	{ "HMAC", "{\"alg\":\"HS256\",\"typ\":\"eat+jwt\",\"kid\":\"%s\"}", "token-malformed" },
	{ "another curve", "{\"alg\":\"ES384\",\"typ\":\"eat+jwt\",\"kid\":\"%s\"}",
	  "token-malformed" },
	{ "another type", "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"kid\":\"%s\"}",
	  "token-malformed" },
	{ "critical", "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\",\"kid\":\"%s\",\"crit\":[\"x\"]}",
	  "token-malformed" },
	{ "a key of its own",
	  "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\",\"kid\":\"%s\",\"jku\":\"https://a/\"}",
	  "token-signature" },
	{ "an unknown key",
	  "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\","
	  "\"kid\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	  "token-key" },
	{ "names twice", "{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"eat+jwt\"}",
	  "token-malformed" },
	{ "nested", "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\",\"x\":[[[[[[[[[[]]]]]]]]]]}",
	  "token-malformed" },
	{ "a blank more", "{ \"alg\":\"ES256\",\"typ\":\"eat+jwt\",\"kid\":\"%s\"}",
	  "token-signature" },
};

/* The published key's id, from the result's own header. */
static void key_id(const char *token, char out[64])
{
	uint8_t header[TROTH_JWS_HEADER_MAX];
	struct troth_view text;
	const struct troth_view encoded = { (const uint8_t *)token, strcspn(token, ".") };
	assert_int_equal(troth_base64url_decode(encoded, header, sizeof header - 1, &text),
			 TROTH_OK);
	header[text.n] = '\0';
	const char *at = strstr((const char *)header, "\"kid\":\"");
	assert_non_null(at);
	(void)snprintf(out, 64, "%.43s", at + 7);
}

/* A result with this header before the rest of it. */
static void behead(const char *token, const char *format, char out[TROTH_JWS_MAX])
{
	char kid[64], header[512];
	uint8_t encoded[1024];
	struct troth_writer w = troth_writer_make(encoded, sizeof encoded);
	key_id(token, kid);
	const char *blank = strstr(format, "%s");
	if (blank != NULL)
		(void)snprintf(header, sizeof header, "%.*s%s%s", (int)(blank - format), format,
			       kid, blank + 2);
	else
		(void)snprintf(header, sizeof header, "%s", format);
	troth_put_base64url(&w, troth_view_str(header));
	(void)snprintf(out, TROTH_JWS_MAX, "%.*s%s", (int)w.n, (const char *)encoded,
		       token + strcspn(token, "."));
}

/* Each with a proof that is right about it, so that it is the result which is refused. */
static void results_with_other_headers(void **state)
{
	struct scene *s = *state;
	struct asking *a = &s->asking;
	static char good[TROTH_JWS_MAX];
	asking_take_nonce(a);
	(void)snprintf(good, sizeof good, "%s", a->token);
	for (size_t i = 0; i < TROTH_COUNT(HEADERS); i++) {
		print_message("%s\n", HEADERS[i].name);
		behead(good, HEADERS[i].header, a->token);
		assert_refused(s, asking_prove(a, "POST", ASKING_URL), HEADERS[i].decision);
	}
	(void)snprintf(a->token, sizeof a->token, "%s", good);
	assert_int_equal(asking_with(&a->lab.http, "gateway",
				     asking_with_proof(a, asking_prove(a, "POST", ASKING_URL))),
			 200);
}

/* Past what any result or proof has, and yet within what HTTP lets through. */
static void what_is_too_long_is_not_read(void **state)
{
	struct scene *s = *state;
	struct asking *a = &s->asking;
	static char lines[TROTH_JWS_MAX + 256], long_one[TROTH_JWS_MAX + 2];
	memset(long_one, 'A', TROTH_JWS_MAX + 1);
	(void)snprintf(lines, sizeof lines, "Authorization: DPoP %s\r\nDPoP: x\r\n", long_one);
	assert_int_equal(asking_with(&a->lab.http, "gateway", lines), 401);
	asking_assert(&a->lab.http, 401, "token-malformed");
	(void)snprintf(lines, sizeof lines, "Authorization: DPoP x\r\nDPoP: %s\r\n", long_one);
	assert_int_equal(asking_with(&a->lab.http, "gateway", lines), 401);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_caller_is_known_by_its_certificate, begin),
		cmocka_unit_test_setup(nobody_is_known_by_another_certificate, begin),
		cmocka_unit_test_setup(a_certificate_without_its_key_does_not_connect, begin),
		cmocka_unit_test_setup(what_was_stolen_is_of_no_use, begin),
		cmocka_unit_test_setup(results_with_other_headers, begin),
		cmocka_unit_test_setup(what_is_too_long_is_not_read, begin),
	};
	return cmocka_run_group_tests_name("authorize, forged", tests, open_scene, close_scene);
}
