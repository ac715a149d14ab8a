/* SPDX-License-Identifier: Apache-2.0 */
/* What a boot log proves about secure boot.
 *
 * Facts come only from event data whose digest (in the bank asked for) is of that data, and
 * from events before the firmware handed over (EV_EFI_ACTION "Exit Boot Services Invocation").
 * They hold for a device only where the log also replays to its quoted PCRs: the caller
 * checks. A SecureBoot variable of 1 proves nothing by itself: a kernel handed over by a
 * virtual machine's loader leaves it at 1 without authority and without image event (DESIGN
 * section 7, step 4). */
#ifndef TROTH_CORE_FACTS_H
#define TROTH_CORE_FACTS_H

#include "eventlog.h"

enum troth_secure_boot {
	TROTH_SECURE_BOOT_UNKNOWN = 0, /* no proven variable */
	TROTH_SECURE_BOOT_OFF,
	TROTH_SECURE_BOOT_CLAIMED, /* variable 1, but no image was seen to be authorised */
	/* Variable 1, an authority before ExitBootServices, an image event. */
	TROTH_SECURE_BOOT_ON
};

struct troth_boot_facts {
	enum troth_secure_boot secure_boot;
	uint32_t n_authorities; /* proven EV_EFI_VARIABLE_AUTHORITY events in PCR 7 */
	uint32_t n_images;	/* boot services application events in PCR 4 */
	uint32_t separators; /* PCRs 0 to 7 with exactly one well-formed separator, bit mask */
	uint32_t bad_separators; /* of them, those with a second or an error separator */
	uint32_t n_unproven;	 /* events that should prove their data and do not */
	int32_t first_unproven;	 /* index, -1 for none */
	uint32_t quirks;	 /* TROTH_QUIRK_AUTHORITY_EXTRA_BYTE */
};

/* TROTH_E_UNSUPPORTED when the bank cannot be hashed. A bank the log lacks gives no facts. */

TROTH_NODISCARD enum troth_status troth_facts_read(struct troth_ctx *ctx,
						   const struct troth_log *log,
						   enum troth_hash bank,
						   struct troth_boot_facts *out);

#endif
