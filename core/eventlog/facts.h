/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a firmware event log proves about a boot, in one structure.
 *
 * A fact of a kind that needs proof comes only from data whose digest, in the bank asked for,
 * is of that data; change the data and the fact is gone. Kinds that cannot have proof (an
 * image's path, a file's name) carry the digest that was measured, and say so in proof. Nothing
 * is taken from events behind the firmware's handover, except what the Windows loader measures
 * up to its own separator. All of it holds for a device only where the log replays to its
 * quoted PCRs: the caller checks. Views borrow from the log. */
#ifndef TROTH_CORE_FACTS_H
#define TROTH_CORE_FACTS_H

#include "boot_facts.h"
#include "fields.h"

enum troth_fact_kind {
	/* firmware */
	TROTH_FACT_S_CRTM_VERSION,
	TROTH_FACT_S_CRTM_CONTENTS,
	TROTH_FACT_FIRMWARE,
	TROTH_FACT_MICROCODE,
	TROTH_FACT_PLATFORM_CONFIG,
	TROTH_FACT_NON_HOST,
	TROTH_FACT_DEVICE,	/* that measured itself over SPDM */
	TROTH_FACT_PLATFORM_ID, /* unauthenticated: whose reference manifest to look for */
	/* secure boot */
	TROTH_FACT_SECURE_BOOT_VARIABLE,
	TROTH_FACT_PK,
	TROTH_FACT_KEK,
	TROTH_FACT_DB,
	TROTH_FACT_DBX,
	TROTH_FACT_DBT,
	TROTH_FACT_DBR,
	TROTH_FACT_MODE,	    /* DeployedMode, AuditMode, SetupMode */
	TROTH_FACT_CONFIG_VARIABLE, /* any other measured as configuration */
	TROTH_FACT_SECURITY_FLAG,   /* "DMA Protection Disabled", "UEFI Debug Mode" */
	TROTH_FACT_AUTHORITY, /* the entry of db or of shim's lists that authorised an image */
	TROTH_FACT_SBAT_LEVEL,
	TROTH_FACT_MOK, /* shim's lists, by name */
	/* boot manager */
	TROTH_FACT_BOOT_ORDER,
	TROTH_FACT_BOOT_OPTION,
	TROTH_FACT_OPTION_ROM, /* code of devices: whatever was run in PCR 2 */
	TROTH_FACT_IMAGE,      /* Authenticode digest, and a path that nothing proves */
	TROTH_FACT_GPT,
	/* boot loaders and kernel */
	TROTH_FACT_GRUB_COMMAND,
	TROTH_FACT_KERNEL_COMMAND_LINE,
	TROTH_FACT_MODULE_COMMAND_LINE,
	TROTH_FACT_FILE,
	TROTH_FACT_INITRD,
	TROTH_FACT_LOAD_OPTIONS, /* what the kernel's EFI stub measured of its command line */
	TROTH_FACT_UKI_SECTION,	 /* name proven, digest of its content */
	TROTH_FACT_UKI_PROFILE,
	TROTH_FACT_ADDON,
	TROTH_FACT_CREDENTIALS,
	TROTH_FACT_EXTENSIONS,
	TROTH_FACT_LOADER_CONF,
	TROTH_FACT_SMBIOS,
	/* the end */
	TROTH_FACT_EXIT_BOOT_SERVICES,
	TROTH_FACT_N
};

struct troth_fact {
	enum troth_fact_kind kind;
	enum troth_proof proof; /* of value */
	uint32_t event;		/* index in the log */
	/* Of an image: the authority event measured right before it; -1 when there is none, and
	 * then one of those before was used again, or nothing was verified. */
	int32_t authority;
	struct troth_view value;  /* the event's data, or the part of it that is meant */
	struct troth_view digest; /* extended in the bank; of a UKI section its content's */
};

/* What is known of a yes-or-no question. */
enum troth_answer { TROTH_UNKNOWN = 0, TROTH_NO, TROTH_YES };
/* "unknown", "no", "yes". */
const char *troth_answer_name(enum troth_answer answer);

/* What the Windows boot manager and loader measured (PCR 12 and 13). Where several events
 * answer, the worse counts. */
struct troth_windows_facts {
	bool seen;
	enum troth_answer boot_debugging, kernel_debugging, hypervisor_debugging, test_signing,
		flight_signing, safe_mode, winpe, code_integrity, data_execution_prevention;
	enum troth_answer hypervisor, virtual_secure_mode; /* launched */
	enum troth_answer trust_point; /* the log carries one: Windows' own quote of it */
	bool has_boot_counter;
	uint64_t boot_counter; /* the first one, of the boot manager */
};

struct troth_facts {
	enum troth_hash bank;
	bool has_pcrs;		  /* false: a confidential VM's registers */
	uint8_t startup_locality; /* of PCR 0; trusted as far as PCR 0 replays */
	struct troth_boot_facts boot;
	struct troth_windows_facts windows;
	enum troth_answer exit_boot_services; /* yes: it was called and succeeded */
	enum troth_answer dma_protection_disabled, debug_mode;
	uint32_t quirks;				   /* of the log and of all proofs */
	size_t n_proven, n_digest_only, n_unauthenticated; /* events */
	size_t n;
	struct troth_fact *list; /* owned, in the log's order */
};

/* TROTH_E_UNSUPPORTED when the bank cannot be hashed, TROTH_E_MEMORY. A bank the log lacks
 * gives no facts. */
TROTH_NODISCARD enum troth_status troth_facts_read(struct troth_ctx *ctx,
						   const struct troth_log *log,
						   enum troth_hash bank,
						   struct troth_facts *out);
/* Accepts zeroed facts. */
void troth_facts_release(struct troth_facts *facts);

/* Kebab-case: "kernel-command-line". */
const char *troth_fact_name(enum troth_fact_kind kind);
/* The proof without which there is no fact of the kind. */
enum troth_proof troth_fact_needs(enum troth_fact_kind kind);
/* The fact's value as text, as event_text.h writes its event. */
void troth_line_fact(struct troth_line *l, const struct troth_log *log,
		     const struct troth_fact *fact);
/* The next fact of the kind from index i on; facts->n when there is none. */
size_t troth_facts_find(const struct troth_facts *facts, enum troth_fact_kind kind, size_t i);

#endif
