/* SPDX-License-Identifier: Apache-2.0 */
/* UEFI variables as events carry them: secure boot's configuration and databases, what
 * authorised an image, boot options (PFP 1.05, 10.2.6; UEFI 2.10, 3.1.3). Views borrow from
 * the event. */
#ifndef TROTH_CORE_UEFI_VARIABLE_H
#define TROTH_CORE_UEFI_VARIABLE_H

#include "eventlog.h"
#include "fields.h"

/* UEFI_VARIABLE_DATA. */
struct troth_uefi_variable {
	struct troth_view guid; /* 16 bytes as they lie in memory */
	struct troth_view name; /* UTF-16LE, without NUL */
	struct troth_view data;
};

/* False unless the data is exactly one variable. */
TROTH_NODISCARD bool troth_uefi_variable_read(struct troth_view data,
					      struct troth_uefi_variable *out);
/* The same of an authority: old shims logged the padding of their C structure behind it and
 * measured all but one byte of that (a quirk: proof.h names it where it applied). */
TROTH_NODISCARD bool troth_uefi_authority_read(struct troth_view data,
					       struct troth_uefi_variable *out);
/* Same text, the other side in ASCII. */
TROTH_NODISCARD bool troth_utf16_equal(struct troth_view text, const char *ascii);

/* Variables the specifications name. OTHER is every other. */
enum troth_variable {
	TROTH_VARIABLE_OTHER = 0,
	TROTH_VARIABLE_SECURE_BOOT,
	TROTH_VARIABLE_PK,
	TROTH_VARIABLE_KEK,
	TROTH_VARIABLE_DB,
	TROTH_VARIABLE_DBX,
	TROTH_VARIABLE_DBT,
	TROTH_VARIABLE_DBR,
	TROTH_VARIABLE_DEPLOYED_MODE,
	TROTH_VARIABLE_AUDIT_MODE,
	TROTH_VARIABLE_SETUP_MODE,
	TROTH_VARIABLE_BOOT_ORDER,
	TROTH_VARIABLE_BOOT_OPTION, /* Boot0000 to BootFFFF */
	TROTH_VARIABLE_SBAT_LEVEL,
	TROTH_VARIABLE_MOK_LIST, /* MokList, MokListRT */
	TROTH_VARIABLE_MOK_LIST_X,
	TROTH_VARIABLE_MOK_LIST_TRUSTED,
	TROTH_VARIABLE_MOK_SB_STATE,
	TROTH_VARIABLE_SHIM, /* shim's own certificate: it authorised the image */
	TROTH_VARIABLE_VENDOR_DB
};
enum troth_variable troth_uefi_variable_known(const struct troth_uefi_variable *v);

/* EFI_LOAD_OPTION (UEFI 2.10, 3.1.3). */
struct troth_boot_option {
	uint32_t attributes;	       /* bit 0: active */
	struct troth_view description; /* UTF-16LE, with its NUL */
	struct troth_view path;	       /* device paths */
	struct troth_view data;
};
TROTH_NODISCARD bool troth_boot_option_read(struct troth_view data,
					    struct troth_boot_option *out);

/* Renderers of EV_EFI_VARIABLE_*; false when the data is no variable. */
TROTH_NODISCARD bool troth_variable_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_variable_fields(const struct troth_fields *f,
					   const struct troth_event *ev);

#endif
