/* SPDX-License-Identifier: Apache-2.0 */
#include "secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "file.h"
#include "reader.h"
#include "run.h"
#include "text.h"
#include "tpm_work.h"
#include "writer.h"

struct opening {
	struct troth_agent *agent;
	struct troth_writer plain;
};

static enum troth_status read_point(struct troth_ctx *ctx, struct troth_view area,
				    struct troth_jwk *out)
{
	struct troth_public key;

	TROTH_TRY(troth_public_parse(ctx, area, &key));
	return troth_secret_key_point(&key, out);
}

/* The same key once more: where it is another, the TPM was reset meanwhile. */
static enum troth_status agree(struct troth_tpm *tpm, const struct troth_secret_wish *w,
			       uint8_t out[32])
{
	TROTH_AUTO(troth_tpm_key_drop) struct troth_tpm_key key = { 0 };
	const struct troth_view wanted = { w->public_area, w->public_len };
	uint8_t point[64];

	TROTH_TRY(troth_tpm_secret_key_load(tpm, w->unique, &key));
	if (!troth_view_equal(wanted, (struct troth_view){ key.public_area, key.public_len }))
		return TROTH_E_CONFLICT;
	TROTH_TRY(troth_hpke_point((struct troth_view){ w->sealed, w->sealed_len }, point));
	return troth_tpm_secret_agree(tpm, &key, point, out);
}

static enum troth_status open_sealed(struct troth_tpm *tpm, void *arg,
				     struct troth_outcome *outcome)
{
	struct opening *o = arg;
	const struct troth_secret_wish *w = o->agent->secret;
	const struct troth_view sealed = { w->sealed, w->sealed_len };
	struct troth_jwk to;
	uint8_t x[32];

	(void)outcome;
	TROTH_TRY(read_point(o->agent->ctx,
			     (struct troth_view){ w->public_area, w->public_len }, &to));
	TROTH_TRY(agree(tpm, w, x));
	const struct troth_hpke_about about = troth_secret_released(&to, w->extra_data);
	enum troth_status status = troth_hpke_open(o->agent->ctx, &about, x, sealed, &o->plain);
	OPENSSL_cleanse(x, sizeof x);
	return status;
}

static enum troth_ending complain(const char *what, const char *why)
{
	(void)fprintf(stderr, "troth-attester: %s: %s\n", what, why);
	return TROTH_ENDED_UNREACHED;
}

static enum troth_ending write_out(struct troth_view secret, const char *file)
{
	if (file != NULL) {
		if (troth_file_write(file, secret, 0600) != TROTH_OK)
			return complain(file, strerror(errno));
		return TROTH_ENDED_WELL;
	}
	/* Unbuffered: no copy of it stays in the C library. */
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	if (fwrite(secret.p, 1, secret.n, stdout) != secret.n)
		return complain("standard output", strerror(errno));
	return TROTH_ENDED_WELL;
}

static enum troth_ending open_and_write(struct troth_agent *a, const char *file)
{
	uint8_t buf[TROTH_SECRET_MAX];
	struct opening o = { a, troth_writer_make(buf, sizeof buf) };
	struct troth_outcome outcome = { .ending = TROTH_ENDED_TPM };
	enum troth_ending ending;

	if (troth_tpm_do(a->settings, open_sealed, &o, &outcome) == TROTH_OK) {
		ending = write_out(troth_written(&o.plain), file);
	} else {
		(void)complain("the secret cannot be opened", outcome.text);
		ending = outcome.ending;
	}
	OPENSSL_cleanse(buf, sizeof buf);
	return ending;
}

/* A file is replaced, with its name: /dev/stdout must stay what it is. */
static bool may_replace(const char *file)
{
	struct stat st;
	return lstat(file, &st) != 0 || S_ISREG(st.st_mode);
}

enum troth_ending troth_secret(struct troth_agent *a, const struct troth_command *command)
{
	struct troth_secret_wish wish = { 0 };

	if (!troth_name_valid(troth_view_str(command->secret)))
		return complain(command->secret, "no name of a secret");
	if (command->output != NULL && !may_replace(command->output))
		return complain(command->output, "there is something that is no file");
	(void)snprintf(wish.name, sizeof wish.name, "%s", command->secret);
	a->secret = &wish;
	enum troth_ending ending = troth_try(a, command->retry_for_s);
	if (ending == TROTH_ENDED_WELL)
		ending = open_and_write(a, command->output);
	a->secret = NULL;
	OPENSSL_cleanse(&wish, sizeof wish);
	return ending;
}
