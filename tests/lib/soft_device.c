/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "soft_device.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define CREDENTIAL_ATTRIBUTES                                                                \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
	 TPMA_OBJECT_SIGN_ENCRYPT)
#define SEED_LEN 32

void soft_device_new_key(struct soft_device *d)
{
	forge_key_free(&d->credential);
	d->credential = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	TPMT_PUBLIC pub = forge_public(&d->credential, CREDENTIAL_ATTRIBUTES);
	pub.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL; /* signs what TLS wants */
	d->key_len = forge_public_bytes(&pub, d->key_public, sizeof d->key_public).n;
}

void soft_device_make(struct soft_device *d)
{
	BIGNUM *n = NULL;
	*d = (struct soft_device){ .reset_count = 7, .restart_count = 2, .clock = 123456 };
	d->ek = EVP_RSA_gen(2048);
	assert_int_equal(EVP_PKEY_get_bn_param(d->ek, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	BN_bn2binpad(n, d->ek_key, sizeof d->ek_key);
	BN_free(n);
	d->ak = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	const TPMT_PUBLIC pub = forge_public(&d->ak, FORGE_AK_ATTRIBUTES);
	d->ak_len = forge_public_bytes(&pub, d->ak_public, sizeof d->ak_public).n;
	soft_device_new_key(d);
}

void soft_device_free(struct soft_device *d)
{
	EVP_PKEY_free(d->ek);
	forge_key_free(&d->ak);
	forge_key_free(&d->credential);
	EVP_PKEY_free(d->session);
	forge_key_free(&d->secret);
}

void soft_device_new_secret_with(struct soft_device *d, TPMA_OBJECT attributes)
{
	forge_key_free(&d->secret);
	d->secret = forge_key(FORGE_P256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256);
	TPMT_PUBLIC pub = forge_public(&d->secret, attributes);
	pub.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	d->secret_len = forge_public_bytes(&pub, d->secret_public, sizeof d->secret_public).n;
}

void soft_device_new_secret(struct soft_device *d)
{
	soft_device_new_secret_with(d, SOFT_SECRET_ATTRIBUTES);
}

struct troth_view soft_secret_public(const struct soft_device *d)
{
	return (struct troth_view){ d->secret_public, d->secret_len };
}

void soft_device_new_session(struct soft_device *d)
{
	EVP_PKEY_free(d->session);
	d->session = EVP_EC_gen("P-256");
	assert_non_null(d->session);
}

void soft_session_public(const struct soft_device *d, uint8_t out[64])
{
	uint8_t point[65];
	size_t n;
	assert_int_equal(EVP_PKEY_get_octet_string_param(d->session, OSSL_PKEY_PARAM_PUB_KEY,
							 point, sizeof point, &n),
			 1);
	assert_int_equal(n, sizeof point);
	memcpy(out, point + 1, 64);
}

void soft_session_sign(const struct soft_device *d, struct troth_view data, uint8_t out[64])
{
	uint8_t der[80];
	size_t n = sizeof der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, d->session), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, data.p, data.n), 1);
	EVP_MD_CTX_free(ctx);
	const unsigned char *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32), 32);
	ECDSA_SIG_free(sig);
}

struct troth_view soft_ak_public(const struct soft_device *d)
{
	return (struct troth_view){ d->ak_public, d->ak_len };
}

struct troth_view soft_key_public(const struct soft_device *d)
{
	return (struct troth_view){ d->key_public, d->key_len };
}

static void sha256(const void *p, size_t n, uint8_t out[32])
{
	assert_int_equal(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL), 1);
}

void soft_device_id(const struct soft_device *d, uint8_t out[32])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(d->ek, &der);
	assert_true(n > 0);
	sha256(der, (size_t)n, out);
	OPENSSL_free(der);
}

/* Part 1, 16.1: nameAlg || H(public area). */
static void name_of(struct troth_view public_bytes, uint8_t out[34])
{
	out[0] = TPM2_ALG_SHA256 >> 8;
	out[1] = TPM2_ALG_SHA256;
	sha256(public_bytes.p, public_bytes.n, out + 2);
}

/* ---- activation: TPM 2.0 Part 1, 24 ---- */

static void kdfa(const uint8_t seed[SEED_LEN], const char *label, struct troth_view context,
		 uint8_t *out, size_t n)
{
	char mac[] = "HMAC", digest[] = "SHA256", text[16];
	uint8_t key[SEED_LEN], info[64];
	memcpy(key, seed, sizeof key);
	memcpy(text, label, strlen(label));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, sizeof key),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, text, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, context.n),
		OSSL_PARAM_construct_end(),
	};
	if (context.n > 0)
		memcpy(info, context.p, context.n);
	else
		params[4] = OSSL_PARAM_construct_end();
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	assert_int_equal(EVP_KDF_derive(ctx, out, n, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static bool open_seed(const struct soft_device *d, struct troth_view secret,
		      uint8_t seed[SEED_LEN])
{
	uint8_t out[256];
	size_t n = sizeof out;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(d->ek, NULL);
	bool opened = secret.n == 2 + 256 && EVP_PKEY_decrypt_init(ctx) == 1 &&
		      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		      EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
		      EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("IDENTITY"), 9) ==
			      1 &&
		      EVP_PKEY_decrypt(ctx, out, &n, secret.p + 2, secret.n - 2) == 1 &&
		      n == SEED_LEN;
	if (opened)
		memcpy(seed, out, SEED_LEN);
	EVP_PKEY_CTX_free(ctx);
	return opened;
}

static size_t decrypt(const uint8_t key[16], struct troth_view in, uint8_t *out)
{
	static const uint8_t iv[16];
	int n = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv), 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, out, &n, in.p, (int)in.n), 1);
	EVP_CIPHER_CTX_free(ctx);
	return (size_t)n;
}

/* blob: u16 size | u16 32 | integrity | encrypted TPM2B. */
size_t soft_activate(const struct soft_device *d, struct troth_view blob,
		     struct troth_view secret, uint8_t *out, size_t max)
{
	uint8_t seed[SEED_LEN], name[34], storage[16], integrity[32], mac[32], plain[64];
	const size_t head = 2 + 2 + sizeof mac;
	if (blob.n <= head || blob.n > head + sizeof plain || !open_seed(d, secret, seed))
		return 0;
	name_of(soft_ak_public(d), name);
	kdfa(seed, "STORAGE", (struct troth_view){ name, sizeof name }, storage,
	     sizeof storage);
	kdfa(seed, "INTEGRITY", (struct troth_view){ 0 }, integrity, sizeof integrity);
	uint8_t signed_part[sizeof plain + sizeof name];
	const size_t n_enc = blob.n - head;
	memcpy(signed_part, blob.p + head, n_enc);
	memcpy(signed_part + n_enc, name, sizeof name);
	size_t mac_len;
	assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, integrity,
				  sizeof integrity, signed_part, n_enc + sizeof name, mac,
				  sizeof mac, &mac_len));
	if (memcmp(mac, blob.p + 4, sizeof mac) != 0)
		return 0;
	size_t n = decrypt(storage, (struct troth_view){ blob.p + head, n_enc }, plain);
	if (n < 2 || n - 2 > max || (size_t)(plain[0] << 8 | plain[1]) != n - 2)
		return 0;
	memcpy(out, plain + 2, n - 2);
	return n - 2;
}

/* ---- attestations ---- */

static void add_field(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	const uint8_t len[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
				 (uint8_t)n };
	assert_int_equal(EVP_DigestUpdate(ctx, len, sizeof len), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, p, n), 1);
}

/* RFC 7638, 3.1: the canonical JWK, hashed. */
static void jwk_thumbprint(struct troth_view key, uint8_t out[32])
{
	char text[256], coordinate[2][64];
	for (int i = 0; i < 2; i++) {
		EVP_EncodeBlock((unsigned char *)coordinate[i], key.p + 32 * i, 32);
		coordinate[i][43] = '\0'; /* the padding */
		for (char *c = coordinate[i]; *c != '\0'; c++)
			*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	}
	const int n = snprintf(text, sizeof text,
			       "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
			       coordinate[0], coordinate[1]);
	sha256(text, (size_t)n, out);
}

/* core/tpm/binding.h, written once more. */
void soft_bind(const struct soft_binding *b, uint8_t out[32])
{
	uint8_t token[32], name[34], session[32];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL), 1);
	add_field(ctx, b->label, strlen(b->label));
	add_field(ctx, b->trust_domain, strlen(b->trust_domain));
	add_field(ctx, b->device_id, 32);
	sha256(b->token.p, b->token.n, token);
	add_field(ctx, token, sizeof token);
	if (b->key_public.n > 0)
		name_of(b->key_public, name);
	add_field(ctx, name, b->key_public.n > 0 ? sizeof name : 0);
	if (b->session_key.n > 0)
		jwk_thumbprint(b->session_key, session);
	add_field(ctx, session, b->session_key.n > 0 ? sizeof session : 0);
	add_field(ctx, b->facts_sha256.p, b->facts_sha256.n);
	if (b->result_nonce.n > 0 || b->secret_key.n > 0)
		add_field(ctx, b->result_nonce.p, b->result_nonce.n);
	if (b->secret_key.n > 0) {
		name_of(b->secret_key, name);
		add_field(ctx, name, sizeof name);
		add_field(ctx, b->secret_name.p, b->secret_name.n);
	}
	assert_int_equal(EVP_DigestFinal_ex(ctx, out, NULL), 1);
	EVP_MD_CTX_free(ctx);
}

struct troth_view soft_attest(const struct soft_evidence *e)
{
	return (struct troth_view){ e->attest, e->attest_len };
}

struct troth_view soft_signature(const struct soft_evidence *e)
{
	return (struct troth_view){ e->signature, e->signature_len };
}

static void say_who_and_when(const struct soft_device *d, TPMS_ATTEST *a)
{
	a->clockInfo.clock = d->clock;
	a->clockInfo.resetCount = d->reset_count;
	a->clockInfo.restartCount = d->restart_count;
	a->qualifiedSigner = forge_qualified_name(TPM2_RH_ENDORSEMENT, soft_ak_public(d));
}

TPMS_ATTEST soft_quote_fields(const struct soft_device *d, const uint8_t extra_data[32],
			      uint32_t mask)
{
	TPMS_ATTEST a = forge_quote((struct troth_view){ extra_data, 32 });
	forge_select(&a, TPM2_ALG_SHA256, mask);
	a.attested.quote.pcrDigest.size = 32;
	say_who_and_when(d, &a);
	return a;
}

TPMS_ATTEST soft_certify_fields(const struct soft_device *d, const uint8_t extra_data[32])
{
	uint8_t name[34];
	name_of(soft_key_public(d), name);
	TPMS_ATTEST a = forge_certify((struct troth_view){ extra_data, 32 },
				      (struct troth_view){ name, sizeof name });
	say_who_and_when(d, &a);
	return a;
}

TPMS_ATTEST soft_certify_secret_fields(const struct soft_device *d,
				       const uint8_t extra_data[32], uint32_t hierarchy)
{
	uint8_t name[34];
	name_of(soft_secret_public(d), name);
	TPMS_ATTEST a = forge_certify((struct troth_view){ extra_data, 32 },
				      (struct troth_view){ name, sizeof name });
	a.attested.certify.qualifiedName =
		forge_qualified_name(hierarchy, soft_secret_public(d));
	say_who_and_when(d, &a);
	return a;
}

void soft_sign(const struct soft_device *d, const TPMS_ATTEST *a, struct soft_evidence *out)
{
	out->attest_len = forge_attest_bytes(a, out->attest, sizeof out->attest).n;
	out->signature_len =
		forge_sign(&d->ak, soft_attest(out), out->signature, sizeof out->signature).n;
}

void soft_quote(const struct soft_device *d, const uint8_t extra_data[32], uint32_t mask,
		struct soft_evidence *out)
{
	const TPMS_ATTEST a = soft_quote_fields(d, extra_data, mask);
	soft_sign(d, &a, out);
}

void soft_certify(const struct soft_device *d, const uint8_t extra_data[32],
		  struct soft_evidence *out)
{
	const TPMS_ATTEST a = soft_certify_fields(d, extra_data);
	soft_sign(d, &a, out);
}
