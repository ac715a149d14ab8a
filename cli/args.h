/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: options anywhere among the words, each at most once unless it is a list. */
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

#define TROTH_CLI_LIST_MAX 32

/* An option that may be given several times: its values in their order. Ends with a NULL list.
 */
struct troth_cli_list {
	size_t n;
	const char *values[TROTH_CLI_LIST_MAX];
};
struct troth_cli_list_option {
	const char *name;
	struct troth_cli_list *list;
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
/* The same for a command that has options of the other kind too. */
TROTH_NODISCARD bool troth_cli_args_with_lists(const struct troth_cli_command *command,
					       char **argv,
					       const struct troth_cli_option *options,
					       const struct troth_cli_list_option *lists,
					       struct troth_cli_words *out);
/* The value of --format: NULL is text. Says so, with the usage, and returns false for what the
 * command does not offer (tsv_too: tsv is offered). */
TROTH_NODISCARD bool troth_cli_format(const struct troth_cli_command *command, const char *text,
				      bool tsv_too, enum troth_cli_format *out);
/* Says what is wrong with the command line, with the usage. */
void troth_cli_usage(const struct troth_cli_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
