/* SPDX-License-Identifier: Apache-2.0 */
/* IMA between two quotes: where a device's list is asked for from, and what came of it. */
#ifndef TROTH_IMA_JUDGE_H
#define TROTH_IMA_JUDGE_H

#include "attestation.h"

/* The entry from which on the list is wanted: behind what is proven already, or 0 for all of it
 * (nothing is known, or policy or allow-lists are others now, or certificates it learned are
 * not held any more). A device that rebooted meanwhile sends all of it by itself. */
uint64_t troth_ima_wanted_from(struct troth_worker *worker, const struct troth_policy *policy,
			       const struct troth_device_row *row);

/* Appraises what the message has of the list. *out is NULL where the policy does not speak of
 * IMA; else free() it. */
TROTH_NODISCARD enum troth_status troth_ima_judge(struct troth_attestation *a,
						  struct troth_ima_result **out);
/* Puts what is known now into the row that will be stored. */
void troth_ima_keep(const struct troth_ima_result *result, struct troth_device_row *row);

/* One part of a list that is longer than a message: what the device carries to the next, with
 * the entry that one begins with. Without a carry *out says what is wrong
 * (core/ima/ima_part.h), and TROTH_E_LIMIT that there were too many. The carry is freed with
 * free(). */
struct troth_ima_part_taken {
	struct troth_view carry;
	uint64_t next;
	bool wants_whole;
	enum troth_finding_code finding;
};
TROTH_NODISCARD enum troth_status troth_ima_judge_part(struct troth_attestation *a,
						       struct troth_ima_part_taken *out);

#endif
