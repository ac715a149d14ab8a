/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: options anywhere among the words, each at most once. */
#ifndef TROTH_CLI_ARGS_H
#define TROTH_CLI_ARGS_H

#include "cli.h"

#define TROTH_CLI_WORDS_MAX 4

/* An option with a value (text) or without one (flag). Ends with a NULL name. */
struct troth_cli_option {
	const char *name; /* "--nonce" */
	const char **text;
	bool *flag;
};

struct troth_cli_words {
	size_t n;
	const char *list[TROTH_CLI_WORDS_MAX];
};

/* Reads "--name value" and "--name=value"; "--" ends the options. Says what is wrong, with the
 * usage, and returns false. */
TROTH_NODISCARD bool troth_cli_args(const struct troth_cli_command *command, char **argv,
				    const struct troth_cli_option *options,
				    struct troth_cli_words *out);
/* NULL is text. Refuses what the command does not offer (tsv_too: --format tsv is one). */
TROTH_NODISCARD bool troth_cli_format_from(const char *text, bool tsv_too,
					   enum troth_cli_format *out);
/* Says what is wrong with the command line, with the usage. */
void troth_cli_usage(const struct troth_cli_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
