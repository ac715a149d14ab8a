/* SPDX-License-Identifier: Apache-2.0 */
#include "kdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

#define OUT_MAX 128

TROTH_DEFINE_AUTO(EVP_KDF_CTX, EVP_KDF_CTX_free)

/* OSSL_PARAM takes no const; a key derivation writes through neither. */
static OSSL_PARAM octets(const char *name, struct troth_view v)
{
	union {
		const uint8_t *in;
		void *param;
	} p = { .in = v.p };
	return OSSL_PARAM_construct_octet_string(name, p.param, v.n);
}

static OSSL_PARAM text(const char *name, const char *value)
{
	union {
		const char *in;
		char *param;
	} p = { .in = value };
	return OSSL_PARAM_construct_utf8_string(name, p.param, 0);
}

static enum troth_status derive(const char *name, const OSSL_PARAM *params, uint8_t *out,
				size_t out_len)
{
	uint8_t key[OUT_MAX];
	if (out_len > sizeof key)
		return TROTH_E_LIMIT;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	TROTH_AUTO(EVP_KDF_CTX_free_p) EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	EVP_KDF_free(kdf);
	const bool made = ctx != NULL && EVP_KDF_derive(ctx, key, out_len, params) == 1;
	if (made)
		memcpy(out, key, out_len);
	OPENSSL_cleanse(key, sizeof key);
	return made ? TROTH_OK : TROTH_E_CRYPTO;
}

enum troth_status troth_kdfa(const struct troth_kdf *in, uint8_t *out, size_t out_len)
{
	uint8_t context[TROTH_KDF_CONTEXT_MAX];
	struct troth_writer w = troth_writer_make(context, sizeof context);
	troth_put_view(&w, in->u);
	troth_put_view(&w, in->v);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;

	/* KBKDF puts the zero byte between label and context itself. */
	OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_MAC, "HMAC"),
		text(OSSL_KDF_PARAM_DIGEST, troth_hash_name(in->hash)),
		octets(OSSL_KDF_PARAM_KEY, in->key),
		octets(OSSL_KDF_PARAM_SALT, troth_view_str(in->label)),
		octets(OSSL_KDF_PARAM_INFO, troth_written(&w)),
		OSSL_PARAM_construct_end(),
	};
	if (w.n == 0) /* OpenSSL refuses an empty one */
		params[4] = OSSL_PARAM_construct_end();
	return derive("KBKDF", params, out, out_len);
}

enum troth_status troth_kdfe(const struct troth_kdf *in, uint8_t *out, size_t out_len)
{
	uint8_t other_info[32 + TROTH_KDF_CONTEXT_MAX];
	struct troth_writer w = troth_writer_make(other_info, sizeof other_info);
	troth_put_view(&w, troth_view_str(in->label));
	troth_put_u8(&w, 0);
	troth_put_view(&w, in->u);
	troth_put_view(&w, in->v);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;

	const OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_DIGEST, troth_hash_name(in->hash)),
		octets(OSSL_KDF_PARAM_KEY, in->key),
		octets(OSSL_KDF_PARAM_INFO, troth_written(&w)),
		OSSL_PARAM_construct_end(),
	};
	return derive("SSKDF", params, out, out_len);
}
