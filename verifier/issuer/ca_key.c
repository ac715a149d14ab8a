/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "key.h"
#include "key_write.h"
#include "log.h"

TROTH_DEFINE_AUTO(OSSL_STORE_CTX, OSSL_STORE_close)
TROTH_DEFINE_AUTO(OSSL_STORE_INFO, OSSL_STORE_INFO_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* Why a key cannot be used. */
struct trouble {
	char text[400];
};

/* Providers in force for this process; the first key decides, others must want the same. */
static struct {
	OSSL_LIB_CTX *context;
	struct troth_key_source of;
} loaded;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static enum troth_status say(struct trouble *why, const char *what, const char *name)
{
	const char *detail = ERR_reason_error_string(ERR_peek_last_error());
	(void)snprintf(why->text, sizeof why->text, "%s '%s'%s%s", what, name,
		       detail != NULL ? ": " : "", detail != NULL ? detail : "");
	return TROTH_E_CONFIG;
}

static bool same_providers(const struct troth_key_source *a, const struct troth_key_source *b)
{
	bool same = a->n_providers == b->n_providers;
	for (size_t i = 0; same && i < a->n_providers; i++)
		same = strcmp(a->providers[i], b->providers[i]) == 0;
	return same;
}

static enum troth_status load_providers(const struct troth_key_source *s, struct trouble *why)
{
	if (loaded.context != NULL)
		return same_providers(&loaded.of, s)
			       ? TROTH_OK
			       : say(why, "other providers are in use than for the key",
				     s->uri);
	OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
	if (context == NULL)
		return TROTH_E_MEMORY;
	if (OSSL_PROVIDER_load(context, "default") == NULL) {
		OSSL_LIB_CTX_free(context);
		return say(why, "OpenSSL has no provider", "default");
	}
	for (size_t i = 0; i < s->n_providers; i++) {
		if (OSSL_PROVIDER_load(context, s->providers[i]) != NULL)
			continue;
		const enum troth_status status =
			say(why, "OpenSSL cannot load the provider", s->providers[i]);
		OSSL_LIB_CTX_free(context);
		return status;
	}
	loaded.context = context;
	loaded.of = *s;
	return TROTH_OK;
}

static enum troth_status find_key(const struct troth_key_source *s, EVP_PKEY **out,
				  struct trouble *why)
{
	TROTH_AUTO(OSSL_STORE_close_p) OSSL_STORE_CTX *store = NULL;
	store = OSSL_STORE_open_ex(s->uri, loaded.context, NULL, NULL, NULL, NULL, NULL, NULL);
	if (store == NULL)
		return say(why, "nothing can be opened at", s->uri);
	while (OSSL_STORE_eof(store) == 0) {
		TROTH_AUTO(OSSL_STORE_INFO_free_p)
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);
		if (info == NULL)
			break;
		if (OSSL_STORE_INFO_get_type(info) != OSSL_STORE_INFO_PKEY)
			continue;
		*out = OSSL_STORE_INFO_get1_PKEY(info);
		return *out != NULL ? TROTH_OK : TROTH_E_MEMORY;
	}
	return say(why, "there is no private key at", s->uri);
}

/* TROTH_E_CONFIG with the reason: a provider that cannot be loaded, no private key there, a key
 * of another kind than P-256. */
static enum troth_status open_source(const struct troth_key_source *s, EVP_PKEY **out,
				     struct trouble *why)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	ERR_clear_error();
	TROTH_TRY(load_providers(s, why));
	TROTH_TRY(find_key(s, &key, why));
	ERR_clear_error();
	if (!troth_key_is_p256(key))
		return say(why, "no P-256 key is at", s->uri);
	*out = key;
	key = NULL;
	return TROTH_OK;
}

enum troth_status troth_key_new(const struct troth_key_source *source, EVP_PKEY **out)
{
	struct trouble why = { "" };
	if (source == NULL || source->uri[0] == '\0') {
		*out = EVP_EC_gen("P-256");
		return *out != NULL ? TROTH_OK : TROTH_E_CRYPTO;
	}
	const enum troth_status status = open_source(source, out, &why);
	if (status != TROTH_OK)
		troth_error("ca-key", "why=\"%s\"",
			    why.text[0] != '\0' ? why.text : troth_status_name(status));
	return status;
}

static enum troth_status write_source(const char *dir, const char *name,
				      const struct troth_key_source *source)
{
	uint8_t text[TROTH_KEY_SOURCE_TEXT_MAX];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	troth_key_source_write(&w, source);
	return troth_writer_ok(&w) ? troth_key_file_write(dir, name, troth_written(&w), 0600)
				   : TROTH_E_LIMIT;
}

enum troth_status troth_key_keep(const char *dir, const char *name, EVP_PKEY *key,
				 const struct troth_key_source *source)
{
	return source == NULL || source->uri[0] == '\0' ? troth_key_write(dir, name, key)
							: write_source(dir, name, source);
}

static const char *elsewhere(const EVP_PKEY *key)
{
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
	const char *name = provider != NULL ? OSSL_PROVIDER_get0_name(provider) : "default";
	return strcmp(name, "default") != 0 ? name : NULL;
}

struct troth_key_place troth_key_place(const EVP_PKEY *key)
{
	struct troth_key_place place = { 0 };
	const char *provider = elsewhere(key);
	if (provider == NULL)
		return place;
	place.context = loaded.context;
	(void)snprintf(place.properties, sizeof place.properties, "?provider=%s", provider);
	return place;
}

pthread_mutex_t *troth_key_lock(const EVP_PKEY *key)
{
	return elsewhere(key) != NULL ? &one_at_a_time : NULL;
}
