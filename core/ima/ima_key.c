/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base.h"
#include "key.h"
#include "reader.h"
#include "x509_read.h"

static void pkey_free(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void pubkey_free(X509_PUBKEY **p)
{
	X509_PUBKEY_free(*p);
}

static void pkey_ctx_free(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
}

static void bio_free(BIO **p)
{
	(void)BIO_free(*p);
}

void troth_ima_keys_release(struct troth_ima_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		EVP_PKEY_free(keys->list[i].pkey);
	keys->n = 0;
}

static uint32_t last_four(const uint8_t *p, size_t n)
{
	uint32_t id = 0;
	struct troth_reader r = { { p, n } };
	struct troth_view skipped;
	if (n >= sizeof id && troth_get_view(&r, n - sizeof id, &skipped) &&
	    troth_get_u32be(&r, &id))
		return id;
	return 0;
}

/* The identifier ima-evm-utils gives a key: SHA-1 of the BIT STRING in its
 * SubjectPublicKeyInfo. Names a key, proves nothing. */
static bool id_of_key(EVP_PKEY *pkey, uint32_t *out)
{
	TROTH_AUTO(pubkey_free) X509_PUBKEY *spki = NULL;
	const unsigned char *bits = NULL;
	unsigned char sha1[20];
	int n = 0;
	if (X509_PUBKEY_set(&spki, pkey) != 1 ||
	    X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, spki) != 1 ||
	    EVP_Digest(bits, (size_t)n, sha1, NULL, EVP_sha1(), NULL) != 1)
		return false;
	*out = last_four(sha1, sizeof sha1);
	return true;
}

/* A long public exponent makes verifying as slow as signing. */
static bool exponent_acceptable(const EVP_PKEY *rsa)
{
	BIGNUM *e = NULL;
	const bool small = EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
			   BN_num_bits(e) <= TROTH_IMA_RSA_EXPONENT_MAX;
	BN_free(e);
	return small;
}

static bool acceptable(const EVP_PKEY *pkey)
{
	const int bits = EVP_PKEY_get_bits(pkey);
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return bits >= TROTH_CHAIN_RSA_BITS_MIN && bits <= TROTH_CHAIN_RSA_BITS_MAX &&
		       exponent_acceptable(pkey);
	return EVP_PKEY_is_a(pkey, "EC") && (bits == 256 || bits == 384);
}

static bool answers_to(const struct troth_ima_key *k, uint32_t id)
{
	return id == k->id[0] || (k->id[1] != 0 && id == k->id[1]);
}

static bool is_there(const struct troth_ima_keys *keys, const struct troth_ima_key *key)
{
	for (size_t i = 0; i < keys->n; i++)
		if ((key->id[1] == 0 || answers_to(&keys->list[i], key->id[1])) &&
		    EVP_PKEY_eq(keys->list[i].pkey, key->pkey) == 1)
			return true;
	return false;
}

/* Whoever makes a certificate chooses its identifier: with one for all, each signature would
 * be tried with each of them. */
static bool has_many_namesakes(const struct troth_ima_keys *keys,
			       const struct troth_ima_key *key)
{
	size_t n = 0;
	for (size_t i = 0; i < keys->n; i++)
		n += answers_to(&keys->list[i], key->id[0]) ||
		     (key->id[1] != 0 && answers_to(&keys->list[i], key->id[1]));
	return n >= TROTH_IMA_NAMESAKES_MAX;
}

/* Takes the key over, or leaves it where it is there already. skid: of its certificate, 0 for
 * none. */
static enum troth_status add(struct troth_ima_keys *keys, EVP_PKEY **pkey, uint32_t skid)
{
	struct troth_ima_key key = { .id = { 0, skid }, .pkey = *pkey };
	if (!acceptable(*pkey))
		return TROTH_E_UNSUPPORTED;
	if (!id_of_key(*pkey, &key.id[0]))
		return TROTH_E_CRYPTO;
	if (is_there(keys, &key))
		return TROTH_OK;
	if (keys->n == TROTH_COUNT(keys->list) || has_many_namesakes(keys, &key))
		return TROTH_E_LIMIT;
	keys->list[keys->n++] = key;
	*pkey = NULL;
	return TROTH_OK;
}

static enum troth_status add_x509(struct troth_ima_keys *keys, X509 *cert)
{
	TROTH_AUTO(pkey_free) EVP_PKEY *pkey = X509_get_pubkey(cert);
	const ASN1_OCTET_STRING *skid = X509_get0_subject_key_id(cert);
	if (pkey == NULL)
		return TROTH_E_UNSUPPORTED;
	return add(keys, &pkey,
		   skid != NULL ? last_four(ASN1_STRING_get0_data(skid),
					    (size_t)ASN1_STRING_length(skid))
				: 0);
}

enum troth_status troth_ima_keys_add_cert(struct troth_ima_keys *keys, struct troth_view der)
{
	TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(der);
	if (cert == NULL)
		return TROTH_E_MALFORMED;
	ERR_set_mark();
	const enum troth_status status = add_x509(keys, cert);
	ERR_pop_to_mark();
	return status;
}

static enum troth_status add_pem(struct troth_ima_keys *keys, struct troth_view pem)
{
	TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_first_pem(pem);
	if (cert != NULL)
		return add_x509(keys, cert);
	TROTH_AUTO(bio_free) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	TROTH_AUTO(pkey_free)
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, troth_no_passphrase, NULL);
	return pkey != NULL ? add(keys, &pkey, 0) : TROTH_E_MALFORMED;
}

enum troth_status troth_ima_keys_add_pem(struct troth_ima_keys *keys, struct troth_view pem)
{
	if (pem.n == 0 || pem.n > TROTH_CERT_MAX)
		return TROTH_E_MALFORMED;
	ERR_set_mark();
	const enum troth_status status = add_pem(keys, pem);
	ERR_pop_to_mark();
	return status;
}

/* ---- verifying ---- */

static enum troth_status verify(const EVP_PKEY *pkey, const EVP_MD *md,
				struct troth_view signature, const struct troth_digest *signed_)
{
	TROTH_AUTO(pkey_ctx_free)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new((EVP_PKEY *)(uintptr_t)pkey, NULL);
	const struct troth_view d = troth_digest_view(signed_);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1 ||
	    (EVP_PKEY_is_a(pkey, "RSA") &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return TROTH_E_CRYPTO;
	return EVP_PKEY_verify(ctx, signature.p, signature.n, d.p, d.n) == 1 ? TROTH_OK
									     : TROTH_E_MISMATCH;
}

/* What was signed: the file's digest itself, or with version 3 H(type, hash, digest) (Linux,
 * ima_appraise.c, calc_file_id_hash). */
static enum troth_status signed_digest(struct troth_ctx *ctx,
				       const struct troth_ima_signature *s,
				       const struct troth_ima_digest *file,
				       struct troth_digest *out)
{
	if (!troth_hash_strong(s->hash) || file->hash != s->hash)
		return TROTH_E_UNSUPPORTED;
	if (s->kind == TROTH_IMA_SIGNATURE_FILE && !file->verity)
		return troth_digest_set(out, s->hash, file->bytes) ? TROTH_OK
								   : TROTH_E_UNSUPPORTED;
	if (s->kind != TROTH_IMA_SIGNATURE_VERITY || !file->verity)
		return TROTH_E_UNSUPPORTED;
	const uint8_t head[2] = { TROTH_IMA_VERITY_TYPE, troth_ima_hash_number(s->hash) };
	const struct troth_view parts[] = { TROTH_VIEW_OF(head), file->bytes };
	return troth_hash_parts(ctx, s->hash, parts, TROTH_COUNT(parts), out);
}

enum troth_status troth_ima_keys_verify(struct troth_ctx *ctx,
					const struct troth_ima_keys *keys,
					const struct troth_ima_signature *s,
					const struct troth_ima_digest *file)
{
	struct troth_digest d;
	enum troth_status worst = TROTH_E_NOT_FOUND;
	TROTH_TRY(signed_digest(ctx, s, file, &d));
	for (size_t i = 0; i < keys->n; i++) {
		const struct troth_ima_key *k = &keys->list[i];
		if (!answers_to(k, s->key_id))
			continue;
		ERR_set_mark();
		worst = verify(k->pkey, troth_ctx_md(ctx, s->hash), s->bytes, &d);
		ERR_pop_to_mark();
		if (worst == TROTH_OK)
			return TROTH_OK;
	}
	return worst;
}
