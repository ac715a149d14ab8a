/* SPDX-License-Identifier: Apache-2.0 */
/* What the offline commands read. Every function says itself what was wrong. */
#ifndef TROTH_CLI_INPUT_H
#define TROTH_CLI_INPUT_H

#include "cli.h"
#include "file.h"
#include "key.h"

TROTH_DEFINE_AUTO(struct troth_ctx, troth_ctx_free)
TROTH_DEFINE_AUTO(struct troth_key, troth_key_free)

/* A context, NULL when there is none to have. */
struct troth_ctx *troth_cli_context(void);
/* A whole file. */
TROTH_NODISCARD bool troth_cli_read(const char *file, size_t max, struct troth_buffer *out);
/* RFC 3339: 2026-11-22T05:28:38Z, with or without fraction, with Z or +hh:mm. */
TROTH_NODISCARD bool troth_cli_time(const char *text, uint64_t *out_unix_s);

/* An attestation key: TPM2B_PUBLIC, TPMT_PUBLIC or PEM, whichever it is. */
struct troth_cli_ak {
	struct troth_buffer bytes;
	struct troth_public pub; /* borrows from bytes */
	bool has_pub;		 /* not from PEM */
	struct troth_key *key;
};
TROTH_NODISCARD bool troth_cli_ak_read(struct troth_ctx *ctx, const char *file,
				       struct troth_cli_ak *out);
void troth_cli_ak_clear(struct troth_cli_ak *ak);

/* PCR values: lines of bank, PCR and hex, or the file tpm2_quote writes. */
TROTH_NODISCARD bool troth_cli_pcrs_read(const char *file, struct troth_pcr_values *out);
/* The same from bytes, without a word: false when they are neither. line is the bad line of a
 * text, 0 otherwise. */
TROTH_NODISCARD bool troth_cli_pcrs_parse(struct troth_view bytes, struct troth_pcr_values *out,
					  size_t *line);

#endif
