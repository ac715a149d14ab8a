/* SPDX-License-Identifier: Apache-2.0 */
/* Where a CA key is that is not in a file: in a TPM, a token, or wherever an OpenSSL provider
 * reaches. Names it only; issuer/ca_key.h opens it.
 *
 * In the key directory stands, in the key's place, where it is: a text of a few lines that is
 * copied and renamed as a key file is, so that a rotation does not know the difference. */
#ifndef TROTH_VERIFIER_KEY_SOURCE_H
#define TROTH_VERIFIER_KEY_SOURCE_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#include "writer.h"

struct troth_key_source {
	char uri[TROTH_KEY_URI_MAX + 1]; /* "handle:0x81000010", "pkcs11:..."; empty: a file */
	size_t n_providers;
	char providers[TROTH_KEY_PROVIDERS_MAX][TROTH_NAME_LEN_MAX + 1];
};

/* A URI of printable characters, and providers by names of letters, digits, '-' and '_'. */
TROTH_NODISCARD bool troth_key_uri_valid(struct troth_view uri);
TROTH_NODISCARD bool troth_key_provider_valid(struct troth_view name);

/* The text that stands for the key, bytes. */
#define TROTH_KEY_SOURCE_TEXT_MAX 2048
void troth_key_source_write(struct troth_writer *w, const struct troth_key_source *source);
/* Whether a file's text is one, and not a key. */
TROTH_NODISCARD bool troth_key_source_is(struct troth_view text);
TROTH_NODISCARD enum troth_status troth_key_source_read(struct troth_view text,
							struct troth_key_source *out);

#endif
