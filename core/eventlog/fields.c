/* SPDX-License-Identifier: Apache-2.0 */
#include "fields.h"

void troth_field_text(const struct troth_fields *f, const char *name, const char *value)
{
	f->text(f->to, name, value);
}

void troth_field_number(const struct troth_fields *f, const char *name, uint64_t value)
{
	f->number(f->to, name, value);
}

struct troth_line *troth_field_begin(struct troth_field_line *l)
{
	l->line = troth_line_make(l->text, sizeof l->text);
	return &l->line;
}

void troth_field_end(const struct troth_fields *f, const char *name,
		     const struct troth_field_line *l)
{
	f->text(f->to, name, l->text);
}

void troth_field_end_item(const struct troth_fields *f, const char *name,
			  const struct troth_field_line *l)
{
	f->item(f->to, name, l->text);
}

static void put(const struct troth_fields *f, const char *name,
		void (*write)(struct troth_line *, struct troth_view), struct troth_view v)
{
	struct troth_field_line l;
	write(troth_field_begin(&l), v);
	troth_field_end(f, name, &l);
}

void troth_field_ascii(const struct troth_fields *f, const char *name, struct troth_view v)
{
	put(f, name, troth_line_ascii, v);
}

void troth_field_utf16(const struct troth_fields *f, const char *name, struct troth_view v)
{
	put(f, name, troth_line_utf16, v);
}

void troth_field_hex(const struct troth_fields *f, const char *name, struct troth_view v)
{
	put(f, name, troth_line_hex, v);
}

void troth_field_guid(const struct troth_fields *f, const char *name, struct troth_view v)
{
	put(f, name, troth_line_guid, v);
}
