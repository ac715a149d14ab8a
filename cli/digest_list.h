/* SPDX-License-Identifier: Apache-2.0 */
/* Where the digests of an allow-list come from. Each function says itself what was wrong. */
#ifndef TROTH_CLI_DIGEST_LIST_H
#define TROTH_CLI_DIGEST_LIST_H

#include "cli.h"
#include "digest_set.h"

/* Every regular file below a directory, under its path from there; links are not followed.
 * source: what the files came in; NULL: the Debian package that the directory's own dpkg
 * database says, if it has one. */
TROTH_NODISCARD bool troth_cli_digests_of_tree(struct troth_ctx *ctx, const char *directory,
					       const char *source,
					       struct troth_digest_set_builder *b);
/* The output of sha256sum: digest, blank, blank or star, path. "./" at the beginning of a path
 * is the root. */
TROTH_NODISCARD bool troth_cli_digests_of_sums(const char *file, const char *source,
					       struct troth_digest_set_builder *b);
/* All of another allow-list. */
TROTH_NODISCARD bool troth_cli_digests_of_list(struct troth_ctx *ctx, const char *file,
					       struct troth_digest_set_builder *b);

#endif
