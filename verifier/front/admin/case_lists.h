/* SPDX-License-Identifier: Apache-2.0 */
/* What an exported verdict takes along of the allow-lists for IMA: the entries that it rests
 * on, so that nobody has to have the lists to make it again. */
#ifndef TROTH_CASE_LISTS_H
#define TROTH_CASE_LISTS_H

#include "front.h"
#include "record.pb-c.h"

/* Zeroed to begin with. The ids are borrowed from the lists that the front has mapped. */
struct troth_case_lists {
	size_t n; /* rules; 0: no word of IMA, or other lists than those of the record */
	Troth__V1__ImaListPart parts[TROTH_IMA_RULES_MAX];
	Troth__V1__ImaListPart *list[TROTH_IMA_RULES_MAX]; /* to the parts */
	uint8_t *bytes;					   /* of all entries */
};

/* TROTH_E_MEMORY, TROTH_E_CRYPTO. */
TROTH_NODISCARD enum troth_status troth_case_lists_find(struct troth_ctx *ctx,
							const struct troth_front *f,
							const Troth__V1__AppraisalRecord *r,
							struct troth_view policy,
							struct troth_case_lists *out);
void troth_case_lists_clear(struct troth_case_lists *l);

#endif
