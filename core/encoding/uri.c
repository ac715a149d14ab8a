/* SPDX-License-Identifier: Apache-2.0 */
#include "uri.h"

#include <string.h>

#include "base.h"
#include "reader.h"
#include "text.h"

enum { PORT_MAX = 65535 };

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(uint8_t c, const char *set)
{
	return c != 0 && strchr(set, c) != NULL;
}

/* RFC 3986, 2.3. */
static bool is_unreserved(uint8_t c)
{
	return is_letter(c) || is_digit(c) || is_one_of(c, "-._~");
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Takes bytes up to the first of the stop set, or all; false when that is at once. */
static bool take_until(struct troth_reader *r, const char *stop, struct troth_view *out)
{
	size_t n = 0;
	while (n < r->left.n && !is_one_of(r->left.p[n], stop))
		n++;
	return n > 0 && troth_get_view(r, n, out);
}

struct scheme {
	const char *text; /* with what follows it */
	uint64_t port;
};
static const struct scheme SCHEMES[] = { { "https://", 443 }, { "http://", 80 } };

static bool starts_with(struct troth_view text, const char *lower_case)
{
	const size_t n = strlen(lower_case);
	for (size_t i = 0; i < n; i++)
		if (i >= text.n || lower(text.p[i]) != (uint8_t)lower_case[i])
			return false;
	return true;
}

static const struct scheme *take_scheme(struct troth_reader *r)
{
	struct troth_view gone;
	for (size_t i = 0; i < TROTH_COUNT(SCHEMES); i++)
		if (starts_with(r->left, SCHEMES[i].text))
			return troth_get_view(r, strlen(SCHEMES[i].text), &gone) ? &SCHEMES[i]
										 : NULL;
	return NULL;
}

/* A name, an IPv4 address, or an IPv6 address in brackets. Escapes in names exist on paper. */
static bool put_host(struct troth_reader *r, struct troth_writer *w)
{
	struct troth_view host;
	const bool literal = r->left.n > 0 && r->left.p[0] == '[';
	if (!take_until(r, literal ? "]/?#" : ":/?#", &host))
		return false;
	for (size_t i = literal ? 1 : 0; i < host.n; i++)
		if (!is_letter(host.p[i]) && !is_digit(host.p[i]) &&
		    !is_one_of(host.p[i], literal ? ":." : "-._"))
			return false;
	for (size_t i = 0; i < host.n; i++)
		troth_put_u8(w, lower(host.p[i]));
	uint8_t bracket;
	if (literal && (!troth_get_u8(r, &bracket) || bracket != ']'))
		return false;
	if (literal)
		troth_put_u8(w, ']');
	return true;
}

/* ":" and digits, or nothing. An empty port is the default one. */
static bool put_port(struct troth_reader *r, uint64_t standard, struct troth_writer *w)
{
	struct troth_view digits;
	uint8_t colon;
	uint64_t port;
	if (r->left.n == 0 || r->left.p[0] != ':')
		return true;
	if (!troth_get_u8(r, &colon) || !take_until(r, "/?#", &digits))
		return colon == ':';
	if (!troth_parse_u64(digits, PORT_MAX, &port))
		return false;
	if (port == standard)
		return true;
	troth_put_u8(w, ':');
	troth_put_view(w, digits);
	return true;
}

/* After the percent sign. */
static bool put_escape(struct troth_reader *r, struct troth_writer *w, uint8_t *out)
{
	static const char HEX[] = "0123456789ABCDEF";
	struct troth_view digits;
	uint8_t byte;
	if (!troth_get_view(r, 2, &digits) || !troth_parse_hex(digits, &byte, 1) || byte == 0)
		return false;
	*out = byte;
	if (is_unreserved(byte)) {
		troth_put_u8(w, byte);
		return true;
	}
	troth_put_u8(w, '%');
	troth_put_u8(w, (uint8_t)HEX[byte >> 4]);
	troth_put_u8(w, (uint8_t)HEX[byte & 15]);
	return true;
}

static bool is_dots(const struct troth_writer *w, size_t start, size_t end)
{
	const struct troth_view segment = { w->p + start, end - start };
	return troth_view_equal(segment, troth_view_str(".")) ||
	       troth_view_equal(segment, troth_view_str(".."));
}

/* RFC 3986, 3.3: pchar. *out is what it means, escaped or not. */
static bool put_path_byte(struct troth_reader *r, struct troth_writer *w, uint8_t *out)
{
	if (!troth_get_u8(r, out))
		return false;
	if (*out == '%')
		return put_escape(r, w, out);
	if (!is_unreserved(*out) && !is_one_of(*out, "/!$&'()*+,;=:@"))
		return false;
	troth_put_u8(w, *out);
	return true;
}

/* Servers differ in where a segment ends: some unescape slashes first, some take a backslash
 * for one, some cut parameters off at a semicolon. Dots before any of these are refused. */
static bool put_path(struct troth_view path, struct troth_writer *w)
{
	struct troth_reader r = { path };
	size_t segment = w->n;
	while (!w->overflow && !troth_at_end(&r)) {
		const size_t end = w->n;
		uint8_t c;
		if (!put_path_byte(&r, w, &c))
			return false;
		if (!is_one_of(c, "/\\;"))
			continue;
		if (is_dots(w, segment, end))
			return false;
		if (c != ';')
			segment = w->n;
	}
	return w->overflow || !is_dots(w, segment, w->n);
}

static bool put_all(struct troth_reader *r, struct troth_writer *w)
{
	struct troth_view path = troth_view_str("/");
	const struct scheme *scheme = take_scheme(r);
	if (scheme == NULL)
		return false;
	troth_put_view(w, troth_view_str(scheme->text));
	if (!put_host(r, w) || !put_port(r, scheme->port, w))
		return false;
	if (!troth_at_end(r) && !is_one_of(r->left.p[0], "/?#"))
		return false;
	(void)take_until(r, "?#", &path);
	return put_path(path, w);
}

enum troth_status troth_uri_normal(struct troth_view uri, struct troth_writer *out)
{
	struct troth_reader r = { uri };
	struct troth_writer w = *out;
	if (!put_all(&r, &w))
		return TROTH_E_MALFORMED;
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out = w;
	return TROTH_OK;
}
