/* SPDX-License-Identifier: Apache-2.0 */
#include "json_string.h"

#include <string.h>

#include "text.h"

enum { SPACE = 0x20, SHORT_FORMS = 8 };

/* What follows a backslash, and what it stands for. */
static const char SHORT[SHORT_FORMS + 1] = "\"\\/bfnrt";
static const char MEANS[SHORT_FORMS + 1] = "\"\\/\b\f\n\r\t";

static bool get_u16_hex(struct troth_reader *r, uint32_t *out)
{
	struct troth_view digits;
	uint8_t bytes[2];
	if (!troth_get_view(r, 4, &digits) || !troth_parse_hex(digits, bytes, sizeof bytes))
		return false;
	*out = (uint32_t)bytes[0] << 8 | bytes[1];
	return true;
}

static bool get_byte(struct troth_reader *r, char want)
{
	uint8_t got;
	return troth_get_u8(r, &got) && got == (uint8_t)want;
}

/* After backslash and u: a character, or the two halves of one past U+FFFF. */
static bool get_unicode(struct troth_reader *r, uint32_t *out)
{
	uint32_t high, low;
	if (!get_u16_hex(r, &high) || high == 0 || (high >= 0xdc00 && high <= 0xdfff))
		return false;
	*out = high;
	if (high < 0xd800 || high > 0xdbff)
		return true;
	if (!get_byte(r, '\\') || !get_byte(r, 'u') || !get_u16_hex(r, &low) || low < 0xdc00 ||
	    low > 0xdfff)
		return false;
	*out = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
	return true;
}

/* After the backslash. */
static bool get_escape(struct troth_reader *r, uint32_t *out)
{
	uint8_t c;
	if (!troth_get_u8(r, &c))
		return false;
	if (c == 'u')
		return get_unicode(r, out);
	const char *form = c == 0 ? NULL : strchr(SHORT, c);
	if (form == NULL)
		return false;
	*out = (uint8_t)MEANS[form - SHORT];
	return true;
}

bool troth_json_string_take(struct troth_reader *r, struct troth_view *out_text,
			    bool *out_escaped)
{
	struct troth_reader ahead = *r;
	bool escaped = false;
	size_t n = 0;
	uint8_t c;
	while (troth_get_u8(&ahead, &c) && c >= SPACE) {
		uint32_t character;
		if (c == '"') {
			*out_text = (struct troth_view){ n > 0 ? r->left.p : NULL, n };
			*out_escaped = escaped;
			*r = ahead;
			return true;
		}
		if (c == '\\') {
			escaped = true;
			if (!get_escape(&ahead, &character))
				return false;
		}
		n = r->left.n - ahead.left.n;
	}
	return false;
}

/* RFC 3629, 3. */
static void put_utf8(struct troth_writer *w, uint32_t c)
{
	if (c < 0x80) {
		troth_put_u8(w, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		troth_put_u8(w, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		troth_put_u8(w, (uint8_t)(0xe0 | c >> 12));
		troth_put_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
	} else {
		troth_put_u8(w, (uint8_t)(0xf0 | c >> 18));
		troth_put_u8(w, (uint8_t)(0x80 | (c >> 12 & 63)));
		troth_put_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
	}
	troth_put_u8(w, (uint8_t)(0x80 | (c & 63)));
}

void troth_json_string_write_out(struct troth_view text, struct troth_writer *out)
{
	struct troth_reader r = { text };
	uint8_t c;
	while (troth_get_u8(&r, &c)) {
		uint32_t character;
		if (c == '\\' && get_escape(&r, &character))
			put_utf8(out, character);
		else
			troth_put_u8(out, c);
	}
}
