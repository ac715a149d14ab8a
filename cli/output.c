/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16

static bool plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '\\';
}

void troth_cli_put(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (plain(c))
			fputc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
}

static size_t shown_width(const char *text)
{
	size_t n = 0;
	for (; *text != '\0'; text++)
		n += plain((unsigned char)*text) ? 1 : 4;
	return n;
}

void troth_cli_error(const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fputs("trothctl: ", stderr);
	troth_cli_put(stderr, text);
	fputc('\n', stderr);
}

void troth_cli_file_failed(const char *file, enum troth_status status)
{
	const bool of_system = (status == TROTH_E_IO || status == TROTH_E_NOT_FOUND) &&
			       errno != 0;
	troth_cli_error("%s: %s", file,
			of_system ? strerrordesc_np(errno) : troth_status_name(status));
}

void troth_cli_unsound(const char *file, const char *code, size_t offset, const char *why)
{
	troth_cli_error("%s: %s at offset %zu: %s", file, code, offset, why);
}

enum troth_cli_exit troth_cli_put_json(json_t *value, enum troth_cli_exit code)
{
	/* ASCII only: a terminal gets no control characters from a server or a file. */
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(value);
	if (text == NULL) {
		troth_cli_error("out of memory");
		return TROTH_CLI_UNSURE;
	}
	puts(text);
	free(text);
	return code;
}

static const char *join(const json_t *list, char *buf, size_t size)
{
	size_t at = 0;
	for (size_t i = 0; i < json_array_size(list) && at < size; i++) {
		char item[64];
		int n = snprintf(buf + at, size - at, "%s%s", i > 0 ? "," : "",
				 troth_cli_text_of(json_array_get(list, i), item, sizeof item));
		at += n > 0 ? (size_t)n : 0;
	}
	return json_array_size(list) > 0 ? buf : "-";
}

const char *troth_cli_text_of(const json_t *value, char *buf, size_t size)
{
	if (json_is_string(value))
		return json_string_value(value)[0] != '\0' ? json_string_value(value) : "-";
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (json_is_array(value))
		return join(value, buf, size);
	if (!json_is_number(value))
		return "-";
	if (json_is_integer(value))
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		snprintf(buf, size, "%.0f", json_real_value(value));
	return buf;
}

static const char *cell(const json_t *row, size_t column)
{
	const char *text = json_string_value(json_array_get(row, column));
	return text != NULL ? text : "-";
}

static void put_row(const char *const *cells, const size_t *widths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		troth_cli_put(stdout, cells[i]);
		if (i + 1 == n)
			break;
		if (widths == NULL)
			fputc('\t', stdout);
		else
			printf("%*s", (int)(widths[i] - shown_width(cells[i]) + 2), "");
	}
	fputc('\n', stdout);
}

static size_t max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

void troth_cli_put_table(const char *const *head, const json_t *rows,
			 enum troth_cli_format format)
{
	const char *cells[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX], n = 0;
	for (; head[n] != NULL && n < COLUMNS_MAX; n++) {
		widths[n] = strlen(head[n]);
		for (size_t i = 0; i < json_array_size(rows); i++)
			widths[n] = max_of(widths[n],
					   shown_width(cell(json_array_get(rows, i), n)));
	}
	const size_t *columns = format == TROTH_CLI_TSV ? NULL : widths;
	put_row(head, columns, n);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		for (size_t k = 0; k < n; k++)
			cells[k] = cell(json_array_get(rows, i), k);
		put_row(cells, columns, n);
	}
}
