/* SPDX-License-Identifier: Apache-2.0 */
/* Devices known before they come: device ids (EK hashes) with names and groups given by the
 * operator.
 *
 * One device a line: `<device id, 64 hex digits> [name [group]]`, separated by blanks or tabs;
 * '#' begins a comment. Read once; immutable afterwards. */
#ifndef TROTH_INVENTORY_H
#define TROTH_INVENTORY_H

#include <troth/limits.h>
#include <troth/status.h>
#include <troth/view.h>

#define TROTH_INVENTORY_MAX (256u * 1024 * 1024) /* bytes: about two million devices */

struct troth_inventory_entry {
	uint8_t id[32];
	char name[TROTH_NAME_LEN_MAX + 1];  /* empty: the verifier chooses */
	char group[TROTH_NAME_LEN_MAX + 1]; /* empty: default */
	uint32_t line;
};

struct troth_inventory {
	size_t n;
	struct troth_inventory_entry *entries; /* by id, ascending */
};

/* The line that is no entry, and why not, in words of ours. */
struct troth_inventory_fault {
	size_t line; /* 0: it is about all of the text, or about no line that is known */
	const char *why;
};

/* On a bad or duplicate line nothing is loaded and *out_fault is written: TROTH_E_MALFORMED,
 * TROTH_E_CONFLICT. TROTH_E_LIMIT for a text past TROTH_INVENTORY_MAX. */
TROTH_NODISCARD enum troth_status
troth_inventory_parse(struct troth_view text, struct troth_inventory *out,
		      struct troth_inventory_fault *out_fault);
void troth_inventory_release(struct troth_inventory *inventory);
/* NULL when the device is not listed. */
const struct troth_inventory_entry *
troth_inventory_find(const struct troth_inventory *inventory, const uint8_t id[32]);

#endif
