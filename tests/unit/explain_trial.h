/* SPDX-License-Identifier: Apache-2.0 */
/* A boot under appraisal beside a good one, and the explanation of its verdict. Include after
 * check.h. */
#ifndef TROTH_TESTS_EXPLAIN_TRIAL_H
#define TROTH_TESTS_EXPLAIN_TRIAL_H

#include "explain.h"
#include "log_builder.h"

#define BOOT_PCRS 0x7bffU

/* A log with the values it leads to, as if they were quoted. */
struct boot {
	struct troth_view bytes;
	struct troth_log log;
	struct troth_replay replay;
	struct troth_pcr_values pcrs;
	enum troth_status status;
};

struct trial {
	struct boot now, good;
	bool good_elsewhere; /* good is another device's */
	struct troth_policy policy;
	struct troth_reference_set reference;
	struct troth_case c;
	struct troth_verdict verdict;
	struct troth_explanation e;
};

void boot_from_capture(struct troth_ctx *ctx, const char *variant,
		       const struct troth_pcr_selection *s, struct boot *out);
void boot_from_builder(struct troth_ctx *ctx, const struct log_builder *b,
		       const struct troth_pcr_selection *s, struct boot *out);
/* A policy of these PCRs; both boots are the caller's to fill in. */
struct trial *trial_new(uint32_t mask, bool secure_boot);
/* The good boot becomes the reference, under this name of an alternative. */
void learn_good(struct trial *t, const char *alternative);
void appraise_and_explain(struct troth_ctx *ctx, struct trial *t, bool with_good_log);
void boot_clear(struct boot *b);
void trial_free(struct trial *t);

#endif
