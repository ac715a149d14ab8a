/* SPDX-License-Identifier: Apache-2.0 */
#include "svid_names.h"

#include <string.h>

#include "base.h"

#define LABEL_MAX 63

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

static bool is_label(struct troth_view l)
{
	if (l.n == 0 || l.n > LABEL_MAX || l.p[0] == '-' || l.p[l.n - 1] == '-')
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (!is_letter_or_digit(l.p[i]) && l.p[i] != '-')
			return false;
	return true;
}

static bool is_number(struct troth_view l)
{
	size_t i = 0;
	while (i < l.n && is_digit(l.p[i]))
		i++;
	return i == l.n;
}

/* Up to the next dot, which is taken too. */
static struct troth_view take_label(struct troth_view *rest, bool *out_last)
{
	const uint8_t *dot = rest->n > 0 ? memchr(rest->p, '.', rest->n) : NULL;
	const size_t n = dot != NULL ? (size_t)(dot - rest->p) : rest->n;
	struct troth_reader r = { *rest };
	struct troth_view label = { 0 }, skipped;
	*out_last = dot == NULL;
	if (troth_get_view(&r, n, &label) && dot != NULL)
		(void)!troth_get_view(&r, 1, &skipped);
	*rest = r.left;
	return label;
}

bool troth_dns_name_valid(struct troth_view name, bool wildcard)
{
	struct troth_view rest = name, label;
	size_t n = 0;
	bool last = false, starred = false;
	if (name.n == 0 || name.n > TROTH_DNS_NAME_MAX)
		return false;
	while (!last) {
		label = take_label(&rest, &last);
		const bool star = wildcard && n == 0 && label.n == 1 && label.p[0] == '*';
		if (!star && !is_label(label))
			return false;
		starred = starred || star;
		n++;
	}
	return !is_number(label) && (!starred || n >= 3);
}

/* What a placeholder at the beginning of rest stands for, and its length: 0 where there is
 * none. */
static size_t placeholder(struct troth_view rest, struct troth_view name,
			  struct troth_view segment, struct troth_view *out)
{
	const struct troth_view marks[] = { troth_view_str("{name}"),
					    troth_view_str("{segment}") };
	for (size_t i = 0; i < TROTH_COUNT(marks); i++) {
		const struct troth_view start = { rest.p, marks[i].n };
		if (rest.n < marks[i].n || !troth_view_equal(start, marks[i]))
			continue;
		*out = i == 0 ? name : segment;
		return marks[i].n;
	}
	return 0;
}

bool troth_dns_name_fill(struct troth_view pattern, struct troth_view name,
			 struct troth_view segment, char *out)
{
	uint8_t text[TROTH_DNS_NAME_MAX];
	struct troth_writer w = troth_writer_make(text, sizeof text);
	struct troth_view value = { 0 };
	for (size_t i = 0, n = 0; i<pattern.n; i += n> 0 ? n : 1) {
		const struct troth_view rest = { pattern.p + i, pattern.n - i };
		n = placeholder(rest, name, segment, &value);
		if (n == 0)
			troth_put_u8(&w, rest.p[0]);
		else if (is_label(value))
			troth_put_view(&w, value);
		else
			return false;
	}
	if (!troth_writer_ok(&w) || !troth_dns_name_valid(troth_written(&w), true))
		return false;
	memcpy(out, text, w.n);
	out[w.n] = '\0';
	return true;
}

void troth_svid_name_put(struct troth_writer *w, const struct troth_svid_name *name)
{
	troth_put_u8(w, (uint8_t)name->kind);
	troth_put_u8(w, (uint8_t)name->value.n);
	troth_put_view(w, name->value);
}

static bool is_sound(const struct troth_svid_name *name)
{
	if (name->kind == TROTH_SVID_DNS)
		return troth_dns_name_valid(name->value, true);
	return name->kind == TROTH_SVID_IP && (name->value.n == 4 || name->value.n == 16);
}

bool troth_svid_name_next(struct troth_reader *list, struct troth_svid_name *out)
{
	struct troth_reader r = *list;
	struct troth_svid_name name = { 0 };
	uint8_t kind, n;
	if (!troth_get_u8(&r, &kind) || !troth_get_u8(&r, &n) ||
	    !troth_get_view(&r, n, &name.value))
		return false;
	name.kind = (enum troth_svid_name_kind)kind;
	if (!is_sound(&name))
		return false;
	*list = r;
	*out = name;
	return true;
}

static bool same(const struct troth_svid_name *a, const struct troth_svid_name *b)
{
	return a->kind == b->kind && troth_view_equal(a->value, b->value);
}

enum troth_status troth_svid_names_check(struct troth_view list)
{
	struct troth_svid_name seen[TROTH_SVID_NAMES_MAX], name;
	struct troth_reader r = { list };
	size_t n = 0;
	while (troth_svid_name_next(&r, &name)) {
		if (n == TROTH_SVID_NAMES_MAX)
			return TROTH_E_LIMIT;
		for (size_t i = 0; i < n; i++)
			if (same(&seen[i], &name))
				return TROTH_E_MALFORMED;
		seen[n++] = name;
	}
	return troth_at_end(&r) ? TROTH_OK : TROTH_E_MALFORMED;
}
