/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "appraise.h"
#include "appraise_trial.h"
#include "bootvm.h"
#include "log_builder.h"

void select_bank(struct trial *t, enum troth_hash bank, uint32_t mask)
{
	assert_true(troth_pcr_selection_add(&t->policy.selection, bank, mask));
}

struct trial *trial_new(struct troth_ctx *ctx, const char *variant, uint32_t mask)
{
	struct trial *t = calloc(1, sizeof *t);
	assert_non_null(t);
	t->vm = bootvm_load(ctx, variant);
	t->bytes = t->vm->bytes;
	snprintf(t->policy.name, sizeof t->policy.name, "policy");
	snprintf(t->policy.reference, sizeof t->policy.reference, "lab");
	if (mask != 0)
		select_bank(t, TROTH_HASH_SHA256, mask);
	t->c.policy = &t->policy;
	t->c.reference = &t->reference;
	t->c.pcrs = &t->pcrs;
	return t;
}

void learn(struct troth_ctx *ctx, struct trial *t, const char *variant)
{
	struct bootvm *good = bootvm_load(ctx, variant);
	struct troth_pcr_selection s = t->policy.selection;
	for (size_t i = 0; i < s.n_banks; i++)
		s.banks[i].mask &= ~IMA_PCR;
	assert_int_equal(troth_reference_learn(&good->log, &s, "lab", "good", &t->reference),
			 TROTH_OK);
	bootvm_free(good);
}

void learn_golden(struct trial *t, uint32_t mask)
{
	struct troth_pcr_selection s = { 0 };
	struct troth_reference_set golden;
	assert_true(troth_pcr_selection_add(&s, TROTH_HASH_SHA256, mask));
	assert_int_equal(
		troth_reference_learn_golden(&t->vm->pcrs, &s, "golden", "good", &golden),
		TROTH_OK);
	assert_int_equal(troth_reference_merge(&t->reference, &golden), TROTH_OK);
	troth_reference_release(&golden);
}

void ignore(struct trial *t, uint32_t pcr, uint32_t type)
{
	t->policy.ignore[t->policy.n_ignore++] = (struct troth_ignore_rule){ pcr, type };
}

void use_log(struct trial *t, const struct log_builder *b)
{
	t->bytes = view_dup(log_bytes(b));
	t->own_bytes = true;
}

uint8_t *edit_log(struct trial *t)
{
	t->bytes = view_dup(t->vm->bytes);
	t->own_bytes = true;
	return (uint8_t *)(uintptr_t)t->bytes.p;
}

void appraise(struct troth_ctx *ctx, struct trial *t)
{
	if (t->pcrs.n_banks == 0)
		t->pcrs = bootvm_quoted(&t->vm->pcrs, &t->policy.selection);
	t->c.log_bytes = t->bytes;
	if (t->c.log_status == TROTH_OK) {
		t->c.log_status = troth_log_parse(t->bytes, &t->log);
		t->c.log_error_offset = t->log.error_offset;
	}
	if (t->c.log_status == TROTH_OK) {
		assert_int_equal(troth_log_replay(ctx, &t->log, &t->replay), TROTH_OK);
		t->c.log = &t->log;
		t->c.replay = &t->replay;
	}
	assert_int_equal(troth_appraise(ctx, &t->c, &t->verdict), TROTH_OK);
}

void trial_free(struct trial *t)
{
	if (t->c.log != NULL)
		troth_log_release(&t->log);
	if (t->own_bytes)
		file_free(t->bytes);
	troth_reference_release(&t->reference);
	bootvm_free(t->vm);
	free(t);
}

static void describe(const struct troth_verdict *v, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s:", troth_tier_name(v->tier));
	for (size_t i = 0; i < v->findings.n && n < size; i++) {
		const struct troth_finding *f = &v->findings.list[i];
		n += (size_t)snprintf(out + n, size - n, "%s %s", i > 0 ? "," : "",
				      troth_finding_name(f->code));
		if (f->pcr >= 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, " %d", f->pcr);
	}
}

void assert_verdict(const struct trial *t, const char *name, const char *want)
{
	char got[600];
	describe(&t->verdict, got, sizeof got);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got '%s', want '%s'", name, got, want);
}
