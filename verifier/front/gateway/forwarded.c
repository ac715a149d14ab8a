/* SPDX-License-Identifier: Apache-2.0 */
#include "forwarded.h"

#include <string.h>

#include "base.h"
#include "base64.h"
#include "reader.h"
#include "text.h"

enum { TEXT_MAX = TROTH_HTTP_HEADER_MAX };

static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";
static const char END[] = "-----END CERTIFICATE-----";

static bool starts(struct troth_view text, const char *with)
{
	const struct troth_view prefix = troth_view_str(with);
	return text.n >= prefix.n &&
	       troth_view_equal((struct troth_view){ text.p, prefix.n }, prefix);
}

static bool ends(struct troth_view text, const char *with)
{
	const struct troth_view suffix = troth_view_str(with);
	return text.n >= suffix.n &&
	       troth_view_equal((struct troth_view){ text.p + text.n - suffix.n, suffix.n },
				suffix);
}

static struct troth_view cut(struct troth_view text, size_t before, size_t after)
{
	return (struct troth_view){ text.p + before, text.n - before - after };
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Base64 with or without line ends, by way of base64url: same digits but for two. */
static enum troth_status decode(struct troth_view text, uint8_t *buf, struct troth_view *out)
{
	uint8_t url[TEXT_MAX];
	struct troth_writer w = troth_writer_make(url, sizeof url);
	while (text.n > 0 && (text.p[text.n - 1] == '=' || is_blank(text.p[text.n - 1])))
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		const uint8_t c = text.p[i];
		if (c == '-' || c == '_')
			return TROTH_E_MALFORMED;
		if (!is_blank(c))
			troth_put_u8(&w, c == '+' ? '-' : c == '/' ? '_' : c);
	}
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	return w.n == 0 ? TROTH_E_MALFORMED
			: troth_base64url_decode(troth_written(&w), buf, TROTH_CERT_MAX, out);
}

/* One certificate, nothing around it but blanks. */
static enum troth_status decode_pem(struct troth_view text, uint8_t *buf,
				    struct troth_view *out)
{
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	if (!starts(text, BEGIN) || !ends(text, END) || text.n < sizeof BEGIN + sizeof END)
		return TROTH_E_MALFORMED;
	return decode(cut(text, sizeof BEGIN - 1, sizeof END - 1), buf, out);
}

static enum troth_status unescape(struct troth_view text, struct troth_writer *w)
{
	struct troth_reader r = { text };
	uint8_t c;
	while (troth_get_u8(&r, &c)) {
		struct troth_view digits;
		if (c == '%' &&
		    (!troth_get_view(&r, 2, &digits) || !troth_parse_hex(digits, &c, 1)))
			return TROTH_E_MALFORMED;
		troth_put_u8(w, c);
	}
	return troth_writer_ok(w) ? TROTH_OK : TROTH_E_LIMIT;
}

static enum troth_status decode_escaped_pem(struct troth_view text, uint8_t *buf,
					    struct troth_view *out)
{
	uint8_t plain[TEXT_MAX];
	struct troth_writer w = troth_writer_make(plain, sizeof plain);
	TROTH_TRY(unescape(text, &w));
	return decode_pem(troth_written(&w), buf, out);
}

enum troth_status troth_forwarded_cert(struct troth_view header, uint8_t buf[TROTH_CERT_MAX],
				       struct troth_view *out)
{
	if (starts(header, ":"))
		return header.n > 2 && ends(header, ":") ? decode(cut(header, 1, 1), buf, out)
							 : TROTH_E_MALFORMED;
	if (starts(header, "-----BEGIN"))
		return decode_escaped_pem(header, buf, out);
	return decode(header, buf, out);
}

/* The next key=value of an element; a value may be quoted, a quote in it escaped. */
static bool next_pair(struct troth_reader *r, struct troth_view *out)
{
	bool quoted = false;
	size_t n = 0;
	uint8_t c;
	struct troth_reader ahead = *r;
	while (troth_get_u8(&ahead, &c) && (quoted || c != ';')) {
		if (c == '"')
			quoted = !quoted;
		/* A comma begins the element of another proxy: whose certificate counts would
		 * be a guess. */
		if ((c == ',' && !quoted) || c == '\\')
			return false;
		n = r->left.n - ahead.left.n;
	}
	*out = (struct troth_view){ r->left.p, n };
	*r = ahead;
	return !quoted && n > 0;
}

enum troth_status troth_forwarded_xfcc(struct troth_view header, uint8_t buf[TROTH_CERT_MAX],
				       struct troth_view *out)
{
	static const char KEY[] = "Cert=\"";
	struct troth_reader r = { header };
	struct troth_view found = { 0 }, pair;
	while (!troth_at_end(&r)) {
		if (!next_pair(&r, &pair))
			return TROTH_E_MALFORMED;
		if (!starts(pair, KEY) || !ends(pair, "\"") || pair.n <= sizeof KEY)
			continue;
		if (found.n > 0)
			return TROTH_E_MALFORMED;
		found = cut(pair, sizeof KEY - 1, 1);
	}
	return found.n > 0 ? decode_escaped_pem(found, buf, out) : TROTH_E_MALFORMED;
}
