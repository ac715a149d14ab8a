/* SPDX-License-Identifier: Apache-2.0 */
#include "webhook_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "file.h"
#include "log.h"
#include "notice.h"
#include "reader.h"
#include "writer.h"

#define PREFIX "whsec_"
/* A file of secrets or a key, bytes. */
#define KEY_FILE_MAX 4096
/* "<id>.<seconds>.<body>", bytes. */
#define SIGNED_MAX (TROTH_NOTICE_JSON_MAX + 128)

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(EVP_MD_CTX, EVP_MD_CTX_free)

/* ---- reading ---- */

/* Base64 with its padding, as the standard's libraries write it. */
static bool decode(struct troth_view text, uint8_t out[TROTH_WEBHOOK_SECRET_MAX],
		   size_t *out_len)
{
	uint8_t bytes[TROTH_WEBHOOK_SECRET_MAX + 3];
	size_t padding = 0;
	if (text.n == 0 || text.n % 4 != 0 || text.n / 4 * 3 > sizeof bytes)
		return false;
	while (padding < 2 && text.p[text.n - 1 - padding] == '=')
		padding++;
	int n = EVP_DecodeBlock(bytes, text.p, (int)text.n);
	if (n < 0 || (size_t)n - padding > TROTH_WEBHOOK_SECRET_MAX)
		return false;
	*out_len = (size_t)n - padding;
	memcpy(out, bytes, *out_len);
	OPENSSL_cleanse(bytes, sizeof bytes);
	return *out_len >= TROTH_WEBHOOK_SECRET_MIN;
}

static bool add_secret(struct troth_webhook_keys *k, struct troth_view line)
{
	struct troth_reader r = { line };
	struct troth_view prefix;
	if (k->n_secrets == TROTH_WEBHOOK_SECRETS_MAX ||
	    !troth_get_view(&r, sizeof PREFIX - 1, &prefix) ||
	    !troth_view_equal(prefix, troth_view_str(PREFIX)) ||
	    !decode(r.left, k->secrets[k->n_secrets].bytes, &k->secrets[k->n_secrets].len))
		return false;
	k->n_secrets++;
	return true;
}

/* Up to the next line feed, or all that is left. */
static struct troth_view next_line(struct troth_reader *r)
{
	const uint8_t *end = memchr(r->left.p, '\n', r->left.n);
	struct troth_view line, feed;
	if (!troth_get_view(r, end != NULL ? (size_t)(end - r->left.p) : r->left.n, &line))
		return (struct troth_view){ 0 };
	if (end != NULL && !troth_get_view(r, 1, &feed))
		return (struct troth_view){ 0 };
	return line;
}

static enum troth_status read_secrets(const char *file, struct troth_webhook_keys *k)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	TROTH_TRY(troth_file_read(file, KEY_FILE_MAX, &text));
	struct troth_reader r = { troth_buffer_view(&text) };
	while (!troth_at_end(&r)) {
		const struct troth_view line = next_line(&r);
		if (line.n > 0 && !add_secret(k, line))
			return TROTH_E_MALFORMED;
	}
	return k->n_secrets > 0 ? TROTH_OK : TROTH_E_MALFORMED;
}

static enum troth_status read_key(const char *file, struct troth_webhook_keys *k)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer text = { 0 };
	TROTH_TRY(troth_file_read(file, KEY_FILE_MAX, &text));
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	if (bio == NULL)
		return TROTH_E_MEMORY;
	char none[] = ""; /* or a passphrase would be asked for */
	k->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, none);
	return k->key != NULL && EVP_PKEY_is_a(k->key, "ED25519") == 1 ? TROTH_OK
								       : TROTH_E_MALFORMED;
}

static enum troth_status say(const struct troth_webhook *hook, const char *file,
			     const char *wanted, enum troth_status status)
{
	if (status == TROTH_OK)
		return status;
	const bool of_system = status == TROTH_E_IO || status == TROTH_E_NOT_FOUND;
	troth_error("webhook", "name=%s file=%s error=\"%s\" wanted=\"%s\"", hook->name, file,
		    of_system ? strerror(errno) : troth_status_name(status), wanted);
	return TROTH_E_CONFIG;
}

enum troth_status troth_webhook_keys_load(const struct troth_webhook *hook,
					  struct troth_webhook_keys *out)
{
	struct troth_webhook_keys k = { .n_secrets = 0 };
	enum troth_status status = TROTH_OK;
	if (hook->secret[0] != '\0')
		status = say(hook, hook->secret,
			     "a line or two of whsec_ and base64 of 24 to 64 bytes",
			     read_secrets(hook->secret, &k));
	if (status == TROTH_OK && hook->key[0] != '\0')
		status = say(hook, hook->key, "an Ed25519 key in PEM", read_key(hook->key, &k));
	if (status != TROTH_OK) {
		troth_webhook_keys_release(&k);
		return status;
	}
	*out = k;
	return TROTH_OK;
}

void troth_webhook_keys_release(struct troth_webhook_keys *k)
{
	EVP_PKEY_free(k->key);
	OPENSSL_cleanse(k, sizeof *k);
}

/* ---- signing ---- */

static void put_signature(struct troth_writer *w, const char *version, const uint8_t *bytes,
			  size_t n)
{
	uint8_t text[96]; /* of 64 bytes: 88 characters and a NUL */
	if (w->n > 0)
		troth_put_u8(w, ' ');
	troth_put_view(w, troth_view_str(version));
	troth_put_view(
		w, (struct troth_view){ text, (size_t)EVP_EncodeBlock(text, bytes, (int)n) });
}

static enum troth_status put_hmacs(const struct troth_webhook_keys *k, struct troth_view data,
				   struct troth_writer *w)
{
	for (size_t i = 0; i < k->n_secrets; i++) {
		uint8_t mac[EVP_MAX_MD_SIZE];
		unsigned int n = 0;
		if (HMAC(EVP_sha256(), k->secrets[i].bytes, (int)k->secrets[i].len, data.p,
			 data.n, mac, &n) == NULL)
			return TROTH_E_CRYPTO;
		put_signature(w, "v1,", mac, n);
	}
	return TROTH_OK;
}

static enum troth_status put_ed25519(const struct troth_webhook_keys *k, struct troth_view data,
				     struct troth_writer *w)
{
	TROTH_AUTO(EVP_MD_CTX_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t n = sizeof signature;
	if (ctx == NULL)
		return TROTH_E_MEMORY;
	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->key) != 1 ||
	    EVP_DigestSign(ctx, signature, &n, data.p, data.n) != 1)
		return TROTH_E_CRYPTO;
	put_signature(w, "v1a,", signature, n);
	return TROTH_OK;
}

enum troth_status troth_webhook_sign(const struct troth_webhook_keys *k,
				     const struct troth_webhook_message *m,
				     char out[TROTH_WEBHOOK_SIGNATURE_MAX])
{
	uint8_t bytes[SIGNED_MAX];
	char head[128], text[TROTH_WEBHOOK_SIGNATURE_MAX];
	struct troth_writer data = troth_writer_make(bytes, sizeof bytes);
	struct troth_writer w = troth_writer_make((uint8_t *)text, sizeof text - 1);
	(void)snprintf(head, sizeof head, "%s.%" PRIu64 ".", m->id, m->time_s);
	troth_put_view(&data, troth_view_str(head));
	troth_put_view(&data, m->body);
	if (!troth_writer_ok(&data))
		return TROTH_E_LIMIT;
	TROTH_TRY(put_hmacs(k, troth_written(&data), &w));
	if (k->key != NULL)
		TROTH_TRY(put_ed25519(k, troth_written(&data), &w));
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	memcpy(out, text, w.n);
	out[w.n] = '\0';
	return TROTH_OK;
}
