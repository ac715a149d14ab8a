/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_state.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "reader.h"
#include "writer.h"

/* Of these fields and of how entries are judged: what another engine found is not believed. */
static const uint8_t FORMAT = 2;

/* The counters in the order they are written. */
static void counters(struct troth_ima_counts *c, uint32_t *out[7])
{
	uint32_t *const all[7] = { &c->allowed,	   &c->signed_, &c->ignored,  &c->events,
				   &c->violations, &c->kexecs,	&c->elsewhere };
	memcpy(out, all, sizeof all);
}

static void put_digest(struct troth_writer *w, const struct troth_digest *d)
{
	troth_put_u16be(w, troth_hash_to_tpm(d->alg));
	troth_put_view(w, troth_digest_view(d));
}

static void put_text(struct troth_writer *w, const char *text)
{
	const struct troth_view v = troth_view_str(text);
	troth_put_u8(w, (uint8_t)v.n);
	troth_put_view(w, v);
}

static void put_kept(struct troth_writer *w, const struct troth_ima_kept *k)
{
	put_text(w, troth_finding_name(k->code));
	troth_put_u8(w, (uint8_t)k->severity);
	troth_put_u64be(w, k->entry);
	put_digest(w, &k->seen);
	put_text(w, k->detail);
}

/* One value where all ways have the same. */
static size_t n_values(bool open)
{
	return open ? TROTH_IMA_WAY_N : 1;
}

static void put_bank(struct troth_writer *w, const struct troth_ima_bank *b, bool open)
{
	troth_put_u16be(w, troth_hash_to_tpm(b->bank));
	troth_put_u8(w, (uint8_t)b->way);
	for (size_t way = 0; way < n_values(open); way++)
		troth_put_view(w,
			       (struct troth_view){ b->value[way], troth_hash_size(b->bank) });
}

void troth_ima_state_put(struct troth_writer *w, const struct troth_ima_state *s)
{
	struct troth_ima_counts counts = s->counts;
	uint32_t *number[7];

	troth_put_u8(w, FORMAT);
	troth_put_u32be(w, s->reset_count);
	troth_put_u32be(w, s->restart_count);
	troth_put_view(w, TROTH_VIEW_OF(s->version));
	troth_put_u64be(w, s->n_entries);
	troth_put_u8(w, s->open);
	troth_put_u8(w, (uint8_t)s->n_banks);
	for (size_t i = 0; i < s->n_banks; i++)
		put_bank(w, &s->banks[i], s->open);
	put_digest(w, &s->boot_aggregate);
	counters(&counts, number);
	for (size_t i = 0; i < TROTH_COUNT(number); i++)
		troth_put_u32be(w, *number[i]);
	troth_put_u32be(w, s->expected);
	troth_put_view(w, TROTH_VIEW_OF(s->learned));
	troth_put_u8(w, (uint8_t)s->n_kept);
	for (size_t i = 0; i < s->n_kept; i++)
		put_kept(w, &s->kept[i]);
	troth_put_u32be(w, s->n_more);
}

enum troth_status troth_ima_state_write(const struct troth_ima_state *s,
					uint8_t out[TROTH_IMA_STATE_MAX], size_t *out_len)
{
	struct troth_writer w = troth_writer_make(out, TROTH_IMA_STATE_MAX);
	troth_ima_state_put(&w, s);
	if (!troth_writer_ok(&w))
		return TROTH_E_LIMIT;
	*out_len = w.n;
	return TROTH_OK;
}

/* ---- reading ---- */

static bool get_digest(struct troth_reader *r, struct troth_digest *out)
{
	uint16_t alg;
	struct troth_view bytes;
	if (!troth_get_u16be(r, &alg))
		return false;
	const enum troth_hash hash = troth_hash_from_tpm(alg);
	*out = (struct troth_digest){ 0 };
	return troth_get_view(r, troth_hash_size(hash), &bytes) &&
	       (alg == 0 || troth_digest_set(out, hash, bytes));
}

/* Printable, as it was written: a NUL would end it early. */
static bool get_text(struct troth_reader *r, size_t max, struct troth_view *out)
{
	uint8_t n;
	if (!troth_get_u8(r, &n) || n > max || !troth_get_view(r, n, out))
		return false;
	for (size_t i = 0; i < n; i++)
		if (out->p[i] < ' ' || out->p[i] > '~')
			return false;
	return true;
}

static bool get_u8_below(struct troth_reader *r, uint8_t end, uint8_t *out)
{
	return troth_get_u8(r, out) && *out < end;
}

static bool get_bank(struct troth_reader *r, bool open, struct troth_ima_bank *out)
{
	uint16_t alg;
	uint8_t way;
	if (!troth_get_u16be(r, &alg) || !get_u8_below(r, TROTH_IMA_WAY_N, &way))
		return false;
	out->bank = troth_hash_from_tpm(alg);
	out->way = (enum troth_ima_way)way;
	if (out->bank == TROTH_HASH_NONE)
		return false;
	for (size_t i = 0; i < TROTH_IMA_WAY_N; i++)
		if (i >= n_values(open))
			memcpy(out->value[i], out->value[0], sizeof out->value[i]);
		else if (!troth_get_bytes(r, troth_hash_size(out->bank), out->value[i]))
			return false;
	return true;
}

static bool get_kept(struct troth_reader *r, struct troth_ima_kept *out)
{
	struct troth_view code, detail;
	uint8_t severity;
	if (!get_text(r, UINT8_MAX, &code) ||
	    !get_u8_below(r, TROTH_TIER_CONTRAINDICATED + 1, &severity) ||
	    !troth_get_u64be(r, &out->entry) || !get_digest(r, &out->seen) ||
	    !get_text(r, sizeof out->detail - 1, &detail))
		return false;
	out->code = troth_finding_from_name(code);
	out->severity = (enum troth_tier)severity;
	if (detail.n > 0)
		memcpy(out->detail, detail.p, detail.n);
	return out->code != TROTH_FINDING_NONE;
}

static bool get_lists(struct troth_reader *r, struct troth_ima_state *s)
{
	uint32_t *number[7];
	uint8_t n, open;
	if (!get_u8_below(r, 2, &open) || !get_u8_below(r, TROTH_BANKS_MAX + 1, &n))
		return false;
	s->open = open == 1;
	for (s->n_banks = 0; s->n_banks < n; s->n_banks++)
		if (!get_bank(r, s->open, &s->banks[s->n_banks]))
			return false;
	if (!get_digest(r, &s->boot_aggregate))
		return false;
	counters(&s->counts, number);
	for (size_t i = 0; i < TROTH_COUNT(number); i++)
		if (!troth_get_u32be(r, number[i]))
			return false;
	if (!troth_get_u32be(r, &s->expected) ||
	    !troth_get_bytes(r, sizeof s->learned, s->learned) ||
	    !get_u8_below(r, TROTH_IMA_KEPT_MAX + 1, &n))
		return false;
	for (s->n_kept = 0; s->n_kept < n; s->n_kept++)
		if (!get_kept(r, &s->kept[s->n_kept]))
			return false;
	return troth_get_u32be(r, &s->n_more);
}

enum troth_status troth_ima_state_read(struct troth_view bytes, struct troth_ima_state *out)
{
	struct troth_reader r = { bytes };
	struct troth_ima_state s = { 0 };
	uint8_t format;
	if (!troth_get_u8(&r, &format))
		return TROTH_E_TRUNCATED;
	if (format != FORMAT)
		return TROTH_E_UNSUPPORTED;
	if (!troth_get_u32be(&r, &s.reset_count) || !troth_get_u32be(&r, &s.restart_count) ||
	    !troth_get_bytes(&r, sizeof s.version, s.version) ||
	    !troth_get_u64be(&r, &s.n_entries) || !get_lists(&r, &s) || !troth_at_end(&r))
		return TROTH_E_MALFORMED;
	*out = s;
	return TROTH_OK;
}
