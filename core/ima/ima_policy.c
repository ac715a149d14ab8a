/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_policy.h"

#include <string.h>

#include "reader.h"

bool troth_ima_policy_put(struct troth_ima_policy *p, struct troth_view text,
			  troth_ima_text *out)
{
	if (text.n >= sizeof p->text - p->text_len)
		return false;
	*out = (troth_ima_text)p->text_len;
	if (text.n > 0)
		memcpy(p->text + p->text_len, text.p, text.n);
	p->text[p->text_len + text.n] = '\0';
	p->text_len += text.n + 1;
	return true;
}

struct troth_view troth_ima_policy_text(const struct troth_ima_policy *p, troth_ima_text at)
{
	return troth_view_str(p->text + at);
}

/* Cuts off "/component"; false where no such thing comes next. */
static bool next_component(struct troth_reader *r, struct troth_view *out)
{
	struct troth_reader probe = *r;
	uint8_t slash;
	size_t n = 0;
	if (!troth_get_u8(&probe, &slash) || slash != '/')
		return false;
	while (n < probe.left.n && probe.left.p[n] != '/')
		n++;
	if (!troth_get_view(&probe, n, out))
		return false;
	*r = probe;
	return true;
}

static bool is(struct troth_view component, const char *text)
{
	return troth_view_equal(component, troth_view_str(text));
}

bool troth_ima_path_valid(struct troth_view path)
{
	struct troth_reader r = { path };
	struct troth_view c;
	if (path.n == 0 || path.n > TROTH_IMA_PATH_MAX)
		return false;
	while (!troth_at_end(&r))
		if (!next_component(&r, &c) || c.n == 0 || is(c, ".") || is(c, "..") ||
		    memchr(c.p, 0, c.n) != NULL)
			return false;
	return true;
}

static bool only_stars(struct troth_view c)
{
	for (size_t i = 0; i < c.n; i++)
		if (c.p[i] != '*')
			return false;
	return true;
}

bool troth_ima_pattern_valid(struct troth_view pattern)
{
	struct troth_reader r = { pattern };
	struct troth_view c;
	bool names = false;
	if (!troth_ima_path_valid(pattern))
		return false;
	while (next_component(&r, &c)) {
		names |= !only_stars(c);
		/* Two stars elsewhere than at the end would mean what they do not say. */
		if (memmem(c.p, c.n, "**", 2) != NULL && (!is(c, "**") || !troth_at_end(&r)))
			return false;
	}
	return names;
}

/* One component, '*' for any run of bytes: goes back to the last star when it fails. */
static bool component_matches(struct troth_view pattern, struct troth_view text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool troth_ima_pattern_matches(struct troth_view pattern, struct troth_view path)
{
	struct troth_reader p = { pattern }, t = { path };
	struct troth_view pc, tc;
	while (next_component(&p, &pc)) {
		if (!next_component(&t, &tc))
			return false;
		if (is(pc, "**") && troth_at_end(&p))
			return true;
		if (!component_matches(pc, tc))
			return false;
	}
	return troth_at_end(&t);
}

bool troth_ima_path_under(struct troth_view directory, struct troth_view path)
{
	struct troth_reader r = { path };
	struct troth_view start;
	uint8_t slash;
	return troth_get_view(&r, directory.n, &start) && troth_view_equal(start, directory) &&
	       troth_get_u8(&r, &slash) && slash == '/' && !troth_at_end(&r);
}
