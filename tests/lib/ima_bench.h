/* SPDX-License-Identifier: Apache-2.0 */
/* A device with an IMA list, what its policy asks, and the appraisal of both. Lists are built
 * record by record; the quoted values are what replaying leads to, which test_data_ima holds
 * against real machines. Include after check.h. */
#ifndef TROTH_TESTS_IMA_BENCH_H
#define TROTH_TESTS_IMA_BENCH_H

#include "ima_appraise.h"
#include "ima_builder.h"
#include "verdict.h"

/* Digests of a file that is allowed and of one that is not. */
static const uint8_t IMA_GOOD[32] = { 0x60, 0x0d };
static const uint8_t IMA_OTHER[32] = { 0x01, 0x02 };

/* A device, its list and what its policy asks. */
struct ima_bench {
	struct troth_ctx *ctx;
	struct ima_builder list;
	struct troth_ima_policy policy;
	struct troth_pcr_selection selection;
	struct troth_pcr_values pcrs;
	uint8_t *set_bytes;
	struct troth_digest_set set;
	const struct troth_digest_set *sets[TROTH_IMA_RULES_MAX];
	struct troth_ima_case c;
	struct troth_ima_result r;
	struct troth_ima_state before;
};

static inline troth_ima_text ima_bench_text(struct ima_bench *b, const char *s)
{
	troth_ima_text at;
	assert_true(troth_ima_policy_put(&b->policy, troth_view_str(s), &at));
	return at;
}

static inline void ima_bench_make_set(struct ima_bench *b)
{
	struct troth_digest_set_builder *builder;
	size_t n;
	assert_int_equal(troth_digest_set_builder_new(&builder), TROTH_OK);
	assert_int_equal(troth_digest_set_add(builder, IMA_GOOD,
					      troth_view_str("/usr/bin/good"),
					      troth_view_str("good-utils")),
			 TROTH_OK);
	assert_int_equal(troth_digest_set_finish(b->ctx, builder, &b->set_bytes, &n), TROTH_OK);
	troth_digest_set_builder_free(builder);
	assert_int_equal(troth_digest_set_open((struct troth_view){ b->set_bytes, n }, &b->set),
			 TROTH_OK);
}

static inline void ima_bench_boot_aggregate(struct ima_bench *b)
{
	uint8_t zeros[10 * 32] = { 0 };
	struct troth_digest d;
	assert_int_equal(troth_hash_one(b->ctx, TROTH_HASH_SHA256, TROTH_VIEW_OF(zeros), &d),
			 TROTH_OK);
	ima_add_file(&b->list, "boot_aggregate", d.bytes);
}

/* PCRs 0 to 9 as a TPM without firmware has them, PCR 10 as the list leads to. */
static inline void ima_bench_quote(struct ima_bench *b)
{
	static const enum troth_hash BANKS[] = { TROTH_HASH_SHA256, TROTH_HASH_SHA1 };
	uint8_t zeros[TROTH_DIGEST_MAX] = { 0 };
	struct troth_ima_replay replay;
	size_t offset;
	assert_int_equal(
		troth_ima_replay(b->ctx, ima_view(&b->list), TROTH_HASH_NONE, &replay, &offset),
		TROTH_OK);
	b->pcrs = (struct troth_pcr_values){ 0 };
	for (size_t i = 0; i < 2; i++) {
		const struct troth_view zero = { zeros, troth_hash_size(BANKS[i]) };
		for (uint32_t pcr = 0; pcr < 10; pcr++)
			assert_true(troth_pcr_set(&b->pcrs, BANKS[i], pcr, zero));
		const struct troth_view ten =
			troth_pcr_value(&replay.values[TROTH_IMA_HASHED], BANKS[i], 10);
		assert_true(troth_pcr_set(&b->pcrs, BANKS[i], 10, ten.n > 0 ? ten : zero));
	}
}

static inline struct ima_bench *ima_bench_new(struct troth_ctx *ctx)
{
	struct ima_bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	b->ctx = ctx;
	b->list = (struct ima_builder){ .ctx = ctx, .hash = TROTH_HASH_SHA1 };
	ima_bench_make_set(b);
	b->policy.present = b->policy.required = true;
	b->policy.n_rules = 1;
	b->policy.rules[0].list = ima_bench_text(b, "base");
	b->sets[0] = &b->set;
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA256, 0x7ff));
	assert_true(troth_pcr_selection_add(&b->selection, TROTH_HASH_SHA1, 1U << 10));
	b->c = (struct troth_ima_case){ .policy = &b->policy,
					.sets = b->sets,
					.selection = &b->selection,
					.pcrs = &b->pcrs,
					.reset_count = 7 };
	ima_bench_boot_aggregate(b);
	return b;
}

static inline void ima_bench_free(struct ima_bench *b)
{
	ima_free(&b->list);
	free(b->set_bytes);
	free(b);
}

static inline void ima_bench_appraise(struct ima_bench *b)
{
	assert_int_equal(troth_ima_appraise(b->ctx, &b->c, &b->r), TROTH_OK);
}

/* Quotes what the list leads to, and appraises all of it. */
static inline void ima_bench_appraise_all(struct ima_bench *b)
{
	ima_bench_quote(b);
	b->c.list = ima_view(&b->list);
	ima_bench_appraise(b);
}

static inline void ima_bench_assert_only(const struct ima_bench *b,
					 enum troth_finding_code code)
{
	if (b->r.findings.n != 1 || b->r.findings.list[0].code != code)
		fail_msg("%zu findings, the first is %s (%s), not %s", b->r.findings.n,
			 troth_finding_name(b->r.findings.list[0].code),
			 b->r.findings.list[0].detail, troth_finding_name(code));
}

static inline void ima_bench_assert_clean(const struct ima_bench *b)
{
	if (b->r.findings.n > 0)
		fail_msg("%s: %s", troth_finding_name(b->r.findings.list[0].code),
			 b->r.findings.list[0].detail);
	assert_true(b->r.proven);
	assert_false(b->r.open);
}

#endif
