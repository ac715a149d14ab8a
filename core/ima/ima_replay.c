/* SPDX-License-Identifier: Apache-2.0 */
#include "ima_replay.h"

#include <string.h>

#include "base.h"
#include "eventlog.h"

const char *troth_ima_way_name(enum troth_ima_way way)
{
	static const char *const NAMES[TROTH_IMA_WAY_N] = { "hashed", "padded-sha1",
							    "padded-sha1-ones" };
	return way < TROTH_IMA_WAY_N ? NAMES[way] : NULL;
}

/* What a record extends a bank with: as many bytes as the bank's digests have. */
static enum troth_status extended_with(struct troth_ctx *ctx, enum troth_hash bank,
				       enum troth_ima_way way, const struct troth_ima_record *r,
				       struct troth_digest *out)
{
	if (!r->violation) /* a digest ends in zeros */
		return troth_ima_template_digest(
			ctx, way == TROTH_IMA_HASHED ? bank : TROTH_HASH_SHA1, r, out);
	*out = (struct troth_digest){ .alg = TROTH_HASH_NONE };
	memset(out->bytes, 0xff,
	       troth_hash_size(way == TROTH_IMA_PADDED_SHA1 ? TROTH_HASH_SHA1 : bank));
	return TROTH_OK;
}

/* PCR <- H(PCR || extended), TPM 2.0 Part 1, 17.2. */
enum troth_status troth_ima_extend(struct troth_ctx *ctx, enum troth_hash bank,
				   enum troth_ima_way way, const struct troth_ima_record *r,
				   uint8_t value[TROTH_DIGEST_MAX])
{
	const size_t size = troth_hash_size(bank);
	struct troth_digest with, d;
	TROTH_TRY(extended_with(ctx, bank, way, r, &with));
	const struct troth_view both[] = { { value, size }, { with.bytes, size } };
	TROTH_TRY(troth_hash_parts(ctx, bank, both, TROTH_COUNT(both), &d));
	memcpy(value, d.bytes, size);
	return TROTH_OK;
}

/* ---- a whole list ---- */

bool troth_ima_extends_by(const struct troth_ctx *ctx, enum troth_hash bank,
			  enum troth_ima_way way)
{
	return troth_ctx_md(ctx, bank) != NULL &&
	       (way == TROTH_IMA_HASHED || bank != TROTH_HASH_SHA1);
}

static enum troth_status replay_bank(struct troth_ctx *ctx, const struct troth_ima_record *r,
				     enum troth_ima_way way, struct troth_pcr_bank *bank)
{
	if ((bank->have & 1U << r->pcr) == 0)
		troth_pcr_initial(bank->bank, r->pcr, bank->value[r->pcr]);
	bank->have |= 1U << r->pcr;
	return troth_ima_extend(ctx, bank->bank, way, r, bank->value[r->pcr]);
}

static enum troth_status replay_record(struct troth_ctx *ctx, const struct troth_ima_record *r,
				       struct troth_ima_replay *out)
{
	for (enum troth_ima_way way = 0; way < TROTH_IMA_WAY_N; way++)
		for (enum troth_hash h = TROTH_HASH_NONE + 1; h < TROTH_HASH_N; h++) {
			struct troth_pcr_bank *bank =
				troth_ima_extends_by(ctx, h, way)
					? troth_pcr_bank_get(&out->values[way], h)
					: NULL;
			if (bank != NULL)
				TROTH_TRY(replay_bank(ctx, r, way, bank));
		}
	return TROTH_OK;
}

static enum troth_status check_record(struct troth_ctx *ctx, enum troth_hash hash,
				      const struct troth_ima_record *r)
{
	struct troth_ima_entry entry;
	struct troth_digest d;
	TROTH_TRY(troth_ima_decode(r, &entry));
	if (r->violation)
		return TROTH_OK;
	TROTH_TRY(troth_ima_template_digest(ctx, hash, r, &d));
	return troth_view_equal(troth_digest_view(&d), r->digest) ? TROTH_OK : TROTH_E_MISMATCH;
}

static enum troth_status replay_next(struct troth_ctx *ctx, struct troth_ima_list *list,
				     struct troth_ima_replay *out, size_t *error_offset)
{
	struct troth_ima_record r;
	*error_offset = troth_ima_offset(list);
	TROTH_TRY(troth_ima_next(list, &r));
	TROTH_TRY(check_record(ctx, list->hash, &r));
	TROTH_TRY(replay_record(ctx, &r, out));
	out->n_entries++;
	out->n_violations += r.violation;
	return TROTH_OK;
}

enum troth_status troth_ima_replay(struct troth_ctx *ctx, struct troth_view bytes,
				   enum troth_hash hash, struct troth_ima_replay *out,
				   size_t *error_offset)
{
	struct troth_ima_replay replay = { .hash = TROTH_HASH_NONE };
	struct troth_ima_list list;
	*error_offset = 0;
	TROTH_TRY(troth_ima_open(ctx, bytes, hash, &list));
	while (!troth_ima_at_end(&list))
		TROTH_TRY(replay_next(ctx, &list, &replay, error_offset));
	replay.hash = list.hash;
	*out = replay;
	return TROTH_OK;
}

enum troth_status troth_ima_check(struct troth_ctx *ctx, struct troth_ima_list list,
				  size_t *error_offset)
{
	while (!troth_ima_at_end(&list)) {
		struct troth_ima_record r;
		*error_offset = troth_ima_offset(&list);
		TROTH_TRY(troth_ima_next(&list, &r));
		TROTH_TRY(check_record(ctx, list.hash, &r));
	}
	return TROTH_OK;
}

/* ---- how much a value proves ---- */

static enum troth_status walk(struct troth_ctx *ctx, struct troth_ima_list list,
			      const struct troth_ima_goal *goal, struct troth_ima_prefix *p,
			      size_t *error_offset)
{
	const size_t size = troth_hash_size(goal->bank), begin = troth_ima_offset(&list);
	const uint64_t first = list.n_read;
	uint8_t value[TROTH_DIGEST_MAX];

	troth_pcr_initial(goal->bank, goal->pcr, value);
	if (goal->start != NULL)
		memcpy(value, goal->start[p->way], size);
	for (;;) {
		struct troth_ima_record r;
		p->n_entries = list.n_read - first;
		p->n_bytes = troth_ima_offset(&list) - begin;
		p->found = troth_view_equal((struct troth_view){ value, size }, goal->value);
		if (p->found || troth_ima_at_end(&list))
			return TROTH_OK;
		*error_offset = troth_ima_offset(&list);
		TROTH_TRY(troth_ima_next(&list, &r));
		if (r.pcr == goal->pcr)
			TROTH_TRY(troth_ima_extend(ctx, goal->bank, p->way, &r, value));
	}
}

enum troth_status troth_ima_find_prefix(struct troth_ctx *ctx,
					const struct troth_ima_list *list,
					const struct troth_ima_goal *goal,
					struct troth_ima_prefix *out, size_t *error_offset)
{
	struct troth_ima_prefix p = { 0 };
	if (goal->value.n != troth_hash_size(goal->bank) || goal->pcr >= TROTH_PCR_COUNT)
		return TROTH_E_UNSUPPORTED;
	for (p.way = 0; p.way < TROTH_IMA_WAY_N; p.way++) {
		if (!troth_ima_extends_by(ctx, goal->bank, p.way))
			continue;
		TROTH_TRY(walk(ctx, *list, goal, &p, error_offset));
		if (p.found)
			break;
	}
	*out = p.found ? p : (struct troth_ima_prefix){ 0 };
	return TROTH_OK;
}
