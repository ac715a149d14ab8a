/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's IMA list, from some entry on.
 *
 * Read in pieces; entries the verifier knows are dropped as they come, so that memory holds no
 * more than what will be sent, however long the list has grown. */
#ifndef TROTH_ATTESTER_IMA_LIST_H
#define TROTH_ATTESTER_IMA_LIST_H

#include "file.h"
#include "troth/context.h"

struct troth_ima_part {
	struct troth_buffer bytes;
	uint64_t first; /* entry they begin with; 0 where the list is shorter than was known */
};

/* TROTH_E_NOT_FOUND or TROTH_E_IO for a list that cannot be read, TROTH_E_LIMIT for more than
 * TROTH_IMA_MAX bytes from entry first on, else how the list breaks its format. */
TROTH_NODISCARD enum troth_status troth_ima_list_read(struct troth_ctx *ctx, const char *path,
						      uint64_t first,
						      struct troth_ima_part *out);

#endif
