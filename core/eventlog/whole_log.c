/* SPDX-License-Identifier: Apache-2.0 */
#include "whole_log.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "reader.h"

/* One PCR's values in the banks of the selection, by their place in it. */
struct values {
	uint8_t of[TROTH_BANKS_MAX][TROTH_DIGEST_MAX];
};

/* What is taken of systemd's events of one PCR, and where it leads. */
struct taken {
	size_t n;
	struct values values;
};

static bool covers(const struct troth_pcr_bank_selection *bank, uint32_t pcr)
{
	return (bank->mask & 1U << pcr) != 0;
}

static uint32_t selected(const struct troth_pcr_selection *s)
{
	uint32_t mask = 0;
	for (size_t i = 0; i < s->n_banks; i++)
		mask |= s->banks[i].mask;
	return mask;
}

bool troth_systemd_matters(const struct troth_pcr_selection *selection)
{
	return (selected(selection) & ~TROTH_PCRS_WITHOUT_SYSTEMD) != 0;
}

/* A bank that both the selection and the firmware's replay have. */
static bool replayed(const struct troth_whole_case *c, size_t i)
{
	return troth_pcr_bank_find(&c->replay->values, c->selection->banks[i].bank) != NULL;
}

static const struct troth_digest *digest_in(const struct troth_userspace_event *ev,
					    enum troth_hash bank)
{
	for (size_t i = 0; i < ev->n_digests; i++)
		if (ev->digests[i].alg == bank)
			return &ev->digests[i];
	return NULL;
}

/* ---- how far the log leads ---- */

static void start(const struct troth_whole_case *c, uint32_t pcr, struct values *out)
{
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const enum troth_hash bank = c->selection->banks[i].bank;
		const struct troth_view v = troth_pcr_value(&c->replay->values, bank, pcr);
		if (v.n > 0)
			memcpy(out->of[i], v.p, v.n);
		else
			troth_pcr_initial(bank, pcr, out->of[i]);
	}
}

static enum troth_status extend(struct troth_ctx *ctx, const struct troth_whole_case *c,
				const struct troth_userspace_event *ev, struct values *v)
{
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const enum troth_hash bank = c->selection->banks[i].bank;
		const struct troth_digest *d = digest_in(ev, bank);
		const size_t size = troth_hash_size(bank);
		uint8_t both[2 * TROTH_DIGEST_MAX];
		struct troth_digest extended;
		if (d == NULL || !replayed(c, i))
			continue;
		memcpy(both, v->of[i], size);
		memcpy(both + size, d->bytes, size);
		TROTH_TRY(troth_hash_one(ctx, bank, (struct troth_view){ both, 2 * size },
					 &extended));
		memcpy(v->of[i], extended.bytes, size);
	}
	return TROTH_OK;
}

/* In every bank that can be replayed: which others there are is a finding by itself. */
static bool as_quoted(const struct troth_whole_case *c, uint32_t pcr, const struct values *v)
{
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		const enum troth_hash bank = c->selection->banks[i].bank;
		const struct troth_view made = { v->of[i], troth_hash_size(bank) };
		if (covers(&c->selection->banks[i], pcr) && replayed(c, i) &&
		    !troth_view_equal(made, troth_pcr_value(c->pcrs, bank, pcr)))
			return false;
	}
	return true;
}

static enum troth_status take(struct troth_ctx *ctx, const struct troth_whole_case *c,
			      uint32_t pcr, struct taken *out)
{
	struct taken all = { 0 };
	start(c, pcr, &all.values);
	bool leads = as_quoted(c, pcr, &all.values);
	*out = all;
	for (size_t i = 0; i < c->systemd->n_events; i++) {
		const struct troth_userspace_event *ev = &c->systemd->events[i];
		if (!ev->has_pcr || ev->pcr != pcr)
			continue;
		TROTH_TRY(extend(ctx, c, ev, &all.values));
		all.n++;
		const bool there = as_quoted(c, pcr, &all.values);
		leads |= there;
		if (there || !leads)
			*out = all;
	}
	return TROTH_OK;
}

/* ---- systemd's events as events of a log ---- */

/* Every digest that counts is of the text: it was measured, and says what it says. */
static enum troth_status is_proven(struct troth_ctx *ctx, const struct troth_whole_case *c,
				   const struct troth_userspace_event *ev, bool *out)
{
	struct troth_event_proof proof;
	bool proven = true, any = false;
	for (size_t i = 0; i < c->selection->n_banks; i++) {
		if (!covers(&c->selection->banks[i], ev->pcr) || !replayed(c, i))
			continue;
		TROTH_TRY(troth_userspace_prove(ctx, ev, c->selection->banks[i].bank, &proof));
		proven = proven && proof.proof == TROTH_PROOF_DATA;
		any = true;
	}
	*out = any && proven;
	return TROTH_OK;
}

static bool begins(struct troth_view text, const char *with)
{
	const struct troth_view v = troth_view_str(with);
	return text.n >= v.n && troth_view_equal((struct troth_view){ text.p, v.n }, v);
}

static bool labelled(const struct troth_userspace_event *ev, const char *label)
{
	return troth_view_equal(ev->type, troth_view_str(label));
}

/* The log's label is nobody's word. What is proven says by itself what it is, words of phases
 * being those without a colon; only a volume key's digest, which is keyed, can prove nothing.
 */
static uint32_t type_of(const struct troth_userspace_event *ev, bool proven)
{
	const bool word = ev->text.n > 0 && memchr(ev->text.p, ':', ev->text.n) == NULL;
	if (!proven)
		return labelled(ev, "volume-key") ? TROTH_EV_SYSTEMD_VOLUME_KEY
						  : TROTH_EV_SYSTEMD_OTHER;
	if (begins(ev->text, "machine-id:"))
		return TROTH_EV_SYSTEMD_MACHINE_ID;
	if (begins(ev->text, "file-system:"))
		return TROTH_EV_SYSTEMD_FILE_SYSTEM;
	return word && labelled(ev, "phase") ? TROTH_EV_SYSTEMD_PHASE : TROTH_EV_SYSTEMD_OTHER;
}

static enum troth_status add(struct troth_ctx *ctx, const struct troth_whole_case *c,
			     const struct troth_userspace_event *from, struct troth_log *log)
{
	struct troth_event *ev = &log->events[log->n_events];
	bool proven;
	TROTH_TRY(is_proven(ctx, c, from, &proven));
	*ev = (struct troth_event){
		.index = (uint32_t)log->n_events,
		.pcr = from->pcr,
		.type = type_of(from, proven),
		.data = from->text,
	};
	for (size_t slot = 0; slot < log->header.n_algs; slot++) {
		const struct troth_digest *d = digest_in(from, log->header.algs[slot].hash);
		if (d != NULL)
			ev->digests[slot] = troth_digest_view(d);
	}
	log->n_events++;
	return TROTH_OK;
}

/* ---- the whole ---- */

static void set_values(const struct troth_whole_case *c, uint32_t pcr, const struct taken *t,
		       struct troth_replay *replay)
{
	for (size_t i = 0; t->n > 0 && i < c->selection->n_banks; i++) {
		if (!covers(&c->selection->banks[i], pcr) || !replayed(c, i))
			continue;
		struct troth_pcr_bank *bank =
			troth_pcr_bank_get(&replay->values, c->selection->banks[i].bank);
		memcpy(bank->value[pcr], t->values.of[i], troth_hash_size(bank->bank));
		bank->have |= 1U << pcr;
	}
}

static enum troth_status take_all(struct troth_ctx *ctx, const struct troth_whole_case *c,
				  struct troth_replay *replay, size_t left[TROTH_PCR_COUNT])
{
	for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
		struct taken taken;
		if ((selected(c->selection) & 1U << pcr) == 0)
			continue;
		TROTH_TRY(take(ctx, c, pcr, &taken));
		left[pcr] = taken.n;
		set_values(c, pcr, &taken, replay);
	}
	return TROTH_OK;
}

static enum troth_status make(struct troth_ctx *ctx, const struct troth_whole_case *c,
			      struct troth_whole_log *w)
{
	size_t left[TROTH_PCR_COUNT] = { 0 }; /* of those taken, not yet added */
	TROTH_TRY(take_all(ctx, c, &w->replay, left));
	for (size_t i = 0; i < c->systemd->n_events; i++) {
		const struct troth_userspace_event *ev = &c->systemd->events[i];
		if (!ev->has_pcr || left[ev->pcr] == 0)
			continue;
		left[ev->pcr]--;
		TROTH_TRY(add(ctx, c, ev, &w->log));
	}
	return TROTH_OK;
}

enum troth_status troth_whole_log_make(struct troth_ctx *ctx, const struct troth_whole_case *c,
				       struct troth_whole_log *out)
{
	struct troth_whole_log w = { .n_firmware = c->firmware->n_events };
	/* Not in the initialiser: gcc 12 with -ftrivial-auto-var-init=zero was seen to lose a
	 * part of the replay there. */
	w.log = *c->firmware;
	w.replay = *c->replay;
	w.log.events = malloc((w.n_firmware + c->systemd->n_events + 1) * sizeof *w.log.events);
	if (w.log.events == NULL)
		return TROTH_E_MEMORY;
	if (w.n_firmware > 0)
		memcpy(w.log.events, c->firmware->events, w.n_firmware * sizeof *w.log.events);
	const enum troth_status status = make(ctx, c, &w);
	if (status != TROTH_OK)
		troth_whole_log_release(&w);
	else
		*out = w;
	return status;
}

void troth_whole_log_release(struct troth_whole_log *w)
{
	troth_log_release(&w->log);
	*w = (struct troth_whole_log){ 0 };
}
