/* SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

struct troth_line troth_line_make(char *out, size_t size)
{
	out[0] = '\0';
	return (struct troth_line){ .out = out, .size = size };
}

/* All of the piece or nothing, so that no escape is cut in two. */
static void put(struct troth_line *l, const char *piece, size_t n)
{
	static const char ELLIPSIS[] = "...";
	if (l->cut)
		return;
	if (n < l->size - l->n) {
		memcpy(l->out + l->n, piece, n);
		l->n += n;
		l->out[l->n] = '\0';
		return;
	}
	l->cut = true;
	if (l->n + sizeof ELLIPSIS > l->size)
		l->n = l->size - sizeof ELLIPSIS;
	memcpy(l->out + l->n, ELLIPSIS, sizeof ELLIPSIS);
	l->n += sizeof ELLIPSIS - 1;
}

static bool printable(unsigned int c)
{
	return c >= ' ' && c <= '~';
}

static char digit(unsigned int nibble)
{
	return "0123456789abcdef"[nibble & 15];
}

static void put_byte(struct troth_line *l, uint8_t byte)
{
	const char escape[4] = { '\\', 'x', digit(byte >> 4), digit(byte) };
	if (printable(byte))
		put(l, (const char *)&byte, 1);
	else
		put(l, escape, sizeof escape);
}

static void put_unit(struct troth_line *l, uint16_t unit)
{
	const char escape[6] = {
		'\\', 'u', digit(unit >> 12u), digit(unit >> 8u), digit(unit >> 4u), digit(unit)
	};
	if (printable(unit))
		put_byte(l, (uint8_t)unit);
	else
		put(l, escape, sizeof escape);
}

void troth_line_str(struct troth_line *l, const char *text)
{
	troth_line_bytes(l, troth_view_str(text));
}

void troth_line_format(struct troth_line *l, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	const int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n > 0)
		troth_line_str(l, text);
}

/* Runs of printable bytes go in at once: that is nearly all text. */
void troth_line_bytes(struct troth_line *l, struct troth_view v)
{
	size_t i = 0;
	while (i < v.n && !l->cut) {
		size_t run = 0;
		while (i + run < v.n && printable(v.p[i + run]))
			run++;
		if (run > 0 && run < l->size - l->n)
			put(l, (const char *)v.p + i, run);
		else if (run > 0)
			run = 0;
		if (run == 0)
			put_byte(l, v.p[i++]);
		i += run;
	}
}

void troth_line_ascii(struct troth_line *l, struct troth_view v)
{
	size_t n = 0;
	while (n < v.n && v.p[n] != 0)
		n++;
	troth_line_bytes(l, (struct troth_view){ v.p, n });
}

void troth_line_utf16(struct troth_line *l, struct troth_view v)
{
	struct troth_reader r = { v };
	uint16_t unit;
	while (!l->cut && troth_get_u16le(&r, &unit) && unit != 0)
		put_unit(l, unit);
}

void troth_line_text(struct troth_line *l, struct troth_view v)
{
	/* A run of units whose upper half is zero: no ASCII text has NULs inside. */
	if (v.n >= 4 && v.p[0] != 0 && v.p[1] == 0 && v.p[3] == 0)
		troth_line_utf16(l, v);
	else
		troth_line_ascii(l, v);
}

/* As many whole bytes at a time as a piece holds: databases are full of hashes. */
void troth_line_hex(struct troth_line *l, struct troth_view v)
{
	char piece[64];
	size_t n = 0;
	for (size_t i = 0; i < v.n && !l->cut; i++) {
		piece[n++] = digit(v.p[i] >> 4);
		piece[n++] = digit(v.p[i]);
		if (n < sizeof piece && i + 1 < v.n && l->size - l->n > sizeof piece)
			continue;
		put(l, piece, n);
		n = 0;
	}
}

void troth_line_guid(struct troth_line *l, struct troth_view v)
{
	/* UEFI 2.10, appendix A: the first three fields are little-endian. */
	static const uint8_t ORDER[16] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
	};
	char piece[36];
	size_t n = 0;
	if (v.n != sizeof ORDER) {
		troth_line_hex(l, v);
		return;
	}
	for (size_t i = 0; i < sizeof ORDER; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			piece[n++] = '-';
		piece[n++] = digit(v.p[ORDER[i]] >> 4);
		piece[n++] = digit(v.p[ORDER[i]]);
	}
	put(l, piece, n);
}

void troth_line_comma(struct troth_line *l)
{
	if (l->n > 0 && (l->n < 2 || l->out[l->n - 2] != ','))
		put(l, ", ", 2);
}

bool troth_looks_utf16(struct troth_view v)
{
	struct troth_reader r = { v };
	uint16_t unit = 0;
	size_t n = 0;
	while (troth_get_u16le(&r, &unit)) {
		if (unit == 0)
			return n > 0 && troth_at_end(&r);
		if (!printable(unit))
			return false;
		n++;
	}
	return n > 0 && troth_at_end(&r);
}

bool troth_looks_ascii(struct troth_view v)
{
	size_t n = v.n;
	while (n > 0 && v.p[n - 1] == 0 && n == v.n)
		n--;
	for (size_t i = 0; i < n; i++)
		if (!printable(v.p[i]))
			return false;
	return n > 0;
}
