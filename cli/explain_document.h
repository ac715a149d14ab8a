/* SPDX-License-Identifier: Apache-2.0 */
/* What an explanation says to a person, and in which order: told once for every medium.
 * Internal to explain_text.c and explain_html.c. */
#ifndef TROTH_CLI_EXPLAIN_DOCUMENT_H
#define TROTH_CLI_EXPLAIN_DOCUMENT_H

#include "explain_page.h"

/* explanation: the JSON of docs/explain.md; what it lacks is left out. */
void troth_cli_explain_tell(const struct troth_page *page, const json_t *explanation);

#endif
