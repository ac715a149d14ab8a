/* SPDX-License-Identifier: Apache-2.0 */
#include "watched.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "file.h"

TROTH_DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)

static enum troth_status add(EVP_MD_CTX *d, const void *p, size_t n)
{
	return EVP_DigestUpdate(d, p, n) == 1 ? TROTH_OK : TROTH_E_CRYPTO;
}

/* One that is not there counts, too: it may be tomorrow. */
static enum troth_status add_file(void *digest, const char *path)
{
	struct stat st;
	int64_t facts[7] = { -1 };
	if (path[0] != '\0' && stat(path, &st) == 0) {
		const int64_t found[] = {
			(int64_t)st.st_dev,	     (int64_t)st.st_ino,
			(int64_t)st.st_size,	     (int64_t)st.st_mtim.tv_sec,
			(int64_t)st.st_mtim.tv_nsec, (int64_t)st.st_ctim.tv_sec,
			(int64_t)st.st_ctim.tv_nsec
		};
		memcpy(facts, found, sizeof facts);
	}
	TROTH_TRY(add(digest, path, strlen(path) + 1));
	return add(digest, facts, sizeof facts);
}

static enum troth_status add_directory(EVP_MD_CTX *d, const char *path)
{
	TROTH_TRY(add_file(d, path));
	if (path[0] == '\0')
		return TROTH_OK;
	const enum troth_status status = troth_dir_each(path, add_file, d);
	return status == TROTH_E_NOT_FOUND ? TROTH_OK : status;
}

enum troth_status troth_tls_paths(const struct troth_settings *s, char *out_chain,
				  char *out_key)
{
	TROTH_TRY(troth_state_path(s, "tls/tls.crt", out_chain));
	TROTH_TRY(troth_state_path(s, "tls/tls.key", out_key));
	if (s->tls_certificate[0] != '\0')
		memcpy(out_chain, s->tls_certificate, sizeof s->tls_certificate);
	if (s->tls_key[0] != '\0')
		memcpy(out_key, s->tls_key, sizeof s->tls_key);
	return TROTH_OK;
}

static enum troth_status add_tls(EVP_MD_CTX *d, const struct troth_settings *s)
{
	char chain[PATH_MAX], key[PATH_MAX];
	TROTH_TRY(troth_tls_paths(s, chain, key));
	TROTH_TRY(add_file(d, chain));
	return add_file(d, key);
}

static enum troth_status add_webhooks(EVP_MD_CTX *d, const struct troth_webhooks *w)
{
	for (size_t i = 0; i < w->n; i++) {
		TROTH_TRY(add_file(d, w->list[i].ca));
		TROTH_TRY(add_file(d, w->list[i].secret));
		TROTH_TRY(add_file(d, w->list[i].key));
	}
	return TROTH_OK;
}

/* The settings themselves, but for where the certificate is; what the issuer and the front read
 * when they begin. */
static enum troth_status add_rest(EVP_MD_CTX *d, const struct troth_settings *s)
{
	char keys[PATH_MAX], crl[PATH_MAX];
	struct troth_settings others = *s;
	memset(others.tls_certificate, 0, sizeof others.tls_certificate);
	memset(others.tls_key, 0, sizeof others.tls_key);
	TROTH_TRY(add(d, &others, sizeof others));
	TROTH_TRY(troth_state_path(s, "keys", keys));
	TROTH_TRY(troth_state_path(s, "tls/ca.crl", crl));
	TROTH_TRY(add_directory(d, keys));
	TROTH_TRY(add_file(d, crl));
	TROTH_TRY(add_file(d, s->anchor_crls));
	TROTH_TRY(add_file(d, s->bundle_update));
	TROTH_TRY(add_file(d, s->inventory));
	TROTH_TRY(add_webhooks(d, &s->webhooks));
	TROTH_TRY(add_directory(d, s->ek_roots));
	TROTH_TRY(add_directory(d, s->ek_intermediates));
	return add_directory(d, s->ima_lists);
}

static enum troth_status digest(const struct troth_settings *s,
				enum troth_status (*fill)(EVP_MD_CTX *d,
							  const struct troth_settings *s),
				uint8_t out[32])
{
	TROTH_AUTO(EVP_MD_CTX_free_p) EVP_MD_CTX *d = EVP_MD_CTX_new();
	if (d == NULL || EVP_DigestInit_ex(d, EVP_sha256(), NULL) != 1)
		return TROTH_E_CRYPTO;
	TROTH_TRY(fill(d, s));
	return EVP_DigestFinal_ex(d, out, NULL) == 1 ? TROTH_OK : TROTH_E_CRYPTO;
}

enum troth_status troth_watched_look(const struct troth_settings *settings,
				     struct troth_watched *out)
{
	struct troth_watched w;
	TROTH_TRY(digest(settings, add_tls, w.tls));
	TROTH_TRY(digest(settings, add_rest, w.rest));
	*out = w;
	return TROTH_OK;
}

enum troth_status troth_watched_look_tls(const struct troth_settings *settings,
					 struct troth_watched *watched)
{
	return digest(settings, add_tls, watched->tls);
}

static bool same(const uint8_t a[32], const uint8_t b[32])
{
	return memcmp(a, b, 32) == 0;
}

bool troth_watched_only_tls(const struct troth_watched *before, const struct troth_watched *now)
{
	return same(before->rest, now->rest) && !same(before->tls, now->tls);
}
