/* SPDX-License-Identifier: Apache-2.0 */
#include "json_write.h"

#include <string.h>

#include "base64.h"
#include "reader.h"
#include "text.h"
#include "utf8.h"

enum { SPACE = 0x20 };

/* A comma, unless what was written last opens or names. No value ends in one of these. */
static void separate(struct troth_writer *w)
{
	if (w->overflow || w->n == 0 || memchr("{[:", w->p[w->n - 1], 3) != NULL)
		return;
	troth_put_u8(w, ',');
}

void troth_json_open(struct troth_writer *w, char bracket)
{
	separate(w);
	troth_put_u8(w, (uint8_t)bracket);
}

void troth_json_close(struct troth_writer *w, char bracket)
{
	troth_put_u8(w, (uint8_t)bracket);
}

static void put_quoted(struct troth_writer *w, struct troth_view plain)
{
	troth_put_u8(w, '"');
	troth_put_view(w, plain);
	troth_put_u8(w, '"');
}

void troth_json_name(struct troth_writer *w, const char *name)
{
	separate(w);
	put_quoted(w, troth_view_str(name));
	troth_put_u8(w, ':');
}

static void put_character(struct troth_writer *w, uint8_t c)
{
	char hex[3];
	if (c < SPACE) {
		troth_put_view(w, troth_view_str("\\u00"));
		troth_format_hex((struct troth_view){ &c, 1 }, hex);
		troth_put_view(w, troth_view_str(hex));
		return;
	}
	if (c == '"' || c == '\\')
		troth_put_u8(w, '\\');
	troth_put_u8(w, c);
}

void troth_json_put_text(struct troth_writer *w, struct troth_view text)
{
	separate(w);
	if (!troth_utf8_valid(text))
		w->overflow = true;
	troth_put_u8(w, '"');
	for (size_t i = 0; i < text.n; i++)
		put_character(w, text.p[i]);
	troth_put_u8(w, '"');
}

void troth_json_put_base64url(struct troth_writer *w, struct troth_view bytes)
{
	separate(w);
	troth_put_u8(w, '"');
	troth_put_base64url(w, bytes);
	troth_put_u8(w, '"');
}

void troth_json_put_int(struct troth_writer *w, int64_t value)
{
	char digits[21];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	separate(w);
	if (value < 0)
		troth_put_u8(w, '-');
	troth_put_view(w,
		       (struct troth_view){ (const uint8_t *)digits + at, sizeof digits - at });
}

void troth_json_member_text(struct troth_writer *w, const char *name, struct troth_view text)
{
	troth_json_name(w, name);
	troth_json_put_text(w, text);
}

void troth_json_member_base64url(struct troth_writer *w, const char *name,
				 struct troth_view bytes)
{
	troth_json_name(w, name);
	troth_json_put_base64url(w, bytes);
}

void troth_json_member_int(struct troth_writer *w, const char *name, int64_t value)
{
	troth_json_name(w, name);
	troth_json_put_int(w, value);
}
