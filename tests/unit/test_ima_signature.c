/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures in IMA lists: of files and of fs-verity, by keys of the policy and by keys that
 * the list itself shows. */
#include "check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "ima_bench.h"
#include "ima_key.h"
#include "odd_keys.h"

struct pem_text {
	char text[2048];
	uint32_t id;
};

static struct pem_text pem_of(EVP_PKEY *key)
{
	struct pem_text out = { .text = "" };
	struct troth_ima_keys keys = { 0 };
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	int n = BIO_read(bio, out.text, sizeof out.text - 1);
	assert_true(n > 0);
	out.text[n] = '\0';
	BIO_free(bio);
	assert_int_equal(troth_ima_keys_add_pem(&keys, troth_view_str(out.text)), TROTH_OK);
	out.id = keys.list[0].id[0];
	troth_ima_keys_release(&keys);
	return out;
}

/* A signature as it lies in an extended attribute. */
struct attribute {
	uint8_t bytes[600];
	size_t n;
};

static struct attribute sign(EVP_PKEY *key, uint32_t id, bool verity, const uint8_t digest[32])
{
	uint8_t to_sign[34] = { 6, 4 }, hashed[32];
	size_t n = sizeof(((struct attribute *)0)->bytes) - 9;
	struct attribute a = { .bytes = { verity ? 6 : 3, verity ? 3 : 2, 4,
					  (uint8_t)(id >> 24), (uint8_t)(id >> 16),
					  (uint8_t)(id >> 8), (uint8_t)id } };
	memcpy(to_sign + 2, digest, 32);
	assert_int_equal(EVP_Digest(to_sign, 34, hashed, NULL, EVP_sha256(), NULL), 1);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, a.bytes + 9, &n, verity ? hashed : digest, 32), 1);
	EVP_PKEY_CTX_free(ctx);
	a.bytes[7] = (uint8_t)(n >> 8);
	a.bytes[8] = (uint8_t)n;
	a.n = n + 9;
	return a;
}

static void add_signed(struct ima_bench *b, const struct attribute *a, bool verity)
{
	struct ima_builder data = { 0 };
	ima_digest_field(&data, verity ? "verity:" : "", TROTH_HASH_SHA256, IMA_OTHER);
	ima_field(&data, "/opt/signed", sizeof "/opt/signed");
	ima_field(&data, a->bytes, a->n);
	ima_record(&b->list, 10, verity ? "ima-sigv2" : "ima-sig", &data, false);
	ima_free(&data);
}

static const struct {
	const char *name;
	bool verity, other_digest, other_key, unknown_id, changed;
	enum troth_finding_code want;
} SIGNATURES[] = {
	{ "a signed file", .want = TROTH_FINDING_NONE },
	{ "a file under fs-verity, version 3", .verity = true, .want = TROTH_FINDING_NONE },
	{ "of another file", .other_digest = true, .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "version 3 of another file", .verity = true, .other_digest = true,
	  .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "by another key that says it is this one", .other_key = true,
	  .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "by a key nobody knows", .unknown_id = true, .want = TROTH_FINDING_IMA_SIGNATURE },
	{ "a changed signature", .changed = true, .want = TROTH_FINDING_IMA_SIGNATURE },
};

static void signatures_are_verified(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	const struct pem_text pem = pem_of(key);
	for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++) {
		struct ima_bench *b = ima_bench_new(*state);
		b->policy.n_keys = 1;
		b->policy.keys[0] = ima_bench_text(b, pem.text);
		struct attribute a = sign(SIGNATURES[i].other_key ? other : key,
					  SIGNATURES[i].unknown_id ? pem.id + 1 : pem.id,
					  SIGNATURES[i].verity,
					  SIGNATURES[i].other_digest ? IMA_GOOD : IMA_OTHER);
		if (SIGNATURES[i].changed)
			a.bytes[a.n - 1] ^= 1;
		add_signed(b, &a, SIGNATURES[i].verity);
		ima_bench_appraise_all(b);
		if (SIGNATURES[i].want == TROTH_FINDING_NONE) {
			ima_bench_assert_clean(b);
			assert_int_equal(b->r.after.counts.signed_, 1);
		} else {
			ima_bench_assert_only(b, SIGNATURES[i].want);
		}
		ima_bench_free(b);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* Without keys in the policy a signature is nothing to go by. */
static void a_signature_nobody_asked_for_decides_nothing(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct ima_bench *b = ima_bench_new(*state);
	const struct attribute a = sign(key, 1, false, IMA_OTHER);
	add_signed(b, &a, false);
	ima_bench_appraise_all(b);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_UNKNOWN_FILE);
	ima_bench_free(b);
	EVP_PKEY_free(key);
}

static void add_cert(struct ima_bench *b, const char *keyring, EVP_PKEY *key)
{
	struct ima_builder data = { 0 };
	struct troth_digest d;
	X509 *cert = X509_new();
	unsigned char *der = NULL;
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256,
					(struct troth_view){ der, (size_t)n }, &d),
			 TROTH_OK);
	ima_digest_field(&data, "", TROTH_HASH_SHA256, d.bytes);
	ima_field(&data, keyring, strlen(keyring) + 1);
	ima_field(&data, der, (size_t)n);
	ima_record(&b->list, 10, "ima-buf", &data, false);
	ima_free(&data);
	OPENSSL_free(der);
	X509_free(cert);
}

static void keys_are_learned_from_keyrings_that_are_named(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	const struct pem_text pem = pem_of(key);
	for (size_t named = 0; named < 2; named++) {
		struct ima_bench *b = ima_bench_new(*state);
		b->policy.n_keyrings = 1;
		b->policy.keyrings[0] = ima_bench_text(b, named == 1 ? ".ima" : ".other");
		add_cert(b, ".ima", key);
		const struct attribute a = sign(key, pem.id, false, IMA_OTHER);
		add_signed(b, &a, false);
		ima_bench_appraise_all(b);
		if (named == 1) {
			ima_bench_assert_clean(b);
			assert_int_equal(b->r.learned.n, 1);
		} else {
			assert_int_equal(b->r.findings.n, 2);
			assert_int_equal(b->r.findings.list[0].code, TROTH_FINDING_IMA_EVENT);
			assert_int_equal(b->r.findings.list[1].code,
					 TROTH_FINDING_IMA_SIGNATURE);
		}
		ima_bench_free(b);
	}
	EVP_PKEY_free(key);
}

/* Keys a boot has shown go on to sign what it measures later: a renewal sends what is new, and
 * the verifier brings the certificates that the state names. */
static void a_renewal_goes_on_with_keys_learned(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	const struct pem_text pem = pem_of(key);
	const struct attribute a = sign(key, pem.id, false, IMA_OTHER);
	struct ima_bench *b = ima_bench_new(*state);
	uint8_t kept[TROTH_CERT_MAX];
	struct troth_writer w = troth_writer_make(kept, sizeof kept);
	struct troth_ima_learned learned;
	b->policy.n_keyrings = 1;
	b->policy.keyrings[0] = ima_bench_text(b, ".ima");
	add_cert(b, ".ima", key);
	ima_bench_appraise_all(b);
	troth_ima_learned_put(&w, &b->r.learned);
	assert_true(troth_ima_learned_read(troth_written(&w), &learned));
	assert_int_equal(learned.n, 1);
	b->before = b->r.after;
	b->c.before = &b->before;
	b->c.first = b->before.n_entries;
	const size_t n = b->list.n;
	add_signed(b, &a, false);
	ima_bench_quote(b);
	b->c.list = (struct troth_view){ b->list.p + n, b->list.n - n };
	b->c.learned = &learned;
	ima_bench_appraise(b);
	ima_bench_assert_clean(b);
	assert_int_equal(b->r.after.counts.signed_, 1);
	assert_memory_equal(b->r.after.learned, b->before.learned, 32);
	/* Without them, or with others, all of the list is wanted. */
	kept[w.n - 1] ^= 1;
	ima_bench_appraise(b);
	assert_true(b->r.wants_whole);
	b->c.learned = NULL;
	ima_bench_appraise(b);
	assert_true(b->r.wants_whole);
	ima_bench_free(b);
	EVP_PKEY_free(key);
}

/* Sixteen are learned; what comes after is none, and takes no room of the policy's. */
static void so_many_keys_are_learned(void **state)
{
	EVP_PKEY *own = EVP_EC_gen("P-256"), *key[TROTH_IMA_LEARNED_MAX + 1];
	struct ima_bench *b = ima_bench_new(*state);
	const struct pem_text pem = pem_of(own);
	b->policy.n_keys = 1;
	b->policy.keys[0] = ima_bench_text(b, pem.text);
	b->policy.n_keyrings = 1;
	b->policy.keyrings[0] = ima_bench_text(b, ".ima");
	for (size_t i = 0; i <= TROTH_IMA_LEARNED_MAX; i++) {
		key[i] = EVP_EC_gen("P-256");
		add_cert(b, ".ima", key[i]);
		add_cert(b, ".ima", key[i]); /* said twice, it is one */
	}
	for (size_t i = TROTH_IMA_LEARNED_MAX - 1; i <= TROTH_IMA_LEARNED_MAX; i++) {
		const struct attribute a = sign(key[i], pem_of(key[i]).id, false, IMA_OTHER);
		add_signed(b, &a, false);
	}
	const struct attribute a = sign(own, pem.id, false, IMA_OTHER);
	add_signed(b, &a, false);
	ima_bench_appraise_all(b);
	assert_int_equal(b->r.learned.n, TROTH_IMA_LEARNED_MAX);
	assert_int_equal(b->r.after.counts.signed_, 2);
	ima_bench_assert_only(b, TROTH_FINDING_IMA_SIGNATURE);
	for (size_t i = 0; i <= TROTH_IMA_LEARNED_MAX; i++)
		EVP_PKEY_free(key[i]);
	EVP_PKEY_free(own);
	ima_bench_free(b);
}

/* A certificate that calls its key what its maker likes. */
static enum troth_status add_named(struct troth_ima_keys *keys, EVP_PKEY *key, const char *skid)
{
	X509 *cert = X509_new();
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_key_identifier, skid);
	unsigned char *der = NULL;
	assert_non_null(ext);
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	const int n = i2d_X509(cert, &der);
	assert_true(n > 0);
	const enum troth_status s =
		troth_ima_keys_add_cert(keys, (struct troth_view){ der, (size_t)n });
	OPENSSL_free(der);
	X509_EXTENSION_free(ext);
	X509_free(cert);
	return s;
}

static void keys_of_one_name_are_few(void **state)
{
	static const char NAME[] = "01:02:03:04";
	struct troth_ima_keys keys = { 0 };
	EVP_PKEY *key[TROTH_IMA_NAMESAKES_MAX + 1];
	(void)state;
	for (size_t i = 0; i <= TROTH_IMA_NAMESAKES_MAX; i++) {
		key[i] = EVP_EC_gen("P-256");
		assert_int_equal(add_named(&keys, key[i], NAME),
				 i < TROTH_IMA_NAMESAKES_MAX ? TROTH_OK : TROTH_E_LIMIT);
	}
	/* said again it is the same; under its own name the last is as good as any */
	assert_int_equal(add_named(&keys, key[0], NAME), TROTH_OK);
	assert_int_equal(keys.n, TROTH_IMA_NAMESAKES_MAX);
	assert_int_equal(add_named(&keys, key[TROTH_IMA_NAMESAKES_MAX], "05:06:07:08"),
			 TROTH_OK);
	assert_int_equal(keys.n, TROTH_IMA_NAMESAKES_MAX + 1);
	for (size_t i = 0; i <= TROTH_IMA_NAMESAKES_MAX; i++)
		EVP_PKEY_free(key[i]);
	troth_ima_keys_release(&keys);
}

/* An RSA key, as PEM, of so many bits and an exponent of so many. */
static enum troth_status add_rsa(struct troth_ima_keys *keys, int bits, int exponent_bits)
{
	EVP_PKEY *key = odd_rsa(bits, exponent_bits);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	const long len = BIO_get_mem_data(bio, &pem);
	const enum troth_status s = troth_ima_keys_add_pem(
		keys, (struct troth_view){ (const uint8_t *)pem, (size_t)len });
	BIO_free(bio);
	EVP_PKEY_free(key);
	return s;
}

static void an_exponent_that_costs_time_is_refused(void **state)
{
	struct troth_ima_keys keys = { 0 };
	(void)state;
	enum { BITS = TROTH_CHAIN_RSA_BITS_MIN };
	assert_int_equal(add_rsa(&keys, BITS, TROTH_IMA_RSA_EXPONENT_MAX), TROTH_OK);
	assert_int_equal(add_rsa(&keys, BITS, TROTH_IMA_RSA_EXPONENT_MAX + 1),
			 TROTH_E_UNSUPPORTED);
	assert_int_equal(add_rsa(&keys, BITS, 2000), TROTH_E_UNSUPPORTED);
	assert_int_equal(keys.n, 1);
	troth_ima_keys_release(&keys);
}

static void rsa_keys_have_their_sizes(void **state)
{
	static const struct {
		int bits;
		enum troth_status want;
	} SIZES[] = {
		{ TROTH_CHAIN_RSA_BITS_MIN - 1, TROTH_E_UNSUPPORTED },
		{ TROTH_CHAIN_RSA_BITS_MIN, TROTH_OK },
		{ TROTH_CHAIN_RSA_BITS_MAX, TROTH_OK },
		{ TROTH_CHAIN_RSA_BITS_MAX + 1, TROTH_E_UNSUPPORTED },
	};
	struct troth_ima_keys keys = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
		assert_int_equal(add_rsa(&keys, SIZES[i].bits, ODD_RSA_EXPONENT),
				 SIZES[i].want);
	assert_int_equal(keys.n, 2);
	troth_ima_keys_release(&keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_verified),
		cmocka_unit_test(a_signature_nobody_asked_for_decides_nothing),
		cmocka_unit_test(keys_are_learned_from_keyrings_that_are_named),
		cmocka_unit_test(a_renewal_goes_on_with_keys_learned),
		cmocka_unit_test(so_many_keys_are_learned),
		cmocka_unit_test(keys_of_one_name_are_few),
		cmocka_unit_test(an_exponent_that_costs_time_is_refused),
		cmocka_unit_test(rsa_keys_have_their_sizes),
	};
	return cmocka_run_group_tests(tests, context_setup, context_teardown);
}
