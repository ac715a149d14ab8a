/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <stdlib.h>

#include "base.h"
#include "facts_windows.h"
#include "ipl.h"
#include "no_action.h"
#include "reader.h"
#include "sipa.h"
#include "uefi_variable.h"

/* PCRs by what they hold (PFP 1.05, 2.3.4; UAPI group, Linux TPM PCR registry). */
enum {
	FIRMWARE = 1 << 0,
	PLATFORM = 1 << 1,
	DEVICES = 1 << 2 | 1 << 3,
	BOOT_MANAGER = 1 << 4,
	BOOT_CONFIG = 1 << 5,
	MAKER = 1 << 6,
	SECURE_BOOT = 1 << 7,
	GRUB = 1 << 8,
	FILES = 1 << 9,
	UKI = 1 << 11,
	KERNEL_CONFIG = 1 << 12,
	EXTENSIONS = 1 << 13,
	SHIM = 1 << 14
};

/* What is known while the log is read. */
struct reading {
	const struct troth_log *log;
	struct troth_facts *f;
	struct troth_boot_reading boot;
	struct troth_windows_reading windows;
	int32_t authority;		   /* of the next image, -1: none yet */
	const struct troth_event *section; /* of a UKI, named; its content comes next */
	bool handed_over;		   /* ExitBootServices was called */
};

/* Kinds that are told by type and PCR alone. */
static const struct {
	uint32_t type, pcrs;
	enum troth_fact_kind kind;
} PLAIN[] = {
	{ TROTH_EV_S_CRTM_VERSION, FIRMWARE, TROTH_FACT_S_CRTM_VERSION },
	{ TROTH_EV_S_CRTM_CONTENTS, FIRMWARE, TROTH_FACT_S_CRTM_CONTENTS },
	{ TROTH_EV_EFI_HCRTM_EVENT, FIRMWARE, TROTH_FACT_S_CRTM_CONTENTS },
	{ TROTH_EV_POST_CODE, FIRMWARE, TROTH_FACT_FIRMWARE },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB, FIRMWARE, TROTH_FACT_FIRMWARE },
	{ TROTH_EV_EFI_PLATFORM_FIRMWARE_BLOB2, FIRMWARE, TROTH_FACT_FIRMWARE },
	{ TROTH_EV_CPU_MICROCODE, PLATFORM, TROTH_FACT_MICROCODE },
	{ TROTH_EV_PLATFORM_CONFIG_FLAGS, PLATFORM, TROTH_FACT_PLATFORM_CONFIG },
	{ TROTH_EV_NONHOST_CODE, FIRMWARE | PLATFORM, TROTH_FACT_NON_HOST },
	{ TROTH_EV_NONHOST_CONFIG, FIRMWARE | PLATFORM, TROTH_FACT_NON_HOST },
	{ TROTH_EV_NONHOST_INFO, FIRMWARE | PLATFORM, TROTH_FACT_NON_HOST },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_BLOB, FIRMWARE | DEVICES, TROTH_FACT_DEVICE },
	{ TROTH_EV_EFI_SPDM_FIRMWARE_CONFIG, PLATFORM | DEVICES, TROTH_FACT_DEVICE },
	{ TROTH_EV_EFI_SPDM_DEVICE_POLICY, SECURE_BOOT, TROTH_FACT_CONFIG_VARIABLE },
	{ TROTH_EV_EFI_SPDM_DEVICE_AUTHORITY, SECURE_BOOT, TROTH_FACT_DEVICE },
	{ TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, DEVICES, TROTH_FACT_OPTION_ROM },
	{ TROTH_EV_EFI_BOOT_SERVICES_DRIVER, DEVICES, TROTH_FACT_OPTION_ROM },
	{ TROTH_EV_EFI_RUNTIME_SERVICES_DRIVER, DEVICES, TROTH_FACT_OPTION_ROM },
	{ TROTH_EV_EFI_BOOT_SERVICES_APPLICATION, BOOT_MANAGER, TROTH_FACT_IMAGE },
	{ TROTH_EV_EFI_GPT_EVENT, BOOT_CONFIG, TROTH_FACT_GPT },
};

/* Tags of kernel and systemd. */
static const struct {
	uint32_t id, pcrs;
	enum troth_fact_kind kind;
} TAGS[] = {
	{ TROTH_TAG_LINUX_INITRD, FILES, TROTH_FACT_INITRD },
	{ TROTH_TAG_LINUX_OPTIONS, FILES, TROTH_FACT_LOAD_OPTIONS },
	{ TROTH_TAG_LOADER_CONF, BOOT_CONFIG, TROTH_FACT_LOADER_CONF },
	{ TROTH_TAG_DEVICE_TREE, KERNEL_CONFIG, TROTH_FACT_ADDON },
	{ TROTH_TAG_INITRD_ADDON, KERNEL_CONFIG, TROTH_FACT_ADDON },
	{ TROTH_TAG_UCODE_ADDON, KERNEL_CONFIG, TROTH_FACT_ADDON },
	{ TROTH_TAG_UKI_PROFILE, KERNEL_CONFIG, TROTH_FACT_UKI_PROFILE },
	{ TROTH_TAG_SMBIOS_SYSTEM, PLATFORM, TROTH_FACT_SMBIOS },
	{ TROTH_TAG_SMBIOS_BOARD, PLATFORM, TROTH_FACT_SMBIOS },
	{ TROTH_TAG_SMBIOS_STRINGS, PLATFORM, TROTH_FACT_SMBIOS },
};

/* Which register of a confidential VM takes what a PC measures into these PCRs (UEFI 2.10,
 * 38.4.1): 0 and 1 the firmware and its configuration, 2 the boot manager, 3 what comes after.
 */
static uint32_t cc_registers(uint32_t pcrs)
{
	uint32_t mask = 0;
	if ((pcrs & FIRMWARE) != 0)
		mask |= 1 << 0 | 1 << 1;
	if ((pcrs & (PLATFORM | SECURE_BOOT)) != 0)
		mask |= 1 << 1;
	if ((pcrs & (DEVICES | BOOT_MANAGER | BOOT_CONFIG | MAKER | PLATFORM)) != 0)
		mask |= 1 << 2;
	if (pcrs >= GRUB)
		mask |= 1 << 3;
	return mask;
}

static bool in(const struct reading *r, const struct troth_event *ev, uint32_t pcrs)
{
	return ev->pcr < TROTH_PCR_COUNT &&
	       ((r->f->has_pcrs ? pcrs : cc_registers(pcrs)) & 1U << ev->pcr) != 0;
}

/* Appends a fact if it has the proof its kind needs. There is room: an event makes one. */
static struct troth_fact *add(struct reading *r, enum troth_fact_kind kind,
			      const struct troth_event *ev, const struct troth_event_proof *p)
{
	if (p->proof < troth_fact_needs(kind))
		return NULL;
	struct troth_fact *fact = &r->f->list[r->f->n++];
	*fact = (struct troth_fact){
		.kind = kind,
		.proof = p->proof,
		.event = ev->index,
		.authority = -1,
		.value = p->proof == TROTH_PROOF_DATA ? p->data : ev->data,
		.digest = p->digest,
	};
	return fact;
}

static void take_plain(struct reading *r, const struct troth_event *ev,
		       const struct troth_event_proof *p)
{
	for (size_t i = 0; i < TROTH_COUNT(PLAIN); i++) {
		if (PLAIN[i].type != ev->type || !in(r, ev, PLAIN[i].pcrs))
			continue;
		struct troth_fact *fact = add(r, PLAIN[i].kind, ev, p);
		/* An authority is measured once, right before the first image it lets run. */
		if (fact != NULL &&
		    (fact->kind == TROTH_FACT_IMAGE || fact->kind == TROTH_FACT_OPTION_ROM)) {
			fact->authority = r->authority;
			r->authority = -1;
		}
		return;
	}
}

static enum troth_fact_kind config_kind(enum troth_variable known)
{
	switch (known) {
	case TROTH_VARIABLE_SECURE_BOOT: return TROTH_FACT_SECURE_BOOT_VARIABLE;
	case TROTH_VARIABLE_PK: return TROTH_FACT_PK;
	case TROTH_VARIABLE_KEK: return TROTH_FACT_KEK;
	case TROTH_VARIABLE_DB: return TROTH_FACT_DB;
	case TROTH_VARIABLE_DBX: return TROTH_FACT_DBX;
	case TROTH_VARIABLE_DBT: return TROTH_FACT_DBT;
	case TROTH_VARIABLE_DBR: return TROTH_FACT_DBR;
	case TROTH_VARIABLE_DEPLOYED_MODE:
	case TROTH_VARIABLE_AUDIT_MODE:
	case TROTH_VARIABLE_SETUP_MODE: return TROTH_FACT_MODE;
	case TROTH_VARIABLE_OTHER:
	case TROTH_VARIABLE_BOOT_ORDER:
	case TROTH_VARIABLE_BOOT_OPTION:
	case TROTH_VARIABLE_SBAT_LEVEL:
	case TROTH_VARIABLE_MOK_LIST:
	case TROTH_VARIABLE_MOK_LIST_X:
	case TROTH_VARIABLE_MOK_LIST_TRUSTED:
	case TROTH_VARIABLE_MOK_SB_STATE:
	case TROTH_VARIABLE_SHIM:
	case TROTH_VARIABLE_VENDOR_DB: break;
	}
	return TROTH_FACT_CONFIG_VARIABLE;
}

static void take_driver_config(struct reading *r, const struct troth_event *ev,
			       const struct troth_event_proof *p)
{
	struct troth_uefi_variable v;
	if (in(r, ev, PLATFORM | SECURE_BOOT) && troth_uefi_variable_read(ev->data, &v))
		(void)add(r, config_kind(troth_uefi_variable_known(&v)), ev, p);
}

/* What the boot manager measured by its value alone (a quirk) has a name that nothing proves:
 * a BootOrder is then one as far as it looks like one, and the same holds of an option. */
static void take_boot_variable(struct reading *r, const struct troth_event *ev,
			       const struct troth_event_proof *p)
{
	struct troth_uefi_variable v;
	struct troth_event_proof whole = *p;
	if (!in(r, ev, PLATFORM | BOOT_CONFIG) || !troth_uefi_variable_read(ev->data, &v))
		return;
	whole.data = ev->data; /* rendering wants the name too */
	const enum troth_variable known = troth_uefi_variable_known(&v);
	if (known == TROTH_VARIABLE_BOOT_ORDER)
		(void)add(r, TROTH_FACT_BOOT_ORDER, ev, &whole);
	else if (known == TROTH_VARIABLE_BOOT_OPTION)
		(void)add(r, TROTH_FACT_BOOT_OPTION, ev, &whole);
}

/* Shim measures what it enforces in the same way as what authorised an image. */
static enum troth_fact_kind authority_kind(enum troth_variable known)
{
	if (known == TROTH_VARIABLE_SBAT_LEVEL)
		return TROTH_FACT_SBAT_LEVEL;
	if (known == TROTH_VARIABLE_MOK_LIST_TRUSTED || known == TROTH_VARIABLE_MOK_SB_STATE)
		return TROTH_FACT_MOK;
	return TROTH_FACT_AUTHORITY;
}

static void take_authority(struct reading *r, const struct troth_event *ev,
			   const struct troth_event_proof *p)
{
	struct troth_uefi_variable v;
	if (!in(r, ev, SECURE_BOOT) || p->proof != TROTH_PROOF_DATA ||
	    !troth_uefi_authority_read(p->data, &v))
		return;
	enum troth_fact_kind kind = authority_kind(troth_uefi_variable_known(&v));
	/* One byte or none is a list's state, not an entry of it. */
	if (kind == TROTH_FACT_AUTHORITY && v.data.n <= 1)
		kind = TROTH_FACT_MOK;
	if (add(r, kind, ev, p) != NULL && kind == TROTH_FACT_AUTHORITY)
		r->authority = (int32_t)ev->index;
}

static bool says(const struct troth_event *ev, const char *text)
{
	return troth_view_equal(ev->data, troth_view_str(text));
}

static void take_action(struct reading *r, const struct troth_event *ev,
			const struct troth_event_proof *p)
{
	if (p->proof != TROTH_PROOF_DATA)
		return;
	if (in(r, ev, SECURE_BOOT)) {
		if (says(ev, "DMA Protection Disabled"))
			r->f->dma_protection_disabled = TROTH_YES;
		if (says(ev, "UEFI Debug Mode"))
			r->f->debug_mode = TROTH_YES;
	}
	if (in(r, ev, BOOT_CONFIG) && says(ev, "Exit Boot Services Invocation"))
		r->handed_over = add(r, TROTH_FACT_EXIT_BOOT_SERVICES, ev, p) != NULL;
	else if (in(r, ev, SECURE_BOOT) && r->f->has_pcrs)
		(void)add(r, TROTH_FACT_SECURITY_FLAG, ev, p);
}

/* A section of a UKI is two records of the same text: the first hashes the name, the second
 * what the section holds. */
static void take_section(struct reading *r, const struct troth_event *ev,
			 const struct troth_event_proof *p)
{
	const struct troth_event *named = r->section;
	r->section = p->proof == TROTH_PROOF_DATA ? ev : NULL;
	if (r->section != NULL || named == NULL || !troth_view_equal(named->data, ev->data))
		return;
	const struct troth_event_proof content = { TROTH_PROOF_DATA, p->digest, ev->data, 0 };
	(void)add(r, TROTH_FACT_UKI_SECTION, ev, &content);
}

static void take_ipl(struct reading *r, const struct troth_event *ev,
		     const struct troth_event_proof *p)
{
	static const struct {
		uint32_t pcrs;
		enum troth_fact_kind kind;
	} KINDS[] = {
		[TROTH_IPL_OTHER] = { 0, TROTH_FACT_N },
		[TROTH_IPL_GRUB_COMMAND] = { GRUB, TROTH_FACT_GRUB_COMMAND },
		[TROTH_IPL_KERNEL_CMDLINE] = { GRUB | KERNEL_CONFIG,
					       TROTH_FACT_KERNEL_COMMAND_LINE },
		[TROTH_IPL_MODULE_CMDLINE] = { GRUB, TROTH_FACT_MODULE_COMMAND_LINE },
		[TROTH_IPL_FILE] = { FILES, TROTH_FACT_FILE },
		[TROTH_IPL_SHIM] = { SHIM, TROTH_FACT_MOK },
		[TROTH_IPL_UKI_SECTION] = { UKI, TROTH_FACT_UKI_SECTION },
		[TROTH_IPL_CREDENTIALS] = { KERNEL_CONFIG, TROTH_FACT_CREDENTIALS },
		[TROTH_IPL_EXTENSIONS] = { KERNEL_CONFIG | EXTENSIONS, TROTH_FACT_EXTENSIONS },
	};
	if (!in(r, ev, GRUB | FILES | UKI | KERNEL_CONFIG | EXTENSIONS | SHIM))
		return;
	const struct troth_ipl ipl = troth_ipl_read(ev->data);
	if (!in(r, ev, KINDS[ipl.kind].pcrs))
		return;
	if (ipl.kind == TROTH_IPL_UKI_SECTION)
		take_section(r, ev, p);
	else
		(void)add(r, KINDS[ipl.kind].kind, ev, p);
}

static void take_tagged(struct reading *r, const struct troth_event *ev,
			const struct troth_event_proof *p)
{
	struct troth_reader data = { ev->data };
	struct troth_tagged t;
	if (!troth_tagged_next(&data, &t) || !troth_at_end(&data))
		return;
	for (size_t i = 0; i < TROTH_COUNT(TAGS); i++)
		if (TAGS[i].id == t.id && in(r, ev, TAGS[i].pcrs))
			(void)add(r, TAGS[i].kind, ev, p);
}

/* Firmware says more than it measures: where the TPM was started from, and who made it. */
static void take_no_action(struct reading *r, const struct troth_event *ev,
			   const struct troth_event_proof *p)
{
	struct troth_platform_id id;
	uint8_t locality;
	if (troth_startup_locality_read(ev, &locality))
		r->f->startup_locality = locality;
	else if (troth_platform_id_read(ev->data, &id))
		(void)add(r, TROTH_FACT_PLATFORM_ID, ev, p);
	else if (troth_windows_is_trust_point(ev->data))
		r->f->windows.trust_point = TROTH_YES;
}

static void take_event(struct reading *r, const struct troth_event *ev,
		       const struct troth_event_proof *p)
{
	switch (ev->type) {
	case TROTH_EV_NO_ACTION: take_no_action(r, ev, p); break;
	case TROTH_EV_EFI_VARIABLE_DRIVER_CONFIG: take_driver_config(r, ev, p); break;
	case TROTH_EV_EFI_VARIABLE_BOOT:
	case TROTH_EV_EFI_VARIABLE_BOOT2: take_boot_variable(r, ev, p); break;
	case TROTH_EV_EFI_VARIABLE_AUTHORITY: take_authority(r, ev, p); break;
	case TROTH_EV_EFI_ACTION: take_action(r, ev, p); break;
	case TROTH_EV_IPL: take_ipl(r, ev, p); break;
	case TROTH_EV_EVENT_TAG: take_tagged(r, ev, p); break;
	default: take_plain(r, ev, p); break;
	}
}

static void count(struct troth_facts *f, const struct troth_event_proof *p)
{
	f->n_proven += p->proof == TROTH_PROOF_DATA;
	f->n_digest_only += p->proof == TROTH_PROOF_DIGEST;
	f->n_unauthenticated += p->proof == TROTH_PROOF_NONE;
	f->quirks |= p->quirks;
}

/* The firmware's last word on whether it let go. */
static void take_exit(struct reading *r, const struct troth_event *ev,
		      const struct troth_event_proof *p)
{
	if (p->proof != TROTH_PROOF_DATA || ev->type != TROTH_EV_EFI_ACTION ||
	    !in(r, ev, BOOT_CONFIG))
		return;
	if (says(ev, "Exit Boot Services Returned with Success"))
		r->f->exit_boot_services = TROTH_YES;
	else if (says(ev, "Exit Boot Services Returned with Failure"))
		r->f->exit_boot_services = TROTH_NO;
}

static enum troth_status read_log(struct reading *r, struct troth_ctx *ctx)
{
	struct troth_event_proof p;
	for (size_t i = 0; i < r->log->n_events; i++) {
		const struct troth_event *ev = &r->log->events[i];
		TROTH_TRY(troth_event_prove(ctx, r->log, ev, r->f->bank, &p));
		count(r->f, &p);
		if (p.proof != TROTH_PROOF_NONE && r->f->has_pcrs)
			troth_boot_reading_take(&r->boot, ev, &p);
		troth_windows_take(&r->windows, ev, &p);
		if (!r->handed_over)
			take_event(r, ev, &p);
		take_exit(r, ev, &p);
	}
	return TROTH_OK;
}

enum troth_status troth_facts_read(struct troth_ctx *ctx, const struct troth_log *log,
				   enum troth_hash bank, struct troth_facts *out)
{
	TROTH_AUTO(troth_facts_release)
	struct troth_facts f = {
		.bank = bank,
		.has_pcrs = (log->quirks & TROTH_QUIRK_CC_REGISTERS) == 0,
		.quirks = log->quirks,
	};
	struct reading r = { .log = log, .f = &f, .authority = -1 };
	if (troth_ctx_md(ctx, bank) == NULL)
		return TROTH_E_UNSUPPORTED;
	f.list = calloc(log->n_events > 0 ? log->n_events : 1, sizeof *f.list);
	if (f.list == NULL)
		return TROTH_E_MEMORY;
	troth_boot_reading_begin(&r.boot);
	TROTH_TRY(read_log(&r, ctx));
	f.boot = troth_boot_reading_end(&r.boot);
	const enum troth_answer trust_point = f.windows.trust_point;
	f.windows = r.windows.facts;
	f.windows.trust_point = trust_point;
	*out = f;
	f.list = NULL;
	return TROTH_OK;
}

void troth_facts_release(struct troth_facts *facts)
{
	free(facts->list);
	*facts = (struct troth_facts){ 0 };
}

size_t troth_facts_find(const struct troth_facts *facts, enum troth_fact_kind kind, size_t i)
{
	while (i < facts->n && facts->list[i].kind != kind)
		i++;
	return i;
}
