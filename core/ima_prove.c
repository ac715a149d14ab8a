/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base.h"
#include "eventlog.h"
#include "ima_run.h"

static struct troth_view quoted(const struct troth_ima_run *run, enum troth_hash bank)
{
	return troth_pcr_value(run->c->pcrs, bank, TROTH_IMA_PCR);
}

static bool selected(const struct troth_pcr_bank_selection *bank)
{
	return (bank->mask & 1U << TROTH_IMA_PCR) != 0;
}

/* Where the state before left a bank; NULL where the PCR begins anew. */
static const struct troth_ima_bank *bank_before(const struct troth_ima_run *run,
						enum troth_hash bank)
{
	for (size_t i = 0; run->from != NULL && i < run->from->n_banks; i++)
		if (run->from->banks[i].bank == bank)
			return &run->from->banks[i];
	return NULL;
}

static struct troth_finding *say(struct troth_ima_run *run, enum troth_finding_code code)
{
	struct troth_finding *f = troth_finding_add(&run->out->findings, code);
	f->pcr = TROTH_IMA_PCR;
	return f;
}

/* Of the banks quoted, the first that SHA-1 does not vouch for leads; policies have one. */
static enum troth_hash leading_bank(const struct troth_ima_run *run)
{
	const struct troth_pcr_selection *s = run->c->selection;
	for (size_t i = 0; i < s->n_banks; i++)
		if (selected(&s->banks[i]) && s->banks[i].bank != TROTH_HASH_SHA1)
			return s->banks[i].bank;
	return TROTH_HASH_NONE;
}

static struct troth_ima_goal goal_of(const struct troth_ima_run *run, enum troth_hash bank)
{
	const struct troth_ima_bank *before = bank_before(run, bank);
	struct troth_ima_goal goal = { .bank = bank,
				       .pcr = TROTH_IMA_PCR,
				       .value = quoted(run, bank) };
	if (before != NULL)
		goal.start = (struct troth_view){ before->value, troth_hash_size(bank) };
	return goal;
}

static void mismatch(struct troth_ima_run *run, enum troth_hash bank, const char *why)
{
	struct troth_finding *f = say(run, TROTH_FINDING_IMA_REPLAY_MISMATCH);
	if (!troth_digest_set(&f->seen, bank, quoted(run, bank)))
		f->seen = (struct troth_digest){ 0 };
	troth_finding_detail(f, "%s", why);
}

static bool begins_with_boot_aggregate(const struct troth_ima_run *run)
{
	struct troth_ima_list list = run->list;
	struct troth_ima_record first;
	struct troth_ima_entry e;
	return !troth_ima_at_end(&list) && troth_ima_next(&list, &first) == TROTH_OK &&
	       troth_ima_decode(&first, &e) == TROTH_OK &&
	       troth_view_equal(e.path, troth_view_str("boot_aggregate"));
}

/* No prefix leads to the quoted value. */
static void unexplained(struct troth_ima_run *run, enum troth_hash bank)
{
	const struct troth_ima_state *before = run->c->before;
	const bool resumed = run->from != NULL &&
			     before->restart_count != run->c->restart_count;
	if (resumed) { /* hibernation: PCRs may have begun anew */
		run->out->wants_whole = true;
		return;
	}
	if (run->from == NULL && run->c->list.n == 0) {
		say(run, TROTH_FINDING_IMA_LOG_MISSING);
		return;
	}
	if (run->from == NULL && !begins_with_boot_aggregate(run)) {
		troth_finding_detail(say(run, TROTH_FINDING_IMA_TRIMMED),
				     "the list does not begin with boot_aggregate");
		return;
	}
	mismatch(run, bank,
		 run->from != NULL ? "what was added to the list does not lead to the value"
				   : "no part of the list leads to the value");
}

static void malformed(struct troth_ima_run *run, enum troth_status status, size_t offset)
{
	troth_finding_detail(say(run, TROTH_FINDING_IMA_MALFORMED), "%s at offset %zu",
			     troth_status_name(status), offset);
}

static bool of_the_question(enum troth_status status)
{
	return status == TROTH_E_MEMORY || status == TROTH_E_CRYPTO;
}

/* The shortest prefix that the leading bank proves. */
static enum troth_status find_lead(struct troth_ima_run *run, enum troth_hash bank,
				   bool *out_found)
{
	const struct troth_ima_goal goal = goal_of(run, bank);
	size_t offset = 0;
	enum troth_status status =
		troth_ima_open(run->ctx, run->c->list, TROTH_HASH_NONE, &run->list);
	if (status == TROTH_OK)
		status = troth_ima_find_prefix(run->ctx, &run->list, &goal, &run->prefix,
					       &offset);
	*out_found = false;
	if (of_the_question(status))
		return status;
	if (status != TROTH_OK)
		malformed(run, status, offset);
	else if (!run->prefix.found)
		unexplained(run, bank);
	else
		*out_found = true;
	return TROTH_OK;
}

static void keep_bank(struct troth_ima_run *run, enum troth_hash bank, enum troth_ima_way way)
{
	struct troth_ima_state *after = &run->out->after;
	const struct troth_ima_bank *before = bank_before(run, bank);
	struct troth_ima_bank *b = &after->banks[after->n_banks++];
	/* A kernel goes one way. Where two were gone somebody else extended, and what the
	 * weaker stands for stays in the value until the next boot. */
	*b = (struct troth_ima_bank){ .bank = bank,
				      .way = before != NULL && before->way > way ? before->way
										 : way };
	memcpy(b->value, quoted(run, bank).p, troth_hash_size(bank));
}

/* The same records lead to the value of every other bank. */
static enum troth_status prove_banks(struct troth_ima_run *run, enum troth_hash lead,
				     bool *out_proven)
{
	const struct troth_pcr_selection *s = run->c->selection;
	struct troth_ima_list limited = run->list;
	limited.left.left.n = limited.n_bytes = run->prefix.n_bytes;
	for (size_t i = 0; i < s->n_banks; i++) {
		const enum troth_hash bank = s->banks[i].bank;
		const struct troth_ima_goal goal = goal_of(run, bank);
		struct troth_ima_prefix p = run->prefix;
		size_t offset;
		if (!selected(&s->banks[i]))
			continue;
		if (run->from != NULL && bank_before(run, bank) == NULL) {
			run->out->wants_whole = true;
			return TROTH_OK;
		}
		if (bank != lead)
			TROTH_TRY(
				troth_ima_find_prefix(run->ctx, &limited, &goal, &p, &offset));
		if (!p.found || p.n_entries != run->prefix.n_entries) {
			mismatch(run, bank, "another bank is explained, this one is not");
			return TROTH_OK;
		}
		keep_bank(run, bank, p.way);
	}
	*out_proven = true;
	return TROTH_OK;
}

/* A value that only SHA-1 stands behind: collisions in it are made to order. */
static void check_strength(struct troth_ima_run *run)
{
	const struct troth_ima_state *after = &run->out->after;
	for (size_t i = 0; i < after->n_banks; i++)
		if (after->banks[i].bank != TROTH_HASH_SHA1 &&
		    after->banks[i].way == TROTH_IMA_HASHED)
			return;
	if (run->c->policy->weak_bank)
		return;
	struct troth_finding *f = say(run, TROTH_FINDING_IMA_WEAK_BANK);
	troth_finding_detail(f, "%s holds SHA-1 digests", troth_hash_name(leading_bank(run)));
}

/* Of a list sent from the middle: whether it goes on where the state before ended. */
static bool goes_on(struct troth_ima_run *run)
{
	const struct troth_ima_case *c = run->c;
	const struct troth_ima_state *before = c->before;
	if (c->first == 0)
		return true;
	if (before == NULL || before->reset_count != c->reset_count ||
	    !troth_view_equal(TROTH_VIEW_OF(before->version), TROTH_VIEW_OF(c->version))) {
		run->out->wants_whole = true;
		return false;
	}
	if (c->first == before->n_entries) {
		run->from = before;
		return true;
	}
	troth_finding_detail(say(run, c->first > before->n_entries ? TROTH_FINDING_IMA_SKIPPED
								   : TROTH_FINDING_IMA_REWOUND),
			     "sent from entry %" PRIu64 " on, proven up to entry %" PRIu64,
			     c->first, before->n_entries);
	return false;
}

/* A whole list of the same boot has at least what was proven of it before. */
static void check_not_shorter(struct troth_ima_run *run)
{
	const struct troth_ima_case *c = run->c;
	const struct troth_ima_state *before = c->before;
	if (run->from != NULL || before == NULL || before->reset_count != c->reset_count ||
	    before->restart_count != c->restart_count ||
	    run->prefix.n_entries >= before->n_entries)
		return;
	troth_finding_detail(say(run, TROTH_FINDING_IMA_REWOUND),
			     "%" PRIu64 " entries, proven before: %" PRIu64,
			     run->prefix.n_entries, before->n_entries);
}

enum troth_status troth_ima_prove(struct troth_ima_run *run, bool *out_proven)
{
	const enum troth_hash lead = leading_bank(run);
	bool found;
	*out_proven = false;
	if (lead == TROTH_HASH_NONE) {
		troth_finding_detail(say(run, TROTH_FINDING_IMA_WEAK_BANK),
				     "PCR 10 is quoted in no bank but SHA-1");
		return TROTH_OK;
	}
	if (!goes_on(run))
		return TROTH_OK;
	TROTH_TRY(find_lead(run, lead, &found));
	if (!found)
		return TROTH_OK;
	TROTH_TRY(prove_banks(run, lead, out_proven));
	if (!*out_proven)
		return TROTH_OK;
	check_strength(run);
	check_not_shorter(run);
	return TROTH_OK;
}
