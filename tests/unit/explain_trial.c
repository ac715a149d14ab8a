/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "bootvm.h"
#include "explain.h"
#include "explain_trial.h"
#include "log_builder.h"

void boot_from_capture(struct troth_ctx *ctx, const char *variant,
		       const struct troth_pcr_selection *s, struct boot *out)
{
	struct bootvm *vm = bootvm_load(ctx, variant);
	out->bytes = view_dup(vm->bytes);
	out->status = troth_log_parse(out->bytes, &out->log);
	if (out->status == TROTH_OK)
		assert_int_equal(troth_log_replay(ctx, &out->log, &out->replay), TROTH_OK);
	out->pcrs = bootvm_quoted(&vm->pcrs, s);
	bootvm_free(vm);
}

void boot_from_builder(struct troth_ctx *ctx, const struct log_builder *b,
		       const struct troth_pcr_selection *s, struct boot *out)
{
	out->bytes = view_dup(log_bytes(b));
	out->status = troth_log_parse(out->bytes, &out->log);
	assert_int_equal(out->status, TROTH_OK);
	assert_int_equal(troth_log_replay(ctx, &out->log, &out->replay), TROTH_OK);
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		uint8_t initial[TROTH_DIGEST_MAX];
		struct troth_view value =
			troth_pcr_value(&out->replay.values, TROTH_HASH_SHA256, pcr);
		troth_pcr_initial(TROTH_HASH_SHA256, pcr, initial);
		if (value.n == 0)
			value = (struct troth_view){ initial, 32 };
		if ((s->banks[0].mask & 1U << pcr) != 0)
			assert_true(troth_pcr_set(&out->pcrs, TROTH_HASH_SHA256, pcr, value));
	}
}

struct trial *trial_new(uint32_t mask, bool secure_boot)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	snprintf(t->policy.name, sizeof t->policy.name, "policy");
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
	t->policy.require_secure_boot = secure_boot;
	assert_true(troth_pcr_selection_add(&t->policy.selection, TROTH_HASH_SHA256, mask));
	return t;
}

void learn_good(struct trial *t, const char *alternative)
{
	assert_int_equal(troth_reference_learn(&t->good.log, &t->policy.selection, "lab",
					       alternative, &t->reference),
			 TROTH_OK);
}

void appraise_and_explain(struct troth_ctx *ctx, struct trial *t, bool with_good_log)
{
	t->c = (struct troth_case){
		.policy = &t->policy,
		.reference = &t->reference,
		.pcrs = &t->now.pcrs,
		.log_bytes = t->now.bytes,
		.log = t->now.status == TROTH_OK ? &t->now.log : NULL,
		.replay = t->now.status == TROTH_OK ? &t->now.replay : NULL,
		.log_status = t->now.status,
	};
	assert_int_equal(troth_appraise(ctx, &t->c, &t->verdict), TROTH_OK);
	const struct troth_explain_case e = { &t->c, &t->verdict,
					      with_good_log ? &t->good.log : NULL,
					      t->good_elsewhere };
	assert_int_equal(troth_explain(ctx, &e, &t->e), TROTH_OK);
}

void boot_clear(struct boot *b)
{
	if (b->status == TROTH_OK)
		troth_log_release(&b->log);
	file_free(b->bytes);
}

void trial_free(struct trial *t)
{
	troth_explanation_release(&t->e);
	troth_reference_release(&t->reference);
	boot_clear(&t->now);
	boot_clear(&t->good);
	free(t);
}
