/* SPDX-License-Identifier: Apache-2.0 */
#include "quirk.h"

#include <stddef.h>

#include "base.h"

/* Row i is bit i. */
static const struct {
	enum troth_quirk quirk;
	unsigned int since;
	const char *name, *meaning;
} QUIRKS[TROTH_QUIRK_N] = {
	{ TROTH_QUIRK_PCR_INDEX, 1, "pcr-index",
	  "An event names a PCR that no TPM has, and is replayed nowhere." },
	{ TROTH_QUIRK_FEWER_DIGESTS, 1, "fewer-digests",
	  "An event lacks digests of banks that the log declares; those are not extended." },
	{ TROTH_QUIRK_TRAILING_PADDING, 1, "trailing-padding",
	  "The log ends in a run of 0x00 or 0xff." },
	{ TROTH_QUIRK_STARTUP_LOCALITY, 1, "startup-locality",
	  "The TPM was started from locality 3, so that PCR 0 begins at 3." },
	{ TROTH_QUIRK_HCRTM, 1, "h-crtm",
	  "Hardware measured the first code, so that PCR 0 begins at 4." },
	{ TROTH_QUIRK_NO_SPEC_ID, 1, "no-spec-id",
	  "The log does not begin with a Spec ID event; it is read as SHA-1 only." },
	{ TROTH_QUIRK_SPEC_ID_FIELDS, 1, "spec-id-fields",
	  "The Spec ID event names a PCR or carries a digest, which are ignored." },
	{ TROTH_QUIRK_AUTHORITY_EXTRA_BYTE, 1, "authority-extra-byte",
	  "Old shim logged one byte more of an authority than it measured." },
	{ TROTH_QUIRK_VENDOR_BYTES, 2, "vendor-bytes",
	  "The Spec ID event's vendorInfo lies past the record's size, and is skipped." },
	{ TROTH_QUIRK_LOCALITY_FORM, 2, "startup-locality-form",
	  "A StartupLocality comes late, twice, or with another locality than 0, 3 and 4, and "
	  "is "
	  "ignored." },
	{ TROTH_QUIRK_BOOT_VARIABLE_DATA, 2, "boot-variable-data",
	  "Of a boot variable only the value was measured, not the structure around it." },
	{ TROTH_QUIRK_GRUB_OLD_FORM, 2, "grub-old-form",
	  "GRUB's commands lack the colon, were measured with their NUL, or carry a byte past "
	  "it." },
	{ TROTH_QUIRK_CMDLINE_CUT_BYTE, 2, "command-line-cut-byte",
	  "Old systemd-boot logged one byte less of the command line than it measured." },
	{ TROTH_QUIRK_CC_REGISTERS, 2, "cc-registers",
	  "The log is of a confidential virtual machine: its indices are that machine's "
	  "registers, not PCRs." },
};

static size_t row_of(enum troth_quirk quirk)
{
	size_t i = 0;
	while (i < TROTH_COUNT(QUIRKS) && QUIRKS[i].quirk != quirk)
		i++;
	return i;
}

const char *troth_quirk_name(enum troth_quirk quirk)
{
	const size_t i = row_of(quirk);
	return i < TROTH_COUNT(QUIRKS) ? QUIRKS[i].name : NULL;
}

const char *troth_quirk_meaning(enum troth_quirk quirk)
{
	const size_t i = row_of(quirk);
	return i < TROTH_COUNT(QUIRKS) ? QUIRKS[i].meaning : NULL;
}

unsigned int troth_quirk_since(enum troth_quirk quirk)
{
	const size_t i = row_of(quirk);
	return i < TROTH_COUNT(QUIRKS) ? QUIRKS[i].since : 0;
}
