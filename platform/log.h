/* SPDX-License-Identifier: Apache-2.0 */
/* Structured logging, for programs only (core never logs).
 *
 * One line per event, key=value, to standard error; with the journal's priority prefix when
 * standard error is the journal. Foreign bytes are escaped. Never keys, nonces, tokens. */
#ifndef TROTH_PLATFORM_LOG_H
#define TROTH_PLATFORM_LOG_H

#include <troth/status.h>

enum troth_log_level { TROTH_LOG_ERROR, TROTH_LOG_WARNING, TROTH_LOG_INFO, TROTH_LOG_DEBUG };

/* program is kept by reference. Lines above level are dropped. */
void troth_log_start(const char *program, enum troth_log_level level);
/* Writes "event=<event> " and the formatted fields; control bytes, quotes of foreign text and
 * non-ASCII come out as \xNN, and a string with blanks gets quotes where the format has none.
 * Conversions: %s %.*s %c %d %i %u %x with the length modifiers, %0Nx; no others. */
void troth_log_line(enum troth_log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define troth_error(event, ...) troth_log_line(TROTH_LOG_ERROR, event, __VA_ARGS__)
#define troth_warn(event, ...) troth_log_line(TROTH_LOG_WARNING, event, __VA_ARGS__)
#define troth_info(event, ...) troth_log_line(TROTH_LOG_INFO, event, __VA_ARGS__)
#define troth_debug(event, ...) troth_log_line(TROTH_LOG_DEBUG, event, __VA_ARGS__)

#endif
