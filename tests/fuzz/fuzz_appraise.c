/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal of a hostile log: what was learnt from a log matches that log, and no log gets past
 * a quoted value it does not replay to. */
#include <assert.h>

#include "appraise.h"
#include "explain.h"
#include "untouched.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Selects what the first bank we know replays to. */
static void select_all(const struct troth_replay *replay, struct troth_pcr_selection *out)
{
	const struct troth_pcr_bank *bank = &replay->values.banks[0];
	bool ok = replay->values.n_banks > 0 &&
		  troth_pcr_selection_add(out, bank->bank, bank->have);
	assert(ok || replay->values.n_banks == 0);
}

/* A verdict can be explained, whatever log it is of: in one sentence, with a cause only where
 * something decides. */
static void explain(struct troth_ctx *ctx, const struct troth_case *c,
		    const struct troth_verdict *v)
{
	const struct troth_explain_case x = { .appraised = c, .verdict = v };
	static struct troth_explanation e;
	e = (struct troth_explanation){ .finding = NULL };
	assert(troth_explain(ctx, &x, &e) == TROTH_OK);
	assert(e.sentence[0] != '\0');
	assert(e.finding != NULL || e.cause == TROTH_CAUSE_UNKNOWN);
	assert(!e.ignore_events.present || e.n_rules > 0);
	troth_explanation_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct troth_ctx *ctx;
	static struct troth_verdict v;
	struct troth_log log = { 0 };
	struct troth_replay replay;
	struct troth_policy policy = { .reference = "set" };
	struct troth_reference_set set = { 0 };
	if ((ctx == NULL && troth_ctx_new(&ctx) != TROTH_OK) ||
	    troth_log_parse((struct troth_view){ data, size }, &log) != TROTH_OK)
		return 0;
	struct troth_case c = { .policy = &policy, .reference = &set, .log = &log };
	c.log_bytes = log.bytes;
	assert(troth_log_replay(ctx, &log, &replay) == TROTH_OK);
	c.replay = &replay;
	struct troth_pcr_values quoted = replay.values;
	c.pcrs = &quoted;
	select_all(&replay, &policy.selection);

	assert(troth_appraise(ctx, &c, &v) == TROTH_OK);
	assert(v.tier != TROTH_TIER_AFFIRMING); /* nothing is known yet */
	explain(ctx, &c, &v);
	if (troth_reference_learn(&log, &policy.selection, "set", "v1", &set) == TROTH_OK) {
		assert(troth_appraise(ctx, &c, &v) == TROTH_OK);
		assert(!troth_findings_have(&v.findings, TROTH_FINDING_UNEXPECTED_EVENT));
		assert(!troth_findings_have(&v.findings, TROTH_FINDING_MISSING_COMPONENT));
		assert(!troth_findings_have(&v.findings, TROTH_FINDING_REPLAY_MISMATCH));
		if (policy.selection.n_banks > 0) {
			quoted.banks[0].value[__builtin_ctz(quoted.banks[0].have)][0] ^= 1;
			assert(troth_appraise(ctx, &c, &v) == TROTH_OK);
			assert(v.tier == TROTH_TIER_CONTRAINDICATED);
			explain(ctx, &c, &v);
		}
	}
	troth_reference_release(&set);
	troth_log_release(&log);
	return 0;
}
