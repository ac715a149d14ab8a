/* SPDX-License-Identifier: Apache-2.0 */
/* What every command of trothctl shares.
 *
 * Standard output carries only the result; whatever else there is to say goes to standard error
 * in one line. Foreign bytes are escaped on both. */
#ifndef TROTH_CLI_H
#define TROTH_CLI_H

#include <jansson.h>
#include <troth/status.h>
#include <troth/view.h>

#include "base.h"
#include "finding.h"

/* Exit codes of every command. */
enum troth_cli_exit {
	TROTH_CLI_YES = 0,   /* done; the answer is yes */
	TROTH_CLI_NO = 1,    /* read, but not sound; refused by the server */
	TROTH_CLI_UNSURE = 2 /* could not tell: unreadable, usage, no server */
};

enum troth_cli_format { TROTH_CLI_TEXT, TROTH_CLI_JSON, TROTH_CLI_TSV };

struct troth_cli_command {
	const char *group, *verb; /* verb "": the group is the command */
	const char *usage;	  /* what follows "trothctl group verb" */
	const char *summary;
	const char *help;	     /* options, one a line, indented */
	size_t words_min, words_max; /* arguments that are no options */
	enum troth_cli_exit (*run)(const struct troth_cli_command *self, int argc, char **argv);
};

/* Tables of commands; each ends with a NULL group. */
extern const struct troth_cli_command TROTH_CLI_EVENTLOG[];
extern const struct troth_cli_command TROTH_CLI_IMA[];
extern const struct troth_cli_command TROTH_CLI_IMAGE[];
extern const struct troth_cli_command TROTH_CLI_QUOTE[];
extern const struct troth_cli_command TROTH_CLI_EK[];
extern const struct troth_cli_command TROTH_CLI_BUNDLE[];
extern const struct troth_cli_command TROTH_CLI_DEVICE[];
extern const struct troth_cli_command TROTH_CLI_POLICY[];
extern const struct troth_cli_command TROTH_CLI_REFERENCE[];
extern const struct troth_cli_command TROTH_CLI_VERDICT[];
extern const struct troth_cli_command TROTH_CLI_EXPLAIN[];
extern const struct troth_cli_command TROTH_CLI_REPLAY[];
extern const struct troth_cli_command TROTH_CLI_SECRET[];
extern const struct troth_cli_command TROTH_CLI_AUDIT[];
extern const struct troth_cli_command TROTH_CLI_EVENTS[];
extern const struct troth_cli_command TROTH_CLI_WEBHOOK[];
extern const struct troth_cli_command TROTH_CLI_STATUS[];

TROTH_DEFINE_AUTO(json_t, json_decref)

#endif
