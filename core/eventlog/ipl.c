/* SPDX-License-Identifier: Apache-2.0 */
#include "ipl.h"

#include <string.h>

#include "base.h"
#include "reader.h"

/* GRUB's prefixes; those without a colon are of Red Hat's GRUB before upstream had any. */
static const struct {
	const char *text;
	enum troth_ipl_kind kind;
	bool old;
} PREFIXES[] = {
	{ "grub_cmd: ", TROTH_IPL_GRUB_COMMAND, false },
	{ "kernel_cmdline: ", TROTH_IPL_KERNEL_CMDLINE, false },
	{ "module_cmdline: ", TROTH_IPL_MODULE_CMDLINE, false },
	{ "grub_cmd ", TROTH_IPL_GRUB_COMMAND, true },
	{ "grub_kernel_cmdline ", TROTH_IPL_KERNEL_CMDLINE, true },
	{ "grub_linuxefi ", TROTH_IPL_FILE, true },
	{ "grub_linux ", TROTH_IPL_FILE, true },
	{ "grub_initrd ", TROTH_IPL_FILE, true },
	{ "grub_module ", TROTH_IPL_FILE, true },
	{ "grub_multiboot ", TROTH_IPL_FILE, true },
};

static const struct {
	const char *text;
	enum troth_ipl_kind kind;
	bool utf16;
} WHOLE[] = {
	{ "MokList", TROTH_IPL_SHIM, false },
	{ "MokListX", TROTH_IPL_SHIM, false },
	{ "MokListTrusted", TROTH_IPL_SHIM, false },
	{ "MokSBState", TROTH_IPL_SHIM, false },
	{ "MokDBState", TROTH_IPL_SHIM, false },
	{ "MokPolicy", TROTH_IPL_SHIM, false },
	{ "HSIStatus", TROTH_IPL_SHIM, false },
	{ "SbatLevel", TROTH_IPL_SHIM, false },
	{ "Credentials initrd", TROTH_IPL_CREDENTIALS, true },
	{ "Global credentials initrd", TROTH_IPL_CREDENTIALS, true },
	{ "System extension initrd", TROTH_IPL_EXTENSIONS, true },
	{ "Global system extension initrd", TROTH_IPL_EXTENSIONS, true },
	{ "Configuration extension initrd", TROTH_IPL_EXTENSIONS, true },
	{ "Global configuration extension initrd", TROTH_IPL_EXTENSIONS, true },
};

const char *troth_ipl_kind_name(enum troth_ipl_kind kind)
{
	switch (kind) {
	case TROTH_IPL_OTHER: break;
	case TROTH_IPL_GRUB_COMMAND: return "grub-command";
	case TROTH_IPL_KERNEL_CMDLINE: return "kernel-command-line";
	case TROTH_IPL_MODULE_CMDLINE: return "module-command-line";
	case TROTH_IPL_FILE: return "file";
	case TROTH_IPL_SHIM: return "shim-list";
	case TROTH_IPL_UKI_SECTION: return "uki-section";
	case TROTH_IPL_CREDENTIALS: return "credentials";
	case TROTH_IPL_EXTENSIONS: return "extensions";
	}
	return "other";
}

static size_t text_len(struct troth_view v, bool utf16)
{
	if (!utf16) {
		const uint8_t *nul = v.n > 0 ? memchr(v.p, 0, v.n) : NULL;
		return nul != NULL ? (size_t)(nul - v.p) : v.n;
	}
	size_t n = 0;
	while (n + 2 <= v.n && (v.p[n] != 0 || v.p[n + 1] != 0))
		n += 2;
	return n;
}

/* Takes the text up to its NUL. */
static void take_text(struct troth_ipl *ipl, struct troth_view v)
{
	const size_t n = text_len(v, ipl->utf16);
	ipl->text = (struct troth_view){ v.p, n };
	ipl->rest = (struct troth_view){ v.p + n, v.n - n };
}

/* The first byte settles nearly every comparison: a log has hundreds of these events. */
static bool begins(struct troth_view v, const char *text)
{
	return v.n > 0 && v.p[0] == (uint8_t)text[0];
}

static bool same_text(const struct troth_ipl *ipl, const char *text)
{
	struct troth_reader r = { ipl->text };
	uint16_t unit;
	if (!ipl->utf16)
		return troth_view_equal(ipl->text, troth_view_str(text));
	for (; *text != '\0'; text++)
		if (!troth_get_u16le(&r, &unit) || unit != (uint8_t)*text)
			return false;
	return troth_at_end(&r);
}

static enum troth_ipl_kind whole_kind(const struct troth_ipl *ipl)
{
	for (size_t i = 0; i < TROTH_COUNT(WHOLE); i++)
		if (begins(ipl->text, WHOLE[i].text) && WHOLE[i].utf16 == ipl->utf16 &&
		    same_text(ipl, WHOLE[i].text))
			return WHOLE[i].kind;
	if (ipl->utf16)
		return ipl->text.n > 2 && ipl->text.p[0] == '.' && ipl->text.p[1] == 0
			       ? TROTH_IPL_UKI_SECTION
			       : TROTH_IPL_KERNEL_CMDLINE;
	if (ipl->text.n > 0 && (ipl->text.p[0] == '/' || ipl->text.p[0] == '('))
		return TROTH_IPL_FILE;
	return TROTH_IPL_OTHER;
}

static bool take_prefix(struct troth_ipl *ipl, struct troth_view data)
{
	for (size_t i = 0; i < TROTH_COUNT(PREFIXES); i++) {
		if (!begins(data, PREFIXES[i].text))
			continue;
		const struct troth_view prefix = troth_view_str(PREFIXES[i].text);
		struct troth_reader r = { data };
		struct troth_view begin;
		if (!troth_get_view(&r, prefix.n, &begin) || !troth_view_equal(begin, prefix))
			continue;
		ipl->kind = PREFIXES[i].kind;
		ipl->old_prefix = PREFIXES[i].old;
		take_text(ipl, r.left);
		return true;
	}
	return false;
}

struct troth_ipl troth_ipl_read(struct troth_view data)
{
	struct troth_ipl ipl = { .text = data };
	if (data.n == 0 || take_prefix(&ipl, data))
		return ipl;
	ipl.utf16 = data.n >= 4 && data.p[0] != 0 && data.p[1] == 0 && data.p[3] == 0;
	take_text(&ipl, data);
	ipl.kind = whole_kind(&ipl);
	return ipl;
}

static void put_text(struct troth_line *l, const struct troth_ipl *ipl)
{
	if (ipl->utf16)
		troth_line_utf16(l, ipl->text);
	else
		troth_line_bytes(l, ipl->text);
}

static const char *label(enum troth_ipl_kind kind)
{
	switch (kind) {
	case TROTH_IPL_OTHER:
	case TROTH_IPL_CREDENTIALS:
	case TROTH_IPL_EXTENSIONS: return "";
	case TROTH_IPL_GRUB_COMMAND: return "grub: ";
	case TROTH_IPL_KERNEL_CMDLINE: return "kernel command line: ";
	case TROTH_IPL_MODULE_CMDLINE: return "module command line: ";
	case TROTH_IPL_FILE: return "file ";
	case TROTH_IPL_SHIM: return "shim: ";
	case TROTH_IPL_UKI_SECTION: return "UKI section ";
	}
	return "";
}

bool troth_ipl_line(struct troth_line *l, const struct troth_event *ev)
{
	const struct troth_ipl ipl = troth_ipl_read(ev->data);
	troth_line_str(l, label(ipl.kind));
	put_text(l, &ipl);
	return true;
}

bool troth_ipl_fields(const struct troth_fields *f, const struct troth_event *ev)
{
	const struct troth_ipl ipl = troth_ipl_read(ev->data);
	struct troth_field_line text;
	troth_field_text(f, "kind", troth_ipl_kind_name(ipl.kind));
	put_text(troth_field_begin(&text), &ipl);
	troth_field_end(f, "text", &text);
	return true;
}
