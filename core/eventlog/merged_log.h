/* SPDX-License-Identifier: Apache-2.0 */
/* One log of a boot and what came after: firmware, systemd, IMA, in one order, each event with
 * how far it is proven.
 *
 * Firmware comes first: it was gone when the others began. IMA's boot_aggregate is the kernel's
 * first measurement, before any user space ran. Of what systemd and IMA measured later neither
 * says when it came relative to the other; systemd's records are put before the files, and each
 * source keeps its own order, which is the order its PCRs were extended in. The iterator
 * borrows all three logs and allocates nothing. */
#ifndef TROTH_CORE_MERGED_LOG_H
#define TROTH_CORE_MERGED_LOG_H

#include "event_text.h"
#include "ima.h"
#include "proof.h"
#include "userspace_log.h"

enum troth_source {
	TROTH_SOURCE_NONE = 0, /* the end */
	TROTH_SOURCE_FIRMWARE,
	TROTH_SOURCE_SYSTEMD,
	TROTH_SOURCE_IMA
};
/* "firmware", "systemd", "ima"; NULL for NONE. */
const char *troth_source_name(enum troth_source source);

struct troth_merged_entry {
	enum troth_source source;
	uint64_t position; /* in the merged log, from 0 */
	uint64_t index;	   /* in its own */
	bool has_pcr;
	uint32_t pcr; /* as logged; of firmware maybe no PCR (troth_line_register) */
	struct troth_event_proof proof;
	/* Of the source, the others NULL; valid until the next call. */
	const struct troth_event *event;
	const struct troth_userspace_event *userspace;
	const struct troth_ima_record *record;
};

struct troth_merged_log {
	struct troth_ctx *ctx;
	enum troth_hash bank;
	const struct troth_log *firmware;
	const struct troth_userspace_log *systemd; /* NULL: none */
	struct troth_ima_list ima;		   /* zeroed: none */
	/* where the reading stands */
	uint64_t n_told;
	size_t n_firmware, n_systemd;
	struct troth_ima_record record;
	struct troth_digest template_digest;
};

/* Begins: ima is a list that troth_ima_open made, NULL for none. */
struct troth_merged_log troth_merged_begin(struct troth_ctx *ctx, enum troth_hash bank,
					   const struct troth_log *firmware,
					   const struct troth_userspace_log *systemd,
					   const struct troth_ima_list *ima);
/* The next event; TROTH_SOURCE_NONE behind the last. What troth_ima_next refuses is refused:
 * the list then stands at the record. */
TROTH_NODISCARD enum troth_status troth_merged_next(struct troth_merged_log *m,
						    struct troth_merged_entry *out);

/* What the event says in one line, and as fields. */
void troth_merged_line(struct troth_line *l, const struct troth_merged_entry *entry);
void troth_merged_fields(const struct troth_fields *f, const struct troth_merged_entry *entry);
/* Its type: "EV_SEPARATOR", systemd's "phase", IMA's template. */
void troth_merged_type(struct troth_line *l, const struct troth_merged_entry *entry);

#endif
