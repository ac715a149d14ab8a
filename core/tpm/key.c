/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "ecdsa.h"
#include "writer.h"

struct troth_key {
	EVP_PKEY *pkey;
	enum troth_key_type type;
	size_t bits;
	/* Made once and kept: setting up costs as much as a fifth of an RSA verification. The
	 * scheme and hash it is set for; NONE when it is for neither. */
	EVP_PKEY_CTX *verify;
	enum troth_sig_scheme scheme;
	enum troth_hash hash;
};

TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
TROTH_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
TROTH_DEFINE_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
TROTH_DEFINE_AUTO(OSSL_PARAM, OSSL_PARAM_free)
TROTH_DEFINE_AUTO(BIGNUM, BN_free)
TROTH_DEFINE_AUTO(BIO, BIO_free_all)

/* An uncompressed point: 04, x, y (SEC 1, 2.3.3). */
enum { POINT_MAX = 1 + 2 * TROTH_ECC_BYTES_MAX };
/* FIPS 186-4, B.3.1: exponents are odd and above 2^16. */
enum { EXPONENT_MIN = 65537 };
enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = TROTH_RSA_BYTES_MAX * 8 };

struct curve {
	char group[12]; /* copied before use: OSSL_PARAM takes no const */
	size_t bytes;
};

static const struct curve CURVES[] = {
	[TROTH_CURVE_P256] = { "prime256v1", 32 },
	[TROTH_CURVE_P384] = { "secp384r1", 48 },
};

/* Bytes OpenSSL cannot take as a key are the fault of the bytes. */
static enum troth_status from_data(const char *algorithm, OSSL_PARAM *params, EVP_PKEY **out)
{
	TROTH_AUTO(EVP_PKEY_CTX_free_p)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return TROTH_E_CRYPTO;
	return EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1
		       ? TROTH_OK
		       : TROTH_E_MALFORMED;
}

static enum troth_status rsa_from_public(const struct troth_public *pub, EVP_PKEY **out)
{
	const struct troth_view n = pub->modulus;
	if (n.n * 8 < RSA_BITS_MIN || n.n * 8 > RSA_BITS_MAX || (n.p[0] & 0x80) == 0 ||
	    (n.p[n.n - 1] & 1) == 0)
		return TROTH_E_MALFORMED;
	if (pub->rsa_exponent < EXPONENT_MIN || (pub->rsa_exponent & 1) == 0)
		return TROTH_E_MALFORMED;

	TROTH_AUTO(BN_free_p) BIGNUM *modulus = BN_bin2bn(n.p, (int)n.n, NULL);
	TROTH_AUTO(OSSL_PARAM_BLD_free_p) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	if (modulus == NULL || bld == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
	    OSSL_PARAM_BLD_push_uint32(bld, OSSL_PKEY_PARAM_RSA_E, pub->rsa_exponent) != 1)
		return TROTH_E_MEMORY;
	TROTH_AUTO(OSSL_PARAM_free_p) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	return params != NULL ? from_data("RSA", params, out) : TROTH_E_MEMORY;
}

/* OpenSSL refuses a point off its curve while it imports it. */
static enum troth_status ec_from_public(const struct troth_public *pub, EVP_PKEY **out)
{
	if (pub->curve == TROTH_CURVE_NONE)
		return TROTH_E_UNSUPPORTED;
	struct curve curve = CURVES[pub->curve];
	if (pub->x.n != curve.bytes || pub->y.n != curve.bytes)
		return TROTH_E_MALFORMED;

	uint8_t point[POINT_MAX];
	struct troth_writer w = troth_writer_make(point, sizeof point);
	troth_put_u8(&w, POINT_CONVERSION_UNCOMPRESSED);
	troth_put_view(&w, pub->x);
	troth_put_view(&w, pub->y);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
						  troth_written(&w).n),
		OSSL_PARAM_construct_end(),
	};
	return from_data("EC", params, out);
}

static bool is_curve(const EVP_PKEY *pkey, enum troth_curve curve)
{
	char group[32];
	size_t n;
	return EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) == 1 &&
	       strcmp(group, CURVES[curve].group) == 0;
}

static enum troth_key_type type_of(const EVP_PKEY *pkey)
{
	const int bits = EVP_PKEY_get_bits(pkey);
	if (EVP_PKEY_is_a(pkey, "RSA"))
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? TROTH_KEY_RSA
								    : TROTH_KEY_NONE;
	if (EVP_PKEY_is_a(pkey, "EC") &&
	    (is_curve(pkey, TROTH_CURVE_P256) || is_curve(pkey, TROTH_CURVE_P384)))
		return TROTH_KEY_ECC;
	return TROTH_KEY_NONE;
}

/* Takes the key over, whatever happens. */
static enum troth_status wrap(EVP_PKEY *taken, struct troth_key **out)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *pkey = taken;
	const enum troth_key_type type = type_of(pkey);
	if (type == TROTH_KEY_NONE)
		return TROTH_E_UNSUPPORTED;

	struct troth_key *key = calloc(1, sizeof *key);
	if (key == NULL)
		return TROTH_E_MEMORY;
	key->verify = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (key->verify == NULL) {
		troth_key_free(key);
		return TROTH_E_CRYPTO;
	}
	key->type = type;
	key->bits = (size_t)EVP_PKEY_get_bits(pkey);
	key->pkey = pkey;
	pkey = NULL;
	*out = key;
	return TROTH_OK;
}

enum troth_status troth_key_from_public(const struct troth_public *pub, struct troth_key **out)
{
	EVP_PKEY *pkey = NULL;
	ERR_set_mark();
	enum troth_status s = TROTH_E_UNSUPPORTED;
	if (pub->type == TROTH_KEY_RSA)
		s = rsa_from_public(pub, &pkey);
	else if (pub->type == TROTH_KEY_ECC)
		s = ec_from_public(pub, &pkey);
	ERR_pop_to_mark();
	return s == TROTH_OK ? wrap(pkey, out) : s;
}

int troth_no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

enum troth_status troth_key_from_pem(struct troth_view pem, struct troth_key **out)
{
	if (pem.n == 0)
		return TROTH_E_MALFORMED;
	if (pem.n > (size_t)TROTH_CERT_MAX)
		return TROTH_E_LIMIT;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	ERR_set_mark();
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, troth_no_passphrase, NULL);
	ERR_pop_to_mark();
	return pkey != NULL ? wrap(pkey, out) : TROTH_E_MALFORMED;
}

bool troth_key_is_p256(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t n;
	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
	       (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

EVP_PKEY *troth_private_from_pem(struct troth_view pem)
{
	if (pem.n == 0 || pem.n > INT_MAX)
		return NULL;
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL)
		return NULL;
	ERR_set_mark();
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, troth_no_passphrase, NULL);
	ERR_pop_to_mark();
	return pkey;
}

void troth_key_free(struct troth_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_CTX_free(key->verify);
	EVP_PKEY_free(key->pkey);
	free(key);
}

EVP_PKEY *troth_key_evp(const struct troth_key *key)
{
	return key->pkey;
}

size_t troth_key_bits(const struct troth_key *key)
{
	return key->bits;
}

enum troth_key_type troth_key_type_of(const struct troth_key *key)
{
	return key->type;
}

/* TPMs salt PSS with as many bytes as the digest has, or as many as fit (Part 1, B.7): the
 * signature says which. */
static bool set_up_rsa(EVP_PKEY_CTX *ctx, enum troth_sig_scheme scheme, const EVP_MD *md)
{
	const bool pss = scheme == TROTH_SIG_RSAPSS;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx,
					 pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1)
		return false;
	if (pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) != 1)
		return false;
	return EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;
}

static enum troth_status set_up(struct troth_key *key, const struct troth_signature *sig,
				const EVP_MD *md)
{
	if (key->scheme == sig->scheme && key->hash == sig->hash)
		return TROTH_OK;
	key->scheme = TROTH_SIG_NONE;
	if (EVP_PKEY_verify_init(key->verify) != 1)
		return TROTH_E_CRYPTO;
	if (key->type == TROTH_KEY_RSA && !set_up_rsa(key->verify, sig->scheme, md))
		return TROTH_E_UNSUPPORTED;
	key->scheme = sig->scheme;
	key->hash = sig->hash;
	return TROTH_OK;
}

/* The scheme is one of the key's, and the numbers are no wider than the key. */
static bool fits(const struct troth_key *key, const struct troth_signature *sig)
{
	const size_t width = (key->bits + 7) / 8;
	switch (sig->scheme) {
	case TROTH_SIG_RSASSA:
	case TROTH_SIG_RSAPSS: return key->type == TROTH_KEY_RSA && sig->rsa.n == width;
	case TROTH_SIG_ECDSA:
		return key->type == TROTH_KEY_ECC && sig->r.n > 0 && sig->r.n <= width &&
		       sig->s.n > 0 && sig->s.n <= width;
	case TROTH_SIG_NONE: break;
	}
	return false;
}

enum troth_status troth_key_verify(struct troth_ctx *ctx, struct troth_key *key,
				   const struct troth_signature *sig, struct troth_view data)
{
	if (!fits(key, sig))
		return TROTH_E_MISMATCH;
	struct troth_digest d;
	TROTH_TRY(troth_hash_one(ctx, sig->hash, data, &d));

	uint8_t der[TROTH_ECDSA_DER_MAX];
	const struct troth_view bytes = sig->scheme == TROTH_SIG_ECDSA
						? troth_ecdsa_to_der(sig->r, sig->s, der)
						: sig->rsa;
	const struct troth_view digest = troth_digest_view(&d);
	ERR_set_mark();
	enum troth_status s = set_up(key, sig, troth_ctx_md(ctx, sig->hash));
	if (s == TROTH_OK &&
	    EVP_PKEY_verify(key->verify, bytes.p, bytes.n, digest.p, digest.n) != 1)
		s = TROTH_E_MISMATCH;
	ERR_pop_to_mark();
	return s;
}

enum troth_status troth_signature_from_raw(enum troth_sig_scheme scheme, enum troth_hash hash,
					   struct troth_view raw, struct troth_signature *out)
{
	struct troth_signature s = { .scheme = scheme, .hash = hash };
	if (scheme == TROTH_SIG_NONE || hash == TROTH_HASH_NONE)
		return TROTH_E_UNSUPPORTED;
	if (raw.n == 0)
		return TROTH_E_MALFORMED;
	if (raw.n > TROTH_RSA_BYTES_MAX)
		return TROTH_E_LIMIT;
	if (scheme == TROTH_SIG_ECDSA)
		TROTH_TRY(troth_ecdsa_from_der(raw, &s.r, &s.s));
	else
		s.rsa = raw;
	*out = s;
	return TROTH_OK;
}

enum troth_status troth_key_spki(const struct troth_key *key, uint8_t *buf, size_t max,
				 size_t *out_len)
{
	uint8_t *der = NULL;
	const int n = i2d_PUBKEY(key->pkey, &der);
	if (n <= 0)
		return TROTH_E_CRYPTO;
	const bool room = (size_t)n <= max;
	if (room) {
		memcpy(buf, der, (size_t)n);
		*out_len = (size_t)n;
	}
	OPENSSL_free(der);
	return room ? TROTH_OK : TROTH_E_LIMIT;
}

enum troth_status troth_public_spki(const struct troth_public *pub, uint8_t *buf, size_t max,
				    size_t *out_len)
{
	struct troth_key *key = NULL;
	TROTH_TRY(troth_key_from_public(pub, &key));
	enum troth_status s = troth_key_spki(key, buf, max, out_len);
	troth_key_free(key);
	return s;
}
