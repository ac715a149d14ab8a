/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* One line, bytes; what does not fit is cut and marked. */
#define LINE_MAX_BYTES 2048
#define CUT "...\n"

struct line {
	char text[LINE_MAX_BYTES];
	size_t n;
	bool cut;
	bool quoted; /* inside quotes of the format */
};

static const char *program_name = "troth";
static enum troth_log_level level_max = TROTH_LOG_INFO;
static bool to_journal;

/* JOURNAL_STREAM is device:inode of the journal's socket (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char mine[64];
	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void troth_log_start(const char *program, enum troth_log_level level)
{
	program_name = program;
	level_max = level;
	to_journal = stderr_is_journal();
}

static void put(struct line *l, const char *s, size_t n)
{
	if (l->cut || n > sizeof l->text - sizeof CUT - l->n) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->n, s, n);
	l->n += n;
}

static void put_text(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static bool plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

static void put_foreign_byte(struct line *l, unsigned char c)
{
	char hex[8];
	if (plain(c) || c == ' ')
		put(l, (const char *)&c, 1);
	else
		put(l, hex, (size_t)snprintf(hex, sizeof hex, "\\x%02x", c));
}

/* A value with blanks or an equals sign gets quotes unless the format has them: nothing
 * foreign can look like a field of its own. */
static void put_foreign(struct line *l, const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	bool quotes = n == 0;
	for (size_t i = 0; i < n; i++)
		quotes |= s[i] == ' ' || s[i] == '=';
	quotes &= !l->quoted;
	if (quotes)
		put_text(l, "\"");
	for (size_t i = 0; i < n; i++)
		put_foreign_byte(l, (unsigned char)s[i]);
	if (quotes)
		put_text(l, "\"");
}

struct spec {
	bool zero, has_precision;
	int width, precision;
	int longs; /* l, z and t count one (as wide as a long wherever Linux runs), ll and j two
		    */
	char conv;
};

static int digits(const char **f)
{
	int v = 0;
	for (; **f >= '0' && **f <= '9' && v < 1000; (*f)++)
		v = v * 10 + (**f - '0');
	return v;
}

static const char *parse_spec(const char *f, struct spec *s, va_list *args)
{
	*s = (struct spec){ 0 };
	s->zero = *f == '0';
	s->width = digits(&f);
	if (*f == '.') {
		f++;
		s->has_precision = true;
		if (*f == '*') {
			f++;
			s->precision = va_arg(*args, int);
		} else {
			s->precision = digits(&f);
		}
	}
	for (; *f != '\0' && strchr("hlzjt", *f) != NULL; f++)
		s->longs += *f == 'j' ? 2 : *f == 'h' ? 0 : 1;
	s->conv = *f;
	return *f == '\0' ? f : f + 1;
}

static long long signed_arg(const struct spec *s, va_list *args)
{
	if (s->longs >= 2)
		return va_arg(*args, long long);
	return s->longs == 1 ? va_arg(*args, long) : va_arg(*args, int);
}

static unsigned long long unsigned_arg(const struct spec *s, va_list *args)
{
	if (s->longs >= 2)
		return va_arg(*args, unsigned long long);
	return s->longs == 1 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
}

/* Signed and unsigned numbers, hex, characters, strings: all a log line needs. */
static void put_arg(struct line *l, const struct spec *s, va_list *args)
{
	char number[64];
	switch (s->conv) {
	case 's': {
		const char *text = va_arg(*args, const char *);
		size_t max = s->has_precision && s->precision >= 0 ? (size_t)s->precision
								   : SIZE_MAX;
		put_foreign(l, text == NULL ? "-" : text, max);
		return;
	}
	case 'c': put_foreign_byte(l, (unsigned char)va_arg(*args, int)); return;
	case 'd':
	case 'i': snprintf(number, sizeof number, "%lld", signed_arg(s, args)); break;
	case 'u': snprintf(number, sizeof number, "%llu", unsigned_arg(s, args)); break;
	case 'x':
		if (s->zero)
			snprintf(number, sizeof number, "%0*llx", s->width,
				 unsigned_arg(s, args));
		else
			snprintf(number, sizeof number, "%llx", unsigned_arg(s, args));
		break;
	case '%': snprintf(number, sizeof number, "%%"); break;
	default: snprintf(number, sizeof number, "?"); break;
	}
	put_text(l, number);
}

static void put_format(struct line *l, const char *f, va_list *args)
{
	while (*f != '\0') {
		struct spec s;
		if (*f != '%') {
			l->quoted ^= *f == '"';
			put(l, f++, 1);
			continue;
		}
		f = parse_spec(f + 1, &s, args);
		put_arg(l, &s, args);
	}
}

static void put_head(struct line *l, enum troth_log_level level, const char *event)
{
	static const char *const NAMES[] = { "error", "warning", "info", "debug" };
	static const int PRIORITIES[] = { 3, 4, 6, 7 }; /* syslog(3) */
	char head[128], now[32];
	if (to_journal) {
		snprintf(head, sizeof head, "<%d>level=%s", PRIORITIES[level], NAMES[level]);
	} else {
		troth_format_time(troth_now_ms() / 1000, now);
		snprintf(head, sizeof head, "%s %s[%d] level=%s", now, program_name,
			 (int)getpid(), NAMES[level]);
	}
	put_text(l, head);
	put_text(l, " event=");
	put_text(l, event);
}

void troth_log_line(enum troth_log_level level, const char *event, const char *format, ...)
{
	if (level > level_max)
		return;
	int kept = errno;
	struct line l = { .n = 0 };
	put_head(&l, level, event);
	if (format[0] != '\0')
		put_text(&l, " ");
	va_list args;
	va_start(args, format);
	put_format(&l, format, &args);
	va_end(args);
	memcpy(l.text + l.n, l.cut ? CUT : "\n", l.cut ? sizeof CUT - 1 : 1);
	l.n += l.cut ? sizeof CUT - 1 : 1;
	/* One write: lines of several processes do not mix. Nothing is left
	 * to do if it fails. */
	ssize_t written = write(STDERR_FILENO, l.text, l.n);
	(void)written;
	errno = kept;
}
