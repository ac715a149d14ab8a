/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include "base.h"
#include "ipl.h"
#include "reader.h"
#include "uefi_variable.h"

const char *troth_proof_name(enum troth_proof proof)
{
	switch (proof) {
	case TROTH_PROOF_NONE: break;
	case TROTH_PROOF_DIGEST: return "digest-only";
	case TROTH_PROOF_DATA: return "proven";
	}
	return "unauthenticated";
}

/* An event on trial. */
struct trial {
	struct troth_ctx *ctx;
	enum troth_hash bank;
	const struct troth_event *ev;
	struct troth_event_proof *p;
};

/* Proves the data when the digest is of it and, behind it, of an end that the log leaves out.
 */
static enum troth_status try_with(struct trial *t, struct troth_view data,
				  struct troth_view end, uint32_t quirk)
{
	const struct troth_view parts[] = { data, end };
	struct troth_digest made;
	if (t->p->proof == TROTH_PROOF_DATA)
		return TROTH_OK;
	TROTH_TRY(troth_hash_parts(t->ctx, t->bank, parts, TROTH_COUNT(parts), &made));
	if (!troth_view_equal(troth_digest_view(&made), t->p->digest))
		return TROTH_OK;
	t->p->proof = TROTH_PROOF_DATA;
	t->p->data = data;
	t->p->quirks |= quirk;
	return TROTH_OK;
}

static enum troth_status try_data(struct trial *t, struct troth_view data, uint32_t quirk)
{
	return try_with(t, data, (struct troth_view){ 0 }, quirk);
}

/* Old shims logged one byte more of an authority than they measured. */
static enum troth_status try_authority(struct trial *t)
{
	struct troth_view shorter = t->ev->data;
	TROTH_TRY(try_data(t, t->ev->data, 0));
	if (shorter.n == 0)
		return TROTH_OK;
	shorter.n--;
	return try_data(t, shorter, TROTH_QUIRK_AUTHORITY_EXTRA_BYTE);
}

/* The specification wants the whole structure, EDK II and its kin hash the value alone. The
 * name is then not proven: what is said of an option holds of its value only. */
static enum troth_status try_boot_variable(struct trial *t)
{
	struct troth_uefi_variable v;
	if (troth_uefi_variable_read(t->ev->data, &v))
		TROTH_TRY(try_data(t, v.data, TROTH_QUIRK_BOOT_VARIABLE_DATA));
	return try_data(t, t->ev->data, 0);
}

/* GRUB hashes its text without prefix and NUL. Before that had a colon, Red Hat's hashed the
 * NUL with a command, and some builds log a byte past it. */
static enum troth_status try_grub(struct trial *t, const struct troth_ipl *ipl)
{
	if (!ipl->old_prefix)
		return ipl->rest.n == 1 ? try_data(t, ipl->text, 0) : TROTH_OK;
	if (ipl->rest.n == 0 || ipl->rest.n > 2)
		return TROTH_OK;
	const struct troth_view with_nul = { ipl->text.p, ipl->text.n + 1 };
	TROTH_TRY(try_data(t, with_nul, TROTH_QUIRK_GRUB_OLD_FORM));
	return try_data(t, ipl->text, TROTH_QUIRK_GRUB_OLD_FORM);
}

/* systemd-stub measures the section's name in ASCII with its NUL, and logs it in UTF-16. The
 * record of the section's content carries the same name and another digest. */
static enum troth_status try_section(struct trial *t, const struct troth_ipl *ipl)
{
	uint8_t name[64];
	size_t n = 0;
	struct troth_reader r = { ipl->text };
	uint16_t unit;
	while (troth_get_u16le(&r, &unit)) {
		if (unit > 0x7f || n + 1 == sizeof name)
			return TROTH_OK;
		name[n++] = (uint8_t)unit;
	}
	name[n++] = '\0';
	struct troth_event_proof before = *t->p;
	TROTH_TRY(try_data(t, (struct troth_view){ name, n }, 0));
	if (t->p->proof == TROTH_PROOF_DATA) {
		*t->p = before;
		t->p->proof = TROTH_PROOF_DATA;
		t->p->data = t->ev->data;
	}
	return TROTH_OK;
}

/* A command line of systemd-boot or -stub: without its NUL; with it in older ones, of which
 * some also lost the last byte on the way to the log. */
static enum troth_status try_command_line(struct trial *t, const struct troth_ipl *ipl)
{
	static const uint8_t ZERO[1] = { 0 };
	if (ipl->rest.n > 2)
		return TROTH_OK;
	TROTH_TRY(try_data(t, ipl->text, 0));
	TROTH_TRY(try_data(t, t->ev->data, 0));
	if (t->ev->data.n % 2 == 0)
		return TROTH_OK;
	return try_with(t, t->ev->data, TROTH_VIEW_OF(ZERO), TROTH_QUIRK_CMDLINE_CUT_BYTE);
}

static enum troth_status try_ipl(struct trial *t)
{
	const struct troth_ipl ipl = troth_ipl_read(t->ev->data);
	switch (ipl.kind) {
	case TROTH_IPL_GRUB_COMMAND:
	case TROTH_IPL_MODULE_CMDLINE: return try_grub(t, &ipl);
	case TROTH_IPL_KERNEL_CMDLINE:
		return ipl.utf16 ? try_command_line(t, &ipl) : try_grub(t, &ipl);
	case TROTH_IPL_UKI_SECTION: return try_section(t, &ipl);
	case TROTH_IPL_OTHER: return try_data(t, t->ev->data, 0);
	/* Names: the digests are of what they name. */
	case TROTH_IPL_FILE:
	case TROTH_IPL_SHIM:
	case TROTH_IPL_CREDENTIALS:
	case TROTH_IPL_EXTENSIONS: break;
	}
	return TROTH_OK;
}

/* Types whose digest is of something the log does not hold: hashing the data is wasted. Every
 * other type is hashed whole, the unknown ones too. */
static bool names_something_else(uint32_t type)
{
	switch (type) {
	case TROTH_EV_POST_CODE:
	case TROTH_EV_S_CRTM_CONTENTS:
	case TROTH_EV_CPU_MICROCODE:
	case TROTH_EV_TABLE_OF_DEVICES:
	case TROTH_EV_EFI_BOOT_SERVICES_APPLICATION:
	case TROTH_EV_EFI_BOOT_SERVICES_DRIVER:
	case TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER:
	case TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB:
	case TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2:
	case TROTH_EV_EFI_HANDOFF_TABLES:
	case TROTH_EV_EFI_HANDOFF_TABLES2: return true;
	default: return false;
	}
}

static enum troth_status judge(struct trial *t)
{
	switch (t->ev->type) {
	case TROTH_EV_EFI_VARIABLE_AUTHORITY: return try_authority(t);
	case TROTH_EV_EFI_VARIABLE_BOOT: return try_boot_variable(t);
	case TROTH_EV_IPL: return try_ipl(t);
	default: break;
	}
	return names_something_else(t->ev->type) ? TROTH_OK : try_data(t, t->ev->data, 0);
}

enum troth_status troth_event_prove(struct troth_ctx *ctx, const struct troth_log *log,
				    const struct troth_event *ev, enum troth_hash bank,
				    struct troth_event_proof *out)
{
	struct troth_event_proof p = { .proof = TROTH_PROOF_NONE };
	struct trial t = { ctx, bank, ev, &p };
	if (troth_ctx_md(ctx, bank) == NULL)
		return TROTH_E_UNSUPPORTED;
	p.digest = troth_event_digest(log, ev, bank);
	if (!troth_event_extends(ev) || p.digest.n == 0)
		p.digest = (struct troth_view){ 0 };
	if (p.digest.n > 0) {
		p.proof = TROTH_PROOF_DIGEST;
		TROTH_TRY(judge(&t));
	}
	*out = p;
	return TROTH_OK;
}

enum troth_hash troth_log_best_bank(const struct troth_ctx *ctx, const struct troth_log *log)
{
	static const enum troth_hash ORDER[] = { TROTH_HASH_SHA256, TROTH_HASH_SHA384,
						 TROTH_HASH_SHA512, TROTH_HASH_SM3_256,
						 TROTH_HASH_SHA1 };
	for (size_t k = 0; k < TROTH_COUNT(ORDER); k++)
		for (size_t i = 0; i < log->header.n_algs; i++)
			if (log->header.algs[i].hash == ORDER[k] &&
			    troth_ctx_md(ctx, ORDER[k]) != NULL)
				return ORDER[k];
	return TROTH_HASH_NONE;
}
