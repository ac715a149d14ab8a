/* SPDX-License-Identifier: Apache-2.0 */
/* What an appraisal needs to know of a boot: secure boot, separators, whether the log is
 * honest.
 *
 * Facts come only from event data whose digest (in the bank asked for) is of that data, and
 * from events before the firmware handed over (EV_EFI_ACTION "Exit Boot Services Invocation").
 * They hold for a device only where the log also replays to its quoted PCRs: the caller checks.
 * A SecureBoot variable of 1 proves nothing by itself: a kernel handed over by a virtual
 * machine's loader leaves it at 1 without authority and without image event.
 *
 * This part of the facts (facts.h has them all) hashes only what it needs: it runs for every
 * quote. A log of a confidential VM has no PCRs and gives none. */
#ifndef TROTH_CORE_BOOT_FACTS_H
#define TROTH_CORE_BOOT_FACTS_H

#include "proof.h"

enum troth_secure_boot {
	TROTH_SECURE_BOOT_UNKNOWN = 0, /* no proven variable */
	TROTH_SECURE_BOOT_OFF,
	TROTH_SECURE_BOOT_CLAIMED, /* variable 1, but no image was seen to be authorised */
	/* Variable 1, an authority before ExitBootServices, an image event. */
	TROTH_SECURE_BOOT_ON
};
/* "unknown", "off", "claimed", "on". */
const char *troth_secure_boot_name(enum troth_secure_boot state);

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
TROTH_NODISCARD enum troth_status troth_boot_facts_read(struct troth_ctx *ctx,
							const struct troth_log *log,
							enum troth_hash bank,
							struct troth_boot_facts *out);

/* The same piece by piece, for who proves the events anyway. */
struct troth_boot_reading {
	struct troth_boot_facts facts;
	bool handed_over;      /* ExitBootServices was called */
	bool contradictory;    /* PCR 7 holds what honest firmware never writes */
	uint32_t variables;    /* seen, bit i is enum troth_variable i */
	uint8_t secure_boot;   /* value of the variable, once seen */
	bool secure_boot_read; /* and it was well-formed */
};
void troth_boot_reading_begin(struct troth_boot_reading *r);
/* Every event that extends a PCR in the bank, in the log's order. */
void troth_boot_reading_take(struct troth_boot_reading *r, const struct troth_event *ev,
			     const struct troth_event_proof *proof);
struct troth_boot_facts troth_boot_reading_end(const struct troth_boot_reading *r);

#endif
