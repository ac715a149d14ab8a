/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation (the JSON of docs/explain.md) for people: as text, and as a page.
 *
 * Both show what the JSON says and nothing else, so that the three never tell different
 * stories. Every text is escaped where it goes out, whatever it was before. */
#ifndef TROTH_CLI_EXPLAIN_VIEW_H
#define TROTH_CLI_EXPLAIN_VIEW_H

#include <stdio.h>

#include "cli.h"

void troth_cli_explain_text(FILE *to, json_t *explanation);
/* One file: no script, no outside resource, nothing that runs. False when the hash of its style
 * cannot be made. */
TROTH_NODISCARD bool troth_cli_explain_html(struct troth_ctx *ctx, FILE *to,
					    json_t *explanation);

#endif
