/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of devices' anchors. That devices follow them is in tests/attack/rotation.sh. */
#include "check.h"

#include "bundle_update.h"
#include "jose.h"

#define DOMAIN "example.org"

static struct jose_key update_key;
static struct troth_key *public_key;
static uint8_t anchor[TROTH_CERT_MAX + 1] = { 0x30, 2, 5, 0 };

static int setup(void **state)
{
	if (context_setup(state) != 0)
		return -1;
	update_key = jose_key_make();
	return troth_jwk_key(&update_key.jwk, &public_key) == TROTH_OK ? 0 : -1;
}

static int teardown(void **state)
{
	troth_key_free(public_key);
	jose_key_free(&update_key);
	return context_teardown(state);
}

static enum troth_status sign(void *arg, struct troth_view message,
			      uint8_t out[TROTH_ES256_LEN])
{
	return troth_es256_sign(arg, update_key.ready, message, out);
}

static enum troth_status write(struct troth_ctx *ctx, const struct troth_bundle_update *u,
			       struct troth_writer *w)
{
	const struct troth_es256_signer signer = { sign, ctx };
	return troth_bundle_update_write(u, &signer, w);
}

static enum troth_status open_it(struct troth_ctx *ctx, struct troth_view compact,
				 struct troth_bundle_update *out)
{
	static uint8_t text[TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer buf = troth_writer_make(text, sizeof text);
	return troth_bundle_update_open(ctx, compact, public_key, &buf, out);
}

static struct troth_bundle_update of(size_t n_anchors, size_t len)
{
	struct troth_bundle_update u = { .trust_domain = troth_view_str(DOMAIN),
					 .sequence = 7,
					 .n_anchors = n_anchors };
	for (size_t i = 0; i < n_anchors && i < TROTH_BUNDLE_UPDATE_ANCHORS_MAX; i++)
		u.anchors[i] = (struct troth_view){ anchor, len };
	return u;
}

static void what_goes_in_comes_out(void **state)
{
	static uint8_t buf[2 * TROTH_BUNDLE_UPDATE_MAX];
	for (size_t n = 1; n <= TROTH_BUNDLE_UPDATE_ANCHORS_MAX; n++) {
		struct troth_writer w = troth_writer_make(buf, sizeof buf);
		const struct troth_bundle_update u = of(n, 1500);
		struct troth_bundle_update got;
		uint64_t sequence = 0;
		assert_int_equal(write(*state, &u, &w), TROTH_OK);
		assert_int_equal(open_it(*state, troth_written(&w), &got), TROTH_OK);
		assert_int_equal(got.sequence, 7);
		assert_true(troth_view_equal(got.trust_domain, troth_view_str(DOMAIN)));
		assert_int_equal(got.n_anchors, n);
		assert_true(troth_view_equal(got.anchors[n - 1], u.anchors[n - 1]));
		assert_int_equal(troth_bundle_update_peek(troth_written(&w),
							  troth_view_str(DOMAIN), &sequence),
				 TROTH_OK);
		assert_int_equal(sequence, 7);
	}
}

static void limits(void **state)
{
	static uint8_t buf[4 * TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	struct troth_bundle_update u = of(TROTH_BUNDLE_UPDATE_ANCHORS_MAX + 1, 4);
	assert_int_equal(write(*state, &u, &w), TROTH_E_LIMIT);
	u = of(0, 4);
	assert_int_equal(write(*state, &u, &w), TROTH_E_LIMIT);
	u = of(TROTH_BUNDLE_UPDATE_ANCHORS_MAX, TROTH_CERT_MAX);
	assert_int_equal(write(*state, &u, &w), TROTH_E_LIMIT);
	u = of(1, 4);
	u.sequence = 0;
	assert_int_equal(write(*state, &u, &w), TROTH_E_MALFORMED);
	u = of(1, 4);
	u.trust_domain = troth_view_str("Example.org");
	assert_int_equal(write(*state, &u, &w), TROTH_E_MALFORMED);
	memset(buf, 'a', sizeof buf);
	assert_int_equal(
		open_it(*state, (struct troth_view){ buf, TROTH_BUNDLE_UPDATE_MAX + 1 }, &u),
		TROTH_E_LIMIT);
	assert_int_equal(
		open_it(*state, (struct troth_view){ buf, TROTH_BUNDLE_UPDATE_MAX }, &u),
		TROTH_E_MALFORMED);
}

#define HEAD "{\"alg\":\"ES256\",\"typ\":\"troth-bundle+jwt\"}"
static const struct {
	const char *name, *header, *payload;
	enum troth_status want;
} CASES[] = {
	{ "as it should be", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_OK },
	{ "an attestation result", "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\"}",
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_UNSUPPORTED },
	{ "unsigned", "{\"alg\":\"none\",\"typ\":\"troth-bundle+jwt\"}",
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_UNSUPPORTED },
	{ "no trust domain", HEAD, "{\"sequence\":1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "no name of a trust domain", HEAD,
	  "{\"trust_domain\":\"a b\",\"sequence\":1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "a trust domain that is no text", HEAD,
	  "{\"trust_domain\":1,\"sequence\":1,\"anchors\":[\"MAIFAA\"]}", TROTH_E_MALFORMED },
	{ "no sequence", HEAD, "{\"trust_domain\":\"example.org\",\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "sequence zero", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":0,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "a sequence below zero", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":-1,\"anchors\":[\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "two sequences", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"sequence\":2,\"anchors\":["
	  "\"MAIFAA\"]}",
	  TROTH_E_MALFORMED },
	{ "no anchors", HEAD, "{\"trust_domain\":\"example.org\",\"sequence\":1}",
	  TROTH_E_MALFORMED },
	{ "an empty list", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[]}",
	  TROTH_E_MALFORMED },
	{ "an empty anchor", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"\"]}",
	  TROTH_E_MALFORMED },
	{ "an anchor that is no DER", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"AAAA\"]}",
	  TROTH_E_MALFORMED },
	{ "an anchor that is no text", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[1]}",
	  TROTH_E_MALFORMED },
	{ "nine anchors", HEAD,
	  "{\"trust_domain\":\"example.org\",\"sequence\":1,\"anchors\":[\"MAIFAA\",\"MAIFAA\","
	  "\"MAIFAA\",\"MAIFAA\",\"MAIFAA\","
	  "\"MAIFAA\",\"MAIFAA\",\"MAIFAA\",\"MAIFAA\"]}",
	  TROTH_E_LIMIT },
};

static void cases(void **state)
{
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		char text[2048];
		struct troth_bundle_update got;
		POISON(got);
		const enum troth_status status =
			open_it(*state,
				troth_view_str(jose_sign(&update_key, CASES[i].header,
							 CASES[i].payload, text, sizeof text)),
				&got);
		if (status != CASES[i].want)
			fail_msg("%s: %s", CASES[i].name, troth_status_name(status));
		if (status != TROTH_OK)
			ASSERT_POISONED(got);
	}
}

static void another_key_is_not_believed(void **state)
{
	struct jose_key other = jose_key_make();
	struct troth_bundle_update got;
	char text[2048];
	assert_int_equal(open_it(*state,
				 troth_view_str(jose_sign(&other, CASES[0].header,
							  CASES[0].payload, text, sizeof text)),
				 &got),
			 TROTH_E_MISMATCH);
	jose_key_free(&other);
}

/* Who passes updates on does not pass on another domain's. */
static void another_domain_is_told_apart(void **state)
{
	static uint8_t buf[TROTH_BUNDLE_UPDATE_MAX];
	static const char *const OTHERS[] = { "example.com", "example.or", "example.org2", "" };
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	const struct troth_bundle_update u = of(1, 4);
	assert_int_equal(write(*state, &u, &w), TROTH_OK);
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
		uint64_t sequence;
		POISON(sequence);
		assert_int_equal(troth_bundle_update_peek(troth_written(&w),
							  troth_view_str(OTHERS[i]), &sequence),
				 TROTH_E_MISMATCH);
		ASSERT_POISONED(sequence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(limits),
		cmocka_unit_test(cases),
		cmocka_unit_test(another_key_is_not_believed),
		cmocka_unit_test(another_domain_is_told_apart),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
