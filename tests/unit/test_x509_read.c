/* SPDX-License-Identifier: Apache-2.0 */
/* How certificates of others are taken: whole, all of them, and without a pass phrase. */
#include "check.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "authority.h"
#include "x509_read.h"

#define NOW UINT64_C(1764000000)
#define ID "spiffe://example.org/line-a/press-4"

struct world {
	struct authority first, second;
	struct authority_der leaf;
	BIO *one, *two, *locked, *with_key, *broken;
};

static void put_cert(BIO *bio, X509 *cert)
{
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
}

static int put_der(const void *cert, unsigned char **out)
{
	return i2d_X509(cert, out);
}

static void put_locked(BIO *bio, X509 *cert)
{
	const unsigned char phrase[] = "phrase";
	assert_int_equal(PEM_ASN1_write_bio(put_der, PEM_STRING_X509, bio, cert,
					    EVP_aes_128_cbc(), phrase, sizeof phrase - 1, NULL,
					    NULL),
			 1);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	w->first = authority_make("First", NOW);
	w->second = authority_make("Second", NOW + 86400);
	authority_issue(&w->first, ID, 7, NOW, &w->leaf);
	BIO **all[] = { &w->one, &w->two, &w->locked, &w->with_key, &w->broken };
	for (size_t i = 0; i < TROTH_COUNT(all); i++)
		*all[i] = BIO_new(BIO_s_mem());
	put_cert(w->one, w->first.cert);
	put_cert(w->two, w->first.cert);
	assert_true(BIO_puts(w->two, "between them\n") > 0);
	put_cert(w->two, w->second.cert);
	put_cert(w->locked, w->first.cert);
	put_locked(w->locked, w->second.cert);
	assert_int_equal(PEM_write_bio_PUBKEY(w->with_key, w->first.key), 1);
	put_cert(w->with_key, w->first.cert);
	assert_int_equal(PEM_write_bio_PUBKEY(w->with_key, w->first.key), 1);
	put_cert(w->broken, w->first.cert);
	assert_true(BIO_puts(w->broken, "-----BEGIN CERTIFICATE-----\nAAAA\n"
					"-----END CERTIFICATE-----\n") > 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	BIO *all[] = { w->one, w->two, w->locked, w->with_key, w->broken };
	for (size_t i = 0; i < TROTH_COUNT(all); i++)
		BIO_free(all[i]);
	authority_free(&w->first);
	authority_free(&w->second);
	free(w);
	return 0;
}

static struct troth_view pem_of(BIO *bio)
{
	char *p;
	const long n = BIO_get_mem_data(bio, &p);
	assert_true(n > 0);
	return (struct troth_view){ (const uint8_t *)p, (size_t)n };
}

static struct troth_view shorter(struct troth_view v, size_t by)
{
	return (struct troth_view){ v.p, v.n - by };
}

static enum troth_status count(void *arg, X509 *cert)
{
	size_t *n = arg;
	assert_non_null(cert);
	(*n)++;
	return TROTH_OK;
}

static enum troth_status refuse(void *arg, X509 *cert)
{
	(void)count(arg, cert);
	return TROTH_E_CONFLICT;
}

static void a_text_is_taken_whole_or_not_at_all(void **state)
{
	const struct world *w = *state;
	const struct {
		const char *name;
		struct troth_view pem;
		size_t n;
		enum troth_status want;
	} cases[] = {
		{ "one", pem_of(w->one), 1, TROTH_OK },
		{ "two, and text", pem_of(w->two), 2, TROTH_OK },
		{ "blocks of another name around it", pem_of(w->with_key), 1, TROTH_OK },
		{ "nothing", { NULL, 0 }, 0, TROTH_E_MALFORMED },
		{ "only text", troth_view_str("no certificate\n"), 0, TROTH_E_MALFORMED },
		{ "the last cut short", shorter(pem_of(w->two), 40), 1, TROTH_E_MALFORMED },
		{ "the last no certificate", pem_of(w->broken), 1, TROTH_E_MALFORMED },
		{ "the last encrypted", pem_of(w->locked), 1, TROTH_E_MALFORMED },
	};
	for (size_t i = 0; i < TROTH_COUNT(cases); i++) {
		size_t n = 0;
		const enum troth_status got = troth_x509_each_pem(cases[i].pem, count, &n);
		if (got != cases[i].want || n != cases[i].n)
			fail_msg("%s: %s after %zu", cases[i].name, troth_status_name(got), n);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void a_visitor_ends_it(void **state)
{
	const struct world *w = *state;
	size_t n = 0;
	assert_int_equal(troth_x509_each_pem(pem_of(w->two), refuse, &n), TROTH_E_CONFLICT);
	assert_int_equal(n, 1);
}

static void the_first_of_a_text(void **state)
{
	const struct world *w = *state;
	X509 *cert = troth_x509_first_pem(pem_of(w->broken));
	assert_non_null(cert);
	assert_int_equal(X509_cmp(cert, w->first.cert), 0);
	X509_free(cert);
	assert_null(troth_x509_first_pem(troth_view_str("no certificate\n")));
	assert_null(troth_x509_first_pem((struct troth_view){ NULL, 0 }));
}

static void der_ends_where_the_certificate_does(void **state)
{
	const struct world *w = *state;
	uint8_t longer[TROTH_CERT_MAX + 1] = { 0 };
	const struct troth_view der = w->first.der_view;
	memcpy(longer, der.p, der.n);
	for (size_t n = 0; n < der.n; n++)
		assert_null(troth_x509_parse((struct troth_view){ der.p, n }));
	assert_null(troth_x509_parse((struct troth_view){ longer, der.n + 1 }));
	assert_null(troth_x509_parse((struct troth_view){ longer, sizeof longer }));
	X509 *cert = troth_x509_parse(der);
	assert_non_null(cert);
	X509_free(cert);
	assert_int_equal(ERR_peek_error(), 0);
}

static void one_that_is_none_spoils_the_list(void **state)
{
	const struct world *w = *state;
	struct troth_view ders[] = { w->first.der_view, w->second.der_view };
	STACK_OF(X509) *stack = NULL;
	assert_int_equal(troth_x509_parse_all(ders, 2, &stack), TROTH_OK);
	assert_int_equal(sk_X509_num(stack), 2);
	assert_int_equal(X509_cmp(sk_X509_value(stack, 1), w->second.cert), 0);
	troth_x509_stack_free(&stack);
	assert_null(stack);
	ders[1].n--;
	assert_int_equal(troth_x509_parse_all(ders, 2, &stack), TROTH_E_MALFORMED);
	assert_null(stack);
}

static void times_are_unix_seconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t want_s;
		enum troth_status want;
	} CASES[] = {
		{ "19700101000000Z", 0, TROTH_OK },
		{ "20380119031408Z", UINT64_C(0x80000000), TROTH_OK },
		{ "99991231235959Z", UINT64_C(253402300799), TROTH_OK },
		{ "19691231235959Z", 0, TROTH_E_MALFORMED },
		{ NULL, 0, TROTH_E_MALFORMED }, /* and not the time it is */
	};
	(void)state;
	for (size_t i = 0; i < TROTH_COUNT(CASES); i++) {
		ASN1_TIME *time = CASES[i].text != NULL ? ASN1_TIME_new() : NULL;
		uint64_t got_s;
		POISON(got_s);
		if (time != NULL)
			assert_int_equal(ASN1_TIME_set_string(time, CASES[i].text), 1);
		assert_int_equal(troth_x509_time(time, &got_s), CASES[i].want);
		if (CASES[i].want == TROTH_OK)
			assert_true(got_s == CASES[i].want_s);
		else
			ASSERT_POISONED(got_s);
		ASN1_TIME_free(time);
	}
}

static void an_anchor_is_a_ca(void **state)
{
	const struct world *w = *state;
	X509_STORE *anchors = troth_x509_anchors_new();
	X509 *leaf = troth_x509_parse(authority_view(&w->leaf));
	assert_non_null(anchors);
	assert_non_null(leaf);
	assert_int_equal(troth_x509_anchors_add(anchors, leaf), TROTH_E_MALFORMED);
	assert_int_equal(troth_x509_anchors_add(anchors, w->first.cert), TROTH_OK);
	assert_int_equal(troth_x509_anchors_add(anchors, w->first.cert), TROTH_OK);
	X509_free(leaf);
	X509_STORE_free(anchors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_taken_whole_or_not_at_all),
		cmocka_unit_test(a_visitor_ends_it),
		cmocka_unit_test(the_first_of_a_text),
		cmocka_unit_test(der_ends_where_the_certificate_does),
		cmocka_unit_test(one_that_is_none_spoils_the_list),
		cmocka_unit_test(times_are_unix_seconds),
		cmocka_unit_test(an_anchor_is_a_ca),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
