/* SPDX-License-Identifier: Apache-2.0 */
#include "version_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A date or the like, not a serial number by chance. */
#define DATE_DIGITS_MIN 8

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s)
{
	size_t n = 0;
	while (digit(s[n]))
		n++;
	return n;
}

/* Numbers of any length: the longer is the larger once leading zeros are gone. Both are moved
 * past theirs. */
static int compare_numbers(const char **a, const char **b)
{
	while (**a == '0' && digit((*a)[1]))
		(*a)++;
	while (**b == '0' && digit((*b)[1]))
		(*b)++;
	const size_t n_a = digits(*a), n_b = digits(*b);
	int order = n_a != n_b ? (n_a > n_b ? 1 : -1) : strncmp(*a, *b, n_a);
	*a += n_a;
	*b += n_b;
	return order;
}

static bool ends_word(char c)
{
	return c == '\0' || c == ' ' || c == '=' || c == ',' || c == '\'' || c == '"';
}

/* A number with a dot and another number behind it. */
static bool dotted(const char *word, const char *end)
{
	for (const char *p = word; p + 2 < end; p++)
		if (digit(p[0]) && p[1] == '.' && digit(p[2]))
			return true;
	return false;
}

/* The word around a place in a text. */
static void word_around(const char *text, const char *at, const char **begin, const char **end)
{
	*begin = at;
	while (*begin > text && !ends_word((*begin)[-1]))
		(*begin)--;
	*end = at;
	while (!ends_word(**end))
		(*end)++;
}

/* True when the number at a place of the text is part of a version. */
static bool in_version(const char *text, const char *at)
{
	const char *begin, *end;
	word_around(text, at, &begin, &end);
	if (digits(at) >= DATE_DIGITS_MIN && begin == at && at + digits(at) == end)
		return true;
	if (!dotted(begin, end))
		return false;
	const bool whole = begin == text && *end == '\0';
	return whole || memchr(begin, '/', (size_t)(end - begin)) != NULL ||
	       memchr(begin, '\\', (size_t)(end - begin)) != NULL;
}

int troth_version_texts_compare(const char *a, const char *b)
{
	const char *p = a, *q = b;
	int order = 0;
	while (*p != '\0' && *q != '\0') {
		if (digit(*p) && digit(*q)) {
			const char *from_p = p, *from_q = q;
			const int one = compare_numbers(&p, &q);
			if (order == 0 && in_version(a, from_p) && in_version(b, from_q))
				order = one;
		} else if (*p++ != *q++) {
			return 0;
		}
	}
	return *p == *q ? order : 0;
}

/* The first version in a text: from its first digit on. NULL without one. */
static const char *find_version(const char *text)
{
	for (const char *p = text; *p != '\0'; p += digit(*p) ? digits(p) : 1)
		if (digit(*p) && p[digits(p)] == '.' && digit(p[digits(p) + 1]) &&
		    in_version(text, p))
			return p;
	return NULL;
}

static bool joins(char c)
{
	return c == '.' || c == '-';
}

int troth_version_name_compare(const char *name, const char *text)
{
	const char *a = digit(name[0]) ? find_version(name) : NULL;
	const char *b = find_version(text);
	if (a == NULL || b == NULL)
		return 0;
	for (;;) {
		const int order = compare_numbers(&a, &b);
		if (order != 0)
			return order;
		/* Names leave out what follows: "6.1.0" is any "6.1.0-18". */
		if (!joins(*a) || !digit(a[1]) || !joins(*b) || !digit(b[1]))
			return 0;
		a++;
		b++;
	}
}
