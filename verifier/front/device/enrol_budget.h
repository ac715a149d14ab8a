/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment's own budget, per source address, so that it cannot starve renewals. A
 * fixed table of token buckets of one worker: addresses that share a
 * slot share a budget. */
#ifndef TROTH_ENROL_BUDGET_H
#define TROTH_ENROL_BUDGET_H

#include <troth/status.h>

#include <stdbool.h>
#include <stdint.h>

#define TROTH_ENROL_SLOTS 4096

struct troth_enrol_budget;

TROTH_NODISCARD enum troth_status troth_enrol_budget_new(uint32_t per_minute,
							 struct troth_enrol_budget **out);
void troth_enrol_budget_free(struct troth_enrol_budget *b);
/* peer is "address:port" or "[address]:port": the port does not count, nor does the second half
 * of an IPv6 address. False: wait. */
TROTH_NODISCARD bool troth_enrol_budget_take(struct troth_enrol_budget *b, const char *peer,
					     uint64_t now_ms);

#endif
