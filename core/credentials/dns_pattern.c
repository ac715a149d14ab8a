/* SPDX-License-Identifier: Apache-2.0 */
#include "dns_pattern.h"

#include <string.h>

#include "base.h"
#include "svid_names.h"

enum mark { MARK_NONE, MARK_NAME, MARK_SEGMENT, MARK_STAR };

/* One label: what is written before and after its placeholder. */
struct label {
	enum mark mark;
	struct troth_view before, after; /* NONE: all of it is before */
};

static const struct {
	const char *text;
	enum mark mark;
} MARKS[] = { { "{name}", MARK_NAME }, { "{segment}", MARK_SEGMENT } };

static bool starts(struct troth_view text, struct troth_view with)
{
	return text.n >= with.n &&
	       troth_view_equal((struct troth_view){ text.p, with.n }, with);
}

static bool ends(struct troth_view text, struct troth_view with)
{
	return text.n >= with.n &&
	       troth_view_equal((struct troth_view){ text.p + text.n - with.n, with.n }, with);
}

/* The label at the beginning of rest, which is cut off with its dot. */
static struct troth_view take(struct troth_view *rest)
{
	const uint8_t *dot = rest->n > 0 ? memchr(rest->p, '.', rest->n) : NULL;
	const size_t n = dot != NULL ? (size_t)(dot - rest->p) : rest->n;
	const struct troth_view label = { rest->p, n };
	const size_t eaten = dot != NULL ? n + 1 : n;
	*rest = (struct troth_view){ rest->p + eaten, rest->n - eaten };
	return label;
}

static struct label read_label(struct troth_view text)
{
	for (size_t at = 0; at < text.n; at++) {
		const struct troth_view rest = { text.p + at, text.n - at };
		for (size_t i = 0; i < TROTH_COUNT(MARKS); i++) {
			const struct troth_view mark = troth_view_str(MARKS[i].text);
			if (starts(rest, mark))
				return (struct label){ MARKS[i].mark,
						       { text.p, at },
						       { rest.p + mark.n, rest.n - mark.n } };
		}
	}
	if (text.n == 1 && text.p[0] == '*')
		return (struct label){ MARK_STAR, { 0 }, { 0 } };
	return (struct label){ MARK_NONE, text, { 0 } };
}

const char *troth_dns_pattern_fault(const struct troth_dns_pattern *p)
{
	char filled[TROTH_DNS_NAME_MAX + 1];
	struct troth_view rest = p->text;
	bool named = false;
	if (p->text.n > TROTH_DNS_NAME_MAX ||
	    !troth_dns_name_fill(p->text, troth_view_str("a"), troth_view_str("b"), filled))
		return "no DNS name, with {name} and {segment} or without";
	while (rest.n > 0) {
		const struct label l = read_label(take(&rest));
		named = named || l.mark == MARK_NAME;
		if (l.mark != MARK_NONE && read_label(l.after).mark != MARK_NONE)
			return "two placeholders in one label: two devices could get one name; "
			       "put a dot between them";
	}
	if (named && p->shared)
		return "a shared name has no {name}: it is every device's of the policy";
	if (!named && !p->shared)
		return "without {name} every device of the policy would get this name; under "
		       "shared it may have one for all";
	return NULL;
}

/* ---- two of them ---- */

static bool could_be(struct troth_view literal, const struct label *l)
{
	return literal.n > l->before.n + l->after.n && starts(literal, l->before) &&
	       ends(literal, l->after);
}

/* Whether some label is made by both. */
static bool meet(const struct label *a, const struct label *b)
{
	if (a->mark == MARK_STAR || b->mark == MARK_STAR)
		return true;
	if (a->mark == MARK_NONE && b->mark == MARK_NONE)
		return troth_view_equal(a->before, b->before);
	if (a->mark == MARK_NONE)
		return could_be(a->before, b);
	if (b->mark == MARK_NONE)
		return could_be(b->before, a);
	return (starts(a->before, b->before) || starts(b->before, a->before)) &&
	       (ends(a->after, b->after) || ends(b->after, a->after));
}

/* Who has this label by both has one name by both. */
static bool same_name(const struct label *a, const struct label *b)
{
	return a->mark == MARK_NAME && b->mark == MARK_NAME &&
	       troth_view_equal(a->before, b->before) && troth_view_equal(a->after, b->after);
}

bool troth_dns_patterns_clash(const struct troth_dns_pattern *a,
			      const struct troth_dns_pattern *b)
{
	struct troth_view left = a->text, right = b->text;
	bool one_device = a->shared && b->shared; /* nobody's */
	while (left.n > 0 && right.n > 0) {
		const struct label la = read_label(take(&left)), lb = read_label(take(&right));
		if (!meet(&la, &lb))
			return false;
		one_device = one_device || same_name(&la, &lb);
	}
	return left.n == right.n && !one_device;
}
