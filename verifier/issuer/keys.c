/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "ca_key.h"
#include "chain.h"
#include "clock.h"
#include "key.h"
#include "log.h"
#include "reader.h"
#include "text.h"
#include "x509_read.h"

static const char MAC_FILE_HEAD[] = "troth-mac-master-1 ";
#define MAC_FILE_HEAD_LEN (sizeof MAC_FILE_HEAD - 1)
#define MAC_HEX_LEN ((size_t)2 * TROTH_MAC_KEY_LEN)
_Static_assert(TROTH_MAC_FILE_LEN == MAC_FILE_HEAD_LEN + MAC_HEX_LEN + 1, "head, hex, newline");

/* Said on the log while there is still time, seconds. */
#define CA_ENDS_SOON_S (30 * 24 * 3600)

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

void troth_mac_file_write(const uint8_t master[TROTH_MAC_KEY_LEN], char *out)
{
	char hex[MAC_HEX_LEN + 1];
	troth_format_hex((struct troth_view){ master, TROTH_MAC_KEY_LEN }, hex);
	memcpy(out, MAC_FILE_HEAD, MAC_FILE_HEAD_LEN);
	memcpy(out + MAC_FILE_HEAD_LEN, hex, MAC_HEX_LEN);
	out[TROTH_MAC_FILE_LEN - 1] = '\n';
	OPENSSL_cleanse(hex, sizeof hex);
}

enum troth_status troth_mac_file_read(struct troth_view text, uint8_t out[TROTH_MAC_KEY_LEN])
{
	struct troth_reader r = { text };
	struct troth_view head, hex;
	uint8_t newline;
	if (!troth_get_view(&r, MAC_FILE_HEAD_LEN, &head) ||
	    !troth_get_view(&r, MAC_HEX_LEN, &hex) || !troth_get_u8(&r, &newline))
		return TROTH_E_TRUNCATED;
	if (!troth_at_end(&r) || newline != '\n' ||
	    !troth_view_equal(head, troth_view_str(MAC_FILE_HEAD)) ||
	    !troth_parse_hex(hex, out, TROTH_MAC_KEY_LEN))
		return TROTH_E_MALFORMED;
	return TROTH_OK;
}

enum troth_status troth_key_path(const char *key_dir, const char *name, char *out)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", key_dir, name);
	return n > 0 && n < PATH_MAX ? TROTH_OK : TROTH_E_LIMIT;
}

/* A key that others could have read is not a key any more. */
static enum troth_status read_secret(const char *key_dir, const char *name,
				     struct troth_buffer *out)
{
	char path[PATH_MAX];
	struct stat st;
	TROTH_TRY(troth_key_path(key_dir, name, path));
	if (stat(path, &st) != 0)
		return errno == ENOENT ? TROTH_E_NOT_FOUND : TROTH_E_IO;
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		troth_error("key-exposed", "path=%s mode=%o", path, st.st_mode & 07777U);
		return TROTH_E_CONFIG;
	}
	return troth_file_read(path, TROTH_KEY_FILE_MAX, out);
}

static enum troth_status open_elsewhere(const char *name, struct troth_view text,
					EVP_PKEY **out)
{
	struct troth_key_source source;
	if (troth_key_source_read(text, &source) != TROTH_OK) {
		troth_error("ca-key", "file=%s why=\"it does not say where the key is\"", name);
		return TROTH_E_CONFIG;
	}
	return troth_key_new(&source, out);
}

enum troth_status troth_key_read(const char *key_dir, const char *name, EVP_PKEY **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	TROTH_TRY(read_secret(key_dir, name, &pem));
	if (troth_key_source_is(troth_buffer_view(&pem)))
		return open_elsewhere(name, troth_buffer_view(&pem), out);
	EVP_PKEY *key = troth_private_from_pem(troth_buffer_view(&pem));
	if (key == NULL)
		return TROTH_E_CONFIG;
	*out = key;
	return TROTH_OK;
}

static enum troth_status read_public(const char *key_dir, const char *name, EVP_PKEY **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(key_dir, name, path));
	TROTH_TRY(troth_file_read(path, TROTH_KEY_FILE_MAX, &pem));
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, troth_no_passphrase, NULL)
				    : NULL;
	if (key == NULL)
		return TROTH_E_CONFIG;
	*out = key;
	return TROTH_OK;
}

/* The first of a file, which may hold the chain above it too. */
enum troth_status troth_cert_read(const char *key_dir, const char *name, X509 **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	char path[PATH_MAX];
	TROTH_TRY(troth_key_path(key_dir, name, path));
	TROTH_TRY(troth_file_read(path, TROTH_AUTHORITY_FILE_MAX, &pem));
	X509 *cert = troth_x509_first_pem(troth_buffer_view(&pem));
	if (cert == NULL)
		return TROTH_E_CONFIG;
	*out = cert;
	return TROTH_OK;
}

static const char *why_not(enum troth_status status)
{
	if (status == TROTH_E_NOT_FOUND)
		return "it is not there";
	if (status == TROTH_E_CONFIG)
		return "it holds no key or certificate that can be used";
	return status == TROTH_E_IO ? strerror(errno) : troth_status_name(status);
}

/* Which of the files it is, an operator has to hear. */
static enum troth_status named(const char *file, enum troth_status read)
{
	if (read != TROTH_OK)
		troth_error("keys-refused", "file=%s why=\"%s\"", file, why_not(read));
	return read;
}

static enum troth_status load_mac(struct troth_ctx *ctx, const char *key_dir,
				  struct troth_mac_keys *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	uint8_t master[TROTH_MAC_KEY_LEN];
	TROTH_TRY(named("mac.keys", read_secret(key_dir, "mac.keys", &text)));
	TROTH_TRY(named("mac.keys", troth_mac_file_read(troth_buffer_view(&text), master)));
	enum troth_status got = troth_mac_keys_derive(ctx, master, out);
	OPENSSL_cleanse(master, sizeof master);
	return got;
}

static enum troth_status copy(const void *p, int n, struct troth_buffer *out)
{
	if (n <= 0)
		return TROTH_E_CRYPTO;
	out->p = malloc((size_t)n);
	if (out->p == NULL)
		return TROTH_E_MEMORY;
	memcpy(out->p, p, (size_t)n);
	out->n = (size_t)n;
	return TROTH_OK;
}

static enum troth_status take_der(const X509 *cert, struct troth_buffer *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);
	enum troth_status got = copy(der, n, out);
	OPENSSL_free(der);
	return got;
}

static enum troth_status take_time(const ASN1_TIME *t, uint64_t *out)
{
	return troth_x509_time(t, out) == TROTH_OK ? TROTH_OK : TROTH_E_CONFIG;
}

static enum troth_status take_name(X509 *ca, struct troth_buffer *subject,
				   struct troth_buffer *key_id)
{
	unsigned char *name = NULL;
	int n = i2d_X509_NAME(X509_get_subject_name(ca), &name);
	enum troth_status got = copy(name, n, subject);
	OPENSSL_free(name);
	TROTH_TRY(got);
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(ca);
	if (id == NULL)
		return TROTH_E_CONFIG;
	return copy(ASN1_STRING_get0_data(id), ASN1_STRING_length(id), key_id);
}

/* Never outside the life of any certificate above. */
static enum troth_status narrow(X509 *cert, struct troth_issuer_keys *out)
{
	uint64_t from_s, to_s;
	TROTH_TRY(take_time(X509_get0_notBefore(cert), &from_s));
	TROTH_TRY(take_time(X509_get0_notAfter(cert), &to_s));
	if (from_s > out->not_before_s)
		out->not_before_s = from_s;
	if (to_s < out->not_after_s)
		out->not_after_s = to_s;
	return TROTH_OK;
}

/* What certificates say of their issuer, and what is published with them. */
static enum troth_status take_issuer(const struct troth_chain *chain, X509 *root,
				     struct troth_issuer_keys *out)
{
	TROTH_TRY(take_name(chain->certs[0], &out->subject, &out->key_id));
	out->not_after_s = UINT64_MAX;
	TROTH_TRY(narrow(root, out));
	for (size_t i = 0; i < chain->n; i++) {
		TROTH_TRY(narrow(chain->certs[i], out));
		TROTH_TRY(take_der(chain->certs[i], &out->chain[out->n_chain]));
		out->n_chain++;
	}
	TROTH_TRY(take_der(root, &out->anchors[0]));
	out->n_anchors = 1;
	return TROTH_OK;
}

static enum troth_status check_pair(const EVP_PKEY *key, const struct troth_chain *chain,
				    X509 *root)
{
	const char *wrong = NULL, *what = "ca.crt: ";
	if (!troth_key_is_p256(key))
		wrong = "ca.key is not a P-256 key";
	else if (X509_check_private_key(chain->certs[0], key) != 1)
		wrong = "ca.key is not the key of ca.crt";
	if (wrong != NULL)
		what = "";
	else
		wrong = troth_chain_fault(chain, root);
	if (wrong == NULL)
		return TROTH_OK;
	troth_error("keys-refused", "why=\"%s%s\"", what, wrong);
	return TROTH_E_CONFIG;
}

static void warn_of_end(const struct troth_issuer_keys *keys)
{
	char text[32];
	uint64_t now_s = troth_now_ms() / 1000;
	troth_format_time(keys->not_after_s, text);
	if (now_s >= keys->not_after_s)
		troth_error("authority-expired", "not_after=%s", text);
	else if (keys->not_after_s - now_s < CA_ENDS_SOON_S)
		troth_warn("authority-expires-soon", "not_after=%s", text);
}

static enum troth_status load_result_key(struct troth_ctx *ctx, const char *key_dir,
					 struct troth_issuer_keys *out)
{
	TROTH_TRY(named("ear.key", troth_key_read(key_dir, "ear.key", &out->result)));
	if (troth_jwk_of(out->result, &out->result_jwk) != TROTH_OK) {
		troth_error("keys-refused", "why=\"ear.key is not a P-256 key\"");
		return TROTH_E_CONFIG;
	}
	out->results[out->n_results++] = out->result_jwk;
	return troth_jwk_thumbprint(ctx, &out->result_jwk, out->result_id);
}

static enum troth_status load_secrets_key(const char *key_dir, struct troth_issuer_keys *out)
{
	TROTH_TRY(named("secrets.key", troth_key_read(key_dir, "secrets.key", &out->secrets)));
	if (troth_jwk_of(out->secrets, &out->secrets_jwk) == TROTH_OK)
		return TROTH_OK;
	troth_error("keys-refused", "why=\"secrets.key is not a P-256 key\"");
	return TROTH_E_CONFIG;
}

/* A key that is published beside the one in force; one that is not there is no error. */
static enum troth_status publish_too(const char *file, enum troth_status read, EVP_PKEY *key,
				     struct troth_issuer_keys *out)
{
	if (read == TROTH_E_NOT_FOUND)
		return TROTH_OK;
	TROTH_TRY(named(file, read));
	TROTH_TRY(named(file, troth_jwk_of(key, &out->results[out->n_results])));
	out->n_results++;
	return TROTH_OK;
}

static enum troth_status load_other_results(const char *key_dir, struct troth_issuer_keys *out)
{
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *next = NULL;
	TROTH_AUTO(EVP_PKEY_free_p) EVP_PKEY *former = NULL;
	enum troth_status read = troth_key_read(key_dir, "ear-next.key", &next);
	TROTH_TRY(publish_too("ear-next.key", read, next, out));
	read = read_public(key_dir, "ear-old.pub", &former);
	return publish_too("ear-old.pub", read, former, out);
}

/* One more that is published beside those in force; one that is not there is no error. */
static enum troth_status add_published(const char *key_dir, const char *name,
				       struct troth_buffer *list, size_t *n)
{
	TROTH_AUTO(X509_free_p) X509 *cert = NULL;
	enum troth_status read = troth_cert_read(key_dir, name, &cert);
	if (read == TROTH_E_NOT_FOUND)
		return TROTH_OK;
	TROTH_TRY(named(name, read));
	TROTH_TRY(take_der(cert, &list[*n]));
	++*n;
	return TROTH_OK;
}

/* root-next.crt counts with the CA that is next: without one it is left over. */
static enum troth_status load_others(const char *key_dir, struct troth_issuer_keys *out)
{
	TROTH_TRY(add_published(key_dir, "ca-next.crt", out->others, &out->n_others));
	if (out->n_others > 0)
		TROTH_TRY(
			add_published(key_dir, "root-next.crt", out->anchors, &out->n_anchors));
	TROTH_TRY(add_published(key_dir, "ca-old.crt", out->others, &out->n_others));
	return add_published(key_dir, "root-old.crt", out->anchors, &out->n_anchors);
}

static enum troth_status load_former(const char *key_dir, struct troth_issuer_keys *out)
{
	TROTH_AUTO(X509_free_p) X509 *ca = NULL;
	enum troth_status read = troth_cert_read(key_dir, "ca-old.crt", &ca);
	if (read == TROTH_E_NOT_FOUND)
		return TROTH_OK;
	TROTH_TRY(named("ca-old.crt", read));
	TROTH_TRY(named("ca-old.key", troth_key_read(key_dir, "ca-old.key", &out->former)));
	if (X509_check_private_key(ca, out->former) != 1)
		return named("ca-old.key", TROTH_E_CONFIG);
	return take_name(ca, &out->former_subject, &out->former_key_id);
}

static enum troth_status load(struct troth_ctx *ctx, const char *key_dir,
			      struct troth_issuer_keys *out)
{
	TROTH_AUTO(troth_chain_clear) struct troth_chain chain = { .n = 0 };
	TROTH_AUTO(X509_free_p) X509 *root = NULL;
	TROTH_TRY(load_mac(ctx, key_dir, &out->mac));
	TROTH_TRY(named("ca.key", troth_key_read(key_dir, "ca.key", &out->ca)));
	TROTH_TRY(named("ca.crt", troth_chain_read(key_dir, "ca.crt", &chain)));
	TROTH_TRY(named("root.crt", troth_cert_read(key_dir, "root.crt", &root)));
	TROTH_TRY(check_pair(out->ca, &chain, root));
	TROTH_TRY(take_issuer(&chain, root, out));
	warn_of_end(out);
	TROTH_TRY(load_result_key(ctx, key_dir, out));
	TROTH_TRY(load_other_results(key_dir, out));
	TROTH_TRY(load_others(key_dir, out));
	TROTH_TRY(load_secrets_key(key_dir, out));
	return load_former(key_dir, out);
}

enum troth_status troth_issuer_keys_load(struct troth_ctx *ctx, const char *key_dir,
					 struct troth_issuer_keys *out)
{
	TROTH_AUTO(troth_issuer_keys_clear) struct troth_issuer_keys keys = { 0 };
	TROTH_TRY(load(ctx, key_dir, &keys));
	*out = keys;
	keys = (struct troth_issuer_keys){ 0 };
	return TROTH_OK;
}

static void clear_all(struct troth_buffer *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		troth_buffer_clear(&list[i]);
}

void troth_issuer_keys_clear(struct troth_issuer_keys *keys)
{
	EVP_PKEY_free(keys->ca);
	EVP_PKEY_free(keys->result);
	EVP_PKEY_free(keys->secrets);
	clear_all(keys->chain, TROTH_COUNT(keys->chain));
	clear_all(keys->others, TROTH_COUNT(keys->others));
	clear_all(keys->anchors, TROTH_COUNT(keys->anchors));
	troth_buffer_clear(&keys->subject);
	troth_buffer_clear(&keys->key_id);
	EVP_PKEY_free(keys->former);
	troth_buffer_clear(&keys->former_subject);
	troth_buffer_clear(&keys->former_key_id);
	OPENSSL_cleanse(keys, sizeof *keys);
}
