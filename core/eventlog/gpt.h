/* SPDX-License-Identifier: Apache-2.0 */
/* EV_EFI_GPT_EVENT: the partition table of the disk that was booted (PFP 1.05, 10.2.7; UEFI
 * 2.10, 5.3). Views borrow from the event. */
#ifndef TROTH_CORE_GPT_H
#define TROTH_CORE_GPT_H

#include "eventlog.h"
#include "fields.h"

struct troth_gpt {
	struct troth_view disk; /* GUID */
	size_t n;		/* partitions */
	size_t entry_len;	/* bytes, at least 128 */
	struct troth_view entries;
};

struct troth_gpt_partition {
	struct troth_view type, id; /* GUIDs */
	uint64_t first, last;	    /* blocks */
	struct troth_view name;	    /* UTF-16LE, padded with zeros */
};

/* False unless the data is a header and exactly the entries it announces. */
TROTH_NODISCARD bool troth_gpt_read(struct troth_view data, struct troth_gpt *out);
/* Takes the next partition off the table. */
TROTH_NODISCARD bool troth_gpt_next(struct troth_gpt *gpt, struct troth_gpt_partition *out);

TROTH_NODISCARD bool troth_gpt_line(struct troth_line *l, const struct troth_event *ev);
TROTH_NODISCARD bool troth_gpt_fields(const struct troth_fields *f,
				      const struct troth_event *ev);

#endif
