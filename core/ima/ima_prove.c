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

const struct troth_ima_bank *troth_ima_bank_before(const struct troth_ima_run *run,
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

/* Policies have one. */
enum troth_hash troth_ima_leading_bank(const struct troth_ima_run *run)
{
	const struct troth_pcr_selection *s = run->c->selection;
	for (size_t i = 0; i < s->n_banks; i++)
		if (selected(&s->banks[i]) && s->banks[i].bank != TROTH_HASH_SHA1)
			return s->banks[i].bank;
	return TROTH_HASH_NONE;
}

static struct troth_ima_goal goal_of(const struct troth_ima_run *run, enum troth_hash bank)
{
	const struct troth_ima_bank *before = troth_ima_bank_before(run, bank);
	return (struct troth_ima_goal){ .bank = bank,
					.pcr = TROTH_IMA_PCR,
					.start = before != NULL ? before->value : NULL,
					.value = quoted(run, bank) };
}

struct troth_ima_track troth_ima_track_begin(const struct troth_ima_run *run,
					     enum troth_hash bank, enum troth_ima_way way)
{
	const struct troth_ima_bank *before = troth_ima_bank_before(run, bank);
	struct troth_ima_track t = { .bank = bank, .way = way };
	troth_pcr_initial(bank, TROTH_IMA_PCR, t.value);
	if (before != NULL)
		memcpy(t.value, before->value[way], sizeof t.value);
	return t;
}

static void mismatch(struct troth_ima_run *run, enum troth_hash bank, const char *why)
{
	troth_ima_forget(run);
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
	const bool resumed = run->from != NULL &&
			     run->from->restart_count != run->c->restart_count;
	if (resumed) { /* hibernation: PCRs may have begun anew */
		run->out->wants_whole = true;
		return;
	}
	troth_ima_forget(run);
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
	troth_ima_forget(run);
	troth_finding_detail(say(run, TROTH_FINDING_IMA_MALFORMED), "%s at offset %zu",
			     troth_status_name(status), offset);
}

static bool of_the_question(enum troth_status status)
{
	return status == TROTH_E_MEMORY || status == TROTH_E_CRYPTO;
}

static enum troth_status walk_to(struct troth_ima_run *run, enum troth_hash bank,
				 enum troth_ima_way way, size_t *offset)
{
	struct troth_ima_track track = troth_ima_track_begin(run, bank, way);
	track.goal = quoted(run, bank);
	return troth_ima_walk(run, &track, 1, offset);
}

/* The way of old kernels: looked for first, and gone only if it leads to the value. */
static enum troth_status find_other_way(struct troth_ima_run *run, enum troth_hash bank,
					size_t *offset)
{
	const struct troth_ima_goal goal = goal_of(run, bank);
	struct troth_ima_prefix prefix;
	TROTH_TRY(troth_ima_find_prefix(run->ctx, &run->list, &goal, &prefix, offset));
	return prefix.found ? walk_to(run, bank, prefix.way, offset) : TROTH_OK;
}

/* The shortest prefix that the leading bank proves. */
static enum troth_status find_lead(struct troth_ima_run *run, enum troth_hash bank,
				   bool *out_found)
{
	size_t offset = 0;
	enum troth_status status =
		troth_ima_open(run->ctx, run->c->list, TROTH_HASH_NONE, &run->list);
	if (status == TROTH_OK)
		status = walk_to(run, bank, TROTH_IMA_HASHED, &offset);
	if (status == TROTH_OK && !run->prefix.found)
		status = find_other_way(run, bank, &offset);
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
	const struct troth_ima_bank *before = troth_ima_bank_before(run, bank);
	struct troth_ima_bank *b = &after->banks[after->n_banks++];
	/* A kernel goes one way. Where two were gone somebody else extended, and what the
	 * weaker stands for stays in the value until the next boot. */
	*b = (struct troth_ima_bank){ .bank = bank,
				      .way = before != NULL && before->way > way ? before->way
										 : way };
	for (enum troth_ima_way i = 0; i < TROTH_IMA_WAY_N; i++)
		memcpy(b->value[i], quoted(run, bank).p, troth_hash_size(bank));
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
		if (run->from != NULL && troth_ima_bank_before(run, bank) == NULL) {
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
	troth_finding_detail(f, "%s holds SHA-1 digests",
			     troth_hash_name(troth_ima_leading_bank(run)));
}

/* What is known of the list up to the entry it is sent from: of this boot, and judged as it
 * would be now. */
static bool of_now(const struct troth_ima_case *c, const struct troth_ima_state *s)
{
	return s != NULL && s->reset_count == c->reset_count &&
	       troth_view_equal(TROTH_VIEW_OF(s->version), TROTH_VIEW_OF(c->version));
}

/* The certificates are those that the state names. */
static enum troth_status has_learned(struct troth_ima_run *run,
				     const struct troth_ima_state *from, bool *out)
{
	static const struct troth_ima_learned NONE = { 0 };
	const struct troth_ima_case *c = run->c;
	uint8_t name[32];
	TROTH_TRY(troth_ima_learned_name(run->ctx, c->learned != NULL ? c->learned : &NONE,
					 name));
	*out = troth_view_equal(TROTH_VIEW_OF(name), TROTH_VIEW_OF(from->learned));
	return TROTH_OK;
}

enum troth_status troth_ima_goes_on(struct troth_ima_run *run, bool *out)
{
	const struct troth_ima_case *c = run->c;
	const struct troth_ima_state *from = c->parts != NULL ? c->parts : c->before;
	*out = c->first == 0 && c->parts == NULL;
	if (*out)
		return TROTH_OK;
	bool learned = false;
	if (of_now(c, from))
		TROTH_TRY(has_learned(run, from, &learned));
	if (!learned) {
		run->out->wants_whole = true;
		return TROTH_OK;
	}
	*out = c->first == from->n_entries;
	if (*out)
		run->from = from;
	else
		troth_finding_detail(
			say(run, c->first > from->n_entries ? TROTH_FINDING_IMA_SKIPPED
							    : TROTH_FINDING_IMA_REWOUND),
			"sent from entry %" PRIu64 " on, known up to entry %" PRIu64, c->first,
			from->n_entries);
	return TROTH_OK;
}

/* A whole list of the same boot has at least what was proven of it before. */
static void check_not_shorter(struct troth_ima_run *run)
{
	const struct troth_ima_case *c = run->c;
	const struct troth_ima_state *before = c->before, *after = &run->out->after;
	if (before == NULL || run->from == before || before->reset_count != c->reset_count ||
	    before->restart_count != c->restart_count || after->n_entries >= before->n_entries)
		return;
	troth_finding_detail(say(run, TROTH_FINDING_IMA_REWOUND),
			     "%" PRIu64 " entries, proven before: %" PRIu64, after->n_entries,
			     before->n_entries);
}

enum troth_status troth_ima_prove(struct troth_ima_run *run, bool *out_proven)
{
	const enum troth_hash lead = troth_ima_leading_bank(run);
	bool found, goes_on;
	*out_proven = false;
	if (lead == TROTH_HASH_NONE) {
		troth_finding_detail(say(run, TROTH_FINDING_IMA_WEAK_BANK),
				     "PCR 10 is quoted in no bank but SHA-1");
		return TROTH_OK;
	}
	TROTH_TRY(troth_ima_goes_on(run, &goes_on));
	if (!goes_on)
		return TROTH_OK;
	TROTH_TRY(find_lead(run, lead, &found));
	if (!found)
		return TROTH_OK;
	TROTH_TRY(prove_banks(run, lead, out_proven));
	if (!*out_proven)
		return TROTH_OK;
	run->out->after.n_entries += run->prefix.n_entries;
	check_strength(run);
	check_not_shorter(run);
	return TROTH_OK;
}
