/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else's: only the installed headers and library. Verifies a quote
 * against the event log: consumer AK ATTEST SIGNATURE LOG. Exit 0 genuine, 1 not, 2
 * unreadable. */
#include <stdio.h>
#include <stdlib.h>
#include <troth/bootlog.h>
#include <troth/verify.h>

static uint8_t buffers[4][1 << 20];

static struct troth_view load(const char *path, uint8_t *buffer)
{
	FILE *f = fopen(path, "rb");
	size_t n = f != NULL ? fread(buffer, 1, sizeof buffers[0], f) : 0;
	if (f != NULL)
		fclose(f);
	return (struct troth_view){ n > 0 ? buffer : NULL, n };
}

int main(int argc, char **argv)
{
	struct troth_ctx *ctx;
	struct troth_bootlog *log;
	struct troth_quote_result result;
	struct troth_view pcr;
	if (argc != 5 || troth_ctx_new(&ctx) != TROTH_OK)
		return 2;
	const struct troth_quote_request request = {
		.ak = load(argv[1], buffers[0]),
		.attest = load(argv[2], buffers[1]),
		.signature = load(argv[3], buffers[2]),
	};
	if (troth_verify_quote(ctx, &request, &result) != TROTH_OK ||
	    troth_bootlog_read(ctx, load(argv[4], buffers[3]), &log, NULL) != TROTH_OK ||
	    troth_bootlog_pcr(log, "sha256", 7, &pcr) != TROTH_OK)
		return 2;
	printf("genuine=%d events=%zu pcr7=", result.genuine, troth_bootlog_events(log));
	for (size_t i = 0; i < pcr.n; i++)
		printf("%02x", pcr.p[i]);
	printf(" first=%s\n", result.n_findings > 0 ? result.findings[0] : "-");
	troth_bootlog_free(log);
	troth_ctx_free(ctx);
	return result.genuine ? 0 : 1;
}
