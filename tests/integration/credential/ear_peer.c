/* SPDX-License-Identifier: Apache-2.0 */
/* Results for other people's software, and its results for us.
 *
 *   ear_peer write DIR   result.jwt, result.cwt, draft.jwt, draft.cwt, keys.json, keys.cbor
 *   ear_peer read KEYS RESULT   opens a JWT or CWT with a JWK Set and prints what it says */
#include "check.h"

#include "ear_keys.h"
#include "ear_sample.h"
#include "file.h"
#include "text.h"

static void put(const char *dir, const char *name, struct troth_view v)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (troth_file_write(path, v, 0600) != TROTH_OK)
		abort();
}

static void write_keys(const struct ear_sample *s, const char *dir)
{
	uint8_t buf[1024];
	struct troth_writer w = troth_writer_make(buf, sizeof buf);
	troth_ear_keys_put_jwks(&w, &s->signer.jwk, 1, s->ctx);
	put(dir, "keys.json", troth_written(&w));
	w = troth_writer_make(buf, sizeof buf);
	troth_ear_keys_put_cose(&w, &s->signer.jwk, 1, s->ctx);
	put(dir, "keys.cbor", troth_written(&w));
}

static int write_all(struct troth_ctx *ctx, const char *dir)
{
	static uint8_t buf[TROTH_JWS_MAX];
	struct ear_sample s;
	ear_sample_make(&s, ctx);
	put(dir, "result.jwt", ear_sample_write(&s, TROTH_EAR_JWT, buf, sizeof buf));
	put(dir, "result.cwt", ear_sample_write(&s, TROTH_EAR_CWT, buf, sizeof buf));
	s.ear.profile = TROTH_EAR_DRAFT;
	put(dir, "draft.jwt", ear_sample_write(&s, TROTH_EAR_JWT, buf, sizeof buf));
	put(dir, "draft.cwt", ear_sample_write(&s, TROTH_EAR_CWT, buf, sizeof buf));
	write_keys(&s, dir);
	ear_sample_free(&s);
	return 0;
}

static void print(const struct troth_ear *e)
{
	char hex[65];
	troth_format_hex(TROTH_VIEW_OF(e->thumbprint), hex);
	printf("%.*s %.*s %llu %s %s\n", (int)e->subject.n, (const char *)e->subject.p,
	       (int)e->segment.n, (const char *)e->segment.p, (unsigned long long)e->expires_s,
	       troth_tier_name(e->status), hex);
}

static int read_one(struct troth_ctx *ctx, const char *keys_path, const char *path)
{
	static uint8_t text[TROTH_JWS_MAX];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	struct troth_buffer json = { 0 }, bytes = { 0 };
	struct troth_ear_key list[TROTH_EAR_KEYS_MAX];
	struct troth_ear_keys keys = { list, 0 };
	struct troth_ear ear;
	if (troth_file_read(keys_path, 4096, &json) != TROTH_OK ||
	    troth_file_read(path, TROTH_JWS_MAX, &bytes) != TROTH_OK)
		return 2;
	enum troth_status status = troth_ear_keys_read_jwks(ctx, troth_buffer_view(&json), list,
							    TROTH_EAR_KEYS_MAX, &keys.n);
	if (status == TROTH_OK)
		status = bytes.p[0] == 'e' ? troth_ear_jwt_open(ctx, troth_buffer_view(&bytes),
								&keys, &w, &ear)
					   : troth_ear_cwt_open(ctx, troth_buffer_view(&bytes),
								&keys, &ear);
	if (status == TROTH_OK)
		print(&ear);
	else
		printf("refused: %s\n", troth_status_name(status));
	for (size_t i = 0; i < keys.n; i++)
		troth_key_free(list[i].key);
	troth_buffer_clear(&json);
	troth_buffer_clear(&bytes);
	return status == TROTH_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct troth_ctx *ctx = NULL;
	int code = 2;
	if (troth_ctx_new(&ctx) != TROTH_OK)
		return 2;
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		code = write_all(ctx, argv[2]);
	else if (argc == 4 && strcmp(argv[1], "read") == 0)
		code = read_one(ctx, argv[2], argv[3]);
	troth_ctx_free(ctx);
	return code;
}
