/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation results: what goes in comes out, and nothing else gets in. That other people's
 * software reads and writes the same is in tests/integration/credential/ear.sh. */
#include "check.h"

#include "cbor_write.h"
#include "ear_keys.h"
#include "ear_sample.h"
#include "jws.h"

static struct ear_sample sample;

static int setup(void **state)
{
	if (context_setup(state) != 0)
		return -1;
	ear_sample_make(&sample, *state);
	return 0;
}

static int teardown(void **state)
{
	ear_sample_free(&sample);
	return context_teardown(state);
}

static enum troth_status open_either(struct troth_view bytes, enum troth_ear_format f,
				     const struct troth_ear_keys *keys, struct troth_ear *out)
{
	static uint8_t buf[TROTH_JWS_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	return f == TROTH_EAR_JWT ? troth_ear_jwt_open(sample.ctx, bytes, keys, &w, out)
				  : troth_ear_cwt_open(sample.ctx, bytes, keys, out);
}

static void assert_same(const struct troth_ear *a, const struct troth_ear *b)
{
	assert_int_equal(a->profile, b->profile);
	assert_true(troth_view_equal(a->issuer, b->issuer));
	assert_true(troth_view_equal(a->subject, b->subject));
	assert_true(troth_view_equal(a->segment, b->segment));
	assert_memory_equal(a->id, b->id, sizeof a->id);
	assert_int_equal(a->issued_s, b->issued_s);
	assert_int_equal(a->expires_s, b->expires_s);
	assert_true(troth_view_equal(a->nonce, b->nonce));
	assert_memory_equal(a->evidence_nonce, b->evidence_nonce, sizeof a->evidence_nonce);
	assert_true(troth_view_equal(a->build, b->build));
	assert_int_equal(a->status, b->status);
	assert_memory_equal(&a->trust, &b->trust, sizeof a->trust);
	assert_true(troth_view_equal(a->policy, b->policy));
	assert_memory_equal(&a->key, &b->key, sizeof a->key);
	assert_memory_equal(a->thumbprint, b->thumbprint, sizeof a->thumbprint);
	assert_true(troth_view_equal(a->attested_key, b->attested_key));
}

static void what_goes_in_comes_out(void **state)
{
	(void)state;
	const struct troth_ear_keys keys = ear_sample_keys(&sample);
	const struct troth_ear whole = sample.ear;
	for (unsigned form = 0; form < 8; form++) {
		uint8_t buf[TROTH_JWS_MAX];
		struct troth_ear got;
		const enum troth_ear_format f = form & 1 ? TROTH_EAR_CWT : TROTH_EAR_JWT;
		sample.ear = whole;
		sample.ear.profile = form & 2 ? TROTH_EAR_DRAFT : TROTH_EAR_DEPLOYED;
		if (form & 4) {
			sample.ear.nonce = sample.ear.attested_key = (struct troth_view){ 0 };
			sample.ear.trust = (struct troth_trust_vector){ 0 };
		}
		const struct troth_view bytes = ear_sample_write(&sample, f, buf, sizeof buf);
		assert_int_equal(open_either(bytes, f, &keys, &got), TROTH_OK);
		assert_same(&got, &sample.ear);
	}
	sample.ear = whole;
}

/* The issuer never signs these. */
static void what_contradicts_itself_is_not_written(void **state)
{
	(void)state;
	const struct troth_es256_signer signer = { ear_sample_sign, &sample };
	static const uint8_t long_nonce[TROTH_RESULT_NONCE_MAX + 1];
	for (int i = 0; i < 5; i++) {
		uint8_t buf[TROTH_JWS_MAX];
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		struct troth_ear ear = sample.ear;
		if (i == 0)
			ear.status = TROTH_TIER_AFFIRMING; /* hardware is a warning */
		else if (i == 1)
			ear.expires_s = ear.issued_s;
		else if (i == 2)
			ear.nonce.n = TROTH_RESULT_NONCE_MIN - 1;
		else if (i == 3)
			ear.nonce = TROTH_VIEW_OF(long_nonce);
		else
			ear.subject.n = 0;
		assert_int_equal(troth_ear_jwt_write(&ear, sample.key_id, &signer, &w),
				 TROTH_E_MALFORMED);
		assert_int_equal(troth_ear_cwt_write(&ear, sample.key_id, &signer, &w),
				 TROTH_E_MALFORMED);
	}
}

/* A flip that hits base64url's spelling makes no text at all; none makes another result. */
static void every_flipped_bit_is_noticed(void **state)
{
	(void)state;
	const struct troth_ear_keys keys = ear_sample_keys(&sample);
	for (int f = TROTH_EAR_JWT; f <= TROTH_EAR_CWT; f++) {
		uint8_t buf[TROTH_JWS_MAX];
		struct troth_ear got;
		const struct troth_view v =
			ear_sample_write(&sample, (enum troth_ear_format)f, buf, sizeof buf);
		for (size_t bit = 0; bit < 8 * v.n; bit += 7) {
			POISON(got);
			buf[bit / 8] ^= (uint8_t)(1U << bit % 8);
			if (open_either(v, (enum troth_ear_format)f, &keys, &got) == TROTH_OK)
				fail_msg("form %d, bit %zu", f, bit);
			ASSERT_POISONED(got);
			buf[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		for (size_t n = 0; n < v.n; n += 5)
			assert_int_not_equal(open_either((struct troth_view){ v.p, n },
							 (enum troth_ear_format)f, &keys, &got),
					     TROTH_OK);
	}
}

/* The right key id over the wrong key, and no key at all. */
static void another_key_is_not_believed(void **state)
{
	(void)state;
	struct jose_key other = jose_key_make();
	struct troth_key *other_key = NULL;
	assert_int_equal(troth_jwk_key(&other.jwk, &other_key), TROTH_OK);
	struct troth_ear_key claimed = sample.trusted;
	claimed.key = other_key;
	const struct troth_ear_keys wrong = { &claimed, 1 }, none = { NULL, 0 };
	for (int f = TROTH_EAR_JWT; f <= TROTH_EAR_CWT; f++) {
		uint8_t buf[TROTH_JWS_MAX];
		struct troth_ear got;
		const enum troth_ear_format form = (enum troth_ear_format)f;
		const struct troth_view v = ear_sample_write(&sample, form, buf, sizeof buf);
		assert_int_equal(open_either(v, form, &wrong, &got), TROTH_E_MISMATCH);
		assert_int_equal(open_either(v, form, &none, &got), TROTH_E_NOT_FOUND);
	}
	troth_key_free(other_key);
	jose_key_free(&other);
}

/* ---- JWTs of nobody's making, signed with the right key ---- */

#define KID "\"kid\":\"%s\""
static const struct {
	const char *name, *header;
	enum troth_status want;
} HEADERS[] = {
	{ "as it should be", "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\"," KID "}", TROTH_OK },
	{ "no signature wanted", "{\"alg\":\"none\",\"typ\":\"eat+jwt\"," KID "}",
	  TROTH_E_UNSUPPORTED },
	{ "None", "{\"alg\":\"None\",\"typ\":\"eat+jwt\"," KID "}", TROTH_E_UNSUPPORTED },
	{ "the public key as a MAC key", "{\"alg\":\"HS256\",\"typ\":\"eat+jwt\"," KID "}",
	  TROTH_E_UNSUPPORTED },
	{ "another curve", "{\"alg\":\"ES384\",\"typ\":\"eat+jwt\"," KID "}",
	  TROTH_E_UNSUPPORTED },
	{ "a proof in place of a result", "{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\"," KID "}",
	  TROTH_E_UNSUPPORTED },
	{ "no type", "{\"alg\":\"ES256\"," KID "}", TROTH_E_UNSUPPORTED },
	{ "something critical",
	  "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\",\"crit\":[\"exp\"]," KID "}",
	  TROTH_E_UNSUPPORTED },
	{ "two algorithms", "{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"eat+jwt\"," KID "}",
	  TROTH_E_MALFORMED },
	{ "no key id", "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\"}%.0s", TROTH_E_NOT_FOUND },
};

/* The payload of a good one, NUL-terminated. */
static void good_payload(char out[TROTH_JWS_MAX])
{
	uint8_t buf[TROTH_JWS_MAX];
	struct troth_writer w = troth_writer_make((uint8_t *)out, TROTH_JWS_MAX - 1);
	struct troth_jws jws;
	struct troth_view payload;
	const struct troth_view v = ear_sample_write(&sample, TROTH_EAR_JWT, buf, sizeof buf);
	assert_int_equal(troth_jws_read(v, TROTH_EAR_JWT_TYPE, &jws), TROTH_OK);
	assert_int_equal(troth_jws_open(sample.ctx, &jws, sample.key, &w, &payload), TROTH_OK);
	out[payload.n] = '\0';
}

static enum troth_status open_signed(const char *header, const char *payload)
{
	static char text[4 * TROTH_JWS_MAX], full[512];
	char kid[TROTH_THUMBPRINT_LEN + 1] = { 0 };
	struct troth_writer k = troth_writer_make((uint8_t *)kid, TROTH_THUMBPRINT_LEN);
	struct troth_ear got;
	const struct troth_ear_keys keys = ear_sample_keys(&sample);
	troth_put_base64url(&k, TROTH_VIEW_OF(sample.key_id));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(full, sizeof full, header, kid);
#pragma GCC diagnostic pop
	return open_either(
		troth_view_str(jose_sign(&sample.signer, full, payload, text, sizeof text)),
		TROTH_EAR_JWT, &keys, &got);
}

static void headers_choose_nothing(void **state)
{
	(void)state;
	char payload[TROTH_JWS_MAX];
	good_payload(payload);
	for (size_t i = 0; i < sizeof HEADERS / sizeof *HEADERS; i++) {
		const enum troth_status got = open_signed(HEADERS[i].header, payload);
		if (got != HEADERS[i].want)
			fail_msg("%s: %s", HEADERS[i].name, troth_status_name(got));
	}
}

/* One thing in a good payload replaced by another. */
static const struct {
	const char *name, *from, *to;
	enum troth_status want;
} PAYLOADS[] = {
	{ "of another profile", "tag:github.com,2023:veraison/ear", "tag:example.org,2026:x",
	  TROTH_E_UNSUPPORTED },
	{ "without a subject", "\"sub\"", "\"xub\"", TROTH_E_MALFORMED },
	{ "without an end", "\"exp\"", "\"xxp\"", TROTH_E_MALFORMED },
	{ "whose end is a text", "\"exp\":1732230900", "\"exp\":\"1732230900\"",
	  TROTH_E_MALFORMED },
	{ "whose end is a fraction", "\"exp\":1732230900", "\"exp\":1732230900.5",
	  TROTH_E_MALFORMED },
	{ "that ends before it begins", "\"exp\":1732230900", "\"exp\":1732230000",
	  TROTH_E_MALFORMED },
	{ "with two ends", "\"exp\":1732230900", "\"exp\":1732230900,\"exp\":9999999999",
	  TROTH_E_MALFORMED },
	{ "whose status is better than its vector", "\"ear.status\":\"warning\"",
	  "\"ear.status\":\"affirming\"", TROTH_E_MALFORMED },
	{ "whose status is no status", "\"ear.status\":\"warning\"", "\"ear.status\":\"fine\"",
	  TROTH_E_MALFORMED },
	{ "with a claim past a byte", "\"hardware\":32", "\"hardware\":128",
	  TROTH_E_MALFORMED },
	{ "with a claim before a byte", "\"hardware\":32", "\"hardware\":-129",
	  TROTH_E_MALFORMED },
	{ "with a claim that is no number", "\"hardware\":32", "\"hardware\":\"32\"",
	  TROTH_E_MALFORMED },
	{ "without a submodule", "\"tpm\"", "\"tpn\"", TROTH_E_MALFORMED },
	{ "whose key is of another curve", "\"crv\":\"P-256\"", "\"crv\":\"P-384\"",
	  TROTH_E_MALFORMED },
	{ "without a key", "\"cnf\"", "\"xnf\"", TROTH_E_MALFORMED },
	{ "with a short nonce", "\"eat_nonce\":\"YSBub25jZSBvZiBzb21lYm9keQ\"",
	  "\"eat_nonce\":\"YSBub25j\"", TROTH_E_MALFORMED },
	{ "with claims we do not know", "\"iat\"", "\"x\":[[]],\"iat\"", TROTH_OK },
	{ "nested too deep", "\"iat\"", "\"x\":[[[[[[[[[]]]]]]]]],\"iat\"", TROTH_E_LIMIT },
};

static void payloads_say_what_they_must(void **state)
{
	(void)state;
	static char payload[TROTH_JWS_MAX], bent[2 * TROTH_JWS_MAX];
	for (size_t i = 0; i < sizeof PAYLOADS / sizeof *PAYLOADS; i++) {
		good_payload(payload);
		const char *at = strstr(payload, PAYLOADS[i].from);
		assert_non_null(at);
		snprintf(bent, sizeof bent, "%.*s%s%s", (int)(at - payload), payload,
			 PAYLOADS[i].to, at + strlen(PAYLOADS[i].from));
		const enum troth_status got = open_signed(HEADERS[0].header, bent);
		if (got != PAYLOADS[i].want)
			fail_msg("%s: %s", PAYLOADS[i].name, troth_status_name(got));
	}
}

static void sizes_have_limits(void **state)
{
	(void)state;
	static uint8_t big[TROTH_JWS_MAX + 1];
	const struct troth_ear_keys keys = ear_sample_keys(&sample);
	struct troth_ear got;
	memset(big, 'a', sizeof big);
	assert_int_equal(open_either(TROTH_VIEW_OF(big), TROTH_EAR_JWT, &keys, &got),
			 TROTH_E_LIMIT);
	assert_int_equal(open_either((struct troth_view){ big, TROTH_JWS_MAX }, TROTH_EAR_JWT,
				     &keys, &got),
			 TROTH_E_MALFORMED);
	assert_int_equal(open_either((struct troth_view){ big, TROTH_CWT_MAX + 1 },
				     TROTH_EAR_CWT, &keys, &got),
			 TROTH_E_LIMIT);
	assert_int_not_equal(open_either((struct troth_view){ big, TROTH_CWT_MAX },
					 TROTH_EAR_CWT, &keys, &got),
			     TROTH_OK);
}

/* ---- COSE of nobody's making, signed with the right key ---- */

enum bend {
	AS_IT_SHOULD_BE,
	UNTAGGED,
	OF_ANOTHER_TAG,
	OF_ANOTHER_ALGORITHM,
	WITHOUT_ALGORITHM,
	OF_ANOTHER_TYPE,
	WITH_CRITICAL,
	WITHOUT_KEY_ID,
	WITH_UNPROTECTED,
	WITH_CONTEXT,
	N_BENDS
};
static const struct {
	const char *name;
	enum troth_status want;
} BENDS[N_BENDS] = {
	[AS_IT_SHOULD_BE] = { "as it should be", TROTH_OK },
	[UNTAGGED] = { "without the tag", TROTH_E_UNSUPPORTED },
	[OF_ANOTHER_TAG] = { "a COSE_Mac0", TROTH_E_UNSUPPORTED },
	[OF_ANOTHER_ALGORITHM] = { "ES384", TROTH_E_UNSUPPORTED },
	[WITHOUT_ALGORITHM] = { "no algorithm", TROTH_E_UNSUPPORTED },
	[OF_ANOTHER_TYPE] = { "a reference manifest", TROTH_E_UNSUPPORTED },
	[WITH_CRITICAL] = { "something critical", TROTH_E_UNSUPPORTED },
	[WITHOUT_KEY_ID] = { "no key id", TROTH_E_NOT_FOUND },
	[WITH_UNPROTECTED] = { "something unsigned", TROTH_E_MALFORMED },
	[WITH_CONTEXT] = { "signed for something else", TROTH_E_MISMATCH },
};

static struct troth_view bent_header(enum bend b, uint8_t *buf, size_t max)
{
	struct troth_writer w = troth_writer_make(buf, max);
	troth_cbor_put_map(&w, 3U + (b == WITH_CRITICAL) - (b == WITHOUT_ALGORITHM) -
				       (b == WITHOUT_KEY_ID));
	if (b != WITHOUT_ALGORITHM) {
		troth_cbor_put_int(&w, 1);
		troth_cbor_put_int(&w, b == OF_ANOTHER_ALGORITHM ? -35 : -7);
	}
	if (b == WITH_CRITICAL) {
		troth_cbor_put_int(&w, 2);
		troth_cbor_put_array(&w, 1);
		troth_cbor_put_int(&w, 16);
	}
	if (b != WITHOUT_KEY_ID) {
		troth_cbor_put_int(&w, 4);
		troth_cbor_put_bytes(&w, TROTH_VIEW_OF(sample.key_id));
	}
	troth_cbor_put_int(&w, 16);
	troth_cbor_put_text(&w, troth_view_str(b == OF_ANOTHER_TYPE ? "application/rim+cose"
								    : "application/eat+cwt"));
	return troth_written(&w);
}

/* The payload is where the signature's string header begins to be told from it: a good CWT has
 * it as its third element. */
static struct troth_view payload_of(struct troth_view cwt)
{
	/* d2 84 | 58 xx header | a0 | 59 xxxx payload | 58 40 signature */
	const size_t header = cwt.p[3];
	const uint8_t *at = cwt.p + 4 + header + 1;
	assert_int_equal(*at, 0x59);
	return (struct troth_view){ at + 3, (size_t)(at[1] << 8 | at[2]) };
}

static enum troth_status open_bent(enum bend b)
{
	uint8_t good[TROTH_CWT_MAX], header[128], tbs[TROTH_CWT_MAX], out[TROTH_CWT_MAX];
	uint8_t signature[TROTH_ES256_LEN];
	struct troth_writer t = troth_writer_make(tbs, sizeof tbs);
	struct troth_writer w = troth_writer_make(out, sizeof out);
	const struct troth_ear_keys keys = ear_sample_keys(&sample);
	struct troth_ear got;
	const struct troth_view payload =
		payload_of(ear_sample_write(&sample, TROTH_EAR_CWT, good, sizeof good));
	const struct troth_view h = bent_header(b, header, sizeof header);
	troth_cbor_put_array(&t, 4);
	troth_cbor_put_text(&t, troth_view_str(b == WITH_CONTEXT ? "Signature" : "Signature1"));
	troth_cbor_put_bytes(&t, h);
	troth_cbor_put_bytes(&t, (struct troth_view){ 0 });
	troth_cbor_put_bytes(&t, payload);
	assert_int_equal(ear_sample_sign(&sample, troth_written(&t), signature), TROTH_OK);
	if (b != UNTAGGED)
		troth_cbor_put_tag(&w, b == OF_ANOTHER_TAG ? 17 : 18);
	troth_cbor_put_array(&w, 4);
	troth_cbor_put_bytes(&w, h);
	troth_cbor_put_map(&w, b == WITH_UNPROTECTED);
	if (b == WITH_UNPROTECTED) {
		troth_cbor_put_int(&w, 3);
		troth_cbor_put_int(&w, 0);
	}
	troth_cbor_put_bytes(&w, payload);
	troth_cbor_put_bytes(&w, TROTH_VIEW_OF(signature));
	return open_either(troth_written(&w), TROTH_EAR_CWT, &keys, &got);
}

static void bent_cose_is_refused(void **state)
{
	(void)state;
	for (int b = 0; b < N_BENDS; b++) {
		const enum troth_status got = open_bent((enum bend)b);
		if (got != BENDS[b].want)
			fail_msg("%s: %s", BENDS[b].name, troth_status_name(got));
	}
}

/* ---- published keys ---- */

static void published_keys_come_back(void **state)
{
	uint8_t buf[1024];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	const struct troth_jwk both[] = { sample.signer.jwk, sample.holder.jwk };
	struct troth_ear_key keys[2];
	size_t n = 0;
	troth_ear_keys_put_jwks(&w, both, 2, *state);
	assert_true(troth_writer_ok(&w));
	assert_int_equal(troth_ear_keys_read_jwks(*state, troth_written(&w), keys, 1, &n),
			 TROTH_E_LIMIT);
	assert_int_equal(troth_ear_keys_read_jwks(*state, troth_written(&w), keys, 2, &n),
			 TROTH_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(keys[0].id, sample.key_id, 32);
	assert_memory_equal(keys[1].id, sample.ear.thumbprint, 32);
	troth_key_free(keys[0].key);
	troth_key_free(keys[1].key);
}

static void what_is_no_key_set_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum troth_status want;
	} SETS[] = {
		{ "{}", TROTH_E_MALFORMED },
		{ "{\"keys\":{}}", TROTH_E_MALFORMED },
		{ "[]", TROTH_E_MALFORMED },
		{ "{\"keys\":[]}", TROTH_E_NOT_FOUND },
		{ "{\"keys\":[{\"kty\":\"EC\"}]}", TROTH_E_NOT_FOUND },
		/* RFC 7515, A.3, under a name that is not its thumbprint, and for encryption */
		{ "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
		  "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
		  TROTH_E_NOT_FOUND },
		{ "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\","
		  "\"kid\":\"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U\","
		  "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
		  TROTH_E_NOT_FOUND },
	};
	for (size_t i = 0; i < sizeof SETS / sizeof *SETS; i++) {
		struct troth_ear_key keys[1];
		size_t n = 7;
		const enum troth_status got = troth_ear_keys_read_jwks(
			*state, troth_view_str(SETS[i].text), keys, 1, &n);
		if (got != SETS[i].want || n != 7)
			fail_msg("%s: %s", SETS[i].text, troth_status_name(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(what_contradicts_itself_is_not_written),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(another_key_is_not_believed),
		cmocka_unit_test(headers_choose_nothing),
		cmocka_unit_test(payloads_say_what_they_must),
		cmocka_unit_test(sizes_have_limits),
		cmocka_unit_test(bent_cose_is_refused),
		cmocka_unit_test(published_keys_come_back),
		cmocka_unit_test(what_is_no_key_set_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
