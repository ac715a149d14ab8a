/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

/* The first of the worst findings: checks run in the order in which they bear on each other. */
static const struct troth_finding *deciding(const struct troth_verdict *v)
{
	const struct troth_finding *worst = NULL;
	static const unsigned int RANK[] = { [TROTH_TIER_AFFIRMING] = 0,
					     [TROTH_TIER_WARNING] = 1,
					     [TROTH_TIER_NONE] = 2,
					     [TROTH_TIER_CONTRAINDICATED] = 3 };
	for (size_t i = 0; i < v->findings.n; i++) {
		const struct troth_finding *f = &v->findings.list[i];
		if (f->severity != TROTH_TIER_AFFIRMING &&
		    (worst == NULL || RANK[f->severity] > RANK[worst->severity]))
			worst = f;
	}
	return worst;
}

/* The selection without banks that the log lacks: those are a finding by themselves. */
static struct troth_pcr_selection readable_banks(const struct troth_case *c)
{
	const struct troth_pcr_selection all = troth_policy_log_selection(c->policy);
	struct troth_pcr_selection s = { 0 };
	for (size_t i = 0; i < all.n_banks; i++)
		if (c->replay != NULL &&
		    troth_pcr_bank_find(&c->replay->values, all.banks[i].bank) != NULL)
			s.banks[s.n_banks++] = all.banks[i];
	return s;
}

static enum troth_status find_deviations(const struct troth_case *c,
					 struct troth_reconciliation *out)
{
	const struct troth_pcr_selection banks = readable_banks(c);
	const struct troth_match_case match = {
		.set = c->reference,
		.log = c->log,
		.pcrs = c->pcrs,
		.selection = &banks,
		.ignore = c->policy->ignore,
		.n_ignore = c->policy->n_ignore,
	};
	if (c->reference == NULL || c->log == NULL || banks.n_banks == 0)
		return TROTH_OK;
	return troth_reconcile(&match, out);
}

/* ---- what would be accepted ---- */

static enum troth_status try_case(struct troth_ctx *ctx, const struct troth_case *c,
				  struct troth_proposal *out)
{
	struct troth_verdict *v = calloc(1, sizeof *v);
	if (v == NULL)
		return TROTH_E_MEMORY;
	enum troth_status status = troth_appraise(ctx, c, v);
	if (status == TROTH_OK)
		*out = (struct troth_proposal){ .present = true, .tier = v->tier };
	free(v);
	return status;
}

static enum troth_status try_events(struct troth_ctx *ctx, const struct troth_explain_case *c,
				    struct troth_explanation *e)
{
	struct troth_case changed = *c->appraised;
	if (e->deviations.n == 0)
		return TROTH_OK;
	changed.reference = &e->deviations.set;
	return try_case(ctx, &changed, &e->accept_events);
}

/* The rule for a deviation; false where no rule can stand for it. */
static bool rule_for(const struct troth_deviation *d, struct troth_ignore_rule *out)
{
	if (d->event == NULL || (TROTH_CODE_PCRS & 1U << d->event->pcr) != 0)
		return false;
	*out = (struct troth_ignore_rule){ d->event->pcr,
					   d->has_expected ? UINT32_MAX : d->event->type };
	return true;
}

static void add_rule(struct troth_explanation *e, struct troth_ignore_rule rule)
{
	for (size_t i = 0; i < e->n_rules; i++)
		if (e->rules[i].pcr == rule.pcr && e->rules[i].type == rule.type)
			return;
	e->rules[e->n_rules++] = rule;
}

/* A rule lets an event pass; the reference must no longer want another in its place. So a rule
 * is proposed for a whole PCR only where no event of it is wanted, which "any" says. False, and
 * none, where a deviation has no rule or there would be too many. */
static bool collect_rules(const struct troth_policy *policy, struct troth_explanation *e)
{
	bool all = e->deviations.n > 0;
	for (size_t i = 0; all && i < e->deviations.n; i++) {
		struct troth_ignore_rule rule;
		all = rule_for(&e->deviations.list[i], &rule);
		if (all)
			add_rule(e, rule);
	}
	all = all && policy->n_ignore + e->n_rules <= TROTH_IGNORE_RULES_MAX;
	e->n_rules = all ? e->n_rules : 0;
	return all;
}

static void free_policy(struct troth_policy **policy)
{
	free(*policy);
}

/* The case's policy, to be loosened for a trial; owned, NULL when there is no memory. */
static struct troth_policy *copy_policy(const struct troth_case *c)
{
	struct troth_policy *policy = malloc(sizeof *policy);
	if (policy != NULL)
		*policy = *c->policy;
	return policy;
}

static enum troth_status try_rules(struct troth_ctx *ctx, const struct troth_explain_case *c,
				   struct troth_explanation *e)
{
	struct troth_case changed = *c->appraised;
	if (!collect_rules(changed.policy, e))
		return TROTH_OK;
	TROTH_AUTO(free_policy) struct troth_policy *policy = copy_policy(&changed);
	if (policy == NULL)
		return TROTH_E_MEMORY;
	for (size_t i = 0; i < e->n_rules; i++)
		policy->ignore[policy->n_ignore++] = e->rules[i];
	changed.policy = policy;
	TROTH_TRY(try_case(ctx, &changed, &e->ignore_events));
	/* A looser policy that still refuses the device is no proposal. */
	if (e->ignore_events.tier == TROTH_TIER_CONTRAINDICATED) {
		e->ignore_events = (struct troth_proposal){ .present = false };
		e->n_rules = 0;
	}
	return TROTH_OK;
}

static enum troth_status try_without_secure_boot(struct troth_ctx *ctx,
						 const struct troth_explain_case *c,
						 struct troth_explanation *e)
{
	struct troth_case changed = *c->appraised;
	if (!troth_findings_have(&c->verdict->findings, TROTH_FINDING_SECURE_BOOT_OFF) &&
	    !troth_findings_have(&c->verdict->findings, TROTH_FINDING_SECURE_BOOT_UNPROVEN))
		return TROTH_OK;
	TROTH_AUTO(free_policy) struct troth_policy *policy = copy_policy(&changed);
	if (policy == NULL)
		return TROTH_E_MEMORY;
	policy->require_secure_boot = false;
	changed.policy = policy;
	if (e->deviations.n > 0)
		changed.reference = &e->deviations.set;
	return try_case(ctx, &changed, &e->without_secure_boot);
}

/* ---- one sentence ---- */

static void say_affirming(const struct troth_verdict *v, struct troth_explanation *e)
{
	char pcrs[96];
	troth_pcrs_text(v->coverage.pcrs_matched | v->coverage.pcrs_golden, pcrs, sizeof pcrs);
	if (v->tier == TROTH_TIER_AFFIRMING)
		(void)snprintf(e->sentence, sizeof e->sentence,
			       "Healthy: %" PRIu32 " measurements are what the reference "
			       "values say (PCR %s).",
			       v->coverage.n_events_matched, pcrs);
	else
		(void)snprintf(e->sentence, sizeof e->sentence,
			       "Nothing was found against the device, but not everything that "
			       "the policy asks for could be seen.");
}

static const char *verb(enum troth_tier tier)
{
	switch (tier) {
	case TROTH_TIER_CONTRAINDICATED: return "Refused";
	case TROTH_TIER_WARNING: return "Accepted with a warning";
	case TROTH_TIER_NONE: return "Undecided";
	case TROTH_TIER_AFFIRMING: break;
	}
	return "Healthy";
}

/* "Refused: event 48 of PCR 9 (EV_IPL '/initrd') is not what grub-files/good has there." */
static void say_deviation(const struct troth_verdict *v, struct troth_explanation *e)
{
	const struct troth_finding *f = e->finding;
	const size_t more = e->deviations.n > 1 ? e->deviations.n - 1 : 0;
	char others[64] = "";
	if (more > 0)
		(void)snprintf(others, sizeof others, "; %zu more after it", more);
	if (f->reference[0] != '\0')
		(void)snprintf(e->sentence, sizeof e->sentence,
			       "%s: event %" PRId32 " of PCR %" PRId32
			       " (%.100s) is not what %s has there%s.",
			       verb(v->tier), f->event, f->pcr, f->detail, f->reference,
			       others);
	else
		(void)snprintf(e->sentence, sizeof e->sentence,
			       "%s: event %" PRId32 " of PCR %" PRId32
			       " (%.100s) is not in the reference values%s.",
			       verb(v->tier), f->event, f->pcr, f->detail, others);
}

/* The finding's meaning with place and detail: "... is off (PCR 7)." */
static void say_finding(const struct troth_verdict *v, struct troth_explanation *e)
{
	const struct troth_finding *f = e->finding;
	const char *meaning = troth_finding_meaning(f->code);
	const size_t n = strlen(meaning);
	const bool stop = n > 0 && meaning[n - 1] == '.';
	char place[32] = "", more[192] = "";
	if (f->pcr >= 0)
		(void)snprintf(place, sizeof place, "PCR %" PRId32, f->pcr);
	if (place[0] != '\0' || f->detail[0] != '\0')
		(void)snprintf(more, sizeof more, " (%s%s%.120s)", place,
			       place[0] != '\0' && f->detail[0] != '\0' ? "; " : "", f->detail);
	(void)snprintf(e->sentence, sizeof e->sentence, "%s: %.*s%s.", verb(v->tier),
		       (int)(stop ? n - 1 : n), meaning, more);
}

static void say(const struct troth_verdict *v, struct troth_explanation *e)
{
	const struct troth_finding *f = e->finding;
	if (f == NULL) {
		say_affirming(v, e);
		return;
	}
	if (f->code == TROTH_FINDING_UNEXPECTED_EVENT) {
		say_deviation(v, e);
		return;
	}
	say_finding(v, e);
}

static enum troth_status explain(struct troth_ctx *ctx, const struct troth_explain_case *c,
				 struct troth_explanation *e)
{
	const struct troth_cause_case cause = {
		.ctx = ctx,
		.appraised = c->appraised,
		.verdict = c->verdict,
		.deviations = &e->deviations,
		.good_log = c->good_log,
		.good_elsewhere = c->good_elsewhere,
	};
	e->finding = deciding(c->verdict);
	TROTH_TRY(find_deviations(c->appraised, &e->deviations));
	if (e->finding != NULL)
		TROTH_TRY(troth_cause_find(&cause, &e->cause, e->why));
	TROTH_TRY(try_events(ctx, c, e));
	TROTH_TRY(try_rules(ctx, c, e));
	TROTH_TRY(try_without_secure_boot(ctx, c, e));
	say(c->verdict, e);
	return TROTH_OK;
}

enum troth_status troth_explain(struct troth_ctx *ctx, const struct troth_explain_case *c,
				struct troth_explanation *out)
{
	*out = (struct troth_explanation){ 0 };
	enum troth_status status = explain(ctx, c, out);
	if (status != TROTH_OK)
		troth_explanation_release(out);
	return status;
}

void troth_explanation_release(struct troth_explanation *e)
{
	troth_reconciliation_release(&e->deviations);
	*e = (struct troth_explanation){ 0 };
}
