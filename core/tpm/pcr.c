/* SPDX-License-Identifier: Apache-2.0 */
#include "pcr.h"

#include <string.h>

#include "base.h"

static const uint32_t ALL_PCRS = (1U << TROTH_PCR_COUNT) - 1;

bool troth_pcr_selection_equal(const struct troth_pcr_selection *a,
			       const struct troth_pcr_selection *b)
{
	if (a->n_banks != b->n_banks)
		return false;
	for (size_t i = 0; i < a->n_banks; i++)
		if (a->banks[i].bank != b->banks[i].bank ||
		    a->banks[i].mask != b->banks[i].mask)
			return false;
	return true;
}

static const struct troth_pcr_bank_selection *find(const struct troth_pcr_selection *s,
						   enum troth_hash bank)
{
	for (size_t i = 0; i < s->n_banks; i++)
		if (s->banks[i].bank == bank)
			return &s->banks[i];
	return NULL;
}

bool troth_pcr_selection_add(struct troth_pcr_selection *s, enum troth_hash bank, uint32_t mask)
{
	if (troth_hash_size(bank) == 0 || mask == 0 || (mask & ~ALL_PCRS) != 0 ||
	    s->n_banks == TROTH_BANKS_MAX || find(s, bank) != NULL)
		return false;
	s->banks[s->n_banks++] = (struct troth_pcr_bank_selection){ bank, mask };
	return true;
}

uint32_t troth_pcr_selection_mask(const struct troth_pcr_selection *s, enum troth_hash bank)
{
	const struct troth_pcr_bank_selection *selected = find(s, bank);
	return selected != NULL ? selected->mask : 0;
}

void troth_pcr_selection_put(struct troth_writer *w, const struct troth_pcr_selection *s)
{
	troth_put_u8(w, (uint8_t)s->n_banks);
	for (size_t i = 0; i < s->n_banks; i++) {
		troth_put_u16be(w, troth_hash_to_tpm(s->banks[i].bank));
		troth_put_u32be(w, s->banks[i].mask);
	}
}

enum troth_status troth_pcr_selection_get(struct troth_reader *r,
					  struct troth_pcr_selection *out)
{
	struct troth_pcr_selection s = { 0 };
	uint8_t n;
	if (!troth_get_u8(r, &n))
		return TROTH_E_TRUNCATED;
	if (n > TROTH_BANKS_MAX)
		return TROTH_E_LIMIT;
	for (uint8_t i = 0; i < n; i++) {
		uint16_t alg;
		uint32_t mask;
		if (!troth_get_u16be(r, &alg) || !troth_get_u32be(r, &mask))
			return TROTH_E_TRUNCATED;
		if (!troth_pcr_selection_add(&s, troth_hash_from_tpm(alg), mask))
			return TROTH_E_MALFORMED;
	}
	*out = s;
	return TROTH_OK;
}

const struct troth_pcr_bank *troth_pcr_bank_find(const struct troth_pcr_values *v,
						 enum troth_hash bank)
{
	for (size_t i = 0; i < v->n_banks; i++)
		if (v->banks[i].bank == bank)
			return &v->banks[i];
	return NULL;
}

struct troth_pcr_bank *troth_pcr_bank_get(struct troth_pcr_values *v, enum troth_hash bank)
{
	for (size_t i = 0; i < v->n_banks; i++)
		if (v->banks[i].bank == bank)
			return &v->banks[i];
	if (v->n_banks == TROTH_BANKS_MAX || troth_hash_size(bank) == 0)
		return NULL;
	v->banks[v->n_banks] = (struct troth_pcr_bank){ .bank = bank };
	return &v->banks[v->n_banks++];
}

bool troth_pcr_set(struct troth_pcr_values *v, enum troth_hash bank, uint32_t pcr,
		   struct troth_view value)
{
	if (pcr >= TROTH_PCR_COUNT || value.n == 0 || value.n != troth_hash_size(bank))
		return false;
	struct troth_pcr_bank *b = troth_pcr_bank_get(v, bank);
	if (b == NULL || (b->have & 1U << pcr) != 0)
		return false;
	memcpy(b->value[pcr], value.p, value.n);
	b->have |= 1U << pcr;
	return true;
}

struct troth_view troth_pcr_value(const struct troth_pcr_values *v, enum troth_hash bank,
				  uint32_t pcr)
{
	const struct troth_pcr_bank *b = troth_pcr_bank_find(v, bank);
	if (b == NULL || pcr >= TROTH_PCR_COUNT || (b->have & 1U << pcr) == 0)
		return (struct troth_view){ 0 };
	return (struct troth_view){ b->value[pcr], troth_hash_size(bank) };
}

/* A TPM answers for a bank it has not allocated with a selection of nothing: that needs no
 * values, and a bank without values stands for nothing. */
bool troth_pcr_values_cover(const struct troth_pcr_values *v,
			    const struct troth_pcr_selection *s)
{
	for (size_t i = 0; i < s->n_banks; i++) {
		const struct troth_pcr_bank *b = troth_pcr_bank_find(v, s->banks[i].bank);
		if ((b != NULL ? b->have : 0) != s->banks[i].mask)
			return false;
	}
	for (size_t i = 0; i < v->n_banks; i++)
		if (troth_pcr_selection_mask(s, v->banks[i].bank) != v->banks[i].have)
			return false;
	return true;
}

enum troth_status troth_pcr_digest(struct troth_ctx *ctx, enum troth_hash hash,
				   const struct troth_pcr_selection *s,
				   const struct troth_pcr_values *v, struct troth_digest *out)
{
	struct troth_view parts[TROTH_BANKS_MAX * TROTH_PCR_COUNT];
	size_t n = 0;
	for (size_t i = 0; i < s->n_banks; i++)
		for (uint32_t pcr = 0; pcr < TROTH_PCR_COUNT; pcr++) {
			if ((s->banks[i].mask & 1U << pcr) == 0)
				continue;
			parts[n] = troth_pcr_value(v, s->banks[i].bank, pcr);
			if (parts[n++].n == 0)
				return TROTH_E_NOT_FOUND;
		}
	return troth_hash_parts(ctx, hash, parts, n, out);
}
