/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's IMA list, from some entry on, in parts that fit a message.
 *
 * Read once, forward: entries the verifier knows are dropped as they come, and memory holds one
 * part, however long the list has grown. */
#ifndef TROTH_ATTESTER_IMA_LIST_H
#define TROTH_ATTESTER_IMA_LIST_H

#include "file.h"
#include "troth/context.h"

struct troth_ima_part {
	struct troth_view bytes; /* borrowed until the next is read */
	uint64_t first;		 /* entry they begin with */
	uint64_t n_entries;	 /* only with more */
	bool more;		 /* there is a part behind it */
};

struct troth_ima_reader;

/* TROTH_E_NOT_FOUND or TROTH_E_IO for a list that cannot be read, TROTH_E_MEMORY. */
TROTH_NODISCARD enum troth_status troth_ima_reader_open(struct troth_ctx *ctx, const char *path,
							uint64_t first,
							struct troth_ima_reader **out);
void troth_ima_reader_free(struct troth_ima_reader *r);
/* At most TROTH_IMA_MAX bytes; all parts but the last end between two entries. The first begins
 * with entry 0 where the list is shorter than was known of it: it is another boot's. A list
 * that breaks its format before its first wanted entry fails; behind it, it is sent as it is.
 */
TROTH_NODISCARD enum troth_status troth_ima_reader_next(struct troth_ima_reader *r,
							struct troth_ima_part *out);

/* How far a list that goes in parts has got with the verifier; zeroed: no part was sent. */
struct troth_ima_progress {
	struct troth_buffer carry; /* what it wants back with the next */
	uint64_t next;		   /* the entry that one begins with */
};
void troth_ima_progress_clear(struct troth_ima_progress *p);

#endif
