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

/* Text in HTML, also inside a quoted attribute: & < > " ' as entities, and whatever is not
 * printable ASCII as \xNN. */
void troth_cli_put_html(FILE *to, const char *text);

/* Whether a device would be refused all the same; and what the proposals are called, of which
 * perhaps none is enough. */
TROTH_NODISCARD bool troth_cli_proposal_refuses(const json_t *proposal);
const char *troth_cli_proposals_title(const json_t *proposals);

/* A string of an object, "" when there is none. */
const char *troth_cli_string_of(const json_t *object, const char *key);

#endif
