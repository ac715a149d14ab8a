/* SPDX-License-Identifier: Apache-2.0 */
#include "anchors.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "bundle_update.h"
#include "log.h"
#include "reader.h"
#include "x509_read.h"

/* A public key as PEM, bytes. */
#define KEY_FILE_MAX 4096

TROTH_DEFINE_AUTO(BIO, BIO_free_all)
TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

void troth_anchors_clear(struct troth_anchors *a)
{
	troth_buffer_clear(&a->pem);
	a->sequence = 0;
}

static bool path_of(const struct troth_settings *settings, char *out, size_t room)
{
	return (size_t)snprintf(out, room, "%s/anchors.jws", settings->state_dir) < room;
}

static enum troth_status read_key(const struct troth_settings *settings, struct troth_key **out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer pem = { 0 };

	if (settings->update_key[0] == '\0')
		return TROTH_E_NOT_FOUND;
	TROTH_TRY(troth_file_read(settings->update_key, KEY_FILE_MAX, &pem));
	return troth_key_from_pem(troth_buffer_view(&pem), out);
}

/* Whole certificates of authorities only: an update that cuts the device off must not pass. */
static enum troth_status put_anchor(BIO *bio, struct troth_view der)
{
	TROTH_AUTO(X509_free_p) X509 *cert = troth_x509_parse(der);

	if (cert == NULL || X509_check_ca(cert) == 0)
		return TROTH_E_MALFORMED;
	return PEM_write_bio_X509(bio, cert) == 1 ? TROTH_OK : TROTH_E_MEMORY;
}

static enum troth_status as_pem(const struct troth_bundle_update *update,
				struct troth_buffer *out)
{
	TROTH_AUTO(BIO_free_all_p) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (bio == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < update->n_anchors; i++)
		TROTH_TRY(put_anchor(bio, update->anchors[i]));
	const long n = BIO_get_mem_data(bio, &text);
	if (n <= 0)
		return TROTH_E_MEMORY;
	struct troth_buffer pem = { malloc((size_t)n), (size_t)n };
	if (pem.p == NULL)
		return TROTH_E_MEMORY;
	memcpy(pem.p, text, pem.n);
	*out = pem;
	return TROTH_OK;
}

static enum troth_status open_update(const struct troth_settings *settings,
				     struct troth_ctx *ctx, struct troth_view bytes,
				     struct troth_anchors *out)
{
	TROTH_AUTO(troth_key_free_p) struct troth_key *key = NULL;
	uint8_t text[TROTH_BUNDLE_UPDATE_MAX];
	struct troth_writer buf = troth_writer_make(text, sizeof text);
	struct troth_bundle_update update;

	TROTH_TRY(read_key(settings, &key));
	TROTH_TRY(troth_bundle_update_open(ctx, bytes, key, &buf, &update));
	if (!troth_view_equal(update.trust_domain, troth_view_str(settings->trust_domain)))
		return TROTH_E_MISMATCH;
	TROTH_TRY(as_pem(&update, &out->pem));
	out->sequence = update.sequence;
	return TROTH_OK;
}

enum troth_status troth_anchors_load(const struct troth_settings *settings,
				     struct troth_ctx *ctx, struct troth_anchors *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	TROTH_AUTO(troth_anchors_clear) struct troth_anchors kept = { 0 };
	char path[TROTH_PATH_MAX + 16];

	if (!path_of(settings, path, sizeof path))
		return TROTH_E_LIMIT;
	enum troth_status status = TROTH_E_NOT_FOUND;
	if (settings->update_key[0] != '\0')
		status = troth_file_read(path, TROTH_BUNDLE_UPDATE_MAX, &bytes);
	if (status == TROTH_E_NOT_FOUND) {
		*out = (struct troth_anchors){ 0 };
		return TROTH_OK;
	}
	if (status == TROTH_OK)
		status = open_update(settings, ctx, troth_buffer_view(&bytes), &kept);
	if (status == TROTH_E_NOT_FOUND) /* the key, which the configuration names */
		status = TROTH_E_CONFIG;
	if (status != TROTH_OK) {
		troth_error("anchors", "file=%s status=%s", path, troth_status_name(status));
		return status;
	}
	*out = kept;
	kept = (struct troth_anchors){ 0 };
	return TROTH_OK;
}

enum troth_status troth_anchors_take(const struct troth_settings *settings,
				     struct troth_ctx *ctx, struct troth_view update,
				     struct troth_anchors *anchors)
{
	TROTH_AUTO(troth_anchors_clear) struct troth_anchors fresh = { 0 };
	char path[TROTH_PATH_MAX + 16];

	TROTH_TRY(open_update(settings, ctx, update, &fresh));
	if (fresh.sequence <= anchors->sequence)
		return TROTH_E_CONFLICT;
	if (!path_of(settings, path, sizeof path))
		return TROTH_E_LIMIT;
	TROTH_TRY(troth_file_write(path, update, 0644));
	troth_info("anchors", "sequence=%llu before=%llu", (unsigned long long)fresh.sequence,
		   (unsigned long long)anchors->sequence);
	troth_anchors_clear(anchors);
	*anchors = fresh;
	fresh = (struct troth_anchors){ 0 };
	return TROTH_OK;
}
