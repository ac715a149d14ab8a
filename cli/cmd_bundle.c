/* SPDX-License-Identifier: Apache-2.0 */
/* New anchors for devices: made off line, where the update key is. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "bundle_update.h"
#include "input.h"
#include "key.h"
#include "output.h"
#include "reader.h"
#include "text.h"
#include "x509_read.h"

/* A private key, and a file of anchors: bytes. */
#define KEY_MAX (16 * 1024)
#define ANCHORS_MAX ((size_t)64 * 1024)

TROTH_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)

/* An update being made; owns its anchors. */
struct making {
	struct troth_ctx *ctx;
	struct troth_es256_key *key;
	struct troth_bundle_update update;
};

static void making_clear(struct making *m)
{
	for (size_t i = 0; i < m->update.n_anchors; i++)
		OPENSSL_free((void *)(uintptr_t)m->update.anchors[i].p);
	troth_es256_key_free(m->key);
	troth_ctx_free(m->ctx);
}

static bool read_key(const char *file, struct troth_es256_key **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	if (!troth_cli_read(file, KEY_MAX, &pem))
		return false;
	TROTH_AUTO(EVP_PKEY_free_p)
	EVP_PKEY *key = troth_private_from_pem(troth_buffer_view(&pem));
	if (key == NULL || troth_es256_key_new(key, out) != TROTH_OK) {
		troth_cli_error("%s: no P-256 private key in PEM", file);
		return false;
	}
	return true;
}

static enum troth_status add_anchor(void *arg, X509 *cert)
{
	struct making *m = arg;
	unsigned char *der = NULL;
	if (m->update.n_anchors == TROTH_BUNDLE_UPDATE_ANCHORS_MAX)
		return TROTH_E_LIMIT;
	if (X509_check_ca(cert) == 0)
		return TROTH_E_DENIED;
	const int n = i2d_X509(cert, &der);
	if (n <= 0)
		return TROTH_E_MEMORY;
	m->update.anchors[m->update.n_anchors++] = (struct troth_view){ der, (size_t)n };
	return TROTH_OK;
}

static bool read_anchors(struct making *m, const char *file)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	if (!troth_cli_read(file, ANCHORS_MAX, &pem))
		return false;
	const enum troth_status status =
		troth_x509_each_pem(troth_buffer_view(&pem), add_anchor, m);
	if (status == TROTH_E_LIMIT)
		troth_cli_error("more than %d anchors", TROTH_BUNDLE_UPDATE_ANCHORS_MAX);
	else if (status == TROTH_E_DENIED)
		troth_cli_error("%s: a certificate in it is not an authority's", file);
	else if (status != TROTH_OK)
		troth_cli_error("%s: no certificate in PEM, or one that is broken", file);
	return status == TROTH_OK;
}

static enum troth_status sign(void *arg, struct troth_view message,
			      uint8_t out[TROTH_ES256_LEN])
{
	struct making *m = arg;
	return troth_es256_sign(m->ctx, m->key, message, out);
}

static enum troth_cli_exit put_signed(struct making *m)
{
	static uint8_t text[2 * TROTH_BUNDLE_UPDATE_MAX];
	const struct troth_es256_signer signer = { sign, m };
	struct troth_writer w = troth_writer_make(text, sizeof text);
	enum troth_status status = troth_bundle_update_write(&m->update, &signer, &w);
	if (status != TROTH_OK) {
		troth_cli_error("cannot be signed: %s", troth_status_name(status));
		return TROTH_CLI_UNSURE;
	}
	if (m->update.n_anchors == 1)
		troth_cli_error("warning: one anchor; with a second a device survives the "
				"loss of the first");
	(void)fwrite(text, 1, w.n, stdout);
	return fflush(stdout) == 0 ? TROTH_CLI_YES : TROTH_CLI_UNSURE;
}

static enum troth_cli_exit run_sign(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(making_clear) struct making m = { 0 };
	const char *key = NULL, *sequence = NULL, *domain = NULL;
	const struct troth_cli_option options[] = { { "--key", &key, NULL },
						    { "--trust-domain", &domain, NULL },
						    { "--sequence", &sequence, NULL },
						    { 0 } };
	struct troth_cli_words words;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (key == NULL || sequence == NULL ||
	    !troth_parse_u64(troth_view_str(sequence), INT64_MAX, &m.update.sequence) ||
	    m.update.sequence == 0) {
		troth_cli_usage(self, "wanted --key FILE and --sequence N, from 1");
		return TROTH_CLI_UNSURE;
	}
	m.update.trust_domain = troth_view_str(domain != NULL ? domain : "");
	if (!troth_trust_domain_valid(m.update.trust_domain)) {
		troth_cli_usage(self, "wanted --trust-domain NAME, as the verifier has it");
		return TROTH_CLI_UNSURE;
	}
	m.ctx = troth_cli_context();
	if (m.ctx == NULL || !read_key(key, &m.key))
		return TROTH_CLI_UNSURE;
	for (size_t i = 0; i < words.n; i++)
		if (!read_anchors(&m, words.list[i]))
			return TROTH_CLI_UNSURE;
	return put_signed(&m);
}

static enum troth_cli_exit put_update(const struct troth_bundle_update *u)
{
	json_t *anchors = json_array();
	for (size_t i = 0; i < u->n_anchors; i++) {
		TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(u->anchors[i]);
		char name[256] = "not a certificate";
		if (cert != NULL)
			X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof name);
		json_array_append_new(anchors, json_string(name));
	}
	return troth_cli_put_json(json_pack("{s:s%, s:I, s:o}", "trust_domain",
					    (const char *)u->trust_domain.p,
					    (size_t)u->trust_domain.n, "sequence",
					    (json_int_t)u->sequence, "anchors", anchors),
				  TROTH_CLI_YES);
}

static enum troth_cli_exit run_show(const struct troth_cli_command *self, int argc, char **argv)
{
	TROTH_AUTO(troth_ctx_free_p) struct troth_ctx *ctx = NULL;
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	static uint8_t text[TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer buf = troth_writer_make(text, sizeof text);
	const char *key_file = NULL;
	const struct troth_cli_option options[] = { { "--key", &key_file, NULL }, { 0 } };
	struct troth_cli_words words;
	struct troth_bundle_update update;
	(void)argc;
	if (!troth_cli_args(self, argv, options, &words))
		return TROTH_CLI_UNSURE;
	if (key_file == NULL) {
		troth_cli_usage(self, "wanted --key FILE, the update key's public half");
		return TROTH_CLI_UNSURE;
	}
	ctx = troth_cli_context();
	if (ctx == NULL || !troth_cli_read(key_file, KEY_MAX, &pem) ||
	    !troth_cli_read(words.list[0], TROTH_BUNDLE_UPDATE_MAX, &bytes))
		return TROTH_CLI_UNSURE;
	if (troth_key_from_pem(troth_buffer_view(&pem), &key) != TROTH_OK) {
		troth_cli_error("%s: no public key in PEM", key_file);
		return TROTH_CLI_UNSURE;
	}
	enum troth_status status =
		troth_bundle_update_open(ctx, troth_buffer_view(&bytes), key, &buf, &update);
	if (status != TROTH_OK) {
		troth_cli_unsound(words.list[0], troth_status_name(status), 0,
				  "no update that this key signed");
		return TROTH_CLI_NO;
	}
	return put_update(&update);
}

const struct troth_cli_command TROTH_CLI_BUNDLE[] = {
	{ "bundle", "sign",
	  "--key UPDATE.KEY --trust-domain NAME --sequence N CERTS.pem... > update.jws",
	  "Sign new anchors for devices, off line",
	  "  --key FILE           the update key, P-256, private, PEM\n"
	  "  --trust-domain NAME  whose devices it is for; others do not take it\n"
	  "  --sequence N         higher than of any update before\n",
	  1, TROTH_CLI_WORDS_MAX, run_sign },
	{ "bundle", "show", "--key UPDATE.PUB update.jws",
	  "Check the signature of an update, and show what is in it",
	  "  --key FILE      the update key's public half, PEM\n", 1, 1, run_show },
	{ 0 },
};
