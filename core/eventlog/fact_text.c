/* SPDX-License-Identifier: Apache-2.0 */
#include "base.h"
#include "event_text.h"
#include "facts.h"
#include "ipl.h"

/* Row i is kind i. */
static const struct {
	const char *name;
	enum troth_proof needs;
} KINDS[TROTH_FACT_N] = {
	[TROTH_FACT_S_CRTM_VERSION] = { "s-crtm-version", TROTH_PROOF_DATA },
	[TROTH_FACT_S_CRTM_CONTENTS] = { "s-crtm-contents", TROTH_PROOF_DIGEST },
	[TROTH_FACT_FIRMWARE] = { "firmware", TROTH_PROOF_DIGEST },
	[TROTH_FACT_MICROCODE] = { "microcode", TROTH_PROOF_DIGEST },
	[TROTH_FACT_PLATFORM_CONFIG] = { "platform-configuration", TROTH_PROOF_DIGEST },
	[TROTH_FACT_NON_HOST] = { "non-host", TROTH_PROOF_DIGEST },
	[TROTH_FACT_DEVICE] = { "device", TROTH_PROOF_DIGEST },
	[TROTH_FACT_PLATFORM_ID] = { "platform-id", TROTH_PROOF_NONE },
	[TROTH_FACT_SECURE_BOOT_VARIABLE] = { "secure-boot-variable", TROTH_PROOF_DATA },
	[TROTH_FACT_PK] = { "pk", TROTH_PROOF_DATA },
	[TROTH_FACT_KEK] = { "kek", TROTH_PROOF_DATA },
	[TROTH_FACT_DB] = { "db", TROTH_PROOF_DATA },
	[TROTH_FACT_DBX] = { "dbx", TROTH_PROOF_DATA },
	[TROTH_FACT_DBT] = { "dbt", TROTH_PROOF_DATA },
	[TROTH_FACT_DBR] = { "dbr", TROTH_PROOF_DATA },
	[TROTH_FACT_MODE] = { "secure-boot-mode", TROTH_PROOF_DATA },
	[TROTH_FACT_CONFIG_VARIABLE] = { "configuration-variable", TROTH_PROOF_DATA },
	[TROTH_FACT_SECURITY_FLAG] = { "security-flag", TROTH_PROOF_DATA },
	[TROTH_FACT_AUTHORITY] = { "authority", TROTH_PROOF_DATA },
	[TROTH_FACT_SBAT_LEVEL] = { "sbat-level", TROTH_PROOF_DATA },
	[TROTH_FACT_MOK] = { "shim-list", TROTH_PROOF_DIGEST },
	[TROTH_FACT_BOOT_ORDER] = { "boot-order", TROTH_PROOF_DATA },
	[TROTH_FACT_BOOT_OPTION] = { "boot-option", TROTH_PROOF_DATA },
	[TROTH_FACT_OPTION_ROM] = { "option-rom", TROTH_PROOF_DIGEST },
	[TROTH_FACT_IMAGE] = { "image", TROTH_PROOF_DIGEST },
	[TROTH_FACT_GPT] = { "partition-table", TROTH_PROOF_DATA },
	[TROTH_FACT_GRUB_COMMAND] = { "grub-command", TROTH_PROOF_DATA },
	[TROTH_FACT_KERNEL_COMMAND_LINE] = { "kernel-command-line", TROTH_PROOF_DATA },
	[TROTH_FACT_MODULE_COMMAND_LINE] = { "module-command-line", TROTH_PROOF_DATA },
	[TROTH_FACT_FILE] = { "file", TROTH_PROOF_DIGEST },
	[TROTH_FACT_INITRD] = { "initrd", TROTH_PROOF_DIGEST },
	[TROTH_FACT_LOAD_OPTIONS] = { "load-options", TROTH_PROOF_DIGEST },
	[TROTH_FACT_UKI_SECTION] = { "uki-section", TROTH_PROOF_DATA },
	[TROTH_FACT_UKI_PROFILE] = { "uki-profile", TROTH_PROOF_DIGEST },
	[TROTH_FACT_ADDON] = { "addon", TROTH_PROOF_DIGEST },
	[TROTH_FACT_CREDENTIALS] = { "credentials", TROTH_PROOF_DIGEST },
	[TROTH_FACT_EXTENSIONS] = { "extensions", TROTH_PROOF_DIGEST },
	[TROTH_FACT_LOADER_CONF] = { "loader-configuration", TROTH_PROOF_DIGEST },
	[TROTH_FACT_SMBIOS] = { "smbios", TROTH_PROOF_DIGEST },
	[TROTH_FACT_EXIT_BOOT_SERVICES] = { "exit-boot-services", TROTH_PROOF_DATA },
};

const char *troth_fact_name(enum troth_fact_kind kind)
{
	return KINDS[kind].name;
}

enum troth_proof troth_fact_needs(enum troth_fact_kind kind)
{
	return KINDS[kind].needs;
}

const char *troth_answer_name(enum troth_answer answer)
{
	switch (answer) {
	case TROTH_UNKNOWN: break;
	case TROTH_NO: return "no";
	case TROTH_YES: return "yes";
	}
	return "unknown";
}

/* The text of a boot loader without the label that a line of the whole log wants. */
static bool is_loader_text(uint32_t type)
{
	return type == TROTH_EV_IPL;
}

void troth_line_fact(struct troth_line *l, const struct troth_log *log,
		     const struct troth_fact *fact)
{
	struct troth_event ev = log->events[fact->event];
	if (is_loader_text(ev.type)) {
		const struct troth_ipl ipl = troth_ipl_read(ev.data);
		if (ipl.utf16)
			troth_line_utf16(l, ipl.text);
		else
			troth_line_bytes(l, ipl.text);
		return;
	}
	if (fact->proof == TROTH_PROOF_DATA)
		ev.data = fact->value;
	troth_event_line(&ev, l);
}
