/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_part.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "eventlog.h"
#include "ima_run.h"

#define TRACKS_MAX (TROTH_BANKS_MAX * TROTH_IMA_WAY_N)

struct tracks {
	size_t n;
	struct troth_ima_track list[TRACKS_MAX];
};

/* Whatever the bank, its last entry is where the leading one has the quoted value. */
static void begin_tracks(const struct troth_ima_run *run, struct tracks *t)
{
	const struct troth_pcr_selection *s = run->c->selection;
	const enum troth_hash lead = troth_ima_leading_bank(run);
	for (size_t i = 0; i < s->n_banks; i++) {
		const enum troth_hash bank = s->banks[i].bank;
		if ((s->banks[i].mask & 1U << TROTH_IMA_PCR) == 0)
			continue;
		for (enum troth_ima_way way = 0; way < TROTH_IMA_WAY_N; way++) {
			if (!troth_ima_extends_by(run->ctx, bank, way))
				continue;
			t->list[t->n] = troth_ima_track_begin(run, bank, way);
			if (bank == lead)
				t->list[t->n].goal =
					troth_pcr_value(run->c->pcrs, bank, TROTH_IMA_PCR);
			t->n++;
		}
	}
}

/* Of a bank the state before does not have, nothing could be proven later. */
static bool banks_are_known(const struct troth_ima_run *run, const struct tracks *t)
{
	for (size_t i = 0; run->from != NULL && i < t->n; i++)
		if (troth_ima_bank_before(run, t->list[i].bank) == NULL)
			return false;
	return true;
}

static void keep_tracks(struct troth_ima_run *run, const struct tracks *t)
{
	struct troth_ima_state *after = &run->out->after;
	struct troth_ima_bank *b = NULL;
	for (size_t i = 0; i < t->n; i++) {
		const struct troth_ima_track *track = &t->list[i];
		if (b == NULL || b->bank != track->bank) {
			const struct troth_ima_bank *before =
				troth_ima_bank_before(run, track->bank);
			b = &after->banks[after->n_banks++];
			*b = (struct troth_ima_bank){ .bank = track->bank,
						      .way = before != NULL
								     ? before->way
								     : TROTH_IMA_HASHED };
		}
		memcpy(b->value[track->way], track->value, sizeof track->value);
	}
	after->open = true;
}

static void refuse(struct troth_ima_run *run, enum troth_finding_code code, size_t offset)
{
	troth_ima_forget(run);
	troth_finding_detail(troth_finding_add(&run->out->findings, code),
			     "part of the list, offset %zu", offset);
}

static enum troth_status walk(struct troth_ima_run *run)
{
	struct tracks tracks = { 0 };
	size_t offset = 0;
	begin_tracks(run, &tracks);
	if (!banks_are_known(run, &tracks)) {
		run->out->wants_whole = true;
		return TROTH_OK;
	}
	enum troth_status status =
		troth_ima_open(run->ctx, run->c->list, TROTH_HASH_NONE, &run->list);
	if (status == TROTH_OK)
		status = troth_ima_walk(run, tracks.list, tracks.n, &offset);
	if (status == TROTH_E_MEMORY || status == TROTH_E_CRYPTO)
		return status;
	if (status != TROTH_OK) {
		refuse(run, TROTH_FINDING_IMA_MALFORMED, offset);
		return TROTH_OK;
	}
	keep_tracks(run, &tracks);
	run->out->after.n_entries += run->prefix.n_entries;
	run->out->learned = run->learned;
	run->out->has_after = true;
	return TROTH_OK;
}

enum troth_status troth_ima_take_part(struct troth_ctx *ctx, const struct troth_ima_case *c,
				      struct troth_ima_result *out)
{
	struct troth_ima_run run = { .ctx = ctx, .c = c, .out = out };
	bool goes_on = false;
	memset(out, 0, sizeof *out);
	enum troth_status status = TROTH_OK;
	if (troth_ima_leading_bank(&run) == TROTH_HASH_NONE)
		refuse(&run, TROTH_FINDING_IMA_WEAK_BANK, 0);
	else
		status = troth_ima_goes_on(&run, &goes_on);
	if (status == TROTH_OK && goes_on)
		status = walk(&run);
	troth_ima_keys_release(&run.keys);
	return status;
}
