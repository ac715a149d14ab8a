/* SPDX-License-Identifier: Apache-2.0 */
/* The one pass over a list: each record extends the PCR and is looked at. */
#include <string.h>

#include "base.h"
#include "eventlog.h"
#include "ima_run.h"

struct walk {
	struct troth_ima_run *run;
	struct troth_ima_track *tracks;
	size_t n_tracks;
	struct troth_ima_list list;
	enum troth_status status; /* of cutting out records */
	uint64_t n_looked;
	struct troth_ima_batch batch;
};

void troth_ima_forget(struct troth_ima_run *run)
{
	run->out->findings.n = run->n_before;
	run->out->findings.n_dropped = run->n_dropped_before;
	run->n_shown = 0;
}

/* As if no walk had been: the run stands where the state before ended. */
static enum troth_status begin(struct troth_ima_run *run)
{
	const struct troth_ima_case *c = run->c;
	struct troth_ima_result *out = run->out;
	troth_ima_keys_release(&run->keys);
	run->has_keys = false;
	run->learned = run->from != NULL && c->learned != NULL
			       ? *c->learned
			       : (struct troth_ima_learned){ 0 };
	run->prefix = (struct troth_ima_prefix){ 0 };
	troth_ima_forget(run);
	out->boot_aggregate_checked = false;
	out->after = run->from != NULL ? *run->from : (struct troth_ima_state){ 0 };
	out->after.n_banks = 0;
	out->after.open = false;
	out->after.reset_count = c->reset_count;
	out->after.restart_count = c->restart_count;
	memcpy(out->after.version, c->version, sizeof out->after.version);
	troth_ima_show_kept(run);
	if (run->from == NULL || run->from->boot_aggregate.alg == TROTH_HASH_NONE)
		return TROTH_OK;
	return troth_ima_check_boot_aggregate(run, 0, &run->from->boot_aggregate);
}

/* ---- a batch of records ---- */

static void cut_out(struct walk *w)
{
	w->batch.n = 0;
	while (w->batch.n < TROTH_IMA_AHEAD && !troth_ima_at_end(&w->list)) {
		struct troth_ima_unseen *u = &w->batch.list[w->batch.n];
		w->status = troth_ima_next(&w->list, &u->record);
		if (w->status != TROTH_OK)
			return;
		u->end = troth_ima_offset(&w->list);
		w->batch.n += u->record.pcr == TROTH_IMA_PCR;
	}
}

static void look_up(struct walk *w, size_t step)
{
	for (size_t i = 0; i < w->run->c->policy->n_rules; i++)
		if (w->run->c->sets[i] != NULL)
			troth_digest_set_step(w->run->c->sets[i], step, w->batch.lookups[i],
					      w->batch.n);
}

static bool arrived(struct walk *w)
{
	for (size_t i = 0; i < w->n_tracks; i++) {
		const struct troth_ima_track *t = &w->tracks[i];
		if (t->goal.n == 0 ||
		    !troth_view_equal((struct troth_view){ t->value, troth_hash_size(t->bank) },
				      t->goal))
			continue;
		w->run->prefix.found = true;
		w->run->prefix.way = t->way;
		return true;
	}
	return false;
}

static enum troth_status extend(struct walk *w, const struct troth_ima_record *r)
{
	for (size_t i = 0; i < w->n_tracks; i++) {
		struct troth_ima_track *t = &w->tracks[i];
		TROTH_TRY(troth_ima_extend(w->run->ctx, t->bank, t->way, r, t->value));
	}
	return TROTH_OK;
}

/* Hashing takes the processor and looking up waits for memory: one is done while the other
 * waits. Ends the batch behind the record that leads to the goal. */
static enum troth_status extend_and_look_up(struct walk *w)
{
	const size_t stride = TROTH_IMA_AHEAD / TROTH_DIGEST_SET_STEPS;
	for (size_t i = 0; i < w->batch.n; i++) {
		if (i % stride == 0)
			look_up(w, i / stride);
		TROTH_TRY(extend(w, &w->batch.list[i].record));
		if (arrived(w))
			w->batch.n = i + 1;
	}
	for (size_t step = (w->batch.n + stride - 1) / stride; step < TROTH_DIGEST_SET_STEPS;
	     step++)
		look_up(w, step);
	return TROTH_OK;
}

static enum troth_status look(struct walk *w)
{
	for (size_t i = 0; i < w->batch.n; i++) {
		const struct troth_ima_unseen *u = &w->batch.list[i];
		TROTH_TRY(troth_ima_look(w->run, &w->batch, i));
		if (i + 1 < w->batch.n)
			continue;
		w->run->prefix.n_entries = u->record.index + 1;
		w->run->prefix.n_bytes = u->end;
	}
	w->n_looked += w->batch.n;
	return TROTH_OK;
}

enum troth_status troth_ima_walk(struct troth_ima_run *run, struct troth_ima_track *tracks,
				 size_t n_tracks, size_t *error_offset)
{
	struct walk w = {
		.run = run, .tracks = tracks, .n_tracks = n_tracks, .list = run->list
	};
	TROTH_TRY(begin(run));
	bool ended = arrived(&w);
	while (!ended && !troth_ima_at_end(&w.list) && w.status == TROTH_OK) {
		cut_out(&w);
		troth_ima_read(run, &w.batch);
		TROTH_TRY(extend_and_look_up(&w));
		TROTH_TRY(look(&w));
		ended = run->prefix.found;
	}
	if (!ended && w.status != TROTH_OK) {
		*error_offset = troth_ima_offset(&w.list);
		return w.status;
	}
	if (!ended) { /* those of other PCRs at its end, too */
		run->prefix.n_entries = w.list.n_read;
		run->prefix.n_bytes = troth_ima_offset(&w.list);
	}
	run->out->after.counts.elsewhere += (uint32_t)(run->prefix.n_entries - w.n_looked);
	return TROTH_OK;
}
