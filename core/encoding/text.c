/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>
#include <troth/limits.h>

bool troth_parse_u64(struct troth_view text, uint64_t max, uint64_t *out)
{
	if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(text.p[i] - '0');
		if (v > (max - digit) / 10 || digit > max)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

enum { NO_DIGIT = 16 };

static unsigned int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - (unsigned int)'0';
	if (c >= 'a' && c <= 'f')
		return c - (unsigned int)'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - (unsigned int)'A' + 10;
	return NO_DIGIT;
}

bool troth_parse_hex(struct troth_view text, uint8_t *out, size_t out_len)
{
	if (text.n % 2 != 0 || text.n / 2 != out_len)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (nibble(text.p[i]) == NO_DIGIT)
			return false;
	for (size_t i = 0; i < out_len; i++)
		out[i] = (uint8_t)(nibble(text.p[2 * i]) << 4 | nibble(text.p[2 * i + 1]));
	return true;
}

void troth_format_hex(struct troth_view bytes, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.n; i++) {
		out[2 * i] = DIGITS[bytes.p[i] >> 4];
		out[2 * i + 1] = DIGITS[bytes.p[i] & 15];
	}
	out[2 * bytes.n] = '\0';
}

void troth_escape(struct troth_view text, char also, char *out, size_t max)
{
	static const char DIGITS[] = "0123456789abcdef";
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		const uint8_t c = text.p[i];
		const bool plain = c >= ' ' && c <= '~' && (also == 0 || c != (uint8_t)also);
		if (n + (plain ? 1 : 4) >= max)
			break;
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = DIGITS[c >> 4];
		out[n++] = DIGITS[c & 15];
	}
	out[n] = '\0';
}

static bool alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool only_name_bytes(struct troth_view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!alnum(name.p[i]) &&
		    (name.p[i] == '\0' || strchr("._-", name.p[i]) == NULL))
			return false;
	return true;
}

bool troth_name_valid(struct troth_view name)
{
	if (name.n == 0 || name.n > TROTH_NAME_LEN_MAX || !alnum(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (name.p[i] == '.' && name.p[i - 1] == '.')
			return false;
	return only_name_bytes(name);
}

bool troth_trust_domain_valid(struct troth_view name)
{
	return name.n > 0 && name.n <= TROTH_TRUST_DOMAIN_MAX && alnum(name.p[0]) &&
	       only_name_bytes(name);
}
