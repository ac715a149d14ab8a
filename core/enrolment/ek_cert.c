/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base.h"
#include "ek_x509.h"
#include "reader.h"

/* SubjectPublicKeyInfo of RSA-4096 and its headers. */
#define SPKI_MAX (TROTH_RSA_BYTES_MAX + 64)

/* TPMs fill the rest of the NV index with either. */
static bool is_padding(struct troth_view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != 0x00 && v.p[i] != 0xff)
			return false;
	return true;
}

/* NULL when it is no certificate. What OpenSSL tolerates of DER (orderings, long lengths)
 * occurs in real ones; the signature is verified over the bytes as received. */
static X509 *parse(struct troth_view bytes)
{
	const uint8_t *end = bytes.p;
	if (bytes.n == 0 || bytes.n > (size_t)TROTH_CERT_MAX)
		return NULL;
	X509 *cert = d2i_X509(NULL, &end, (long)bytes.n);
	if (cert == NULL)
		return NULL;
	const size_t used = (size_t)(end - bytes.p);
	if (is_padding((struct troth_view){ bytes.p + used, bytes.n - used }))
		return cert;
	X509_free(cert);
	return NULL;
}

/* Owned; NULL when the key is of no kind we know. */
static EVP_PKEY *key_of(const X509 *cert)
{
	ASN1_OBJECT *algorithm = NULL;
	const uint8_t *bits = NULL;
	int n = 0;
	if (X509_PUBKEY_get0_param(&algorithm, &bits, &n, NULL, X509_get_X509_PUBKEY(cert)) !=
	    1)
		return NULL;
	if (OBJ_obj2nid(algorithm) == NID_rsaesOaep)
		return d2i_PublicKey(EVP_PKEY_RSA, NULL, &bits, n);
	EVP_PKEY *key = X509_get0_pubkey(cert);
	return key != NULL && EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

static X509 *make_readable(X509 *received, EVP_PKEY *key)
{
	if (X509_get0_pubkey(received) != NULL)
		return X509_up_ref(received) == 1 ? received : NULL;
	X509 *copy = X509_dup(received);
	if (copy != NULL && X509_set_pubkey(copy, key) == 1)
		return copy;
	X509_free(copy);
	return NULL;
}

static void release(struct troth_ek_x509 *x)
{
	X509_free(x->received);
	X509_free(x->readable);
	EVP_PKEY_free(x->key);
}

static bool is_curve(const EVP_PKEY *key, const char *name)
{
	char group[32];
	size_t n;
	return EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
	       strcmp(group, name) == 0;
}

/* The keys EK templates have; bigger ones are not worked with at all (attacks.md row 28). */
static bool size_accepted(const EVP_PKEY *key)
{
	const int bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "RSA"))
		return bits >= TROTH_CHAIN_RSA_BITS_MIN && bits <= TROTH_CHAIN_RSA_BITS_MAX;
	return EVP_PKEY_is_a(key, "EC") &&
	       (is_curve(key, "prime256v1") || is_curve(key, "secp384r1"));
}

static void refuse_size(const EVP_PKEY *key, struct troth_findings *findings)
{
	struct troth_finding *f = troth_finding_add(findings, TROTH_FINDING_EK_KEY_SIZE);
	if (key == NULL)
		troth_finding_detail(f, "a kind of key that no EK template has");
	else
		troth_finding_detail(f, "%s of %d bits", EVP_PKEY_get0_type_name(key),
				     EVP_PKEY_get_bits(key));
}

/* The certificate must be of the key the device enrols with, not of some other TPM's. */
static enum troth_status compare_key(struct troth_ctx *ctx, const EVP_PKEY *key,
				     const struct troth_view *expected, uint8_t out_sha256[32],
				     struct troth_findings *findings)
{
	uint8_t der[SPKI_MAX], *end = der;
	const int n = i2d_PUBKEY(key, NULL);
	if (n <= 0 || n > SPKI_MAX || i2d_PUBKEY(key, &end) != n)
		return TROTH_E_CRYPTO;
	const struct troth_view spki = { der, (size_t)n };
	struct troth_digest digest;
	TROTH_TRY(troth_hash_one(ctx, TROTH_HASH_SHA256, spki, &digest));
	memcpy(out_sha256, digest.bytes, 32);
	if (expected != NULL && !troth_view_equal(spki, *expected))
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_EK_KEY_MISMATCH),
				     "the certificate is of another key");
	return TROTH_OK;
}

/* Certificate and key, or findings why not; false when there is nothing to go on with. */
static bool open_certificate(struct troth_view bytes, struct troth_ek_x509 *x,
			     struct troth_ek_cert_facts *facts, struct troth_findings *findings)
{
	x->received = parse(bytes);
	if (x->received == NULL) {
		troth_finding_add(findings, TROTH_FINDING_EK_CERT_MALFORMED);
		return false;
	}
	troth_ek_cert_facts_read(x->received, facts);
	x->key = key_of(x->received);
	if (x->key == NULL || !size_accepted(x->key)) {
		refuse_size(x->key, findings);
		return false;
	}
	return true;
}

enum troth_status troth_ek_cert_verify(struct troth_ctx *ctx,
				       const struct troth_ek_cert_case *c,
				       struct troth_ek_cert_facts *out,
				       struct troth_findings *findings)
{
	struct troth_ek_cert_facts facts = { 0 };
	TROTH_AUTO(release) struct troth_ek_x509 x = { 0 };
	enum troth_status s = TROTH_OK;
	ERR_set_mark();
	if (open_certificate(c->cert, &x, &facts, findings)) {
		troth_ek_profile_check(x.received, findings);
		s = compare_key(ctx, x.key, c->spki, facts.spki_sha256, findings);
		x.readable = make_readable(x.received, x.key);
		if (s == TROTH_OK)
			s = x.readable != NULL
				    ? troth_ek_chain_check(c->trust, &x, c->now_s, findings)
				    : TROTH_E_MEMORY;
	}
	ERR_pop_to_mark();
	TROTH_TRY(s);
	*out = facts;
	return TROTH_OK;
}
