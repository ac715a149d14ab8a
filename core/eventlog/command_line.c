/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"

#include "base.h"
#include "reader.h"

/* Values that switch a parameter of systemd's off. */
static const char *const OFF[] = { "0", "no", "off", "false" };
static const char *const SHELLS[] = { "sh", "bash", "dash", "ash", "busybox" };

/* bootparam(7), systemd(1), initramfs-tools(7), dracut.cmdline(7). */
static const struct {
	const char *name;
	enum { ALONE, UNLESS_OFF, ANY, A_SHELL, A_TARGET } value;
} OPENERS[] = {
	{ "single", ALONE },
	{ "s", ALONE },
	{ "S", ALONE },
	{ "1", ALONE },
	{ "emergency", ALONE },
	{ "rescue", ALONE },
	{ "break", ANY },
	{ "rd.break", ANY },
	{ "init", A_SHELL },
	{ "rdinit", A_SHELL },
	{ "systemd.debug-shell", UNLESS_OFF },
	{ "systemd.debug_shell", UNLESS_OFF },
	{ "systemd.unit", A_TARGET },
	{ "rd.systemd.unit", A_TARGET },
};

static bool one_of(struct troth_view v, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (troth_view_equal(v, troth_view_str(list[i])))
			return true;
	return false;
}

/* What is behind the last of a byte; all of it when there is none. */
static struct troth_view behind(struct troth_view v, uint8_t byte)
{
	size_t n = v.n;
	while (n > 0 && v.p[n - 1] != byte)
		n--;
	return (struct troth_view){ v.p + n, v.n - n };
}

static bool is_a_target(struct troth_view value)
{
	static const char *const TARGETS[] = { "rescue.target", "emergency.target",
					       "rescue.service", "emergency.service" };
	return one_of(value, TARGETS, TROTH_COUNT(TARGETS));
}

static bool opens(size_t i, bool has_value, struct troth_view value)
{
	switch (OPENERS[i].value) {
	case ALONE: return !has_value;
	case ANY: return true;
	case UNLESS_OFF: return !has_value || !one_of(value, OFF, TROTH_COUNT(OFF));
	case A_SHELL: return one_of(behind(value, '/'), SHELLS, TROTH_COUNT(SHELLS));
	case A_TARGET: return is_a_target(value);
	}
	return false;
}

static bool opens_a_shell(struct troth_view word)
{
	size_t n = 0;
	while (n < word.n && word.p[n] != '=')
		n++;
	const bool has_value = n < word.n;
	const struct troth_view name = { word.p, n };
	const struct troth_view value = { word.p + n + has_value, word.n - n - has_value };
	for (size_t i = 0; i < TROTH_COUNT(OPENERS); i++)
		if (troth_view_equal(name, troth_view_str(OPENERS[i].name)))
			return opens(i, has_value, value);
	return false;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

struct troth_view troth_command_line_shell(struct troth_view line)
{
	for (size_t at = 0, end; at < line.n; at = end + 1) {
		end = at;
		while (end < line.n && !blank(line.p[end]))
			end++;
		const struct troth_view word = { line.p + at, end - at };
		if (opens_a_shell(word))
			return word;
	}
	return (struct troth_view){ 0 };
}
