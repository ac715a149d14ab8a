/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware quirks: deviations from the specifications that are known, named and tolerated.
 *
 * Nothing is tolerated without a name. Each quirk is a row of the table in quirk.c, has a line
 * in docs/eventlog.md and a fixture in tests/unit/test_quirk.c, and is shown where it applied:
 * in verdicts, in replays, beside the event. What is tolerated changes only with
 * TROTH_QUIRKS_VERSION, so that a verdict can be told from one of other rules. */
#ifndef TROTH_CORE_QUIRK_H
#define TROTH_CORE_QUIRK_H

#include <troth/status.h>
#include <troth/view.h>

/* Raise it with every change of what is tolerated. */
#define TROTH_QUIRKS_VERSION 2

/* A set of bits. Values and names are stable; a new one goes at the end. */
enum troth_quirk {
	TROTH_QUIRK_PCR_INDEX = 1 << 0,	       /* a PCR index past 23: replayed nowhere */
	TROTH_QUIRK_FEWER_DIGESTS = 1 << 1,    /* an event lacks digests of declared banks */
	TROTH_QUIRK_TRAILING_PADDING = 1 << 2, /* 0x00 or 0xff after the last event */
	TROTH_QUIRK_STARTUP_LOCALITY = 1 << 3, /* PCR 0 starts at another locality */
	TROTH_QUIRK_HCRTM = 1 << 4,
	TROTH_QUIRK_NO_SPEC_ID = 1 << 5,	   /* the first record is no Spec ID event */
	TROTH_QUIRK_SPEC_ID_FIELDS = 1 << 6,	   /* it is, in a PCR or with a digest */
	TROTH_QUIRK_AUTHORITY_EXTRA_BYTE = 1 << 7, /* old shim: a byte more than was hashed */
	TROTH_QUIRK_VENDOR_BYTES = 1 << 8,	   /* vendorInfo past the record's size */
	TROTH_QUIRK_LOCALITY_FORM = 1 << 9, /* a StartupLocality that says nothing: ignored */
	TROTH_QUIRK_BOOT_VARIABLE_DATA =
		1 << 10,		     /* EV_EFI_VARIABLE_BOOT: only the value hashed */
	TROTH_QUIRK_GRUB_OLD_FORM = 1 << 11, /* "grub_cmd " without colon, NUL hashed */
	TROTH_QUIRK_CMDLINE_CUT_BYTE = 1 << 12, /* systemd-boot: the last byte is missing */
	TROTH_QUIRK_CC_REGISTERS =
		1 << 13 /* a CCEL: indices are registers of a confidential VM */
};
#define TROTH_QUIRK_N 14

/* Kebab-case; NULL for what is not exactly one of them. */
const char *troth_quirk_name(enum troth_quirk quirk);
/* One sentence: what is tolerated. NULL likewise. */
const char *troth_quirk_meaning(enum troth_quirk quirk);
/* The version of the rules that it came with; 0 likewise. */
unsigned int troth_quirk_since(enum troth_quirk quirk);

#endif
