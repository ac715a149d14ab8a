/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_appraise.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "ima_run.h"

/* ---- findings about entries ---- */

static void show(struct troth_ima_run *run, const struct troth_ima_kept *kept)
{
	struct troth_findings *findings = &run->out->findings;
	if (run->n_shown == TROTH_IMA_FINDINGS_MAX) {
		/* One warning or twenty: the verdict is the same. */
		findings->n_dropped += kept->severity == TROTH_TIER_CONTRAINDICATED;
		return;
	}
	run->n_shown++;
	struct troth_finding *f = troth_finding_add(findings, kept->code);
	f->severity = kept->severity;
	f->pcr = TROTH_IMA_PCR;
	f->event = kept->entry <= INT32_MAX ? (int32_t)kept->entry : INT32_MAX;
	f->seen = kept->seen;
	troth_finding_detail(f, "%s", kept->detail);
}

static void keep(struct troth_ima_state *after, const struct troth_ima_kept *kept)
{
	if (after->n_kept < TROTH_IMA_KEPT_MAX)
		after->kept[after->n_kept++] = *kept;
	else
		after->n_more += kept->severity == TROTH_TIER_CONTRAINDICATED;
}

void troth_ima_remark(struct troth_ima_run *run, const struct troth_ima_remark *remark)
{
	struct troth_finding written = { 0 };
	struct troth_ima_kept kept = { .code = remark->code,
				       .severity = remark->severity,
				       .entry = remark->index };
	if (kept.severity == TROTH_TIER_NONE)
		kept.severity = troth_finding_severity(kept.code);
	if (remark->seen == NULL ||
	    !troth_digest_set(&kept.seen, remark->seen->hash, remark->seen->bytes))
		kept.seen = (struct troth_digest){ 0 };
	troth_finding_detail(&written, "%s%.*s", remark->what, (int)remark->text.n,
			     remark->text.n > 0 ? (const char *)remark->text.p : "");
	snprintf(kept.detail, sizeof kept.detail, "%.*s", (int)sizeof kept.detail - 1,
		 written.detail);
	show(run, &kept);
	/* What is only shown is shown once. */
	if (kept.severity != TROTH_TIER_AFFIRMING)
		keep(&run->out->after, &kept);
}

void troth_ima_show_kept(struct troth_ima_run *run)
{
	const struct troth_ima_state *from = run->from;
	for (size_t i = 0; from != NULL && i < from->n_kept; i++)
		show(run, &from->kept[i]);
	if (from != NULL)
		run->out->findings.n_dropped += from->n_more;
}

/* Whether IMA measured at all, and what the policy says it must have. */
static void check_extent(struct troth_ima_run *run)
{
	const struct troth_ima_policy *policy = run->c->policy;
	const struct troth_ima_state *after = &run->out->after;
	struct troth_findings *findings = &run->out->findings;
	if (after->n_entries == 0) {
		troth_finding_add(findings, TROTH_FINDING_IMA_EMPTY)->pcr = TROTH_IMA_PCR;
		return;
	}
	const struct troth_ima_counts *n = &after->counts;
	if (n->allowed + n->signed_ + n->ignored + n->events + n->violations == 0 &&
	    after->n_kept == 0)
		troth_finding_detail(troth_finding_add(findings, TROTH_FINDING_IMA_UNMEASURED),
				     "the list holds nothing but boot_aggregate");
	for (size_t i = 0; i < policy->n_expected; i++)
		if ((after->expected & 1U << i) == 0)
			troth_finding_detail(
				troth_finding_add(findings, TROTH_FINDING_IMA_UNMEASURED), "%s",
				(const char *)policy->text + policy->expected[i]);
}

/* An allow-list that is not there allows nothing; say so before all that it would have. */
static void check_lists(struct troth_ima_run *run)
{
	const struct troth_ima_policy *policy = run->c->policy;
	for (size_t i = 0; i < policy->n_rules; i++)
		if (run->c->sets[i] == NULL)
			troth_finding_detail(troth_finding_add(&run->out->findings,
							       TROTH_FINDING_IMA_LIST_MISSING),
					     "%s", policy->text + policy->rules[i].list);
}

static void appraise_proven(struct troth_ima_run *run)
{
	struct troth_ima_result *out = run->out;
	out->n_unproven = run->c->list.n - run->prefix.n_bytes;
	out->proven = out->after.n_entries > 0;
	out->has_after = true;
	out->learned = run->learned;
	check_extent(run);
}

/* Nothing was proven: the state before stays what is known of this boot, and with it what was
 * learned. */
static void fall_back(const struct troth_ima_case *c, struct troth_ima_result *out)
{
	out->has_after = c->before != NULL;
	if (out->has_after)
		out->after = *c->before;
	out->boot_aggregate_checked = false;
	out->open = true;
}

/* None is asked for, none is sent, and none was shown since the TPM's last reset: a list only
 * grows, so who has shown one in this boot cannot do without it later. */
static bool does_without(const struct troth_ima_case *c)
{
	return !c->policy->required && c->first == 0 && c->list.n == 0 &&
	       (c->before == NULL || c->before->reset_count != c->reset_count);
}

enum troth_status troth_ima_appraise(struct troth_ctx *ctx, const struct troth_ima_case *c,
				     struct troth_ima_result *out)
{
	struct troth_ima_run run = { .ctx = ctx, .c = c, .out = out };
	bool proven;
	memset(out, 0, sizeof *out);
	if (does_without(c))
		return TROTH_OK;
	check_lists(&run);
	run.n_before = out->findings.n;
	run.n_dropped_before = out->findings.n_dropped;
	enum troth_status status = troth_ima_prove(&run, &proven);
	if (status == TROTH_OK && proven)
		appraise_proven(&run);
	else if (status == TROTH_OK && out->wants_whole)
		*out = (struct troth_ima_result){ .wants_whole = true };
	else if (status == TROTH_OK)
		fall_back(c, out);
	troth_ima_keys_release(&run.keys);
	return status;
}
