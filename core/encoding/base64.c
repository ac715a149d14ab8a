/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <string.h>

#include "base.h"
#include "reader.h"

enum { BITS = 6, MASK = 63, NO_DIGIT = 64 };

static void put_digit(struct troth_writer *w, uint32_t value)
{
	static const char DIGITS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	troth_put_u8(w, (uint8_t)DIGITS[value & MASK]);
}

void troth_put_base64url(struct troth_writer *w, struct troth_view bytes)
{
	uint32_t held = 0;
	unsigned int n_bits = 0;
	for (size_t i = 0; i < bytes.n; i++) {
		held = held << 8 | bytes.p[i];
		for (n_bits += 8; n_bits >= BITS; n_bits -= BITS)
			put_digit(w, held >> (n_bits - BITS));
	}
	if (n_bits > 0)
		put_digit(w, held << (BITS - n_bits));
}

static uint32_t digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - (uint32_t)'A';
	if (c >= 'a' && c <= 'z')
		return c - (uint32_t)'a' + 26;
	if (c >= '0' && c <= '9')
		return c - (uint32_t)'0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : NO_DIGIT;
}

/* One character alone holds six bits, no byte; what the last one holds beyond whole bytes is
 * zero (RFC 4648, 3.5). */
static bool well_formed(struct troth_view text)
{
	static const uint32_t SPARE[] = { 0, MASK, 15, 3 };
	for (size_t i = 0; i < text.n; i++)
		if (digit(text.p[i]) == NO_DIGIT)
			return false;
	return text.n % 4 == 0 ||
	       (text.n % 4 != 1 && (digit(text.p[text.n - 1]) & SPARE[text.n % 4]) == 0);
}

enum troth_status troth_base64url_decode(struct troth_view text, uint8_t *buf, size_t max,
					 struct troth_view *out)
{
	if (!well_formed(text))
		return TROTH_E_MALFORMED;
	/* Bounded before it is multiplied. */
	if (text.n / 4 > max || text.n * 3 / 4 > max)
		return TROTH_E_LIMIT;
	struct troth_writer w = troth_writer_make(buf, max);
	uint32_t held = 0;
	unsigned int n_bits = 0;
	for (size_t i = 0; i < text.n; i++) {
		held = held << BITS | digit(text.p[i]);
		n_bits += BITS;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		troth_put_u8(&w, (uint8_t)(held >> n_bits));
	}
	*out = troth_written(&w);
	return TROTH_OK;
}

enum troth_status troth_base64url_exact(struct troth_view text, uint8_t *out, size_t out_len)
{
	struct troth_view got;
	if (text.n != TROTH_BASE64URL_LEN(out_len) || !well_formed(text))
		return TROTH_E_MALFORMED;
	return troth_base64url_decode(text, out, out_len, &got);
}
