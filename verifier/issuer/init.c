/* SPDX-License-Identifier: Apache-2.0 */
/* What `troth-verifier init` makes: the authority's keys and certificates and the verifier's
 * own TLS certificate. Not on any hot path: OpenSSL's X509 functions do. */
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "base.h"
#include "ca_key.h"
#include "issuer.h"
#include "key_write.h"
#include "keys.h"
#include "random.h"
#include "reader.h"
#include "rotate.h"
#include "text.h"

TROTH_DEFINE_AUTO(X509, X509_free)
TROTH_DEFINE_AUTO(X509_CRL, X509_CRL_free)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* Lives, days. TLS certificates above 825 are refused by common clients. */
#define ROOT_DAYS 3652
#define TLS_DAYS 825
/* "DNS:" or "IP:", a name and a comma for each, bytes. */
#define SAN_MAX (TROTH_TLS_NAMES_MAX * 260)
#define DNS_NAME_MAX 253

struct authority_files {
	EVP_PKEY *root_key, *ca_key;
	X509 *root, *ca;
};

static void files_clear(struct authority_files *f)
{
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->ca_key);
	X509_free(f->root);
	X509_free(f->ca);
}

static enum troth_status write_mac(const char *dir)
{
	uint8_t master[TROTH_MAC_KEY_LEN];
	char text[TROTH_MAC_FILE_LEN], path[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, "mac.keys", path));
	TROTH_TRY(troth_random(master, sizeof master));
	troth_mac_file_write(master, text);
	enum troth_status got = troth_file_write(path, TROTH_VIEW_OF(text), 0600);
	OPENSSL_cleanse(master, sizeof master);
	OPENSSL_cleanse(text, sizeof text);
	return got;
}

static enum troth_status make_authority(const char *trust_domain,
					const struct troth_key_source *source,
					struct authority_files *out)
{
	char san[sizeof "URI:spiffe://" + TROTH_TRUST_DOMAIN_MAX];
	snprintf(san, sizeof san, "URI:spiffe://%s", trust_domain);
	struct troth_certificate_plan root = { .common_name = "Troth root CA",
					       .organization = trust_domain,
					       .days = ROOT_DAYS,
					       .san = san,
					       .is_ca = true,
					       .path_length = 1 };

	out->root_key = EVP_EC_gen("P-256");
	if (out->root_key == NULL)
		return TROTH_E_CRYPTO;
	TROTH_TRY(troth_key_new(source, &out->ca_key));
	root.key = root.signer = out->root_key;
	TROTH_TRY(troth_certificate_make(&root, &out->root));
	const struct troth_issuing_ca ca = { trust_domain, out->ca_key, out->root_key,
					     out->root };
	return troth_issuing_ca_make(&ca, &out->ca);
}

static enum troth_status write_authority(const char *dir, const struct authority_files *f,
					 const struct troth_key_source *source)
{
	TROTH_TRY(write_mac(dir));
	TROTH_TRY(troth_key_write(dir, "root.key", f->root_key));
	TROTH_TRY(troth_cert_write(dir, "root.crt", f->root));
	TROTH_TRY(troth_key_keep(dir, "ca.key", f->ca_key, source));
	return troth_cert_write(dir, "ca.crt", f->ca);
}

/* A P-256 key under this name, unless there is one. */
static enum troth_status make_key(const char *dir, const char *name, bool *out_made)
{
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(dir, name, path));
	if (access(path, F_OK) == 0)
		return TROTH_OK;
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = EVP_EC_gen("P-256");
	*out_made = true;
	return key != NULL ? troth_key_write(dir, name, key) : TROTH_E_CRYPTO;
}

/* What stands beside the authority: who signs results, who opens secrets. */
static enum troth_status make_keys(const char *dir, bool *out_made)
{
	TROTH_TRY(make_key(dir, "ear.key", out_made));
	return make_key(dir, "secrets.key", out_made);
}

enum troth_status troth_issuer_complete(const char *key_dir, bool *out_made)
{
	*out_made = false;
	TROTH_TRY(troth_issuer_rotate_finish(key_dir));
	return make_keys(key_dir, out_made);
}

enum troth_status troth_issuer_init(const char *key_dir, const char *trust_domain,
				    const struct troth_key_source *source)
{
	static const char *const NAMES[] = { "mac.keys", "root.key", "root.crt",   "ca.key",
					     "ca.crt",	 "ear.key",  "secrets.key" };
	bool made;
	TROTH_AUTO(files_clear) struct authority_files files = { 0 };
	if (!troth_trust_domain_valid(troth_view_str(trust_domain)))
		return TROTH_E_CONFIG;
	TROTH_TRY(troth_dir_make(key_dir, 0700));
	TROTH_TRY(troth_keys_none_exist(key_dir, NAMES, TROTH_COUNT(NAMES)));
	TROTH_TRY(make_authority(trust_domain, source, &files));
	TROTH_TRY(write_authority(key_dir, &files, source));
	return make_keys(key_dir, &made);
}

/* Letters, digits, hyphens and dots: nothing that OpenSSL's configuration syntax would read as
 * anything but a name. */
static bool dns_name(const char *name)
{
	size_t n = strlen(name);
	return n > 0 && n <= DNS_NAME_MAX &&
	       strspn(name,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == n;
}

static bool ip_address(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* "DNS:verifier.example.org,IP:192.0.2.1" */
static enum troth_status write_san(const char *const *names, size_t n_names, char *out,
				   size_t max)
{
	size_t at = 0;
	if (n_names == 0 || n_names > TROTH_TLS_NAMES_MAX)
		return TROTH_E_CONFIG;
	for (size_t i = 0; i < n_names; i++) {
		bool ip = ip_address(names[i]);
		if (!ip && !dns_name(names[i]))
			return TROTH_E_CONFIG;
		int n = snprintf(out + at, max - at, "%s%s:%s", i > 0 ? "," : "",
				 ip ? "IP" : "DNS", names[i]);
		if (n < 0 || (size_t)n >= max - at)
			return TROTH_E_LIMIT;
		at += (size_t)n;
	}
	return TROTH_OK;
}

bool troth_issuer_names_valid(const char *const *names, size_t n_names)
{
	char san[SAN_MAX];
	return write_san(names, n_names, san, sizeof san) == TROTH_OK;
}

static enum troth_status make_tls(const char *key_dir, const char *tls_dir, const char *san)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *root_key = NULL;
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
	TROTH_AUTO(X509_free_p) X509 *root = NULL;
	TROTH_AUTO(X509_free_p) X509 *cert = NULL;
	TROTH_AUTO(X509_CRL_free_p) X509_CRL *crl = NULL;
	TROTH_TRY(troth_key_read(key_dir, "root.key", &root_key));
	TROTH_TRY(troth_cert_read(key_dir, "root.crt", &root));
	key = EVP_EC_gen("P-256");
	if (key == NULL)
		return TROTH_E_CRYPTO;
	const struct troth_certificate_plan plan = { .common_name = "Troth verifier",
						     .days = TLS_DAYS,
						     .san = san,
						     .key = key,
						     .signer = root_key,
						     .issuer = root };
	TROTH_TRY(troth_certificate_make(&plan, &cert));
	TROTH_TRY(troth_empty_crl_make(root, root_key, &crl));
	TROTH_TRY(troth_key_write(tls_dir, "tls.key", key));
	TROTH_TRY(troth_cert_write(tls_dir, "tls.crt", cert));
	TROTH_TRY(troth_crl_write(tls_dir, "ca.crl", crl));
	return troth_cert_write(tls_dir, "ca.crt", root);
}

enum troth_status troth_issuer_init_tls(const char *key_dir, const char *tls_dir,
					const char *const *names, size_t n_names)
{
	static const char *const FILES[] = { "tls.key", "tls.crt", "ca.crl", "ca.crt" };
	char san[SAN_MAX];
	TROTH_TRY(write_san(names, n_names, san, sizeof san));
	TROTH_TRY(troth_dir_make(tls_dir, 0700));
	TROTH_TRY(troth_keys_none_exist(tls_dir, FILES, TROTH_COUNT(FILES)));
	return make_tls(key_dir, tls_dir, san);
}
