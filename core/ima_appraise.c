/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_appraise.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "ima_run.h"

/* Entries read before the first of them is looked at: an allow-list is larger than what the
 * processor keeps at hand, and waiting for it once in a while beats waiting for each. */
#define AHEAD 16

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

/* ---- from one state to the next ---- */

/* What the boot was found to be before this quote. */
static void carry_over(struct troth_ima_run *run)
{
	const struct troth_ima_state *from = run->from;
	struct troth_ima_state *after = &run->out->after;
	if (from != NULL)
		*after = *from;
	after->n_banks = 0;
	after->reset_count = run->c->reset_count;
	after->restart_count = run->c->restart_count;
	memcpy(after->version, run->c->version, sizeof after->version);
}

static void show_kept(struct troth_ima_run *run)
{
	const struct troth_ima_state *from = run->from;
	for (size_t i = 0; from != NULL && i < from->n_kept; i++)
		show(run, &from->kept[i]);
	if (from != NULL)
		run->out->findings.n_dropped += from->n_more;
}

/* Reads up to AHEAD entries of the IMA PCR; fewer only at the end of what is proven. */
static enum troth_status read_ahead(struct troth_ima_run *run, struct troth_ima_list *list,
				    struct troth_ima_unseen unseen[AHEAD], size_t *out_n)
{
	*out_n = 0;
	while (*out_n < AHEAD && list->n_read < run->prefix.n_entries) {
		struct troth_ima_unseen *u = &unseen[*out_n];
		TROTH_TRY(troth_ima_next(list, &u->record));
		if (u->record.pcr != TROTH_IMA_PCR) {
			run->out->after.counts.elsewhere++;
			continue;
		}
		troth_ima_read(run, u);
		++*out_n;
	}
	return TROTH_OK;
}

static enum troth_status look_at_entries(struct troth_ima_run *run)
{
	struct troth_ima_list list = run->list;
	struct troth_ima_unseen unseen[AHEAD];
	size_t n;
	do {
		TROTH_TRY(read_ahead(run, &list, unseen, &n));
		for (size_t i = 0; i < n; i++)
			TROTH_TRY(troth_ima_look(run, &unseen[i]));
	} while (n > 0);
	return TROTH_OK;
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

static enum troth_status appraise_proven(struct troth_ima_run *run)
{
	struct troth_ima_result *out = run->out;
	show_kept(run);
	if (run->from != NULL && run->from->boot_aggregate.alg != TROTH_HASH_NONE)
		TROTH_TRY(troth_ima_check_boot_aggregate(run, 0, &run->from->boot_aggregate));
	TROTH_TRY(look_at_entries(run));
	out->after.n_entries += run->prefix.n_entries;
	out->n_unproven = run->c->list.n - run->prefix.n_bytes;
	out->proven = out->after.n_entries > 0;
	out->has_after = true;
	check_extent(run);
	return TROTH_OK;
}

/* Nothing was proven: the state before stays what is known of this boot. */
static void fall_back(const struct troth_ima_case *c, struct troth_ima_result *out)
{
	out->has_after = c->before != NULL;
	if (out->has_after)
		out->after = *c->before;
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
	enum troth_status status = troth_ima_prove(&run, &proven);
	if (status == TROTH_OK && proven) {
		const struct troth_ima_state proved = out->after;
		carry_over(&run);
		out->after.n_banks = proved.n_banks;
		memcpy(out->after.banks, proved.banks, sizeof proved.banks);
		status = appraise_proven(&run);
	} else if (status == TROTH_OK && out->wants_whole) {
		*out = (struct troth_ima_result){ .wants_whole = true };
	} else if (status == TROTH_OK) {
		fall_back(c, out);
	}
	troth_ima_keys_release(&run.keys);
	return status;
}
