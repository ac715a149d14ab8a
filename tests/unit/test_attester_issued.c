/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates a verifier sends: only one of our key that leads to its bundle is kept. The
 * certificates are made by OpenSSL. */
#include "check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base.h"
#include "credentials.h"
#include "forge.h"

struct ca {
	struct forge_key key;
	X509 *cert;
	uint8_t der[2048];
	size_t n;
};

struct world {
	struct troth_ctx *ctx;
	struct ca root, issuer, stranger;
	struct forge_key device, other;
	uint8_t device_public[TROTH_PUBLIC_MAX], other_public[TROTH_PUBLIC_MAX];
	struct troth_view device_area, other_area;
	uint8_t leaf[2048], expired[2048];
	struct troth_view leaf_view, expired_view;
};

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct wanted {
	const char *name;
	const struct forge_key *subject;
	const struct ca *issuer; /* NULL: itself */
	bool is_ca;
	long from_s, to_s; /* from now */
};

static X509 *make(const struct wanted *w)
{
	X509 *cert = X509_new();
	assert_non_null(cert);
	assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), w->from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), w->to_s));
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
						    MBSTRING_ASC,
						    (const unsigned char *)w->name, -1, -1, 0),
			 1);
	assert_int_equal(
		X509_set_issuer_name(cert, w->issuer != NULL
						   ? X509_get_subject_name(w->issuer->cert)
						   : X509_get_subject_name(cert)),
		1);
	assert_int_equal(X509_set_pubkey(cert, w->subject->pkey), 1);
	X509 *issuer = w->issuer != NULL ? w->issuer->cert : cert;
	add_extension(cert, issuer, NID_basic_constraints,
		      w->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (w->is_ca)
		add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign");
	add_extension(cert, issuer, NID_subject_key_identifier, "hash");
	add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
	assert_true(X509_sign(cert, w->issuer != NULL ? w->issuer->key.pkey : w->subject->pkey,
			      EVP_sha256()) > 0);
	return cert;
}

static struct troth_view to_der(X509 *cert, uint8_t *buf)
{
	unsigned char *p = buf;
	int n = i2d_X509(cert, &p);
	assert_in_range(n, 1, 2048);
	return (struct troth_view){ buf, (size_t)n };
}

static void make_ca(struct ca *out, const char *name, const struct ca *issuer)
{
	out->key = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	const struct wanted w = { name, &out->key, issuer, true, -60, 3600 };
	out->cert = make(&w);
	out->n = to_der(out->cert, out->der).n;
}

static struct troth_view public_area(const struct forge_key *key, uint8_t *buf)
{
	const TPMT_PUBLIC pub =
		forge_public(key, FORGE_AK_ATTRIBUTES & ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED);
	return forge_public_bytes(&pub, buf, TROTH_PUBLIC_MAX);
}

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	if (w == NULL || troth_ctx_new(&w->ctx) != TROTH_OK)
		return -1;
	make_ca(&w->root, "root", NULL);
	make_ca(&w->issuer, "issuer", &w->root);
	make_ca(&w->stranger, "root", NULL); /* the same name, another key */
	w->device = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	w->other = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	w->device_area = public_area(&w->device, w->device_public);
	w->other_area = public_area(&w->other, w->other_public);
	const struct wanted now = { "leaf", &w->device, &w->issuer, false, -5, 900 };
	X509 *cert = make(&now);
	w->leaf_view = to_der(cert, w->leaf);
	X509_free(cert);
	const struct wanted past = { "leaf", &w->device, &w->issuer, false, -900, -60 };
	cert = make(&past);
	w->expired_view = to_der(cert, w->expired);
	X509_free(cert);
	*state = w;
	return 0;
}

static void free_ca(struct ca *ca)
{
	X509_free(ca->cert);
	forge_key_free(&ca->key);
}

static int free_world(void **state)
{
	struct world *w = *state;
	free_ca(&w->root);
	free_ca(&w->issuer);
	free_ca(&w->stranger);
	forge_key_free(&w->device);
	forge_key_free(&w->other);
	troth_ctx_free(w->ctx);
	free(w);
	return 0;
}

static struct troth_view der_of(const struct ca *ca)
{
	return (struct troth_view){ ca->der, ca->n };
}

static enum troth_status check(const struct world *w, const struct troth_issued *i,
			       struct troth_view area)
{
	uint64_t not_before_s;
	POISON(not_before_s);
	enum troth_status status = troth_issued_check(w->ctx, i, area, &not_before_s);
	if (status != TROTH_OK)
		ASSERT_POISONED(not_before_s);
	else
		assert_in_range(not_before_s, (uint64_t)time(NULL) - 1000,
				(uint64_t)time(NULL));
	return status;
}

static void good_ones(void **state)
{
	const struct world *w = *state;
	struct troth_issued i = { .leaf = w->leaf_view,
				  .n_chain = 1,
				  .chain = { der_of(&w->issuer) },
				  .n_bundle = 1,
				  .bundle = { der_of(&w->root) } };
	assert_int_equal(check(w, &i, w->device_area), TROTH_OK);
	/* More than one anchor, in any order. */
	i.n_bundle = 2;
	i.bundle[0] = der_of(&w->stranger);
	i.bundle[1] = der_of(&w->root);
	assert_int_equal(check(w, &i, w->device_area), TROTH_OK);
	/* The issuing CA itself is the anchor. */
	i.n_chain = 0;
	i.n_bundle = 1;
	i.bundle[0] = der_of(&w->issuer);
	assert_int_equal(check(w, &i, w->device_area), TROTH_OK);
	/* A device whose clock is wrong keeps what the verifier says is good. */
	i.leaf = w->expired_view;
	assert_int_equal(check(w, &i, w->device_area), TROTH_OK);
}

static void bad_ones(void **state)
{
	const struct world *w = *state;
	uint8_t longer[2049], bent[2048];
	memcpy(longer, w->leaf, w->leaf_view.n);
	longer[w->leaf_view.n] = 0;
	memcpy(bent, w->leaf, w->leaf_view.n);
	bent[w->leaf_view.n - 1] ^= 1;
	const struct troth_view chain = der_of(&w->issuer), root = der_of(&w->root);
	const struct troth_view cut = { w->leaf, w->leaf_view.n - 1 };
	const struct troth_view more = { longer, w->leaf_view.n + 1 };
	const struct troth_view forged = { bent, w->leaf_view.n };
	const struct {
		const char *name;
		struct troth_view leaf, area;
		size_t n_chain;
		struct troth_view chain, anchor;
		enum troth_status want;
	} cases[] = {
		{ "of another key", w->leaf_view, w->other_area, 1, chain, root,
		  TROTH_E_MISMATCH },
		{ "under an anchor of the same name", w->leaf_view, w->device_area, 1, chain,
		  der_of(&w->stranger), TROTH_E_DENIED },
		{ "without its issuer", w->leaf_view, w->device_area, 0, chain, root,
		  TROTH_E_DENIED },
		{ "with another's signature", forged, w->device_area, 1, chain, root,
		  TROTH_E_DENIED },
		{ "cut", cut, w->device_area, 1, chain, root, TROTH_E_MALFORMED },
		{ "with a byte after it", more, w->device_area, 1, chain, root,
		  TROTH_E_MALFORMED },
		{ "with garbage for an issuer", w->leaf_view, w->device_area, 1, cut, root,
		  TROTH_E_MALFORMED },
		{ "with garbage for an anchor", w->leaf_view, w->device_area, 1, chain, more,
		  TROTH_E_MALFORMED },
		{ "its own anchor", w->leaf_view, w->device_area, 0, chain, w->leaf_view,
		  TROTH_E_MALFORMED },
		{ "empty", { NULL, 0 }, w->device_area, 1, chain, root, TROTH_E_MALFORMED },
	};
	for (size_t k = 0; k < TROTH_COUNT(cases); k++) {
		const struct troth_issued i = { .leaf = cases[k].leaf,
						.n_chain = cases[k].n_chain,
						.chain = { cases[k].chain },
						.n_bundle = 1,
						.bundle = { cases[k].anchor } };
		enum troth_status got = check(w, &i, cases[k].area);
		if (got != cases[k].want)
			fail_msg("%s: %s", cases[k].name, troth_status_name(got));
	}
}

/* As a CA file holds them. */
static void put_pem(BIO *bio, X509 *cert)
{
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
}

static struct troth_view pem_of(BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);
	assert_true(n >= 0);
	return (struct troth_view){ (const uint8_t *)p, (size_t)n };
}

static void anchors_end_with_the_last_of_them(void **state)
{
	struct world *w = *state;
	const struct wanted later = { "later", &w->other, NULL, true, -60, 7200 };
	X509 *last = make(&later);
	BIO *bio = BIO_new(BIO_s_mem());
	const uint64_t now = (uint64_t)time(NULL);
	uint64_t end = 1;
	assert_non_null(bio);
	assert_int_equal(troth_anchors_end(pem_of(bio), &end), TROTH_E_MALFORMED);
	assert_true(BIO_puts(bio, "no certificate\n") > 0);
	assert_int_equal(troth_anchors_end(pem_of(bio), &end), TROTH_E_MALFORMED);
	assert_int_equal(end, 1);
	put_pem(bio, last);
	put_pem(bio, w->root.cert);
	assert_int_equal(troth_anchors_end(pem_of(bio), &end), TROTH_OK);
	assert_in_range(end, now + 7200 - 60, now + 7200);
	BIO_free(bio);
	X509_free(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(anchors_end_with_the_last_of_them),
	};
	return cmocka_run_group_tests(tests, make_world, free_world);
}
