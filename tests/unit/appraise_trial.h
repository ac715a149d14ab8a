/* SPDX-License-Identifier: Apache-2.0 */
/* A capture under appraisal: everything of its case may be changed first. Include after
 * check.h. */
#ifndef TROTH_TESTS_APPRAISE_TRIAL_H
#define TROTH_TESTS_APPRAISE_TRIAL_H

#include "appraise.h"
#include "bootvm.h"
#include "log_builder.h"

/* PCRs 0 to 9, 11 to 14: what the firmware log of a capture explains. */
#define BOOT_PCRS 0x7bffU
#define IMA_PCR (1U << 10)

/* A case under construction: everything may be changed before it is appraised. */
struct trial {
	struct bootvm *vm;
	struct troth_policy policy;
	struct troth_reference_set reference;
	struct troth_pcr_values pcrs;
	struct troth_view bytes; /* of the log; owned where a change made new ones */
	bool own_bytes;
	struct troth_log log;
	struct troth_replay replay;
	struct troth_case c;
	struct troth_verdict verdict;
};

void select_bank(struct trial *t, enum troth_hash bank, uint32_t mask);
/* A capture by its name, and a policy of these PCRs of SHA-256 (0: of none). */
struct trial *trial_new(struct troth_ctx *ctx, const char *variant, uint32_t mask);

/* Learns from a capture the PCRs a log explains. */
void learn(struct troth_ctx *ctx, struct trial *t, const char *variant);
/* Learns what the capture's PCRs hold at last. */
void learn_golden(struct trial *t, uint32_t mask);
void ignore(struct trial *t, uint32_t pcr, uint32_t type);

/* Replaces the log by what the builder holds. */
void use_log(struct trial *t, const struct log_builder *b);

/* The capture's own log in writable memory. */
uint8_t *edit_log(struct trial *t);

/* Quotes the capture's PCRs, unless the values are given already. */
void appraise(struct troth_ctx *ctx, struct trial *t);
void trial_free(struct trial *t);
/* The tier, and the findings by name and PCR: "contraindicated: replay-mismatch 9". */
void assert_verdict(const struct trial *t, const char *name, const char *want);

#endif
