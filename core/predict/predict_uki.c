/* SPDX-License-Identifier: Apache-2.0 */
/* Unified kernel images as systemd-stub measures them (UAPI.5, Unified Kernel Image; UAPI.7,
 * Linux TPM PCR Registry). */
#include <string.h>

#include "base.h"
#include "predict.h"
#include "reader.h"

#define PCR_UNIFIED_KERNEL 11
#define PROFILE ".profile"

/* The versions of systemd-stub whose sections are known. Before 252 it measured elsewhere; for
 * 253 nothing tells .uname and .sbat. */
#define VERSION_FIRST 252
#define VERSION_UNKNOWN 253

/* In the order in which they are measured, whatever order the file has, and the version that
 * was the first to do so. The signature of the resulting values (.pcrsig) cannot be part of
 * them. */
static const struct measured {
	const char *name;
	unsigned int since;
} MEASURED[] = {
	{ ".linux", 252 }, { ".osrel", 252 },	{ ".cmdline", 252 }, { ".initrd", 252 },
	{ ".ucode", 256 }, { ".splash", 252 },	{ ".dtb", 252 },     { ".uname", 254 },
	{ ".sbat", 254 },  { ".pcrpkey", 252 }, { ".profile", 257 }, { ".hwids", 257 },
};
/* Which of these is used depends on the machine that boots. */
static const char *const CHOSEN_AT_BOOT[] = { ".dtbauto", ".efifw" };
/* With one of these the stub packs an archive of its own behind the initrd. */
static const char *const PACKED[] = { ".pcrsig", ".pcrpkey", ".ucode" };

/* A range of the section table: those for every profile, and those of the chosen one. */
struct range {
	size_t from, to;
};

struct uki {
	struct troth_pe pe;
	struct range base, profile;
};

static size_t next_profile(const struct troth_pe *pe, size_t from)
{
	const struct troth_pe_section *s = troth_pe_section(pe, PROFILE, from);
	return s == NULL ? pe->n_sections : (size_t)(s - pe->sections);
}

/* UAPI.5: a .profile section opens a profile, which ends where the next one begins; what stands
 * before the first is for all. */
static enum troth_status find_profile(struct uki *u, unsigned int wanted)
{
	size_t from = next_profile(&u->pe, 0);
	u->base = (struct range){ 0, from };
	u->profile = (struct range){ from, from };
	if (from == u->pe.n_sections)
		return wanted == 0 ? TROTH_OK : TROTH_E_NOT_FOUND;
	for (unsigned int i = 0; i < wanted; i++) {
		from = next_profile(&u->pe, from + 1);
		if (from == u->pe.n_sections)
			return TROTH_E_NOT_FOUND;
	}
	u->profile = (struct range){ from, next_profile(&u->pe, from + 1) };
	return TROTH_OK;
}

static const struct troth_pe_section *in_range(const struct uki *u, const char *name,
					       const struct range *range)
{
	const struct troth_pe_section *s = troth_pe_section(&u->pe, name, range->from);
	return s != NULL && (size_t)(s - u->pe.sections) < range->to ? s : NULL;
}

/* A profile's own section stands in for the one of all profiles. */
static const struct troth_pe_section *find(const struct uki *u, const char *name)
{
	const struct troth_pe_section *s = in_range(u, name, &u->profile);
	return s != NULL ? s : in_range(u, name, &u->base);
}

static bool has_any(const struct uki *u, const char *const *names, size_t n)
{
	size_t i = 0;
	while (i < n && find(u, names[i]) == NULL)
		i++;
	return i < n;
}

/* What the stub finds in memory: the section without the padding it has in the file. */
static enum troth_status content(const struct troth_pe_section *s, struct troth_view *out)
{
	if (s->virtual_size > s->data.n)
		return TROTH_E_UNSUPPORTED;
	*out = (struct troth_view){ s->data.p, s->virtual_size };
	return TROTH_OK;
}

static enum troth_status predict_section(struct troth_prediction *p, const char *name,
					 const struct troth_pe_section *s)
{
	/* With its NUL, unlike everything else systemd measures. */
	const struct troth_view with_nul = { (const uint8_t *)name, strlen(name) + 1 };
	struct troth_view data;
	TROTH_TRY(content(s, &data));
	TROTH_TRY(troth_predict_data(p, "unified-kernel", PCR_UNIFIED_KERNEL, with_nul));
	return troth_predict_data(p, "unified-kernel", PCR_UNIFIED_KERNEL, data);
}

/* Text that no stub rewrites before it hands it on: printable, no blank at either end. */
static bool plain(const struct uki *u, const char *name)
{
	const struct troth_pe_section *s = find(u, name);
	struct troth_view text;
	if (s == NULL)
		return true;
	if (content(s, &text) != TROTH_OK || text.n == 0 || text.p[0] == ' ' ||
	    text.p[text.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7e)
			return false;
	return true;
}

/* What the kernel's EFI stub measures of what it is handed. */
static enum troth_status predict_inputs(struct troth_prediction *p, const struct uki *u,
					struct troth_view given)
{
	const struct troth_pe_section *cmdline = find(u, ".cmdline"),
				      *initrd = find(u, ".initrd");
	struct troth_view data = given;
	if (cmdline != NULL)
		TROTH_TRY(content(cmdline, &data));
	if (data.n > 0)
		TROTH_TRY(troth_predict_load_options(p, data));
	if (initrd != NULL) {
		TROTH_TRY(content(initrd, &data));
		TROTH_TRY(troth_predict_initrd(p, &data, 1));
	}
	return TROTH_OK;
}

/* "#### LoaderInfo: systemd-stub 252.39-1 ####": the number behind the name; 0: not told. */
static unsigned int stub_version(const struct uki *u)
{
	static const char INTRODUCTION[] = "#### LoaderInfo: systemd-stub ";
	const struct troth_pe_section *s = troth_pe_section(&u->pe, ".sdmagic", 0);
	struct troth_view skipped;
	unsigned int version = 0;
	uint8_t c;
	if (s == NULL)
		return 0;
	struct troth_reader r = { s->data };
	if (!troth_get_view(&r, sizeof INTRODUCTION - 1, &skipped) ||
	    !troth_view_equal(skipped, troth_view_str(INTRODUCTION)))
		return 0;
	while (version < 1000 && troth_get_u8(&r, &c) && c >= '0' && c <= '9')
		version = version * 10 + (unsigned int)(c - '0');
	return version;
}

/* What makes the sections of an image unpredictable. */
static enum troth_status check(const struct uki *u, unsigned int version, unsigned int profile)
{
	if (find(u, ".linux") == NULL)
		return TROTH_E_NOT_FOUND;
	if (version < VERSION_FIRST || version == VERSION_UNKNOWN ||
	    (version < 257 && (profile > 0 || next_profile(&u->pe, 0) != u->pe.n_sections)))
		return TROTH_E_UNSUPPORTED;
	return has_any(u, CHOSEN_AT_BOOT, TROTH_COUNT(CHOSEN_AT_BOOT)) ? TROTH_E_UNSUPPORTED
								       : TROTH_OK;
}

static bool inputs_known(const struct uki *u, unsigned int version)
{
	return version <= TROTH_STUB_KNOWN_MAX && !has_any(u, PACKED, TROTH_COUNT(PACKED)) &&
	       plain(u, ".cmdline");
}

/* PCR 12: a command line from outside, which counts only where the image has none of its own.
 * The digest covers its NUL, other than systemd's documentation says. */
static enum troth_status predict_given(struct troth_prediction *p, const struct uki *u,
				       struct troth_view given)
{
	if (given.n == 0)
		return TROTH_OK;
	return find(u, ".cmdline") != NULL ? TROTH_E_CONFLICT
					   : troth_predict_uki_cmdline(p, given);
}

enum troth_status troth_predict_uki(struct troth_prediction *p, struct troth_view file,
				    unsigned int profile, struct troth_view cmdline,
				    bool *out_inputs)
{
	struct uki u;
	TROTH_TRY(troth_pe_parse(file, &u.pe));
	TROTH_TRY(find_profile(&u, profile));
	const unsigned int version = stub_version(&u);
	TROTH_TRY(check(&u, version, profile));
	for (size_t i = 0; i < TROTH_COUNT(MEASURED); i++) {
		const struct troth_pe_section *s = find(&u, MEASURED[i].name);
		if (s != NULL && MEASURED[i].since <= version)
			TROTH_TRY(predict_section(p, MEASURED[i].name, s));
	}
	TROTH_TRY(predict_given(p, &u, cmdline));
	const bool inputs = inputs_known(&u, version);
	if (inputs)
		TROTH_TRY(predict_inputs(p, &u, cmdline));
	*out_inputs = inputs;
	return TROTH_OK;
}
