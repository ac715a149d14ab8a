/* SPDX-License-Identifier: Apache-2.0 */
/* What an event's data says, field by field.
 *
 * A decoder hands each field to a sink, in a stable order, as it reads; nothing is kept. Values
 * are text by the rules of line.h, at most TROTH_FIELD_MAX bytes with their NUL, and die with
 * the call. Names are stable, lower case with underscores: they are part of the JSON that
 * trothctl prints (docs/eventlog.md). */
#ifndef TROTH_CORE_FIELDS_H
#define TROTH_CORE_FIELDS_H

#include "line.h"

#include <troth/limits.h>

struct troth_fields {
	void (*text)(void *to, const char *name, const char *value);
	/* One of several values of that name: a list, even where it has one. */
	void (*item)(void *to, const char *name, const char *value);
	void (*number)(void *to, const char *name, uint64_t value);
	void *to;
};

void troth_field_text(const struct troth_fields *f, const char *name, const char *value);
void troth_field_number(const struct troth_fields *f, const char *name, uint64_t value);
/* Bytes as text: see the functions of line.h by the same names. */
void troth_field_ascii(const struct troth_fields *f, const char *name, struct troth_view v);
void troth_field_utf16(const struct troth_fields *f, const char *name, struct troth_view v);
void troth_field_hex(const struct troth_fields *f, const char *name, struct troth_view v);
void troth_field_guid(const struct troth_fields *f, const char *name, struct troth_view v);

/* Text that is put together: begin, write to the line, end. */
struct troth_field_line {
	struct troth_line line;
	char text[TROTH_FIELD_MAX];
};
struct troth_line *troth_field_begin(struct troth_field_line *l);
void troth_field_end(const struct troth_fields *f, const char *name,
		     const struct troth_field_line *l);
void troth_field_end_item(const struct troth_fields *f, const char *name,
			  const struct troth_field_line *l);

#endif
