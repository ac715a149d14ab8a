/* SPDX-License-Identifier: Apache-2.0 */
/* What trothctl says. */
#ifndef TROTH_CLI_OUTPUT_H
#define TROTH_CLI_OUTPUT_H

#include <stdio.h>

#include "cli.h"

/* "trothctl: ..." in one line on standard error. */
void troth_cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A file that could not be read or written: why, by errno where the status is of the system. */
void troth_cli_file_failed(const char *file, enum troth_status status);
/* The one line for what was read but is not sound: "trothctl: FILE: CODE at offset N: WHY". */
void troth_cli_unsound(const char *file, const char *code, size_t offset, const char *why);

/* Text from elsewhere: control bytes, backslashes and non-ASCII as \xNN. */
void troth_cli_put(FILE *to, const char *text);
/* One line of JSON on standard output; takes the value. UNSURE when there is none (NULL). */
enum troth_cli_exit troth_cli_put_json(json_t *value, enum troth_cli_exit code);

/* Text of a JSON value for people: strings as they are, null as "-", lists with commas.
 * Borrowed or written into buf. */
const char *troth_cli_text_of(const json_t *value, char *buf, size_t size);

/* Prints rows (a JSON list of lists of strings; borrowed) under a head that ends with NULL: in
 * columns, or separated by tabs. */
void troth_cli_put_table(const char *const *head, const json_t *rows,
			 enum troth_cli_format format);

#endif
