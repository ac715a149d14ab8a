/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <string.h>

#include "output.h"
#include "reader.h"

/* A PEM file, PCR values of all banks: small files. */
#define SMALL_FILE_MAX ((size_t)64 * 1024)

struct troth_ctx *troth_cli_context(void)
{
	struct troth_ctx *ctx = NULL;
	if (troth_ctx_new(&ctx) != TROTH_OK) {
		troth_cli_error("the cryptographic library cannot be used");
		return NULL;
	}
	return ctx;
}

bool troth_cli_read(const char *file, size_t max, struct troth_buffer *out)
{
	enum troth_status st = troth_file_read(file, max, out);
	if (st == TROTH_E_LIMIT)
		troth_cli_error("%s: larger than %zu bytes", file, max);
	else if (st == TROTH_E_MEMORY)
		troth_cli_error("%s: out of memory", file);
	else if (st != TROTH_OK)
		troth_cli_file_failed(file, st);
	return st == TROTH_OK;
}

static bool is_pem(struct troth_view bytes)
{
	static const char MARK[] = "-----BEGIN ";
	return bytes.n > 0 && memmem(bytes.p, bytes.n, MARK, sizeof MARK - 1) != NULL;
}

static enum troth_status parse_ak(struct troth_ctx *ctx, struct troth_cli_ak *ak)
{
	struct troth_view bytes = troth_buffer_view(&ak->bytes), area;
	if (is_pem(bytes))
		return troth_key_from_pem(bytes, &ak->key);
	/* A TPM2B names its exact size first; a TPMT_PUBLIC begins with its type, which as a
	 * size would be off. */
	if (troth_public_unwrap(bytes, &area) != TROTH_OK)
		area = bytes;
	TROTH_TRY(troth_public_parse(ctx, area, &ak->pub));
	ak->has_pub = true;
	return troth_key_from_public(&ak->pub, &ak->key);
}

bool troth_cli_ak_read(struct troth_ctx *ctx, const char *file, struct troth_cli_ak *out)
{
	struct troth_cli_ak ak = { 0 };
	if (!troth_cli_read(file, SMALL_FILE_MAX, &ak.bytes))
		return false;
	enum troth_status st = parse_ak(ctx, &ak);
	if (st != TROTH_OK) {
		troth_cli_error("%s: no attestation key (PEM, TPM2B_PUBLIC or TPMT_PUBLIC): %s",
				file, troth_status_name(st));
		troth_cli_ak_clear(&ak);
		return false;
	}
	*out = ak;
	return true;
}

void troth_cli_ak_clear(struct troth_cli_ak *ak)
{
	troth_key_free(ak->key);
	troth_buffer_clear(&ak->bytes);
	*ak = (struct troth_cli_ak){ 0 };
}

bool troth_cli_pcrs_read(const char *file, struct troth_pcr_values *out)
{
	TROTH_AUTO(troth_buffer_clear) struct troth_buffer bytes = { 0 };
	size_t line = 0;
	if (!troth_cli_read(file, SMALL_FILE_MAX, &bytes))
		return false;
	if (troth_cli_pcrs_parse(troth_buffer_view(&bytes), out, &line))
		return true;
	if (line > 0)
		troth_cli_error("%s:%zu: no line of bank, PCR and value", file, line);
	else
		troth_cli_error("%s: no PCR file", file);
	return false;
}
